//! Envoy's least-request balancer for hosts of equal weight: the power of two choices.

use crate::explain::RuleId;

/// Of two hosts drawn at random, the one with fewer active requests.
pub const LEAST_REQUEST: RuleId = RuleId("proxy.envoy.least-request");

/// The host for the next request, as an index below `hosts`; `None` if there is none.
///
/// Two hosts are drawn, perhaps the same one twice, and the one with fewer active requests is
/// taken; the first wins a tie. `active` answers how many requests a host has. Source: Envoy,
/// "Supported load balancers", weighted least request with equal weights; Istio sets this
/// balancer unless a DestinationRule says otherwise (`cluster_traffic_policy.go`).
pub fn choose_least_request(
    hosts: u32,
    draw: u64,
    mut active: impl FnMut(u32) -> u32,
) -> Option<u32> {
    if hosts < 2 {
        return (hosts == 1).then_some(0);
    }
    let pick = |half: u64| ((half * u64::from(hosts)) >> 32) as u32;
    let (first, second) = (pick(draw >> 32), pick(draw & 0xFFFF_FFFF));
    Some(if active(second) < active(first) { second } else { first })
}

#[cfg(test)]
mod tests {
    use super::choose_least_request;

    /// A draw whose halves pick the given hosts out of four.
    fn picking(first: u64, second: u64) -> u64 {
        (first << 62) | (second << 30)
    }

    #[test]
    fn the_less_busy_of_the_two_drawn_hosts_is_taken() {
        let active = [5, 1, 0, 9];
        let choose = |draw| choose_least_request(4, draw, |host| active[host as usize]);
        assert_eq!(choose(picking(0, 1)), Some(1));
        assert_eq!(choose(picking(1, 0)), Some(1));
        assert_eq!(choose(picking(3, 3)), Some(3), "the idle host 2 was not drawn");
    }

    #[test]
    fn a_tie_goes_to_the_first_draw() {
        assert_eq!(choose_least_request(4, picking(2, 1), |_| 4), Some(2));
    }

    #[test]
    fn a_single_host_needs_no_draw() {
        assert_eq!(choose_least_request(1, u64::MAX, |_| unreachable!()), Some(0));
        assert_eq!(choose_least_request(0, 0, |_| 0), None);
    }
}
