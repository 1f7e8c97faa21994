//! Golden signals in words and numbers, alike on the Map and on Metrics: three digits at most, a
//! unit that fits, and no share rounded to all or nothing that is neither.

use meshwalk_models::path::Protection;
use meshwalk_models::units::SimDuration;
use meshwalk_sim::timeline::series::{Figures, Share, Signal};

use crate::report::format;

/// What stands where nothing was measured.
pub(super) const ABSENT: &str = "-";

/// A rate in seven columns at most: `0.4/s`, `431/s`, `1.2k/s`.
pub(super) fn rate(per_s: Option<f64>) -> String {
    let Some(per_s) = per_s else { return ABSENT.to_owned() };
    match per_s {
        rate if rate <= 0.0 => "0/s".to_owned(),
        rate if rate < 0.095 => format!("{rate:.2}/s"),
        rate if rate < 9.95 => format!("{rate:.1}/s"),
        rate if rate < 999.5 => format!("{rate:.0}/s"),
        rate if rate < 99_950.0 => format!("{:.1}k/s", rate / 1e3),
        rate if rate < 999_500.0 => format!("{:.0}k/s", rate / 1e3),
        rate if rate < 99_950_000.0 => format!("{:.1}M/s", rate / 1e6),
        rate => format!("{:.0}M/s", rate / 1e6),
    }
}

/// Shorter spans with few events have no rate that would mean anything.
const RATE_SPAN_MIN: SimDuration = SimDuration::from_ns(100_000_000);
/// So many events do have one.
const RATE_COUNT_MIN: u64 = 10;

/// How often something happened: as a rate, or as `1 in 839us` where that would be the rate of
/// next to nothing.
pub(super) fn traffic(figures: &Figures, signal: Signal) -> String {
    if has_rate(figures, signal) {
        return rate(figures.rate_per_s(signal));
    }
    format!("{} in {}", figures.count(signal), span(Some(figures.span())))
}

/// How much begins, in seven columns at most: a rate, `3 calls` where a rate would mean nothing,
/// and otherwise whether there was anything lately.
pub(super) fn traffic_in_short(figures: &Figures) -> String {
    match (figures.count(Signal::Begun), figures.count(Signal::Ended)) {
        (0, 0) => "quiet".to_owned(),
        (0, _) => "ended".to_owned(),
        (1, _) if !has_rate(figures, Signal::Begun) => "1 call".to_owned(),
        (count, _) if !has_rate(figures, Signal::Begun) => format!("{count} calls"),
        _ => rate(figures.rate_per_s(Signal::Begun)),
    }
}

/// How much begins, after a verb: `at 98/s`, `1 in 839us`, `no more`.
pub(super) fn traffic_in_words(figures: &Figures) -> String {
    match (figures.count(Signal::Begun), figures.count(Signal::Ended)) {
        (0, 0) => "not lately".to_owned(),
        (0, _) => "no more".to_owned(),
        _ if has_rate(figures, Signal::Begun) => {
            format!("at {}", rate(figures.rate_per_s(Signal::Begun)))
        }
        _ => traffic(figures, Signal::Begun),
    }
}

fn has_rate(figures: &Figures, signal: Signal) -> bool {
    let count = figures.count(signal);
    count == 0 || count >= RATE_COUNT_MIN || figures.span() >= RATE_SPAN_MIN
}

/// A share in percent.
pub(super) fn share(share: Option<Share>) -> String {
    share.map_or_else(|| ABSENT.to_owned(), |share| format::exact_share(share.value()))
}

/// A span of time.
pub(super) fn span(span: Option<SimDuration>) -> String {
    span.map_or_else(|| ABSENT.to_owned(), |span| format::span_ms(span.as_ns() as f64 / 1e6))
}

/// A mean number of things at a time.
pub(super) fn mean(value: f64) -> String {
    match value {
        value if value < 0.005 => "0".to_owned(),
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// What protects requests: `mTLS`, or `mTLS 80%, plain 20%`; empty where none went out.
pub(super) fn protection(counts: &[(Protection, u64)]) -> String {
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    match counts {
        [] => String::new(),
        [(only, _)] => protection_word(*only).to_owned(),
        several => several
            .iter()
            .map(|(protection, count)| {
                let part = format::exact_share(*count as f64 / all as f64);
                format!("{} {part}", protection_word(*protection))
            })
            .collect::<Vec<String>>()
            .join(", "),
    }
}

/// The word for what protects a connection.
pub(super) const fn protection_word(protection: Protection) -> &'static str {
    match protection {
        Protection::Plaintext => "plain",
        Protection::MutualTls => "mTLS",
        Protection::Hbone => "HBONE",
    }
}

/// How well it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// Nothing ended.
    Quiet,
    /// All that ended did so well.
    Well,
    /// None of it failed, but policy denied some of it.
    Denied,
    /// Some of it failed.
    Failing,
    /// All of it failed.
    Failed,
}

impl Health {
    /// Of a span.
    pub(super) fn of(figures: &Figures) -> Self {
        match figures.success() {
            None => Self::Quiet,
            Some(Share { part, whole }) if part == whole => {
                if figures.count(Signal::Denied) > 0 {
                    Self::Denied
                } else {
                    Self::Well
                }
            }
            Some(Share { part: 0, .. }) => Self::Failed,
            Some(_) => Self::Failing,
        }
    }

    /// In words: `ok`, `97.7% ok`, `all fail`, `12 denied`.
    pub(super) fn text(self, figures: &Figures) -> String {
        match self {
            Self::Quiet => "none ended".to_owned(),
            Self::Well => "ok".to_owned(),
            Self::Denied => format!("{} denied", figures.count(Signal::Denied)),
            Self::Failing => format!("{} ok", share(figures.success())),
            Self::Failed => "all fail".to_owned(),
        }
    }

    /// Whether it wants attention.
    pub(super) const fn is_bad(self) -> bool {
        matches!(self, Self::Denied | Self::Failing | Self::Failed)
    }
}

/// How often each ending occurred that is no success, the most frequent first: `503 UF x12`.
pub(super) fn failures(figures: &Figures) -> Vec<String> {
    let failed = figures.endings.iter().filter(|(ending, _)| !ending.is_success());
    failed.map(|(ending, count)| format!("{ending} x{count}")).collect()
}

/// What else went on, as far as there was any: retries, time-outs, denials.
pub(super) fn extras(figures: &Figures) -> Vec<String> {
    [
        (Signal::Retried, "retried"),
        (Signal::TimedOut, "timed out"),
        (Signal::TurnedAway, "turned away"),
        (Signal::Denied, "denied by policy"),
        (Signal::Ejected, "ejected"),
        (Signal::Connections, "connections opened"),
        (Signal::Handshakes, "TLS handshakes"),
    ]
    .into_iter()
    .filter(|(signal, _)| figures.count(*signal) > 0)
    .map(|(signal, word)| format!("{} {word}", figures.count(signal)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_fits_into_seven_columns_whatever_it_is() {
        for exponent in -3..9 {
            for digits in [1.0, 4.4, 9.96, 9.999] {
                let text = rate(Some(digits * 10f64.powi(exponent)));
                assert!(text.len() <= 7, "{text}");
            }
        }
        assert_eq!(rate(Some(0.04)), "0.04/s");
        assert_eq!(rate(Some(431.2)), "431/s");
        assert_eq!(rate(Some(1_234.0)), "1.2k/s");
    }

    #[test]
    fn mixed_protection_is_said_with_its_parts() {
        let mixed = [(Protection::MutualTls, 80), (Protection::Plaintext, 20)];
        assert_eq!(protection(&mixed), "mTLS 80.0%, plain 20.0%");
        assert_eq!(protection(&mixed[..1]), "mTLS");
    }
}
