//! The machines that were measured, and the two factors by which one differs from another.

use serde::Deserialize;

use super::Priced;

/// A machine for which figures are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    /// A server of Istio's own lab.
    BareMetalLab,
    /// A virtual machine of Google's cloud with 8 CPUs.
    N2Standard8,
    /// A cheaper one with 8 CPUs that may be shared.
    E2Standard8,
}

impl Machine {
    /// The one that stands for most clusters.
    pub const DEFAULT: Self = Self::N2Standard8;

    /// All of them.
    pub const ALL: [Self; 3] = [Self::BareMetalLab, Self::N2Standard8, Self::E2Standard8];

    /// Its name, as users write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BareMetalLab => "bare-metal-lab",
            Self::N2Standard8 => "n2-standard-8",
            Self::E2Standard8 => "e2-standard-8",
        }
    }

    /// The machine of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|machine| machine.name() == name)
    }
}

/// By how much a machine is slower.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineCost {
    /// The factor of all CPU time; 1 is the lab.
    pub k_cpu: Priced<f64>,
    /// The factor of what a proxy adds to the latency beside its CPU time; 1 is n2-standard-8.
    pub k_lat: Priced<f64>,
}
