//! Rules `support.*`: which of the user's objects a data path honours, and what it comes to.

use crate::explain::{Fidelity, Rule};

use super::rule;

use Fidelity::{Assumed, Exact, Simplified};

const MIGRATION: &str = "https://istio.io/latest/docs/ambient/migrate/migrate-policies/";

pub(super) const RULES: &[Rule] = &[
    rule(
        "support.ambient.envoy-only",
        Exact,
        "EnvoyFilters, Sidecars and ProxyConfigs are for the Envoy of sidecars and gateways: \
         ztunnels and waypoints do not read them.",
        MIGRATION,
        "support::tests::what_is_written_for_envoy_means_nothing_in_ambient",
    ),
    rule(
        "support.ambient.mesh-settings",
        Simplified,
        "Of MeshConfig, ztunnels read next to nothing; istiod, gateways and waypoints do.",
        "istio pkg/config/mesh; ztunnel src/config.rs",
        "support::tests::what_is_written_for_envoy_means_nothing_in_ambient",
    ),
    rule(
        "support.ambient.peers",
        Exact,
        "Ztunnels enforce PeerAuthentications, and take DISABLE as PERMISSIVE.",
        "https://istio.io/latest/docs/reference/config/security/peer_authentication/",
        "support::tests::policies_of_peers_hold_at_ztunnels_but_for_disable",
    ),
    rule(
        "support.ambient.policy",
        Exact,
        "An AuthorizationPolicy with a selector lands on ztunnels without what looks at requests.",
        MIGRATION,
        "support::tests::an_access_policy_loses_at_ztunnels_what_looks_at_requests",
    ),
    rule(
        "support.ambient.requests",
        Simplified,
        "Tokens, plugins and what Telemetry says of requests need a waypoint; a selector does not \
         reach one.",
        MIGRATION,
        "support::tests::what_looks_at_requests_needs_a_target_behind_a_waypoint",
    ),
    rule(
        "support.ambient.routes",
        Exact,
        "VirtualServices, DestinationRules and routes for Services hold in ambient where the \
         Service has a waypoint.",
        MIGRATION,
        "support::tests::routes_need_a_waypoint_in_ambient",
    ),
    rule(
        "support.edge",
        Simplified,
        "Ingresses and OpenShift's Routes are served at the edge whatever the mesh.",
        "https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/",
        "support::tests::the_edge_serves_its_objects_on_every_path",
    ),
    rule(
        "support.facts.authorization",
        Simplified,
        "Sidecars decide on connections and requests, ztunnels on connections, waypoints on \
         requests.",
        "https://istio.io/latest/docs/ambient/usage/l4-policy/",
        "support::tests::a_placement_is_told_in_words",
    ),
    rule(
        "support.facts.blast-radius",
        Simplified,
        "The death of a sidecar takes its pod along, that of a ztunnel all pods in ambient of its \
         node, that of a waypoint what is sent through it.",
        "https://istio.io/latest/docs/ambient/architecture/data-plane/",
        "support::tests::a_placement_is_told_in_words",
    ),
    rule(
        "support.facts.components",
        Simplified,
        "Istio brings istiod and 15 CRDs; ambient adds ztunnel and istio-cni on each node, and \
         waypoints need the 10 CRDs of Gateway API.",
        "https://istio.io/latest/docs/ambient/install/",
        "support::tests::a_placement_is_told_in_words",
    ),
    rule(
        "support.facts.retries",
        Simplified,
        "Istio tries again twice unless told otherwise, at sidecars and at waypoints; ztunnels \
         and kube-proxy never do.",
        "istio pilot/pkg/networking/core/route/retry/retry.go",
        "support::tests::a_placement_is_told_in_words",
    ),
    rule(
        "support.istio.callers",
        Exact,
        "Routes for the mesh are read by the sidecars of callers.",
        "https://istio.io/latest/docs/reference/config/networking/virtual-service/",
        "support::tests::routes_need_a_waypoint_in_ambient",
    ),
    rule(
        "support.istio.gateways",
        Simplified,
        "A gateway reads what is bound to it, whatever carries the traffic of pods.",
        "https://istio.io/latest/docs/reference/config/networking/gateway/",
        "support::tests::a_gateway_reads_what_is_bound_to_it_on_every_path_with_istio",
    ),
    rule(
        "support.istio.proxies",
        Exact,
        "An object with a selector holds at the pods that it selects, as far as they have a proxy.",
        "istio pilot/pkg/model/policyattachment.go",
        "support::tests::an_object_holds_at_the_pods_that_have_a_proxy",
    ),
    rule(
        "support.istio.registry",
        Simplified,
        "ServiceEntries and WorkloadEntries are known to sidecars, gateways and ztunnels alike.",
        "istio pilot/pkg/serviceregistry/ambient",
        "support::tests::what_is_written_for_envoy_means_nothing_in_ambient",
    ),
    rule(
        "support.istio.targets",
        Exact,
        "An object with `targetRefs` holds at the Gateway that it names, or at the waypoint of the \
         Service; sidecars pass over it.",
        "istio pilot/pkg/model/policyattachment.go",
        "support::tests::what_looks_at_requests_needs_a_target_behind_a_waypoint",
    ),
    rule(
        "support.istio.waypoint-class",
        Exact,
        "A waypoint is passed by callers in ambient; sidecars send around it.",
        "https://github.com/istio/istio/issues/51445",
        "support::tests::routes_need_a_waypoint_in_ambient",
    ),
    rule(
        "support.network",
        Simplified,
        "NetworkPolicies are carried out by the network, whatever the mesh, where its plugin can.",
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/",
        "support::tests::the_network_sees_tunnels_in_ambient",
    ),
    rule(
        "support.network.tunnels",
        Exact,
        "Between pods in ambient a NetworkPolicy sees port 15008 and not the application's.",
        "https://istio.io/latest/docs/ambient/usage/networkpolicy/",
        "support::tests::the_network_sees_tunnels_in_ambient",
    ),
    rule(
        "support.no-crd",
        Assumed,
        "Where a mesh does not run its CRDs are taken not to be installed, so the API server \
         refuses its objects.",
        "https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
        "support::tests::objects_of_a_mesh_that_does_not_run_are_rejected",
    ),
    rule(
        "support.other-product",
        Assumed,
        "Kinds of products that are not modelled may be carried out, and nothing is said of them.",
        "the groups of models/src/manifest/registry/others.txt",
        "support::tests::objects_of_a_mesh_that_does_not_run_are_rejected",
    ),
];
