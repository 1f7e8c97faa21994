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
        table.figure("cpu_control_plane", Unit::Cores, |run| match run.path.control_plane {
            None => Cell::NONE,
            Some(_) => Cell::not_modelled(
                "control planes work when something changes, and nothing does; what they request \
                 has a row of its own",
            ),
        }),
        table.figure(
            "cpu_requested_control_plane",
            Unit::Cores,
            super::upkeep::control_plane_cores,
        ),
        rate("connections", Unit::PerS, |edge| edge.connections),
        table.figure("tls_handshakes", Unit::PerS, |run| {
            run.rate(|sample| sample.proxies.values().map(|it| it.handshakes_as_client).sum())
        }),
        table.figure("tunnels", Unit::PerS, tunnels),
        rate("retries", Unit::PerS, |edge| edge.retries),
        rate("wire_bytes", Unit::BytesPerS, |edge| edge.wire.total()),
        rate("plaintext_bytes", Unit::BytesPerS, |edge| edge.wire.plaintext),
        rate("encrypted_bytes", Unit::BytesPerS, |edge| edge.wire.encrypted),
        rate("same_node_bytes", Unit::BytesPerS, |edge| edge.wire.same_node),
        rate("cross_zone_bytes", Unit::BytesPerS, |edge| edge.wire.cross_zone),
    ]
}

/// Worker time, and what proxies use without any traffic.
fn proxy_cores(run: Run<'_>, kind: BoxKind) -> Cell {
    let has_any = run.samples.iter().any(|sample| sample.proxies.contains_key(&kind));
    if !has_any {
        return Cell::NONE;
    }
    let rows = run.layout.proxies.iter().filter(|it| it.kind == kind);
    let proxies: usize = rows.map(|it| it.instances.len()).sum();
    let idle = proxies as f64 * run.upkeep.of(kind).idle_cores;
    run.mean(|sample| {
        let busy_ns = sample.proxies.get(&kind).map_or(0, |it| it.cpu_ns());
        idle + super::per_s(busy_ns as f64 / NS_PER_S, sample)
    })
}

/// Tunnels that were opened, where anything makes tunnels.
fn tunnels(run: Run<'_>) -> Cell {
    let tunnelling = [BoxKind::Ztunnel, BoxKind::Waypoint];
    let makes_any = |sample: &Sample| tunnelling.iter().any(|it| sample.proxies.contains_key(it));
    if !run.samples.iter().any(makes_any) {
        return Cell::NONE;
    }
    run.rate(|sample| sample.proxies.values().map(|it| it.tunnels_opened).sum())
}

/// Worker time as cores that are busy all the time.
fn cores(run: Run<'_>, busy_ns: impl Fn(&Sample) -> u128) -> Cell {
    run.mean(|sample| super::per_s(busy_ns(sample) as f64 / NS_PER_S, sample))
}
