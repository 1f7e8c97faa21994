//! What stands there whatever is sent: memory of proxies with the connections that a run opened, and
//! the control plane.

use crate::compare::results::{Cell, Figure, Unit};
use crate::stats::{BoxKind, Estimate};

use super::{Run, Table};

/// Memory by kind of proxy.
pub(super) fn figures(table: &Table<'_>) -> Vec<Figure> {
    let memory = |name, kind| table.figure(name, Unit::Bytes, move |run| memory(run, kind));
    vec![
        memory("memory_sidecars", BoxKind::Sidecar),
        memory("memory_ztunnels", BoxKind::Ztunnel),
        memory("memory_waypoints", BoxKind::Waypoint),
        table.figure("memory_control_plane", Unit::Bytes, |run| {
            control_plane(run, |it| it.memory_bytes)
        }),
    ]
}

/// What control planes request of processors.
pub(super) fn control_plane_cores(run: Run<'_>) -> Cell {
    control_plane(run, |it| it.requested_cores)
}

fn control_plane(run: Run<'_>, figure: fn(&crate::compare::ControlPlaneUpkeep) -> f64) -> Cell {
    match &run.path.control_plane {
        Some(it) => Cell::of(Estimate { value: figure(it), half_width: None }),
        None => Cell::NONE,
    }
}

/// Configuration, and every proxy's connections at their peak.
fn memory(run: Run<'_>, kind: BoxKind) -> Cell {
    let Some(configuration) = run.path.memory_bytes.get(&kind) else { return Cell::NONE };
    let each = run.upkeep.of(kind).connection_bytes;
    run.mean(|sample| {
        let connections = sample.proxies.get(&kind).map_or(0, |it| it.connections_peak);
        configuration + each * connections as f64
    })
}
