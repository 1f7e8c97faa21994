//! Copies of requests: each goes its own way to its own cluster, without retries, and what comes
//! back is thrown away.
//!
//! Source: Envoy, shadow_writer_impl.cc; held to Envoy 1.40.

use std::sync::Arc;

use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::router::{Hedging, Retriable, RouterPlan};
use meshwalk_models::proxy::envoy::routing::ForwardPlan;
use meshwalk_models::units::SimDuration;

use super::{Call, Drive};

impl<'w> Drive<'w> {
    /// Sends the copies that the route asks for.
    pub(super) fn shadows(&mut self, call: usize) {
        let Some(forward) = self.calls[call].forward.clone() else { return };
        for mirror in &forward.mirrors {
            self.shadow(call, &forward, &mirror.cluster.value);
        }
    }

    fn shadow(&mut self, of: usize, forward: &ForwardPlan<'w>, cluster: &str) {
        let Some(cluster) = self.world.config.clusters.get(cluster) else { return };
        let original = &self.calls[of];
        let Some(plan) = original.plan.as_deref().map(terms) else { return };
        let mut copy = Call::new(original.spec, original.id.clone(), self.now());
        copy.request = original.request.clone();
        copy.routed = original.routed.clone();
        copy.plan = Some(Arc::new(plan));
        copy.shadow_of = Some(of);
        let mut headers = forward.headers.clone();
        let host = headers.get(":authority").map(shadowed).unwrap_or_default();
        headers.set(":authority", host);
        copy.forward = Some(Box::new(ForwardPlan {
            cluster,
            headers,
            hash: None,
            subset: std::borrow::Cow::Owned(std::collections::BTreeMap::new()),
            mirrors: Vec::new(),
            ..forward.clone()
        }));
        let call = self.calls.len();
        self.calls.push(copy);
        self.begin_router(call, Retriable::No);
    }
}

/// The terms of a copy: the route's time limit, and nothing else.
fn terms(plan: &RouterPlan) -> RouterPlan {
    let none = Sourced::new(SimDuration::ZERO, plan.timeout.origin);
    RouterPlan {
        per_try_timeout: none,
        per_try_idle_timeout: none,
        hedging: Hedging::Off,
        retry: None,
        stream_idle_timeout: none,
        max_stream_duration: None,
        ..plan.clone()
    }
}

/// The authority of a copy: `-shadow` behind the host, before its port.
fn shadowed(authority: &str) -> String {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{host}-shadow:{port}")
        }
        _ => format!("{authority}-shadow"),
    }
}

#[cfg(test)]
mod tests {
    use super::shadowed;

    #[test]
    fn the_host_of_a_copy_is_marked_before_its_port() {
        assert_eq!(shadowed("shop.example"), "shop.example-shadow");
        assert_eq!(shadowed("shop.example:80"), "shop.example-shadow:80");
    }
}
