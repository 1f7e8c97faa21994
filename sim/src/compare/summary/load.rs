//! What a data path costs beside time: processors, connections, handshakes, bytes.

use crate::compare::results::{Cell, Figure, Unit};
use crate::compare::{EdgeSample, Sample};

use super::{Run, Table};

const NS_PER_S: f64 = 1e9;

/// Figures of the whole world.
pub(super) fn figures(table: &Table<'_>) -> Vec<Figure> {
    let rate = |name, unit, count: fn(&EdgeSample) -> u64| {
        table.figure(name, unit, |run| run.rate(|sample| sample.edges.iter().map(count).sum()))
    };
    vec![
        table.figure("cpu_applications", Unit::Cores, |run| {
            cores(run, |sample| sample.workloads.iter().map(|it| it.busy_ns).sum())
        }),
        table.figure("cpu_sidecars", Unit::Cores, sidecar_cores),
        rate("connections", Unit::PerS, |edge| edge.connections),
        rate("tls_handshakes", Unit::PerS, |edge| edge.handshakes),
        rate("retries", Unit::PerS, |edge| edge.retries),
        rate("wire_bytes", Unit::BytesPerS, |edge| edge.wire.total()),
        rate("plaintext_bytes", Unit::BytesPerS, |edge| edge.wire.plaintext),
        rate("encrypted_bytes", Unit::BytesPerS, |edge| edge.wire.encrypted),
        rate("same_node_bytes", Unit::BytesPerS, |edge| edge.wire.same_node),
    ]
}

fn sidecar_cores(run: Run<'_>) -> Cell {
    let has_sidecars = run.layout.workloads.iter().any(|it| it.proxy_workers.is_some());
    if !has_sidecars {
        return Cell::NONE;
    }
    cores(run, |sample| sample.workloads.iter().map(|it| it.proxy_busy_ns).sum())
}

/// Worker time as cores that are busy all the time.
fn cores(run: Run<'_>, busy_ns: impl Fn(&Sample) -> u128) -> Cell {
    run.mean(|sample| super::per_s(busy_ns(sample) as f64 / NS_PER_S, sample))
}
