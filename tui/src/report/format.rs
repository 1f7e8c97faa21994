//! Numbers as people read them: three digits, a unit that fits, and an interval where there is
//! one. Nothing here rounds a share to 0 % or 100 % that is neither.

use meshwalk_sim::stats::{Estimate, FirstBroken};

use crate::terminal::Look;

/// What stands where there is no value.
pub(super) const ABSENT: &str = "-";

/// Units of time from the smallest to the largest, in milliseconds.
const TIME_UNITS: [(f64, &str); 4] = [(1e-6, "ns"), (1e-3, "us"), (1.0, "ms"), (1e3, "s")];

/// A latency: `1.25ms`, `12.3±0.4ms`.
pub(super) fn latency(value_ms: Option<Estimate>, look: &Look) -> String {
    let Some(estimate) = value_ms else { return ABSENT.to_owned() };
    if estimate.value <= 0.0 {
        return "0ms".to_owned();
    }
    // The next larger unit begins where three digits would round up to it.
    let fits = |&&(unit_ms, _): &&(f64, &str)| estimate.value >= unit_ms * 0.9995;
    let (unit_ms, unit) = TIME_UNITS.iter().rev().find(fits).unwrap_or(&TIME_UNITS[0]);
    let decimals = decimals_of(estimate.value / unit_ms);
    format!("{}{unit}", with_interval(estimate, 1.0 / unit_ms, decimals, look))
}

/// A span without an interval: `60.0s`, `12.3ms`.
pub(crate) fn span_ms(value_ms: f64) -> String {
    latency(Some(Estimate { value: value_ms, half_width: None }), &Look::PLAIN)
}

/// A rate: `0.5/s`, `204/s`, `1.25k/s`.
pub(super) fn rate(value_per_s: Estimate, look: &Look) -> String {
    const UNITS: [(f64, &str); 3] = [(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")];
    if value_per_s.value <= 0.0 {
        return "0/s".to_owned();
    }
    let fits = |&&(unit, _): &&(f64, &str)| value_per_s.value >= unit * 0.9995;
    let (unit_per_s, unit) = UNITS.iter().find(fits).unwrap_or(&UNITS[2]);
    let decimals = decimals_of(value_per_s.value / unit_per_s);
    format!("{}{unit}", with_interval(value_per_s, 1.0 / unit_per_s, decimals, look))
}

/// A share from 0 to 1 in percent: `98.1%`, `99.95%`, `98.1±0.2%`.
pub(super) fn share(value: Option<Estimate>, look: &Look) -> String {
    let Some(estimate) = value else { return ABSENT.to_owned() };
    let percent = estimate.value * 100.0;
    if estimate.half_width.is_none_or(|half_width| half_width == 0.0) {
        return exact_share(estimate.value);
    }
    // Nines matter: 99.95 % and 99.9 % are different promises.
    let decimals = if percent >= 99.0 { 2 } else { 1 };
    format!("{}%", with_interval(estimate, 100.0, decimals, look))
}

/// A share without an interval.
pub(crate) fn exact_share(value: f64) -> String {
    let percent = value * 100.0;
    if value <= 0.0 {
        "0%".to_owned()
    } else if value >= 1.0 {
        // Work that began before the measured time can push utilisation over 1 by a hair.
        format!("{percent:.0}%")
    } else if percent < 0.05 {
        "<0.1%".to_owned()
    } else if percent >= 99.995 {
        ">99.99%".to_owned()
    } else if percent >= 99.0 {
        format!("{percent:.2}%")
    } else {
        format!("{percent:.1}%")
    }
}

/// A plain number such as a queue length: `0.25`, `12.3`.
pub(super) fn number(value: Estimate, look: &Look) -> String {
    if value.value <= 0.0 {
        return "0".to_owned();
    }
    if value.value < 0.0005 {
        return "<0.001".to_owned();
    }
    with_interval(value, 1.0, decimals_of(value.value), look)
}

/// `count` and the noun in the right number: `1 error`, `2 errors`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// How many decimals show three digits of `value`.
fn decimals_of(value: f64) -> usize {
    match value {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        value if value >= 0.9995 => 2,
        _ => 3,
    }
}

fn with_interval(estimate: Estimate, scale: f64, decimals: usize, look: &Look) -> String {
    let value = format!("{:.decimals$}", estimate.value * scale);
    match estimate.half_width {
        None => value,
        Some(half_width) => {
            format!("{value}{}{:.decimals$}", look.plus_minus(), half_width * scale)
        }
    }
}

/// How the request ended that broke an expectation: `200`, or `503 UF connect_failure`.
pub(super) fn ending(broken: &FirstBroken) -> String {
    let mut parts = vec![broken.status.map_or("no answer".to_owned(), |status| status.to_string())];
    parts.extend((broken.response_flags != "-").then(|| broken.response_flags.clone()));
    let is_plain = ["answered", "via_upstream"].contains(&broken.details);
    parts.extend((!is_plain).then(|| broken.details.to_owned()));
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(value: f64) -> Estimate {
        Estimate { value, half_width: None }
    }

    #[test]
    fn a_latency_has_three_digits_and_the_unit_that_fits() {
        for (ms, text) in [
            (0.0, "0ms"),
            (0.000_001, "1.00ns"),
            (0.0123, "12.3us"),
            (0.812, "812us"),
            (0.999_96, "1.00ms"),
            (1.25, "1.25ms"),
            (99.96, "100ms"),
            (999.4, "999ms"),
            (999.9, "1.00s"),
            (61_234.0, "61.2s"),
        ] {
            assert_eq!(latency(Some(exact(ms)), &Look::PLAIN), text, "{ms}");
        }
        assert_eq!(latency(None, &Look::PLAIN), "-");
    }

    #[test]
    fn an_interval_shares_the_unit_and_the_decimals_of_its_value() {
        let estimate = Estimate { value: 12.34, half_width: Some(0.44) };
        assert_eq!(latency(Some(estimate), &Look::PLAIN), "12.3±0.4ms");
        assert_eq!(
            rate(Estimate { value: 1234.0, half_width: Some(56.0) }, &Look::PLAIN),
            "1.23±0.06k/s"
        );
        let ascii = Look { charset: crate::terminal::Charset::Ascii, ..Look::PLAIN };
        assert_eq!(latency(Some(estimate), &ascii), "12.3+-0.4ms");
    }

    #[test]
    fn a_rate_is_scaled_by_thousands() {
        for (per_s, text) in [
            (0.0, "0/s"),
            (0.5, "0.500/s"),
            (204.4, "204/s"),
            (1250.0, "1.25k/s"),
            (2e6, "2.00M/s"),
        ] {
            assert_eq!(rate(exact(per_s), &Look::PLAIN), text, "{per_s}");
        }
    }

    #[test]
    fn a_share_that_is_not_all_is_never_shown_as_all() {
        for (value, text) in [
            (1.0, "100%"),
            (0.999_999, ">99.99%"),
            (0.9995, "99.95%"),
            (0.981, "98.1%"),
            (0.000_1, "<0.1%"),
            (0.0, "0%"),
        ] {
            assert_eq!(share(Some(exact(value)), &Look::PLAIN), text, "{value}");
        }
        let estimate = Estimate { value: 0.981, half_width: Some(0.002) };
        assert_eq!(share(Some(estimate), &Look::PLAIN), "98.1±0.2%");
        let same_in_all = Estimate { value: 1.0, half_width: Some(0.0) };
        assert_eq!(share(Some(same_in_all), &Look::PLAIN), "100%");
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(counted(1, "error"), "1 error");
        assert_eq!(counted(0, "error"), "0 errors");
    }
}
