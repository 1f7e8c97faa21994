//! How long the pause before a retry is. Whether there is a retry is the business of `retry`.
//!
//! Pauses are whole milliseconds, as in Envoy, so that a base of one millisecond has no jitter.

use crate::units::SimDuration;

use super::super::config::{Backoff, RateLimitedBackoff, ResetFormat};
use super::super::request::HeaderMap;

/// The first window, in milliseconds.
pub(super) fn first_window_ms(backoff: Backoff) -> u32 {
    clamp_ms(backoff.base.as_ms().max(1))
}

/// The window after `window_ms`: twice as long, up to the longest.
///
/// Source: Envoy, `JitteredExponentialBackOffStrategy::nextBackOffMs`.
pub(super) fn next_window_ms(window_ms: u32, backoff: Backoff) -> u32 {
    let max = clamp_ms(backoff.max.as_ms().max(1));
    if window_ms < max / 2 { window_ms * 2 } else { max }
}

/// A pause below the window: full jitter.
pub(super) fn jittered(window_ms: u32, draw: u64) -> SimDuration {
    SimDuration::from_ms(draw % u64::from(window_ms.max(1)))
}

/// A pause from `least` up to half as much more, so that all who were told the same time do not
/// come at once.
///
/// Source: Envoy, `JitteredLowerBoundBackOffStrategy::nextBackOffMs`.
pub(super) fn at_least(least: SimDuration, draw: u64) -> SimDuration {
    let least_ms = least.as_ms();
    SimDuration::from_ms(least_ms.saturating_add(draw % (least_ms / 2).max(1)))
}

/// The pause that a response asks for: the first of the headers that can be read and is not
/// longer than allowed. `unix_seconds` is the time of day, without which a point in time says
/// nothing.
///
/// Source: Envoy, `RetryStateImpl::parseResetInterval`; a pause of a millisecond or less counts
/// as none.
pub(super) fn asked_for(
    policy: &RateLimitedBackoff,
    headers: &HeaderMap,
    unix_seconds: Option<u64>,
) -> Option<SimDuration> {
    let pauses = policy.headers.iter().filter_map(|header| {
        let number: u64 = headers.get(&header.name)?.trim().parse().ok()?;
        let seconds = match header.format {
            ResetFormat::Seconds => number,
            ResetFormat::UnixTimestamp => number.checked_sub(unix_seconds?)?,
        };
        Some(SimDuration::from_ns(seconds.saturating_mul(1_000_000_000)))
    });
    pauses.into_iter().find(|pause| *pause <= policy.max).filter(|pause| pause.as_ms() > 1)
}

fn clamp_ms(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(base: u64, max: u64) -> Vec<u32> {
        let backoff = Backoff { base: SimDuration::from_ms(base), max: SimDuration::from_ms(max) };
        let first = Some(first_window_ms(backoff));
        std::iter::successors(first, |window| Some(next_window_ms(*window, backoff)))
            .take(6)
            .collect()
    }

    #[test]
    fn the_window_doubles_up_to_the_longest() {
        assert_eq!(windows(25, 250), [25, 50, 100, 200, 250, 250]);
        assert_eq!(windows(100, 300), [100, 200, 300, 300, 300, 300]);
        assert_eq!(windows(1, 1), [1; 6]);
    }

    #[test]
    fn a_pause_is_a_whole_number_of_milliseconds_below_the_window() {
        for draw in [0, 7, 24, 25, u64::MAX] {
            let pause = jittered(25, draw);
            assert!(
                pause < SimDuration::from_ms(25) && pause == SimDuration::from_ms(pause.as_ms())
            );
        }
        assert_eq!(jittered(1, u64::MAX), SimDuration::ZERO);
    }

    #[test]
    fn a_pause_that_the_upstream_asks_for_is_never_cut_short() {
        for draw in [0, 499, 500, u64::MAX] {
            let pause = at_least(SimDuration::from_secs(1), draw);
            assert!((1_000..1_500).contains(&pause.as_ms()), "{pause}");
        }
    }
}
