//! How often a screen is drawn while work goes on: often enough to see progress, seldom enough
//! that the work is not about drawing. Only what is seen in between depends on this clock.

use std::time::{Duration, Instant};

/// Between two screens while work goes on.
const INTERVAL: Duration = Duration::from_millis(50);

/// When the last screen was drawn.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Instant>,
}

impl Pace {
    /// A screen was drawn.
    pub(super) fn drawn(&mut self) {
        self.last = Some(now());
    }

    /// Whether it is time for the next.
    pub(super) fn is_due(&self) -> bool {
        self.last.is_none_or(|last| now().duration_since(last) >= INTERVAL)
    }
}

#[expect(clippy::disallowed_methods, reason = "how often a screen is drawn is no result")]
fn now() -> Instant {
    Instant::now()
}
