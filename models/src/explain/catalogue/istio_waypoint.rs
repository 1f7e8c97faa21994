//! Rules `istio.waypoint.*`: who uses which waypoint, and whose traffic meets it.

use crate::explain::{Fidelity, Rule};

use super::rule;

use Fidelity::{Assumed, Exact};

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
        "istio.waypoint.from-ambient",
        Exact,
        "The ztunnel of a client sends traffic to a Service's address through the waypoint of the \
         Service, and traffic to a pod's address through that of the pod.",
        "ztunnel src/proxy/outbound.rs, build_request",
        "waypoints::tests::passes::clients_in_ambient_mode_pass_the_waypoint_and_others_do_not",
    ),
    rule(
        "istio.waypoint.from-gateway",
        Exact,
        "Istio's gateways send past waypoints, unless `istio.io/ingress-use-waypoint` is `true` on \
         the Service or else on its namespace.",
        "istio pilot/pkg/xds/endpoints/endpoint_builder.go, findServiceWaypoint; \
         pilot/pkg/serviceregistry/ambient/services.go, ingressUseWaypointFromLabels",
        "waypoints::tests::passes::gateways_pass_the_waypoint_where_a_label_asks_for_it",
    ),
    rule(
        "istio.waypoint.from-outside",
        Exact,
        "Clients that no mesh carries send past waypoints: nothing tells them of one.",
        "https://istio.io/latest/docs/ambient/usage/waypoint, which traffic a waypoint processes",
        "waypoints::tests::passes::clients_in_ambient_mode_pass_the_waypoint_and_others_do_not",
    ),
    rule(
        "istio.waypoint.from-sidecar",
        Exact,
        "Sidecars choose a pod themselves and send past waypoints.",
        "istio pilot/pkg/xds/endpoints/endpoint_builder.go, buildEnvoyLbEndpoint; istio#51445",
        "waypoints::tests::passes::clients_in_ambient_mode_pass_the_waypoint_and_others_do_not",
    ),
    rule(
        "istio.waypoint.from-waypoint",
        Exact,
        "A waypoint sends to pods and to no second waypoint.",
        "istio pilot/pkg/xds/endpoints/endpoint_builder.go, buildEnvoyLbEndpoint; ztunnel \
         src/proxy/outbound.rs, build_request",
        "waypoints::tests::passes::clients_in_ambient_mode_pass_the_waypoint_and_others_do_not",
    ),
    rule(
        "istio.waypoint.headless",
        Exact,
        "A headless Service has no address of its own: traffic to it is traffic to its pods, and \
         goes past a waypoint for Services.",
        "istio pilot/pkg/serviceregistry/ambient/services.go, constructService; \
         pilot/pkg/networking/core/listener_waypoint.go, buildWaypointInternal",
        "waypoints::tests::passes::traffic_to_a_headless_service_goes_past_its_waypoint",
    ),
    rule(
        "istio.waypoint.policies",
        Exact,
        "Policies count at a waypoint by `targetRefs` alone: the Service or ServiceEntry of the \
         traffic, its Gateway, or the class `istio-waypoint` from the root namespace; never by a \
         selector, and not where they have neither.",
        "istio pilot/pkg/model/policyattachment.go, ShouldAttachPolicy",
        "waypoints::tests::config::policies_count_at_a_waypoint_by_what_they_target_and_never_by_a_selector",
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
