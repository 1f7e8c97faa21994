//! The table of measured speeds that `meshwalk bench` prints.

use std::io::{self, Write};

use serde::Serialize;

use crate::bench::{Aim, Measurement};
use crate::terminal::Look;

use super::columns::{Align, Columns};
use super::json;

/// What `-o json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// The figures.
    measurements: &'a [Measurement],
}

/// Prints one row for each figure.
pub(crate) fn print(out: &mut dyn Write, found: &[Measurement], look: &Look) -> io::Result<()> {
    let mut table = Columns::new([
        ("MEASURED", Align::Left),
        ("FIGURE", Align::Right),
        ("AIM", Align::Right),
        ("MET", Align::Left),
    ]);
    for measurement in found {
        let aim = measurement.aim.map(|aim| match aim {
            Aim::AtLeast(least) => format!("at least {}", figure(least, measurement.unit)),
            Aim::AtMost(most) => format!("at most {}", figure(most, measurement.unit)),
        });
        let met = measurement.met.map_or("", |met| if met { "yes" } else { "no" });
        table.row(vec![
            measurement.name.clone().into_owned(),
            figure(measurement.value, measurement.unit),
            aim.unwrap_or_default(),
            met.to_owned(),
        ]);
    }
    table.print(out, look)
}

/// Prints the figures as one JSON document.
pub(crate) fn print_json(out: &mut dyn Write, found: &[Measurement]) -> io::Result<()> {
    json::print(out, &Document { measurements: found })
}

/// A figure with its unit: `12.3M events/s`, `640k hops/s`, `8.1x`, `1.25s`, `16.0ms`, `1.5GiB`.
fn figure(value: f64, unit: &str) -> String {
    match unit {
        "x" => format!("{value:.1}x"),
        "s" if value < 0.1 => format!("{:.1}ms", value * 1e3),
        "s" => format!("{value:.2}s"),
        "ms" => format!("{value:.1}ms"),
        "bytes" if value < f64::from(1 << 14) => format!("{value:.1} bytes"),
        "bytes" if value < f64::from(1 << 27) => format!("{:.1}MiB", value / f64::from(1 << 20)),
        "bytes" => format!("{:.2}GiB", value / f64::from(1 << 30)),
        _ if value >= 1e6 => format!("{:.2}M {unit}", value / 1e6),
        _ => format!("{:.0}k {unit}", value / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units_that_fit() {
        for (value, unit, text) in [
            (12_345_678.0, "events/s", "12.35M events/s"),
            (640_123.0, "hops/s", "640k hops/s"),
            (8.13, "x", "8.1x"),
            (1.254, "s", "1.25s"),
            (0.0161, "s", "16.1ms"),
            (46.71, "bytes", "46.7 bytes"),
            (50_331_648.0, "bytes", "48.0MiB"),
            (3.11, "ms", "3.1ms"),
            (1_610_612_736.0, "bytes", "1.50GiB"),
        ] {
            assert_eq!(figure(value, unit), text);
        }
    }
}
