//! Links by distance, and the time that one message takes over them.

use meshwalk_models::units::{Probability, SimDuration};

use crate::kernel::random::{CounterDraw, Distribution, Draws};

/// How long a sender waits before it sends lost data again; Linux's `TCP_RTO_MIN`.
const DATA_TIMEOUT: SimDuration = SimDuration::from_ms(200);
/// How long a client waits before it sends a lost SYN again (RFC 6298, section 2.1).
const SYN_TIMEOUT: SimDuration = SimDuration::from_secs(1);
/// After so many losses in a row a message passes, so that no draw can stall a run for ever.
const LOSSES_MAX: u32 = 6;

/// Where a pod is, as far as distance goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The node.
    pub node: u32,
    /// Its zone.
    pub zone: u32,
    /// Its region; [`Site::OUTSIDE`] for places outside all clusters.
    pub region: u32,
}

impl Site {
    /// The region of everything outside.
    pub const OUTSIDE: u32 = u32::MAX;
}

/// How far two sites are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// One node.
    SameNode,
    /// Two nodes of one zone.
    SameZone,
    /// Two zones of one region.
    SameRegion,
    /// Two regions.
    CrossRegion,
    /// One of them is outside.
    Outside,
}

impl Distance {
    /// The distance between two sites.
    #[must_use]
    pub fn between(a: Site, b: Site) -> Self {
        if a.region == Site::OUTSIDE || b.region == Site::OUTSIDE {
            Self::Outside
        } else if a.node == b.node {
            Self::SameNode
        } else if a.zone == b.zone {
            Self::SameZone
        } else if a.region == b.region {
            Self::SameRegion
        } else {
            Self::CrossRegion
        }
    }
}

/// One kind of link.
#[derive(Clone, Debug)]
pub struct Link {
    /// There and back.
    pub round_trip: Distribution,
    /// The share of messages that are lost and sent again.
    pub loss: Probability,
    /// What a byte costs; zero if size costs no time.
    pub ns_per_byte: f64,
}

/// The links of a run, by distance.
#[derive(Clone, Debug)]
pub struct Links {
    /// Between the containers of one pod.
    pub same_pod: Link,
    /// In the order of [`Distance`].
    pub by_distance: [Link; 5],
}

impl Links {
    /// How long one message of `bytes` travels one way. Equal keys give equal times.
    #[must_use]
    pub fn travel(&self, from: Site, to: Site, bytes: u64, key: u64) -> SimDuration {
        self.link(from, to).travel(bytes, key)
    }

    /// How long one message of `bytes` travels between an application and its sidecar.
    #[must_use]
    pub fn travel_in_pod(&self, bytes: u64, key: u64) -> SimDuration {
        self.same_pod.travel(bytes, key)
    }

    /// How long a round trip of empty messages takes, such as a TCP handshake.
    #[must_use]
    pub fn round_trip(&self, from: Site, to: Site, key: u64) -> SimDuration {
        let link = self.link(from, to);
        let mut draws = CounterDraw::keyed(key, purpose::ROUND_TRIP);
        link.round_trip.sample(&mut draws) + link.resend_delay(SYN_TIMEOUT, key)
    }

    fn link(&self, from: Site, to: Site) -> &Link {
        &self.by_distance[Distance::between(from, to) as usize]
    }
}

impl Link {
    fn travel(&self, bytes: u64, key: u64) -> SimDuration {
        let mut draws = CounterDraw::keyed(key, purpose::TRAVEL);
        let half = SimDuration::from_ns(self.round_trip.sample(&mut draws).as_ns() / 2);
        let transfer = SimDuration::from_ns_f64(bytes as f64 * self.ns_per_byte);
        half + transfer + self.resend_delay(DATA_TIMEOUT, key)
    }

    /// What losses add: the time-out doubles with each.
    fn resend_delay(&self, timeout: SimDuration, key: u64) -> SimDuration {
        if self.loss == Probability::NEVER {
            return SimDuration::ZERO;
        }
        let mut draws = CounterDraw::keyed(key, purpose::LOSS);
        let mut delay = SimDuration::ZERO;
        let mut wait = timeout;
        for _ in 0..LOSSES_MAX {
            if !self.loss.happens(draws.next_u64()) {
                break;
            }
            delay = delay + wait;
            wait = wait + wait;
        }
        delay
    }
}

/// What a draw is for, so that one key gives independent draws.
mod purpose {
    pub(super) const TRAVEL: u64 = 0x7472_6176;
    pub(super) const ROUND_TRIP: u64 = 0x7274_7270;
    pub(super) const LOSS: u64 = 0x6C6F_7373;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Site = Site { node: 1, zone: 1, region: 1 };

    fn links(loss: f64) -> Links {
        let link = |us| Link {
            round_trip: Distribution::constant(SimDuration::from_us(us)),
            loss: Probability::new(loss).unwrap(),
            ns_per_byte: 8.0,
        };
        Links {
            same_pod: link(16),
            by_distance: [link(20), link(80), link(800), link(70_000), link(40_000)],
        }
    }

    #[test]
    fn distance_follows_node_zone_and_region() {
        let site = |node, zone, region| Site { node, zone, region };
        assert_eq!(Distance::between(HERE, HERE), Distance::SameNode);
        assert_eq!(Distance::between(HERE, site(2, 1, 1)), Distance::SameZone);
        assert_eq!(Distance::between(HERE, site(2, 2, 1)), Distance::SameRegion);
        assert_eq!(Distance::between(HERE, site(2, 2, 2)), Distance::CrossRegion);
        assert_eq!(Distance::between(HERE, site(1, 1, Site::OUTSIDE)), Distance::Outside);
    }

    #[test]
    fn a_message_takes_half_a_round_trip_and_its_transfer() {
        let there = Site { node: 2, ..HERE };
        assert_eq!(links(0.0).travel(HERE, there, 1_000, 1), SimDuration::from_us(48));
        assert_eq!(links(0.0).round_trip(HERE, there, 1), SimDuration::from_us(80));
    }

    #[test]
    fn losses_cost_doubling_time_outs_and_end() {
        let lost = links(1.0).travel(HERE, HERE, 0, 1);
        let time_outs_ms: u64 = (0..LOSSES_MAX).map(|n| 200 << n).sum();
        assert_eq!(lost, SimDuration::from_us(10) + SimDuration::from_ms(time_outs_ms));
    }
}
