//! kube-proxy: picks an endpoint for each new connection and then keeps out of the way.

use crate::explain::RuleId;

/// A ready endpoint at random for each connection.
pub const RANDOM: RuleId = RuleId("proxy.kube-proxy.random");
/// Several addresses and no virtual one: the caller dials one at random.
pub const DIALLED_ADDRESS: RuleId = RuleId("proxy.client.dialled-address");
/// A gateway at the edge picks at random for each request.
pub const GATEWAY_RANDOM: RuleId = RuleId("proxy.gateway.random");

/// The endpoint of a new connection, as an index below `endpoints`; `None` if there is none.
///
/// Every ready endpoint is equally likely, whatever its load: the iptables rules form a chain of
/// `statistic --mode random` matches whose probabilities come out equal, and nftables maps a
/// random number. Source: Kubernetes, "Virtual IPs and Service Proxies".
#[must_use]
pub fn choose(endpoints: u32, draw: u64) -> Option<u32> {
    if endpoints == 0 {
        return None;
    }
    // The high half of the product maps 64 random bits evenly onto the endpoints; the error of
    // 2^-32 at most is below anything a run can see.
    Some(((u128::from(draw) * u128::from(endpoints)) >> 64) as u32)
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn nobody_is_chosen_among_none() {
        assert_eq!(choose(0, 7), None);
    }

    #[test]
    fn the_whole_range_of_draws_reaches_every_endpoint_alike() {
        assert_eq!(choose(3, 0), Some(0));
        assert_eq!(choose(3, u64::MAX / 3 + 1), Some(1));
        assert_eq!(choose(3, u64::MAX), Some(2));
    }
}
