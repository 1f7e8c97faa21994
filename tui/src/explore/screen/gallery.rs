//! Every screen in every size, without colours and in sixteen, at a moment of a real run at which
//! there is something to see. What single screens owe to single scenarios is tested in their own
//! rooms.

use crate::explore::app::App;
use crate::explore::look::Look;
use crate::explore::output::styled;
use crate::explore::testing::{self, SIZES, press};

use super::Screen;

/// Where a screen has something to show: a scenario, edits, and the keys that lead there.
const fn place(screen: Screen) -> (&'static str, &'static [&'static str], &'static str) {
    const POLICIES: &str = "basics/policies.yaml";
    match screen {
        Screen::Map => (POLICIES, &["duration=3s"], "gt 2s enter"),
        Screen::Step | Screen::Ladder | Screen::Why => (POLICIES, &["duration=1s"], ") )"),
        Screen::Time => ("basics/per-try.yaml", &[], ") ) ) )"),
        Screen::State => ("basics/limits.yaml", &[], "gt 2s enter )"),
        Screen::Metrics => ("basics/limits.yaml", &[], "gt 4s enter"),
    }
}

fn there(screen: Screen, look: Look) -> App {
    let (scenario, edits, keys) = place(screen);
    let mut app = testing::app(scenario, edits, look);
    press(&mut app, keys);
    app.show(screen);
    app
}

#[test]
fn every_screen_is_shown_in_every_size_without_colours() {
    for screen in Screen::ALL {
        let app = there(screen, Look::MONO);
        for (width, height) in SIZES {
            let name = format!("{}_{width}x{height}", screen.word());
            insta::assert_snapshot!(name, testing::text(&app.draw(width, height)));
        }
    }
}

#[test]
fn every_screen_is_shown_in_every_size_in_sixteen_colours() {
    for screen in Screen::ALL {
        let app = there(screen, Look::ANSI16);
        for (width, height) in SIZES {
            let name = format!("{}_{width}x{height}_ansi16", screen.word());
            insta::assert_snapshot!(name, styled(&app.draw(width, height)));
        }
    }
}
