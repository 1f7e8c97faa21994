//! Which endpoint of a Service, or pod of a waypoint, ztunnel takes for a connection (ztunnel
//! `src/state.rs`, `load_balance`): of those that stand nearest by what the Service prefers one at
//! random, whatever its load. Who is ready is not decided here.

use crate::explain::RuleId;

/// The rule that says who is taken.
pub const NEAREST: RuleId = RuleId("ztunnel.balance.nearest");

/// What a Service prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preference {
    /// Any endpoint.
    #[default]
    Anywhere,
    /// `trafficDistribution: PreferClose` or `PreferSameZone`.
    SameZone,
    /// `trafficDistribution: PreferSameNode`.
    SameNode,
    /// `internalTrafficPolicy: Local`: no other node will do.
    OnlySameNode,
}

/// Where somebody stands; empty names are equal like all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand<'n> {
    /// The region.
    pub region: &'n str,
    /// The zone.
    pub zone: &'n str,
    /// The node.
    pub node: &'n str,
}

/// The endpoints among which one is drawn, each as likely as its neighbour, by their places in
/// `endpoints`. All stand in one network.
#[must_use]
pub fn nearest(source: Stand<'_>, endpoints: &[Stand<'_>], preference: Preference) -> Vec<usize> {
    let rank = |one: &Stand<'_>| match preference {
        Preference::Anywhere => 0,
        Preference::SameZone => in_common(source, *one).min(2),
        Preference::SameNode => in_common(source, *one),
        Preference::OnlySameNode => u8::from(source.node == one.node),
    };
    let best = endpoints.iter().map(rank).max();
    let may = best.filter(|&best| preference != Preference::OnlySameNode || best > 0);
    let each = endpoints.iter().enumerate();
    each.filter(|(_, one)| Some(rank(one)) == may).map(|(at, _)| at).collect()
}

/// How many of region, zone and node are the same, until the first that is not.
fn in_common(one: Stand<'_>, other: Stand<'_>) -> u8 {
    let pairs = [(one.region, other.region), (one.zone, other.zone), (one.node, other.node)];
    let same = pairs.iter().take_while(|(one, other)| one == other).count();
    u8::try_from(same).unwrap_or(u8::MAX)
}
