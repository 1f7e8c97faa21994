//! Whether routes of Gateway API or a VirtualService count for a Service that both name. The routes
//! themselves are made by Gateway API's control plane.

use crate::control::gateway::MeshGroup;
use crate::explain::RuleId;

use super::effective::EffectiveVirtualService;

/// Routes of Gateway API take part in the contest of VirtualServices.
pub(super) const RULE: RuleId = RuleId("istio.route.mesh-routes");

/// Whether the routes of Gateway API stand before a VirtualService that names the same host.
/// VirtualServices that are not for everybody are looked at first; then routes of the client's own
/// namespace; of all others the oldest counts (istio `pilot/pkg/model/virtualservice.go`,
/// `SelectVirtualServices`).
pub(super) fn counts_before(
    group: &MeshGroup,
    client: &str,
    object: &EffectiveVirtualService,
) -> bool {
    if !object.export_to.is_public() {
        return false;
    }
    let routes = (group.created.is_none(), group.created, group.name.as_str());
    let other = (object.created.is_none(), object.created, object.name.as_str());
    group.namespace == client || routes < other
}
