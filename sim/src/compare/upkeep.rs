//! What proxies and control planes take beside what a run counts: use without traffic, memory of
//! their configuration, and what a connection takes. Where prices come from is the caller's business.

use std::collections::BTreeMap;

use crate::stats::BoxKind;

/// What one proxy takes whatever path it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProxyUpkeep {
    /// Processor cores in use without any traffic.
    pub idle_cores: f64,
    /// Bytes of memory for each connection that it holds, on either side.
    pub connection_bytes: f64,
}

/// What a data path asks for before anything is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathUpkeep {
    /// Bytes of memory of all proxies of a kind without their connections, for the kinds that there
    /// are.
    pub memory_bytes: BTreeMap<BoxKind, f64>,
    /// The control plane; `None` where there is none.
    pub control_plane: Option<ControlPlaneUpkeep>,
}

/// What a control plane takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlPlaneUpkeep {
    /// Processor cores that it requests by default; what it uses is not known.
    pub requested_cores: f64,
    /// Bytes of memory for the proxies and Services that it serves.
    pub memory_bytes: f64,
}

/// All data paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upkeep {
    /// By kind of proxy; kinds that are not named take nothing.
    pub proxies: BTreeMap<BoxKind, ProxyUpkeep>,
    /// One for each data path, in their order.
    pub paths: Vec<PathUpkeep>,
}

impl Upkeep {
    /// What one proxy of a kind takes.
    #[must_use]
    pub fn of(&self, kind: BoxKind) -> ProxyUpkeep {
        self.proxies.get(&kind).copied().unwrap_or_default()
    }
}
