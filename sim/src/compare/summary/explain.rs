//! Where a difference of latency comes from: by edge and part, as means of paired differences over
//! all requests of all sources.
//!
//! What an application does while it waits for its own calls is in the parts of those calls, so
//! the time of applications counts with its queue alone. Calls that go on at the same time overlap:
//! what that hides, and what nothing else explains, is a line of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::results::{ExplainedPart, Explanation};
use crate::compare::{Pairing, Sample};
use crate::stats::{Estimate, Layout, Part};

use super::{Lane, Outcome, Table};

const NS_PER_MS: f64 = 1e6;

/// Edge or workload, and which part of it.
type Key = (String, &'static str);

/// What is explained of each path but the baseline, in the order of the paths.
pub(super) fn explanations(table: &Table<'_>) -> Vec<Explanation> {
    table.lanes[1..].iter().filter_map(|lane| explanation(table, lane)).collect()
}

fn explanation(table: &Table<'_>, lane: &Lane) -> Option<Explanation> {
    let Outcome::Ran { layout, samples } = &lane.outcome else { return None };
    let pairing = Pairing { baseline: table.baseline, path: samples };
    let difference = pairing.difference(mean_ms)?;
    let baseline: Vec<_> = table.baseline.iter().map(|it| costs_ms(table.layout, it)).collect();
    let path: Vec<_> = samples.iter().map(|it| costs_ms(layout, it)).collect();
    let keys: BTreeSet<&Key> = baseline.iter().chain(&path).flat_map(BTreeMap::keys).collect();
    let ms = |costs: &BTreeMap<Key, f64>, key: &Key| costs.get(key).copied().unwrap_or(0.0);
    let of_key = |key: &Key| {
        let differences: Vec<f64> =
            baseline.iter().zip(&path).map(|(one, other)| ms(other, key) - ms(one, key)).collect();
        Estimate::of(&differences).expect("there is a pair")
    };
    let mut parts: Vec<ExplainedPart> = keys
        .into_iter()
        .map(|key| ExplainedPart { at: key.0.clone(), part: key.1, added_ms: of_key(key) })
        .filter(|part| part.added_ms.value != 0.0)
        .collect();
    let size = |part: &ExplainedPart| part.added_ms.value.abs();
    parts.sort_by(|one, other| size(other).total_cmp(&size(one)));
    let explained = |costs: &BTreeMap<Key, f64>| costs.values().sum::<f64>();
    let rest: Vec<f64> = table
        .baseline
        .iter()
        .zip(samples)
        .zip(baseline.iter().zip(&path))
        .filter_map(|((one, other), (before, after))| {
            let all = mean_ms(other)? - mean_ms(one)?;
            Some(all - (explained(after) - explained(before)))
        })
        .collect();
    Some(Explanation {
        data_path: lane.name.clone(),
        added_ms: difference,
        parts,
        overlap_ms: Estimate::of(&rest)?,
    })
}

/// The mean latency of all requests of all sources.
fn mean_ms(sample: &Sample) -> Option<f64> {
    let ended = ended(sample);
    let all_ms = |source: &crate::compare::TrafficSample| {
        source.mean_ms.unwrap_or(0.0) * source.ended as f64
    };
    (ended > 0.0).then(|| sample.traffic.iter().map(all_ms).sum::<f64>() / ended)
}

fn ended(sample: &Sample) -> f64 {
    sample.traffic.iter().map(|source| source.ended).sum::<u64>() as f64
}

/// What each part of each edge, and each queue, comes to for one request, in milliseconds.
fn costs_ms(layout: &Layout, sample: &Sample) -> BTreeMap<Key, f64> {
    let requests = ended(sample).max(1.0);
    let mut costs = BTreeMap::new();
    let mut add = |at: String, part, ns: f64| {
        if ns > 0.0 {
            *costs.entry((at, part)).or_insert(0.0) += ns / NS_PER_MS / requests;
        }
    };
    for (entry, edge) in layout.edges.iter().zip(&sample.edges) {
        let at = format!("{} to {}", layout.origin_name(entry.from), layout.service_name(entry.to));
        for (part, ns) in edge.parts.iter().filter(|(part, _)| *part != Part::Application) {
            add(at.clone(), part.name(), ns as f64);
        }
    }
    for (row, workload) in sample.workloads.iter().enumerate() {
        add(layout.workload_name(row), "application_queue", workload.wait_ns as f64);
    }
    costs
}
