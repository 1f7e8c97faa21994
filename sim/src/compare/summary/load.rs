//! What a data path costs beside time: processors, connections, handshakes, bytes.

use crate::compare::results::{Cell, Figure, Unit};
use crate::compare::{EdgeSample, Sample};
use crate::stats::BoxKind;

use super::{Run, Table};

const NS_PER_S: f64 = 1e9;

/// Figures of the whole world.
pub(super) fn figures(table: &Table<'_>) -> Vec<Figure> {
    let rate = |name, unit, count: fn(&EdgeSample) -> u64| {
        table.figure(name, unit, |run| run.rate(|sample| sample.edges.iter().map(count).sum()))
    };
    let proxies = |name, kind| table.figure(name, Unit::Cores, move |run| proxy_cores(run, kind));
    vec![
        table.figure("cpu_applications", Unit::Cores, |run| {
            cores(run, |sample| sample.workloads.iter().map(|it| it.busy_ns).sum())
        }),
        proxies("cpu_sidecars", BoxKind::Sidecar),
        proxies("cpu_ztunnels", BoxKind::Ztunnel),
        proxies("cpu_waypoints", BoxKind::Waypoint),
        proxies("cpu_gateways", BoxKind::Gateway),
        rate("connections", Unit::PerS, |edge| edge.connections),
        rate("tls_handshakes", Unit::PerS, |edge| edge.handshakes),
        rate("retries", Unit::PerS, |edge| edge.retries),
        rate("wire_bytes", Unit::BytesPerS, |edge| edge.wire.total()),
        rate("plaintext_bytes", Unit::BytesPerS, |edge| edge.wire.plaintext),
        rate("encrypted_bytes", Unit::BytesPerS, |edge| edge.wire.encrypted),
        rate("same_node_bytes", Unit::BytesPerS, |edge| edge.wire.same_node),
    ]
}

fn proxy_cores(run: Run<'_>, kind: BoxKind) -> Cell {
    let has_any = run.samples.iter().any(|sample| sample.proxies.contains_key(&kind));
    if !has_any {
        return Cell::NONE;
    }
    cores(run, |sample| sample.proxies.get(&kind).map_or(0, |it| u128::from(it.cpu_ns())))
}

/// Worker time as cores that are busy all the time.
fn cores(run: Run<'_>, busy_ns: impl Fn(&Sample) -> u128) -> Cell {
    run.mean(|sample| super::per_s(busy_ns(sample) as f64 / NS_PER_S, sample))
}
