//! What would change a verdict: each flip as one line, and as JSON.

use std::io::{self, Write};

use meshwalk_models::flip::{Admitted, Edit, EditKind, Flip, Flips};
use meshwalk_models::walk::Verdict;
use meshwalk_models::world::Origin;
use serde::Serialize;

use crate::report::format::counted;
use crate::report::places::Places;
use crate::terminal::{Look, Paint};

use super::words::others;

/// How far the search went.
#[derive(Serialize)]
pub(super) struct FlipSearchOut {
    evaluations: u32,
    left_out: usize,
}

#[derive(Serialize)]
pub(super) struct FlipOut<'v> {
    edits: Vec<EditOut<'v>>,
    size: u32,
    verdict: Verdict,
    admits_others: Option<AdmittedOut<'v>>,
}

#[derive(Serialize)]
struct EditOut<'v> {
    kind: EditKind,
    edit: &'v str,
    origin: Option<String>,
}

#[derive(Serialize)]
struct AdmittedOut<'v> {
    workloads: &'v [String],
    asked: usize,
    classes: usize,
}

/// How far the search went, as a part of the document.
pub(super) fn search(flips: &Flips) -> FlipSearchOut {
    FlipSearchOut { evaluations: flips.evaluations, left_out: flips.left_out }
}

/// What was found, as a part of the document.
pub(super) fn document<'v>(flips: &'v Flips, places: Places<'_>) -> Vec<FlipOut<'v>> {
    let edit = |edit: &'v Edit| EditOut {
        kind: edit.kind(),
        edit: &edit.sentence,
        origin: place(edit, places),
    };
    let admitted = |it: &'v Admitted| AdmittedOut {
        workloads: &it.workloads,
        asked: it.asked,
        classes: it.classes,
    };
    let flip = |flip: &'v Flip| FlipOut {
        edits: flip.edits.iter().map(edit).collect(),
        size: flip.size,
        verdict: flip.verdict,
        admits_others: flip.admitted.as_ref().map(admitted),
    };
    flips.found.iter().map(flip).collect()
}

/// Prints the section; nothing where there was nothing to try.
pub(super) fn print(
    out: &mut dyn Write,
    (flips, verdict): (&Flips, Verdict),
    places: Places<'_>,
    look: &Look,
) -> io::Result<()> {
    // Nothing that stops an allowed request is no news.
    let is_idle = flips.found.is_empty() && verdict == Verdict::Allowed;
    if flips.evaluations == 0 || is_idle {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "What would change this"))?;
    for flip in &flips.found {
        let edits = flip.edits.iter().map(|edit| match place(edit, places) {
            Some(place) => format!("{}  {}", edit.sentence, look.paint(Paint::Faint, &place)),
            None => edit.sentence.clone(),
        });
        let edits: Vec<_> = edits.collect();
        let others = flip.admitted.as_ref().map(others).unwrap_or_default();
        writeln!(out, "- {} -> {}{others}", edits.join(", and "), flip.verdict.word())?;
    }
    let tried = counted(u64::from(flips.evaluations), "edit");
    if flips.found.is_empty() {
        writeln!(out, "- none of {tried} that were tried does")?;
    }
    if flips.left_out > 0 {
        let faint = format!("the search ended after {tried}; {} were not tried", flips.left_out);
        writeln!(out, "  {}", look.paint(Paint::Faint, &faint))?;
    }
    Ok(())
}

fn place(edit: &Edit, places: Places<'_>) -> Option<String> {
    places.file_line(Origin::Manifest(edit.place?))
}
