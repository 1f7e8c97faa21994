//! The Ladder screen in sentences.

use crate::explore::scene::Scene;

use super::model::{Basis, Ladder, Outcome, Rung, What};
use super::scene::Shown;

/// What is said where there is no connection.
pub(super) const NOTHING: &str = "No connection is near the cursor.";

/// All of the screen.
pub(super) fn sentences(shown: &Shown<'_>, scene: &Scene<'_>) -> Vec<String> {
    let ladder = &shown.ladder;
    let mut said = vec![format!("{}.", title(shown))];
    if ladder.left_out > 0 {
        said.push(format!("{} more requests that used it are left out.", ladder.left_out));
    }
    for (place, rung) in ladder.rungs.iter().enumerate() {
        let here = if shown.at == Some(place) { "You are here: " } else { "" };
        said.push(format!("{here}{}", of_rung(shown, rung)));
    }
    let (client, server) = ladder.ends;
    for belief in &shown.beliefs {
        said.push(format!(
            "{}: {} believes {}; {} believes {}.",
            belief.about,
            ladder.columns[client].name,
            belief.client,
            ladder.columns[server].name,
            belief.server,
        ));
    }
    said.extend(why(shown, scene));
    said
}

/// What connection it is, and how far it has come.
pub(super) fn title(shown: &Shown<'_>) -> String {
    let ladder = &shown.ladder;
    let (client, server) = ladder.ends;
    let protection = match ladder.protection {
        meshwalk_models::path::Protection::Plaintext => "plaintext",
        it => it.word(),
    };
    let (from, to) = (&ladder.columns[client].name, &ladder.columns[server].name);
    format!("Connection #{} from {from} to {to}, {protection}, {}", ladder.row.0, phase(shown))
}

/// The phase at the cursor.
pub(super) fn phase(shown: &Shown<'_>) -> String {
    let phases = shown.ladder.phases();
    let at = shown.at.and_then(|row| shown.ladder.rungs.get(row));
    let Some(rung) = at else { return "not begun".to_owned() };
    let place = phases.iter().position(|it| *it == rung.phase).unwrap_or(0);
    format!("phase {} of {}: {}", place + 1, phases.len(), rung.phase.words())
}

/// One row.
fn of_rung(shown: &Shown<'_>, rung: &Rung) -> String {
    let ladder = &shown.ladder;
    let when = match (rung.at, rung.basis) {
        (Some(at), _) => format!("{} at {at}", rung.anchor.dense_name()),
        (None, _) => "derived".to_owned(),
    };
    match &rung.what {
        What::Message(message) => {
            let (words, _) = message.kind.words();
            let fatal = if message.outcome == Outcome::Fatal { ", which ends it" } else { "" };
            format!(
                "{when}: {} sends {} {words}, {}{fatal}.",
                ladder.columns[message.from].name,
                ladder.columns[message.to].name,
                message.protection.words(),
            )
        }
        What::Note(note) => format!("{when}: {} {}.", ladder.columns[note.column].name, note.text),
    }
}

/// How many of the rows are derived.
pub(super) fn derived(ladder: &Ladder) -> usize {
    ladder.rungs.iter().filter(|rung| rung.basis == Basis::Derived).count()
}

/// Why it is so.
pub(super) fn why(shown: &Shown<'_>, scene: &Scene<'_>) -> Vec<String> {
    use meshwalk_models::path::Protection;
    let mut said = Vec::new();
    if let Some(event) = shown.decision {
        said.extend(super::super::step::decision_lines(&shown.words, scene.log(), event));
    }
    if shown.ladder.protection != Protection::Plaintext {
        said.push(
            "In TLS 1.3 the client proves itself last: it is connected, and may send, before the \
             server has checked its certificate (RFC 8446, section 2)."
                .to_owned(),
        );
    }
    if shown.ladder.protection == Protection::Plaintext {
        said.push("Nothing protects these bytes: neither end proves who it is.".to_owned());
    }
    let derived = derived(&shown.ladder);
    if derived > 0 {
        said.push(format!(
            "{derived} rows are derived: the protocols prescribe them, and the engine does not \
             simulate them one by one."
        ));
    }
    said
}
