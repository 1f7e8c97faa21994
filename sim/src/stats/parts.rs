//! Where the time of calls went, in parts that add up to their latency.

use serde::Serialize;

/// One part of a call's latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Work of the box on the caller's side.
    CallerProxyWork,
    /// Waiting for a worker of that box.
    CallerProxyWait,
    /// Work of the box on the server's side.
    ServerProxyWork,
    /// Waiting for a worker of that box.
    ServerProxyWait,
    /// Work of a waypoint.
    WaypointWork,
    /// Waiting for a worker of a waypoint.
    WaypointWait,
    /// The network between the caller and a waypoint.
    WaypointDetour,
    /// What messages take in boxes beside work and waiting, such as being woken up.
    ProxyDelay,
    /// Filters that hold requests up, and external authorisers.
    Filters,
    /// Between an application and the box of its side.
    Loopback,
    /// The network.
    Network,
    /// Waiting for a connection: its handshakes, its stream in a tunnel, or one that others hold.
    SetUp,
    /// The application that is called, with its queue.
    Application,
    /// Everything before the last attempt began: earlier attempts, and the pauses after them.
    Retries,
    /// All of a call that its caller, or a proxy in between, stopped waiting for.
    GivenUp,
    /// What none of these explains, such as the way of an answer that a proxy gives by itself.
    Other,
}

impl Part {
    /// All of them, in the order in which tables print them.
    pub const ALL: [Self; 16] = [
        Self::CallerProxyWork,
        Self::CallerProxyWait,
        Self::ServerProxyWork,
        Self::ServerProxyWait,
        Self::WaypointWork,
        Self::WaypointWait,
        Self::WaypointDetour,
        Self::ProxyDelay,
        Self::Filters,
        Self::Loopback,
        Self::Network,
        Self::SetUp,
        Self::Application,
        Self::Retries,
        Self::GivenUp,
        Self::Other,
    ];

    /// As tables and JSON print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallerProxyWork => "caller_proxy_work",
            Self::CallerProxyWait => "caller_proxy_wait",
            Self::ServerProxyWork => "server_proxy_work",
            Self::ServerProxyWait => "server_proxy_wait",
            Self::WaypointWork => "waypoint_work",
            Self::WaypointWait => "waypoint_wait",
            Self::WaypointDetour => "waypoint_detour",
            Self::ProxyDelay => "proxy_delay",
            Self::Filters => "filters",
            Self::Loopback => "loopback",
            Self::Network => "network",
            Self::SetUp => "set_up",
            Self::Application => "application",
            Self::Retries => "retries",
            Self::GivenUp => "given_up",
            Self::Other => "other",
        }
    }
}

/// Nanoseconds by part, of one call or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts([u64; Part::ALL.len()]);

impl Parts {
    /// Adds time to a part.
    #[inline]
    pub const fn add(&mut self, part: Part, ns: u64) {
        self.0[part as usize] += ns;
    }

    /// The time of a part, in nanoseconds.
    #[must_use]
    pub const fn ns(&self, part: Part) -> u64 {
        self.0[part as usize]
    }

    /// All parts together, in nanoseconds.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds the times of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, ns)| *sum += ns);
    }

    /// The parts that took any time.
    pub fn iter(&self) -> impl Iterator<Item = (Part, u64)> {
        Part::ALL.into_iter().map(|part| (part, self.ns(part))).filter(|(_, ns)| *ns > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_stands_in_its_own_place() {
        let mut parts = Parts::default();
        for (ns, part) in Part::ALL.into_iter().enumerate() {
            parts.add(part, ns as u64);
        }
        for (ns, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(parts.ns(part), ns as u64, "{}", part.name());
        }
        assert_eq!(parts.total_ns(), 120);
    }
}
