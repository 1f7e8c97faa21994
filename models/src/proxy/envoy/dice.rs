//! Where the random draws of a proxy come from; the proxy never makes them itself.

/// Gives uniform draws of 64 bits, each for a named purpose, so that the draws of one purpose
/// never shift those of another.
pub trait Dice {
    /// The next draw for `purpose`.
    fn roll(&mut self, purpose: Purpose) -> u64;
}

/// What a draw is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Whether a route takes its share of the requests.
    RouteFraction,
    /// Which of several weighted clusters.
    WeightedCluster,
    /// Whether a request is copied.
    Mirror,
    /// Whether a fault is injected.
    Fault,
    /// Which host, locality or priority.
    Balance,
    /// The pause before a retry.
    Backoff,
    /// Whether an outlier is ejected, and for how long.
    Ejection,
    /// Whether a rate limit counts.
    RateLimit,
}

impl<D: Dice + ?Sized> Dice for &mut D {
    fn roll(&mut self, purpose: Purpose) -> u64 {
        (**self).roll(purpose)
    }
}
