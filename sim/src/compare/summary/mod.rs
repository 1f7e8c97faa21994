//! From the replications of all data paths to the figures of a comparison; what each figure is
//! made of stands in the modules below.

mod explain;
mod latency;
mod load;
mod upkeep;

use crate::stats::{Assumption, Estimate, Identity, Layout, NotModelled};

use super::results::{Cell, Comparison, Figure, ObjectResults, PathResults, Precision, Unit};
use super::{Effort, Pairing, PathUpkeep, Sample, Upkeep};

/// A data path and what became of it.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a data path.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was run.
    Ran {
        /// What the rows of the samples mean.
        layout: Layout,
        /// One for each replication, in the order of their seeds.
        samples: Vec<Sample>,
    },
    /// It could not be run, and why.
    Refused(String),
}

/// What a report says beside the measured figures.
#[derive(Clone, Debug)]
pub struct Context {
    /// What makes this comparison this one.
    pub identity: Identity,
    /// Workloads that the scenario keeps out of every mesh.
    pub kept_out: Vec<String>,
    /// How much was run.
    pub effort: Effort,
    /// What proxies and control planes take beside what runs count; one path for each data path.
    pub upkeep: Upkeep,
    /// Figures in words, which no run measures; one cell for each data path.
    pub words: Vec<Figure>,
    /// The user's objects, with what each data path makes of them.
    pub objects: Vec<ObjectResults>,
    /// What was assumed because nothing said it.
    pub assumptions: Vec<Assumption>,
    /// What was read and has no effect.
    pub not_modelled: Vec<NotModelled>,
}

/// The results of `lanes`; the first of them is the baseline.
///
/// # Panics
/// When the baseline was not run: without it there is nothing to compare with; or when `context`
/// has not one upkeep for each lane.
#[must_use]
pub fn summarise(lanes: &[Lane], context: Context) -> Comparison {
    let table = Table::of(lanes, &context.upkeep);
    let mut figures = latency::figures(&table);
    figures.extend(load::figures(&table));
    figures.extend(upkeep::figures(&table));
    figures.extend(context.words);
    Comparison {
        precision: precision(&table, context.effort),
        identity: context.identity,
        baseline: lanes[0].name.clone(),
        measured_s: table.baseline[0].measured_s,
        replications: u32::try_from(table.baseline.len()).expect("counted in 32 bits"),
        data_paths: lanes.iter().map(path_results).collect(),
        kept_out: context.kept_out,
        figures,
        explanations: explain::explanations(&table),
        objects: context.objects,
        assumptions: context.assumptions,
        not_modelled: context.not_modelled,
    }
}

/// The data paths as the figures read them.
struct Table<'l> {
    lanes: &'l [Lane],
    layout: &'l Layout,
    baseline: &'l [Sample],
    upkeep: &'l Upkeep,
}

/// One data path that was run.
#[derive(Clone, Copy)]
struct Run<'l> {
    layout: &'l Layout,
    samples: &'l [Sample],
    upkeep: &'l Upkeep,
    path: &'l PathUpkeep,
}

impl<'l> Table<'l> {
    fn of(lanes: &'l [Lane], upkeep: &'l Upkeep) -> Self {
        assert_eq!(lanes.len(), upkeep.paths.len(), "an upkeep for each data path");
        match lanes.first().map(|lane| &lane.outcome) {
            Some(Outcome::Ran { layout, samples }) if !samples.is_empty() => {
                Self { lanes, layout, baseline: samples, upkeep }
            }
            _ => panic!("the baseline was not run"),
        }
    }

    /// A figure whose cells come from runs; paths that were not run say so.
    fn figure(&self, name: &'static str, unit: Unit, cell: impl Fn(Run<'l>) -> Cell) -> Figure {
        let upkeep = self.upkeep;
        let lanes = self.lanes.iter().zip(&upkeep.paths);
        let cells = lanes.map(|(lane, path)| match &lane.outcome {
            Outcome::Ran { layout, samples } => cell(Run { layout, samples, upkeep, path }),
            Outcome::Refused(_) => Cell::not_modelled("this data path was not run"),
        });
        Figure { name, of: None, unit, cells: cells.collect() }
    }
}

impl Run<'_> {
    /// The mean of a figure over replications, with its interval.
    fn mean(&self, figure: impl Fn(&Sample) -> f64) -> Cell {
        let values: Vec<f64> = self.samples.iter().map(figure).collect();
        Cell::of(Estimate::of(&values).expect("a path that was run has replications"))
    }

    /// The same for a count, as a rate.
    fn rate(&self, count: impl Fn(&Sample) -> u64) -> Cell {
        self.mean(|sample| per_s(count(sample) as f64, sample))
    }
}

fn per_s(count: f64, sample: &Sample) -> f64 {
    if sample.measured_s > 0.0 { count / sample.measured_s } else { 0.0 }
}

fn path_results(lane: &Lane) -> PathResults {
    let (not_modelled, state_hash) = match &lane.outcome {
        Outcome::Refused(reason) => (Some(reason.clone()), None),
        Outcome::Ran { samples, .. } => {
            let (first, others) = samples.split_first().expect("a path that was run");
            let joint = others.iter().fold(first.state_hash, |hash, sample| {
                (hash.rotate_left(5) ^ sample.state_hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            });
            (None, Some(format!("{joint:016x}")))
        }
    };
    PathResults { name: lane.name.clone(), not_modelled, state_hash }
}

fn precision(table: &Table<'_>, effort: Effort) -> Precision {
    let Effort::Until { standard, .. } = effort else {
        return Precision { relative: None, floor_ms: None, reached: None, missed: None };
    };
    let missed = table.lanes.iter().find_map(|lane| {
        let Outcome::Ran { samples, .. } = &lane.outcome else { return None };
        let pairing = Pairing { baseline: table.baseline, path: samples };
        let (source, quantile, difference) = pairing.unknown(&standard)?;
        let source = &table.layout.traffic[source].name;
        let half_width = match difference.half_width {
            Some(half_width) => format!("to {half_width:.3}ms"),
            None => "without an interval".to_owned(),
        };
        Some(format!(
            "{} of {source} on {} differs by {:.3}ms, known {half_width}",
            quantile.name(),
            lane.name,
            difference.value,
        ))
    });
    Precision {
        relative: Some(standard.relative),
        floor_ms: Some(standard.floor_ms),
        reached: Some(missed.is_none()),
        missed,
    }
}
