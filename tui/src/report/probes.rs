//! The kubelet's probes as a table or a document.

use std::io::{self, Write};
use std::net::IpAddr;

use meshwalk_models::explain::RuleId;
use meshwalk_models::path::DataPath;
use meshwalk_models::probes::{AnsweredBy, Asked, ProbeKind, Probed, Verdict};
use meshwalk_models::world::{Origin, World};
use serde::Serialize;

use crate::terminal::{Look, Paint};

use super::columns::{Align, Column, Columns};
use super::format::ABSENT;
use super::places::Places;
use super::{json, tree};

const HEAD: [Column; 7] = [
    ("WORKLOAD", Align::Left),
    ("CONTAINER", Align::Left),
    ("PROBE", Align::Left),
    ("ASKED", Align::Left),
    ("FROM", Align::Left),
    ("ANSWERED BY", Align::Left),
    ("VERDICT", Align::Left),
];

/// What is printed.
pub(crate) struct View<'a> {
    pub(crate) world: &'a World,
    pub(crate) probes: &'a [Probed],
    pub(crate) places: Places<'a>,
}

/// Prints the table, and below it why probes fail or cannot be told.
pub(crate) fn print(out: &mut dyn Write, view: &View<'_>, look: &Look) -> io::Result<()> {
    if view.probes.is_empty() {
        return writeln!(out, "no container has a probe");
    }
    let mut columns = Columns::new(HEAD);
    for probed in view.probes {
        columns.row(view.cells(probed).to_vec());
    }
    columns.print(out, look)?;
    for probed in view.probes {
        let (Verdict::Fails { .. } | Verdict::Unknown { .. }) = &probed.verdict.outcome else {
            continue;
        };
        writeln!(out, "\n{}", look.paint(Paint::Heading, &view.title(probed)))?;
        if let Some((why, _)) = reason(&probed.verdict.outcome) {
            writeln!(out, "  {why}")?;
        }
        view.print_lines(out, probed)?;
    }
    Ok(())
}

/// Prints the table with what is written and where, and the reasons of every verdict.
pub(crate) fn print_wide(out: &mut dyn Write, view: &View<'_>, look: &Look) -> io::Result<()> {
    if view.probes.is_empty() {
        return writeln!(out, "no container has a probe");
    }
    let more = [("DATA PATH", Align::Left), ("WRITTEN", Align::Left), ("LINE", Align::Left)];
    let mut columns = Columns::new(HEAD.into_iter().chain(more));
    for probed in view.probes {
        let mut row = view.cells(probed).to_vec();
        let line = view.places.show(Origin::Manifest(probed.place));
        row.extend([path_word(probed.data_path).to_owned(), probed.written.to_string(), line]);
        columns.row(row);
    }
    columns.print(out, look)?;
    for probed in view.probes {
        writeln!(out, "\n{}", look.paint(Paint::Heading, &view.title(probed)))?;
        view.print_lines(out, probed)?;
        tree::print(out, std::slice::from_ref(&probed.verdict.because), view.places, look)?;
    }
    Ok(())
}

/// A probe as JSON; JSON.md describes the fields.
#[derive(Serialize)]
struct Row<'p> {
    workload: String,
    container: &'p str,
    probe: ProbeKind,
    written: AskedRow<'p>,
    asked: AskedRow<'p>,
    from: Option<IpAddr>,
    data_path: DataPath,
    answered_by: AnsweredBy,
    verdict: &'static str,
    why: Option<&'p str>,
    origins: Vec<String>,
    notes: &'p [&'static str],
    line: String,
    rules: Vec<RuleId>,
}

/// What a probe asks.
#[derive(Serialize)]
struct AskedRow<'p> {
    how: &'static str,
    port: Option<u16>,
    path: Option<&'p str>,
    service: Option<&'p str>,
}

/// Prints the probes as a JSON list.
pub(crate) fn print_json(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let rows = view.probes.iter().map(|probed| Row {
        workload: view.world.workload_name(probed.workload),
        container: &probed.container,
        probe: probed.kind,
        written: asked(&probed.written),
        asked: asked(&probed.asked),
        from: probed.from,
        data_path: probed.data_path,
        answered_by: probed.answered_by,
        verdict: word(&probed.verdict.outcome),
        why: reason(&probed.verdict.outcome).map(|(why, _)| why),
        origins: view.lines(&probed.verdict.outcome),
        notes: &probed.notes,
        line: view.places.show(Origin::Manifest(probed.place)),
        rules: probed.verdict.because.because.iter().map(|step| step.rule).collect(),
    });
    json::print(out, &rows.collect::<Vec<_>>())
}

impl View<'_> {
    fn cells(&self, probed: &Probed) -> [String; 7] {
        let from = match (&probed.asked, probed.from) {
            (Asked::Exec, _) => ABSENT.to_owned(),
            (_, Some(address)) => address.to_string(),
            (_, None) => "its node".to_owned(),
        };
        [
            self.world.workload_name(probed.workload),
            probed.container.clone(),
            kind_word(probed.kind).to_owned(),
            probed.asked.to_string(),
            from,
            box_word(probed.answered_by).to_owned(),
            word(&probed.verdict.outcome).to_owned(),
        ]
    }

    fn title(&self, probed: &Probed) -> String {
        let workload = self.world.workload_name(probed.workload);
        let verdict = word(&probed.verdict.outcome);
        format!("{workload} {} {}: {verdict}", probed.container, kind_word(probed.kind))
    }

    /// The lines that a probe stops or turns on, and what is worth knowing beside it.
    fn print_lines(&self, out: &mut dyn Write, probed: &Probed) -> io::Result<()> {
        for line in self.lines(&probed.verdict.outcome) {
            writeln!(out, "  at {line}")?;
        }
        for note in &probed.notes {
            writeln!(out, "  {note}")?;
        }
        Ok(())
    }

    fn lines(&self, verdict: &Verdict) -> Vec<String> {
        let origins = reason(verdict).map_or(&[][..], |(_, origins)| origins);
        origins.iter().map(|origin| self.places.show(*origin)).collect()
    }
}

fn asked(asked: &Asked) -> AskedRow<'_> {
    let path = match asked {
        Asked::Http { path, .. } => Some(path.as_str()),
        _ => None,
    };
    let service = match asked {
        Asked::Grpc { service, .. } => Some(service.as_str()),
        _ => None,
    };
    AskedRow { how: asked.word(), port: asked.port(), path, service }
}

fn reason(verdict: &Verdict) -> Option<(&str, &[Origin])> {
    match verdict {
        Verdict::Passes => None,
        Verdict::Fails { why, origins } | Verdict::Unknown { why, origins } => Some((why, origins)),
    }
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passes => "passes",
        Verdict::Fails { .. } => "fails",
        Verdict::Unknown { .. } => "unknown",
    }
}

const fn kind_word(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Startup => "startup",
        ProbeKind::Readiness => "readiness",
        ProbeKind::Liveness => "liveness",
    }
}

const fn box_word(answered_by: AnsweredBy) -> &'static str {
    match answered_by {
        AnsweredBy::Application => "application",
        AnsweredBy::PilotAgent => "pilot-agent",
        AnsweredBy::Sidecar => "sidecar",
        AnsweredBy::Nobody => ABSENT,
    }
}

const fn path_word(path: DataPath) -> &'static str {
    match path {
        DataPath::None => "none",
        DataPath::IstioSidecar => "istio-sidecar",
        DataPath::IstioAmbient => "istio-ambient",
    }
}
