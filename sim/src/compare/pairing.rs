//! Paired differences of latency between a data path and the baseline, with Student's intervals.

use crate::stats::Estimate;

use super::{Sample, Standard};

/// A share of the requests that are faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantile {
    /// The median.
    P50,
    /// Nine of ten.
    P90,
    /// All but one of a hundred.
    P99,
}

/// What is compared.
pub const QUANTILES: [Quantile; 3] = [Quantile::P50, Quantile::P90, Quantile::P99];

impl Quantile {
    /// From 0 to 1.
    #[must_use]
    pub const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P99 => 0.99,
        }
    }

    /// As tables print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
        }
    }
}

/// The replications of a data path beside those of the baseline, pair by pair under one seed each.
#[derive(Clone, Copy, Debug)]
pub struct Pairing<'s> {
    /// The baseline's.
    pub baseline: &'s [Sample],
    /// The data path's.
    pub path: &'s [Sample],
}

impl Pairing<'_> {
    /// The mean of `figure` over pairs, path minus baseline, with the interval of the differences
    /// themselves: what both sides share cancels before the spread is taken. Pairs in which one
    /// side has no data take no part.
    pub fn difference(&self, figure: impl Fn(&Sample) -> Option<f64>) -> Option<Estimate> {
        let pairs = self.baseline.iter().zip(self.path);
        let differences: Vec<f64> =
            pairs.filter_map(|(baseline, path)| Some(figure(path)? - figure(baseline)?)).collect();
        Estimate::of(&differences)
    }

    /// What the path adds to a latency of a traffic source, in milliseconds.
    #[must_use]
    pub fn added_ms(&self, source: usize, quantile: Quantile) -> Option<Estimate> {
        self.difference(|sample| sample.traffic[source].quantiles_ms[quantile as usize])
    }

    /// What the path adds to the mean latency of a traffic source, in milliseconds.
    #[must_use]
    pub fn added_mean_ms(&self, source: usize) -> Option<Estimate> {
        self.difference(|sample| sample.traffic[source].mean_ms)
    }

    /// Whether every difference of latency meets `standard`; those without data are not asked.
    #[must_use]
    pub fn is_known(&self, standard: &Standard) -> bool {
        self.unknown(standard).is_none()
    }

    /// The first difference, by source and quantile, that does not meet `standard`.
    #[must_use]
    pub fn unknown(&self, standard: &Standard) -> Option<(usize, Quantile, Estimate)> {
        let sources = 0..self.path.first().map_or(0, |sample| sample.traffic.len());
        let each = sources.flat_map(|source| QUANTILES.map(|quantile| (source, quantile)));
        let mut differences = each.filter_map(|(source, quantile)| {
            Some((source, quantile, self.added_ms(source, quantile)?))
        });
        differences.find(|(_, _, difference)| !standard.is_met_by(difference))
    }
}
