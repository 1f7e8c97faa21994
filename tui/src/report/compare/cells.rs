//! How the cells of a comparison look, and what its figures are called.

use meshwalk_sim::compare::{Cell, Figure, Unit, Value};
use meshwalk_sim::stats::Estimate;

use crate::report::format::{latency, number, rate, share};
use crate::terminal::Look;

/// What stands where a data path has no such thing.
const NONE: &str = "-";
/// What stands where nothing is known.
const NOT_MODELLED: &str = "not modelled";

/// How much of a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// What a path adds, where a difference is told.
    Difference,
    /// The value, and what the path adds.
    Both,
}

/// The cells of a figure as text.
pub(super) fn cells(figure: &Figure, shown: Shown, look: &Look) -> Vec<String> {
    figure.cells.iter().map(|cell| text(cell, figure.unit, shown, look)).collect()
}

fn text(cell: &Cell, unit: Unit, shown: Shown, look: &Look) -> String {
    match cell {
        Cell::Value(value) => value_text(value, unit, shown, look),
        Cell::Text { text } => text.clone(),
        Cell::None { .. } => NONE.to_owned(),
        Cell::NotModelled { .. } => NOT_MODELLED.to_owned(),
    }
}

fn value_text(value: &Value, unit: Unit, shown: Shown, look: &Look) -> String {
    let Value { value, half_width, added } = *value;
    let absolute = || plain(Estimate { value, half_width }, unit, look);
    match (added, shown) {
        (Some(added), Shown::Difference) => signed_ms(added, look),
        (Some(added), Shown::Both) => format!("{} ({})", absolute(), signed_ms(added, look)),
        (None, _) => absolute(),
    }
}

fn plain(estimate: Estimate, unit: Unit, look: &Look) -> String {
    let bare = Estimate { half_width: None, ..estimate };
    match unit {
        Unit::Ms => latency(Some(estimate), look),
        Unit::Share => share(Some(bare), look),
        Unit::Cores => number(bare, look),
        Unit::PerS => rate(bare, look),
        Unit::Bytes => bytes(estimate.value),
        Unit::BytesPerS => format!("{}/s", bytes(estimate.value)),
        Unit::Count | Unit::Text => number(bare, look),
    }
}

/// A difference of latency with its sign: `+1.90±0.05ms`. The unit fits the larger of the
/// difference and its half-width, so that a difference near zero does not read as nanoseconds.
pub(super) fn signed_ms(added: Estimate, look: &Look) -> String {
    let sign = if added.value < 0.0 { "-" } else { "+" };
    let size_ms = added.value.abs().max(added.half_width.unwrap_or(0.0));
    let (unit_ms, unit) = match size_ms {
        size if size >= 999.5 => (1e3, "s"),
        size if size >= 0.9995 => (1.0, "ms"),
        _ => (1e-3, "us"),
    };
    let decimals = match size_ms / unit_ms {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let value = format!("{sign}{:.decimals$}", added.value.abs() / unit_ms);
    match added.half_width {
        None => format!("{value}{unit}"),
        Some(half_width) => {
            format!("{value}{}{:.decimals$}{unit}", look.plus_minus(), half_width / unit_ms)
        }
    }
}

fn bytes(count: f64) -> String {
    const UNITS: [(f64, &str); 3] =
        [((1u64 << 30) as f64, "GiB"), ((1u64 << 20) as f64, "MiB"), (1024.0, "KiB")];
    match UNITS.iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => format!("{:.1}{name}", count / unit),
        None => format!("{count:.0}B"),
    }
}

/// The section of a figure and what it is called there, by its stable name.
pub(super) fn title(figure: &Figure) -> (String, &'static str) {
    let (section, title) = match figure.name {
        "success_rate" => ("", "success"),
        "latency_mean" => ("", "mean"),
        "latency_p50" => ("", "p50"),
        "latency_p90" => ("", "p90"),
        "latency_p99" => ("", "p99"),
        "cpu_applications" => ("Cores", "applications"),
        "cpu_sidecars" => ("Cores", "sidecars"),
        "cpu_ztunnels" => ("Cores", "ztunnels"),
        "cpu_waypoints" => ("Cores", "waypoints"),
        "cpu_gateways" => ("Cores", "gateways"),
        "cpu_control_plane" => ("Cores", "control plane"),
        "cpu_requested_control_plane" => ("Cores", "control plane, requested"),
        "memory_sidecars" => ("Memory", "sidecars"),
        "memory_ztunnels" => ("Memory", "ztunnels"),
        "memory_waypoints" => ("Memory", "waypoints"),
        "memory_control_plane" => ("Memory", "control plane"),
        "connections" => ("Traffic between pods", "connections"),
        "tls_handshakes" => ("Traffic between pods", "TLS handshakes"),
        "tunnels" => ("Traffic between pods", "tunnels"),
        "retries" => ("Traffic between pods", "retries"),
        "wire_bytes" => ("Traffic between pods", "bytes"),
        "plaintext_bytes" => ("Traffic between pods", "plaintext, off the node"),
        "encrypted_bytes" => ("Traffic between pods", "encrypted, off the node"),
        "cross_zone_bytes" => ("Traffic between pods", "across zones"),
        "same_node_bytes" => ("Traffic between pods", "on one node"),
        "default_retries" => ("In force", "default retries"),
        "authorization" => ("In force", "authorization"),
        "blast_radius" => ("In force", "death of one proxy"),
        "components" => ("To run", "components"),
        "crds" => ("To run", "CRDs"),
        other => ("Other", other),
    };
    let section = match &figure.of {
        Some(source) => format!("Latency, {source}"),
        None => section.to_owned(),
    };
    (section, title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_sign_and_the_unit_of_what_is_known() {
        let shown = |value, half_width| {
            signed_ms(Estimate { value, half_width: Some(half_width) }, &Look::PLAIN)
        };
        assert_eq!(shown(1.9, 0.05), "+1.90±0.05ms");
        assert_eq!(shown(-0.25, 0.01), "-250±10us");
        assert_eq!(shown(0.000_01, 2.0), "+0.00±2.00ms");
        assert_eq!(shown(1500.0, 30.0), "+1.50±0.03s");
        let alone = signed_ms(Estimate { value: 0.0123, half_width: None }, &Look::PLAIN);
        assert_eq!(alone, "+12.3us");
    }
}
