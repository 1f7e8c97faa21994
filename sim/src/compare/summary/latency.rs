//! What the sources of traffic saw: success, and latency with what each data path adds to it.

use crate::compare::results::{Cell, Figure, Unit, Value};
use crate::compare::{Pairing, QUANTILES, Quantile, Sample};
use crate::stats::Estimate;

use super::{Run, Table};

/// Source by source, in the order of the scenario.
pub(super) fn figures(table: &Table<'_>) -> Vec<Figure> {
    let sources = table.layout.traffic.iter().enumerate();
    let figures = sources.flat_map(|(row, source)| {
        let mut figures = vec![
            table.figure("success_rate", Unit::Share, |run| success_rate(run, row)),
            latency(table, "latency_mean", |sample| sample.traffic[row].mean_ms),
        ];
        figures.extend(QUANTILES.map(|quantile| {
            latency(table, name_of(quantile), move |sample| {
                sample.traffic[row].quantiles_ms[quantile as usize]
            })
        }));
        figures.into_iter().map(|figure| Figure { of: Some(source.name.clone()), ..figure })
    });
    figures.collect()
}

const fn name_of(quantile: Quantile) -> &'static str {
    match quantile {
        Quantile::P50 => "latency_p50",
        Quantile::P90 => "latency_p90",
        Quantile::P99 => "latency_p99",
    }
}

fn success_rate(run: Run<'_>, source: usize) -> Cell {
    let share = |sample: &Sample| {
        let source = &sample.traffic[source];
        (source.ended > 0).then(|| source.succeeded as f64 / source.ended as f64)
    };
    estimated(run, share).map_or_else(nothing_ended, Cell::of)
}

fn latency(
    table: &Table<'_>,
    name: &'static str,
    figure: impl Fn(&Sample) -> Option<f64>,
) -> Figure {
    table.figure(name, Unit::Ms, |run| {
        let Some(Estimate { value, half_width }) = estimated(run, &figure) else {
            return nothing_ended();
        };
        let pairing = Pairing { baseline: table.baseline, path: run.samples };
        let is_baseline = std::ptr::eq(run.samples, table.baseline);
        let added = if is_baseline { None } else { pairing.difference(&figure) };
        Cell::Value(Value { value, half_width, added })
    })
}

fn estimated(run: Run<'_>, figure: impl Fn(&Sample) -> Option<f64>) -> Option<Estimate> {
    Estimate::of(&run.samples.iter().filter_map(figure).collect::<Vec<f64>>())
}

fn nothing_ended() -> Cell {
    Cell::not_modelled("no request of this source ended")
}
