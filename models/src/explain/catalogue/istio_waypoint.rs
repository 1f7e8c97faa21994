//! Rules `istio.waypoint.*`: who uses which waypoint, and whose traffic meets it.

use crate::explain::{Fidelity, Rule, RuleId};

use Fidelity::{Assumed, Exact};

const fn rule(
    id: &'static str,
    fidelity: Fidelity,
    sentence: &'static str,
    source: &'static str,
    test: &'static str,
) -> Rule {
    Rule { id: RuleId(id), sentence, source, fidelity, test }
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "istio.waypoint.allowed",
        Exact,
        "A waypoint is used from its own namespace, and from those that the `allowedRoutes` of its \
         listener for tunnels admit; from elsewhere traffic goes past it.",
        "istio pilot/pkg/serviceregistry/ambient/waypoints.go, makeAllowedRoutes",
        "waypoints::tests::choice::a_waypoint_is_used_from_the_namespaces_that_its_listener_admits",
    ),
    rule(
        "istio.waypoint.chosen",
        Exact,
        "`istio.io/use-waypoint` of a Service or pod names its waypoint, else that of its \
         namespace; `none` takes it away.",
        "istio pilot/pkg/serviceregistry/ambient/waypoints.go, fetchWaypointForTarget",
        "waypoints::tests::choice::the_label_of_an_object_counts_before_that_of_its_namespace",
    ),
    rule(
        "istio.waypoint.serves",
        Exact,
        "A waypoint serves traffic to Services, unless `istio.io/waypoint-for` on its Gateway or \
         on its class says otherwise; other traffic goes past it.",
        "istio pilot/pkg/serviceregistry/ambient/waypoints.go, gatewayToWaypointTransform",
        "waypoints::tests::choice::the_word_on_the_gateway_counts_before_the_one_on_its_class",
    ),
    rule(
        "istio.waypoint.stands",
        Assumed,
        "A Gateway that a label names is taken to be deployed and ready; where there is none, or \
         while none of its pods has been ready, traffic goes past the waypoint.",
        "istio pilot/pkg/serviceregistry/ambient/waypoints.go, gatewayToWaypointTransform: the \
         address in the status of the Gateway is waited for",
        "waypoints::tests::choice::traffic_goes_past_a_waypoint_that_does_not_stand",
    ),
];
