//! The Step screen in sentences: for titles, for `step --plain` and for screen readers.

use meshwalk_models::path::Protection;

use crate::explore::hop::{Heading, Hop, HopLeg, Known, LegFate, Moves, Reach, Role};
use crate::explore::scene::Scene;

use super::events::{Events, row};
use super::layers::{Field, Layers};
use super::model::Model;
use super::why;

/// All of the screen.
pub(super) fn sentences(model: &Model<'_>, scene: &Scene<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let events = Events::of(scene);
    let at = row(&model.words, model.log, scene.event(), scene.event());
    let place = events.row_of(scene.event()) + 1;
    said.push(format!(
        "Entry {} at {} ms: {} {}. It is number {place} of {}.",
        at.name,
        at.time_ms,
        at.place,
        at.summary,
        events.len()
    ));
    if let Some(hop) = &model.hop {
        said.push(format!("{}.", call(model, scene, hop)));
        said.push(format!("{}.", capitalised(&here(model, hop))));
        said.extend(legs(model, hop));
    }
    if let Some(layers) = &model.layers {
        said.push(format!("Layers {}.", around(layers)));
        for row in &layers.rows {
            let text = |cell: &Option<super::layers::Cell>| {
                cell.as_ref().map_or("nothing".to_owned(), |cell| cell.text.clone())
            };
            let changes = if row.changes() { ", which changes" } else { "" };
            said.push(format!(
                "On layer {}, {}: in {}, out {}{changes}.",
                &row.layer.label()[..1],
                row.layer.words(),
                text(&row.inward),
                text(&row.outward),
            ));
        }
        said.extend(layers.missing.iter().map(|why| format!("Less is known here: {why}.")));
    }
    match why::last_decision(scene) {
        Some(event) => said.extend(why::lines(&model.words, model.log, event)),
        None => said.push("Nothing was decided yet for this request.".to_owned()),
    }
    said
}

/// The same with a capital letter in front.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Who calls whom: `shoppers#12, call 0.2: web-0 calls shop/stock, GET /stock`.
pub(super) fn call(model: &Model<'_>, scene: &Scene<'_>, hop: &Hop) -> String {
    let request = model.log.request_name(hop.request);
    let edge = hop.edge.and_then(|edge| model.words.edge(edge));
    let to = edge.map_or("?".to_owned(), |(_, to)| to);
    let asked = hop.call.and_then(|call| scene.session.prepared.asked.get(call as usize));
    let what = asked.map_or(String::new(), |it| format!(", {} {}", it.method, it.path));
    let tries = match (hop.try_number, hop.attempt) {
        (0, None | Some(0)) => String::new(),
        (of, None) => format!(", try {}", of + 1),
        (of, Some(attempt)) => format!(", try {} attempt {}", of + 1, attempt + 1),
    };
    let caller = model.words.pod(hop.caller);
    // What calls and is no pod of the cluster are clients outside, who are many.
    let calls = if model.words.node(hop.caller).is_some() { "calls" } else { "call" };
    format!("{request} call {}: {caller} {calls} {to}{what}{tries}", hop.path)
}

/// Where the message is.
pub(super) fn here(model: &Model<'_>, hop: &Hop) -> String {
    let Some(here) = hop.here else { return "the call has not begun".to_owned() };
    let stop = &hop.stops[here.stop];
    let at = match stop.spot {
        Some(spot) => model.words.spot_in_full(spot),
        None => "a box that is not chosen yet".to_owned(),
    };
    let what = match here.heading {
        Heading::There => "the request",
        Heading::Back => "the answer",
    };
    let place = match here.moves {
        Moves::Inside => format!("{what} is at {at}"),
        Moves::Onward => format!("{what} has left {at}"),
    };
    match hop.ended {
        Some(by) => format!("the call has ended: {}", crate::explore::wording::ending(by)),
        None => place,
    }
}

/// What lies between each two boxes, one sentence a leg between pods.
pub(super) fn legs(model: &Model<'_>, hop: &Hop) -> Vec<String> {
    let name = |place: usize| match hop.stops[place].spot {
        Some(spot) => model.words.spot_in_full(spot),
        None => match hop.stops[place].role {
            Role::Waypoint => "a waypoint that is not chosen yet".to_owned(),
            _ => "a server that is not chosen yet".to_owned(),
        },
    };
    let of = |(place, leg): (usize, &HopLeg)| {
        format!("From {} to {}: {}.", name(place), name(place + 1), leg_words(leg))
    };
    hop.legs.iter().enumerate().map(of).collect()
}

fn leg_words(leg: &HopLeg) -> String {
    let protection = match leg.protection {
        None => "what protects the bytes is not known yet".to_owned(),
        Some(Protection::Plaintext) if leg.known == Known::InPod => {
            return "in the pod, in plaintext".to_owned();
        }
        Some(Protection::Plaintext) => "plaintext".to_owned(),
        Some(it) => it.word().to_owned(),
    };
    let known = match leg.known {
        Known::Recorded => ", as the log tells",
        Known::Planned => ", as the plan has it",
        Known::InPod | Known::NotYet => "",
    };
    let reach = match leg.reach {
        Reach::InPod => ", in the pod",
        Reach::SameNode => ", on one node",
        Reach::Across => ", from node to node",
        Reach::Unknown => "",
    };
    let connection = match leg.connection {
        Some(row) => format!(", connection #{}", row.0),
        None => String::new(),
    };
    let fate = match leg.fate {
        LegFate::Whole => "",
        LegFate::Dropped => "; its packets are dropped",
        LegFate::Refused => "; it is refused",
    };
    format!("{protection}{known}{reach}{connection}{fate}")
}

/// Between which boxes the layers are.
pub(super) fn around(layers: &Layers) -> String {
    let what = match layers.heading {
        Heading::There => "of the request",
        Heading::Back => "of the answer",
    };
    match layers.moves {
        Moves::Inside => format!("{what} at {}", layers.at),
        Moves::Onward => match &layers.to {
            Some(to) => format!("{what} leaving {} for {to}", layers.at),
            None => format!("{what} at {}", layers.at),
        },
    }
}

/// What a field means, what set it, and its rule.
pub(super) fn field_note(field: &Field) -> String {
    let mut note = field.meaning.trim_end_matches('.').to_owned();
    if !field.set_by.is_empty() {
        note = [note, format!("set by {}", field.set_by)].join("; ");
    }
    if let Some(rule) = field.rule {
        note = [note, format!("rule {}", rule.0)].join("; ");
    }
    note.trim_start_matches("; ").to_owned()
}
