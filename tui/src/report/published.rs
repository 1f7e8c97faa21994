//! The table of published measurements beside simulated ones that `meshwalk validate` prints.

use std::io::{self, Write};

use meshwalk_sim::validate::published::{
    FigureResult, KNOWN_MISFITS, NOTES, OrderResult, PublishedResults,
};
use serde::Serialize;

use crate::terminal::{Look, Paint};

use super::columns::{Align, Columns};

/// The part of the JSON document that is about published figures.
#[derive(Serialize)]
pub(crate) struct Published<'a> {
    /// Whether every pair of meshes has the published order.
    order_holds: bool,
    /// The figures.
    figures: &'a [FigureResult],
    /// The order among meshes, group by group.
    orders: &'a [OrderResult],
    /// What is known not to fit.
    known_misfits: &'static [&'static str],
    /// How the runs were made.
    notes: &'static [&'static str],
}

impl<'a> Published<'a> {
    /// What `results` say.
    pub(crate) fn new(results: &'a PublishedResults) -> Self {
        Self {
            order_holds: results.order_holds(),
            figures: &results.figures,
            orders: &results.orders,
            known_misfits: KNOWN_MISFITS,
            notes: NOTES,
        }
    }
}

/// Prints one row for each figure, the sentence that sums up, and what is known not to fit.
pub(crate) fn print(
    out: &mut dyn Write,
    results: &PublishedResults,
    look: &Look,
) -> io::Result<()> {
    let mut table = Columns::new([
        ("FIGURE", Align::Left),
        ("MESH", Align::Left),
        ("PUBLISHED", Align::Right),
        ("SIMULATED", Align::Right),
        ("UNIT", Align::Left),
        ("ERROR", Align::Right),
        ("ORDER", Align::Left),
        ("SOURCE", Align::Left),
    ]);
    for figure in &results.figures {
        table.row(vec![
            figure.group.to_owned(),
            figure.mesh.name().to_owned(),
            number(figure.published),
            number(figure.simulated),
            figure.unit.to_owned(),
            format!("{:+.1}%", figure.relative_error * 100.0),
            order(figure, results).to_owned(),
            figure.source.to_owned(),
        ]);
    }
    table.print(out, look)?;
    let wrong: Vec<String> = results.orders.iter().flat_map(wrong_pairs).collect();
    let (paint, sentence) = match wrong.as_slice() {
        [] => (Paint::Good, "every pair of meshes has the published order".to_owned()),
        _ => (Paint::Bad, format!("{} pairs of meshes have the wrong order", wrong.len())),
    };
    writeln!(out, "\n{}", look.paint(paint, &sentence))?;
    wrong.iter().try_for_each(|pair| writeln!(out, "  {pair}"))?;
    writeln!(out, "\nknown misfits:")?;
    KNOWN_MISFITS.iter().try_for_each(|misfit| writeln!(out, "  - {misfit}"))?;
    writeln!(out, "how it was simulated:")?;
    NOTES.iter().try_for_each(|note| writeln!(out, "  - {note}"))
}

/// Whether a mesh stands in its place among the others of its group.
fn order(figure: &FigureResult, results: &PublishedResults) -> &'static str {
    let Some(order) = results.orders.iter().find(|order| order.group == figure.group) else {
        return super::format::ABSENT;
    };
    let is_wrong = |pair: &(_, _)| pair.0 == figure.mesh || pair.1 == figure.mesh;
    if order.wrong_pairs.iter().any(is_wrong) { "NO" } else { "yes" }
}

fn wrong_pairs(order: &OrderResult) -> impl Iterator<Item = String> {
    order.wrong_pairs.iter().map(|(cheaper, dearer)| {
        format!("{}: {} should be below {}", order.group, cheaper.name(), dearer.name())
    })
}

/// A number with three digits or more that count.
fn number(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.3}"),
        size if size < 1_000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use meshwalk_sim::validate::published::Mesh;

    use super::*;

    #[test]
    fn a_wrong_order_is_told_at_both_meshes_and_in_the_sum() {
        let figure = |mesh, published, simulated| FigureResult {
            group: "p99 added",
            mesh,
            unit: "ms",
            published,
            simulated,
            relative_error: simulated / published - 1.0,
            source: "somebody's page",
        };
        let (one, other) = (Mesh::IstioAmbient, Mesh::IstioSidecar);
        let results = PublishedResults {
            figures: vec![figure(one, 0.2, 0.3), figure(other, 0.3, 0.25)],
            orders: vec![OrderResult {
                group: "p99 added",
                published: vec![one, other],
                simulated: vec![other, one],
                wrong_pairs: vec![(one, other)],
            }],
        };
        let mut out = Vec::new();
        print(&mut out, &results, &Look::PLAIN).expect("memory takes everything");
        let text = String::from_utf8(out).expect("text");
        let marked = text.lines().filter(|line| line.contains("   NO      somebody's page"));
        assert_eq!(marked.count(), 2, "{text}");
        assert!(text.contains("+50.0%") && text.contains("-16.7%"), "{text}");
        assert!(text.contains("p99 added: istio-ambient should be below istio-sidecar"), "{text}");
    }
}
