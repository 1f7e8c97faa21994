//! Whose Gateways are meant: a Gateway of another controller's class is left alone.
//!
//! Source: gateway-api `apis/v1/gatewayclass_types.go`; for the classes that Istio makes itself
//! istio `pilot/pkg/config/kube/gatewaycommon`, `ClassInfo`.

use crate::manifest::kinds::gateway::Gateway;
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::world::Origin;

use super::objects::Objects;
use super::rules;
use super::status::{Condition, ConditionType};

/// The controller behind Istio's gateways.
const ISTIO_CONTROLLER: &str = "istio.io/gateway-controller";

/// The class of waypoints, whose configuration is made where ambient mode is.
pub(super) const WAYPOINT: &str = "istio-waypoint";

/// Classes that Istio makes for traffic between networks.
const NOT_MODELLED: &[&str] = &["istio-east-west", "istio-remote"];

/// Whether this control plane looks after a Gateway.
pub(super) fn is_ours(
    objects: &Objects<'_>,
    facts: &GatewayFacts,
    gateway: &Gateway,
) -> (bool, Condition) {
    let accepted = |ours, reason, place, message: String| {
        let because = (rules::CLASS, Origin::Manifest(place));
        (ours, Condition::new(ConditionType::Accepted, ours, reason, because, message))
    };
    let Some(class) = &gateway.class else {
        let message = "it names no class".to_owned();
        return accepted(false, "Pending", gateway.meta.place, message);
    };
    let by_controller = facts.differs(GatewayDifference::Classes);
    if by_controller && class.value == WAYPOINT {
        let because = (rules::CLASS, Origin::Manifest(class.place));
        let message = "it is a waypoint".to_owned();
        let kind = ConditionType::Accepted;
        return (false, Condition::new(kind, true, "Accepted", because, message));
    }
    if by_controller && NOT_MODELLED.contains(&class.value.as_str()) {
        let message = format!("Gateways of class `{class}` are not modelled");
        return accepted(false, "Pending", class.place, message);
    }
    let declared = objects.classes.get(class.value.as_str());
    let controller = declared.and_then(|class| class.controller.as_ref());
    let own = match &facts.controller {
        Some(controller) => Some(controller.classes.as_str()),
        None => by_controller.then_some(ISTIO_CONTROLLER),
    };
    match controller.filter(|controller| own.is_some_and(|own| controller.value != own)) {
        Some(other) => {
            let message = format!("class `{class}` belongs to controller `{other}`");
            accepted(false, "Pending", class.place, message)
        }
        None => {
            let known = if declared.is_some() { "" } else { ", which is taken to be ours" };
            let message = format!("it is of class `{class}`{known}");
            accepted(true, "Accepted", class.place, message)
        }
    }
}
