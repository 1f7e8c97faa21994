//! Links that can carry something.

use super::{Findings, duration};
use crate::scenario::file::NetworkSpec;
use crate::scenario::key_path::KeyPath;

pub(super) fn check(network: &NetworkSpec, at: &KeyPath, findings: &mut Findings) {
    let links = [
        ("same_pod", &network.same_pod),
        ("same_node", &network.same_node),
        ("same_zone", &network.same_zone),
        ("same_region", &network.same_region),
        ("cross_region", &network.cross_region),
        ("outside", &network.outside),
    ];
    for (name, link) in links {
        let Some(link) = link else { continue };
        let at = at.key(name);
        duration::check(&link.round_trip, &at.key("round_trip"), findings);
        if link.loss.get() >= 1.0 {
            findings.add(at.key("loss"), "a link that loses every message is no link", None);
        }
        if link.bandwidth_mbps.is_some_and(|mbps| !(mbps > 0.0 && mbps.is_finite())) {
            findings.add(at.key("bandwidth_mbps"), "expected a number above 0", None);
        }
    }
}
