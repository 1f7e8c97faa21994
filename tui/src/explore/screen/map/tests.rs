//! The Map of real runs, in all sizes, and where its keys lead.

use meshwalk_sim::log::StepKind;
use meshwalk_sim::timeline::EventId;

use crate::explore::App;
use crate::explore::look::{Glyphs, Look};
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing::{self, SIZES, body, shown};

use super::draw::DETAIL;
use super::model::{Item, MAP, Model, When};

const SHOP: (&str, &[&str]) =
    ("shop/baseline.yaml", &["duration=2s", "warm_up=0s", "expectations=[]"]);
/// Half of the way is in the mesh: what `web` sends to `cart` is not encrypted.
const MIXED: (&str, &[&str]) =
    ("basics/migration.yaml", &["duration=2s", "warm_up=0s", "data_paths={shop/cart: none}"]);
const POLICIES: (&str, &[&str]) = ("basics/policies.yaml", &["duration=2s", "warm_up=0s"]);

/// The Map at the last entry of a kind.
fn map((scenario, edits): (&str, &[&str]), kind: StepKind, look: Look) -> App {
    let mut app = testing::app(scenario, edits, look);
    let log = app.timeline.log();
    let mut all = (0..log.len() as u32).rev().map(EventId);
    let event = all.find(|id| log.kind(*id) == kind).expect("the run has such an entry");
    app.go_to(event);
    app.show(Screen::Map);
    app
}

#[test]
fn the_shop_in_all_sizes() {
    let app = map(SHOP, StepKind::RequestAtApp, Look::MONO);
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("shop_{width}x{height}"), shown(&app, (width, height)));
    }
    let coloured = map(SHOP, StepKind::RequestAtApp, Look::ANSI16);
    insta::assert_snapshot!("shop_120x36_ansi16", styled(&body(&coloured, (120, 36))));
}

#[test]
fn mixed_encryption_in_all_sizes() {
    let app = map(MIXED, StepKind::RequestAtApp, Look::MONO);
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("mixed_{width}x{height}"), shown(&app, (width, height)));
    }
    let ascii = Look { glyphs: Glyphs::Ascii, ..Look::MONO };
    let app = map(MIXED, StepKind::RequestAtApp, ascii);
    insta::assert_snapshot!("mixed_80x24_ascii", shown(&app, (80, 24)));
    insta::assert_snapshot!("mixed_sentences", super::sentences(&app.scene()).join("\n"));
}

#[test]
fn what_flows_on_the_map_is_encrypted_where_both_ends_are_in_the_mesh() {
    let app = map(MIXED, StepKind::RequestAtApp, Look::MONO);
    let sentences = super::sentences(&app.scene());
    let about =
        |to: &str| sentences.iter().find(|it| it.contains(to)).expect("an edge leads there");
    assert!(about("calls shop/cart").contains("in plain"), "{}", about("calls shop/cart"));
    assert!(about("calls shop/web").contains("in mTLS"), "{}", about("calls shop/web"));
}

#[test]
fn at_its_first_entry_nothing_is_known_of_what_comes_later() {
    let mut app = testing::app(MIXED.0, MIXED.1, Look::MONO);
    app.show(Screen::Map);
    let sentences = super::sentences(&app.scene());
    let used = sentences.iter().filter(|it| it.contains(" in mTLS") || it.contains(" in plain"));
    assert_eq!(used.count(), 0, "{sentences:?}");
    assert!(sentences.iter().any(|it| it.contains("not used yet")), "{sentences:?}");
}

#[test]
fn enter_on_an_edge_leads_to_its_next_entry_and_after_the_last_to_the_first() {
    let mut app = testing::app(MIXED.0, MIXED.1, Look::MONO);
    app.show(Screen::Map);
    let model = Model::of(&app.scene());
    let row = model.items.iter().position(|item| matches!(item, Item::Edge(_)));
    let row = row.expect("the map has edges");
    app.view.select(MAP, row);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let jump = super::enter(&app.scene(), MAP, row).expect("the edge is used");
        let event = jump.event.expect("it leads to an entry");
        assert_eq!((jump.screen, jump.filter), (None, None));
        app.go_to(event);
        seen.push(event);
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    app.go_to(app.timeline.log().last().expect("the run has entries"));
    let first = super::enter(&app.scene(), MAP, row).and_then(|jump| jump.event);
    assert!(first.is_some_and(|first| first <= seen[0]), "{first:?}");
    assert_eq!(app.view.selected(MAP), row, "the edge stays selected");
}

#[test]
fn the_calls_of_the_request_are_numbered_in_the_order_in_which_they_begin() {
    let app = map(SHOP, StepKind::RequestAtApp, Look::MONO);
    let model = Model::of(&app.scene());
    let mut calls: Vec<(usize, When)> = model.calls.iter().flatten().copied().collect();
    calls.sort_by_key(|(number, _)| *number);
    let numbers: Vec<usize> = calls.iter().map(|(number, _)| *number).collect();
    assert!(!numbers.is_empty());
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<usize>>());
    let is_later = |(_, when): &(usize, When)| *when == When::Future;
    let begun = calls.iter().position(is_later).unwrap_or(calls.len());
    assert!(calls[begun..].iter().all(is_later), "what is to come comes last: {calls:?}");
    assert_eq!(calls.iter().filter(|(_, when)| *when == When::Here).count(), 1);
    assert!(model.here.is_some());
}

#[test]
fn every_row_of_both_panes_can_be_selected_in_every_size() {
    for look in [Look::MONO, Look { glyphs: Glyphs::Ascii, ..Look::MONO }] {
        let mut app = map(POLICIES, StepKind::CallEnded, look);
        for pane in [MAP, DETAIL] {
            app.view.set_focus(pane);
            for row in 0..super::rows(&app.scene(), pane) {
                app.view.select(pane, row);
                for size in SIZES {
                    let shown = shown(&app, size);
                    assert!(shown.contains("Map") || pane == DETAIL, "{shown}");
                }
            }
        }
    }
}

#[test]
fn denied_calls_are_marked_by_a_sign_and_a_word() {
    let app = map(POLICIES, StepKind::CallEnded, Look::MONO);
    let sentences = super::sentences(&app.scene()).join("\n");
    assert!(sentences.contains(" denied") || sentences.contains("all fail"), "{sentences}");
    assert!(shown(&app, (80, 24)).contains('✗'), "{sentences}");
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_from_box_to_box_and_to_their_entries() {
    let mut app = map(MIXED, StepKind::RequestAtApp, Look::MONO);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("1", &["│shop/cart", "┌●cart x2"]),
            ("k", &["│shop/web to shop/cart"]),
            ("k", &["│shop/web ", "┌▶web x2"]),
            ("enter", &["│shop/web ", "●web x2"]),
            ("h", &["│shop/web "]),
            ("esc", &["●"]),
            ("/ c l i e n t enter", &["│shop/client ", "▶client"]),
            ("n", &["│shop/client "]),
            ("f", &["workload == \"shop/client\""]),
            ("enter", &["only events where workload == \"shop/client\""]),
            ("F", &["all events are shown"]),
            ("tab z", &["Selected"]),
            ("esc w", &["Why"]),
        ],
    );
}

#[test]
fn one_request_in_a_short_span_has_no_rate() {
    let mut app = testing::app(MIXED.0, MIXED.1, Look::MONO);
    app.show(Screen::Map);
    testing::press(&mut app, "} {");
    let sentences = super::sentences(&app.scene()).join("\n");
    assert!(sentences.contains(" in ") && !sentences.contains("k/s"), "{sentences}");
}

#[test]
fn the_whole_shop_is_seen_at_once_on_a_full_screen() {
    let app = map(SHOP, StepKind::RequestAtApp, Look::MONO);
    let screen = shown(&app, (120, 36));
    assert!(!screen.contains("wider than this"), "{screen}");
    let model = Model::of(&app.scene());
    let linked = model.graph.linked();
    for (node, _) in model.graph.nodes.iter().zip(linked).filter(|(_, linked)| *linked) {
        let begin: String = node.name.chars().take(11).collect();
        let title = ["\u{2500}", "\u{25cf}"].map(|sign| format!("\u{250c}{sign}{begin}"));
        assert!(title.iter().any(|title| screen.contains(title)), "{} in\n{screen}", node.name);
        let lower = screen.matches('\u{2518}').count();
        assert!(lower >= model.graph.nodes.len() - 3, "every box has its lower border");
    }
}

#[test]
fn what_has_room_keeps_it() {
    let app = map(MIXED, StepKind::RequestAtApp, Look::MONO);
    let layouts = Model::of(&app.scene()).layouts.expect("a few boxes have a layout");
    assert_eq!(layouts.fitting(118, 236), Some(&layouts.roomy));
    let width = layouts.roomy.width;
    let tight = layouts.fitting(width - 1, width - 1).expect("there is a tighter one");
    assert!(tight.width < width && tight.order == layouts.roomy.order);
    assert_eq!(layouts.fitting(10, 10), None);
}
