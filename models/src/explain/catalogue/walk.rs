//! Rules `walk.*`: what the walk of one request adds to what proxies and control planes decide.

use crate::explain::{Fidelity, Rule, RuleId};

const ENVOY_ARCHITECTURE: &str = "Envoy, \"Life of a Request\"";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("walk.bypasses-ztunnel"),
        sentence: "Plaintext reaches a pod in ambient past its ztunnel where the annotation \
                   `ambient.istio.io/bypass-inbound-capture` asks for it.",
        source: "istio cni/pkg/iptables/iptables.go",
        fidelity: Fidelity::Exact,
        test: "walk::ambient::tests::an_annotation_leads_plaintext_past_the_ztunnel",
    },
    Rule {
        id: RuleId("walk.caller"),
        sentence: "Connections of a pod with a sidecar meet the sidecar first, and those of a pod in \
                   ambient the ztunnel of its node; those of other pods meet nothing of the mesh.",
        source: "https://istio.io/latest/docs/ops/deployment/application-requirements/",
        fidelity: Fidelity::Exact,
        test: "walk::a_split_has_its_shares_and_agrees_on_the_service",
    },
    Rule {
        id: RuleId("walk.connect-time-out"),
        sentence: "A client whose packets are dropped sends seven SYN packets, each after twice \
                   the pause before it, and gives up after 127 s.",
        source: "Linux, Documentation/networking/ip-sysctl.rst, tcp_syn_retries; RFC 6298",
        fidelity: Fidelity::Assumed,
        test: "verdict::tests::packets_that_are_dropped_cost_the_connect_time_out",
    },
    Rule {
        id: RuleId("walk.controller"),
        sentence: "A controller of Ingresses that no manifest holds is a client outside the mesh: \
                   it follows the rules of its class, and sends plaintext to a ready endpoint of \
                   the backend.",
        source: "which controller serves a class is its operator's choice: \
                 https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/",
        fidelity: Fidelity::Assumed,
        test: "walk::controller::tests::an_unseen_controller_follows_the_rules_of_its_class",
    },
    Rule {
        id: RuleId("walk.controller-admitted"),
        sentence: "In a run, network policies that ask for labels or the namespace of a controller \
                   which no manifest holds are taken to let it in.",
        source: "no manifest says where the controller runs; a policy that names a place for it is \
                 taken to be right",
        fidelity: Fidelity::Assumed,
        test: "walk::controller::tests::a_policy_that_asks_for_its_namespace_is_open_or_said_to_be_assumed",
    },
    Rule {
        id: RuleId("walk.endpoints"),
        sentence: "A request is sent to a healthy endpoint of its cluster; without one the proxy \
                   answers itself.",
        source: ENVOY_ARCHITECTURE,
        fidelity: Fidelity::Simplified,
        test: "walk::a_cluster_without_endpoints_is_no_backend",
    },
    Rule {
        id: RuleId("walk.exposed"),
        sentence: "Clients outside reach a Service of type LoadBalancer or NodePort, by the address \
                   of its load balancer or a port of each node, and no Service of another type.",
        source: "https://kubernetes.io/docs/concepts/services-networking/service/, publishing \
                 Services; load balancers are taken to pass connections on",
        fidelity: Fidelity::Simplified,
        test: "walk::exposed::tests::a_service_is_reached_from_outside_where_its_type_exposes_it",
    },
    Rule {
        id: RuleId("walk.exposed-address"),
        sentence: "A node that passes a connection of a client outside on puts its own address in \
                   the place of the client's, unless the Service has externalTrafficPolicy Local.",
        source: "https://kubernetes.io/docs/tutorials/services/source-ip/",
        fidelity: Fidelity::Simplified,
        test: "walk::exposed::tests::a_block_of_addresses_counts_where_the_clients_address_is_kept",
    },
    Rule {
        id: RuleId("walk.gateway"),
        sentence: "A client outside reaches a gateway on the port that it dials.",
        source: "load balancers in front of a gateway are the cloud's; they are taken to pass \
                 connections on",
        fidelity: Fidelity::Assumed,
        test: "walk::a_client_outside_asks_the_gateway",
    },
    Rule {
        id: RuleId("walk.name-server"),
        sentence: "A name is asked of the cluster's name servers first, so that a caller which is \
                   isolated without them cannot resolve it: each of two tries waits for 5 s.",
        source: "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/; \
                 resolv.conf(5)",
        fidelity: Fidelity::Simplified,
        test: "walk::network::tests::a_caller_that_is_isolated_without_dns_cannot_resolve_a_name",
    },
    Rule {
        id: RuleId("walk.nginx-failed"),
        sentence: "Where a connection to a backend fails, ingress-nginx answers 502, and 504 where \
                   it is not made in time; each backend that is asked has its own limit.",
        source: "nginx ngx_http_upstream.c, ngx_http_upstream_next; kubernetes/ingress-nginx \
                 internal/ingress/controller/config/config.go, ProxyNextUpstreamTries",
        fidelity: Fidelity::Simplified,
        test: "walk::ingress::a_backend_that_policy_cuts_off_is_answered_504",
    },
    Rule {
        id: RuleId("walk.no-proxy"),
        sentence: "Without a sidecar kube-proxy picks a ready endpoint for each connection.",
        source: "https://kubernetes.io/docs/reference/networking/virtual-ips/",
        fidelity: Fidelity::Exact,
        test: "walk::a_pod_without_a_sidecar_meets_kube_proxy",
    },
    Rule {
        id: RuleId("walk.not-modelled"),
        sentence: "An object that is not modelled is listed where it touches the path, and a                    request that it may turn away does not count as let through.",
        source: "istio pilot/pkg/model/policyattachment.go; what the objects do is not modelled",
        fidelity: Fidelity::Assumed,
        test: "server_side::tests::a_policy_that_is_not_modelled_leaves_no_request_let_through",
    },
    Rule {
        id: RuleId("walk.outside-name"),
        sentence: "A name that the cluster's DNS does not know, and that is no name of the cluster, \
                   is taken to have an address outside.",
        source: "what public DNS knows is not in the manifests",
        fidelity: Fidelity::Assumed,
        test: "walk::a_name_outside_reaches_a_proxy_but_is_unknown_without_one",
    },
    Rule {
        id: RuleId("walk.retries"),
        sentence: "A request is tried again as often as the policy of its route, or else of its \
                   virtual host, says.",
        source: "Envoy, \"HTTP routing\", retry semantics",
        fidelity: Fidelity::Exact,
        test: "walk::limits_and_retries_in_force_are_told_with_their_origins",
    },
    Rule {
        id: RuleId("walk.route-table"),
        sentence: "A connection manager whose route table is missing has no route for any request.",
        source: ENVOY_ARCHITECTURE,
        fidelity: Fidelity::Exact,
        test: "walk::a_manager_whose_routes_are_missing_answers_404",
    },
    Rule {
        id: RuleId("walk.server-side"),
        sentence: "A connection to a pod with a sidecar meets that sidecar before the application;                    if servers disagree on a request, its outcome is unknown.",
        source: "https://istio.io/latest/docs/ops/deployment/application-requirements/; istio                  pilot/pkg/networking/core/listener_inbound.go",
        fidelity: Fidelity::Simplified,
        test: "server_side::tests::a_client_that_sends_plaintext_is_reset_by_a_strict_server",
    },
    Rule {
        id: RuleId("walk.tcp"),
        sentence: "A connection that no listener takes is refused; a TCP proxy passes bytes on and \
                   looks at no request.",
        source: "Envoy, \"TCP proxy\"",
        fidelity: Fidelity::Exact,
        test: "walk::bytes_that_are_passed_on_have_a_destination_and_no_route",
    },
    Rule {
        id: RuleId("walk.timeouts"),
        sentence: "The timeout of the route holds for all attempts together, the per-try timeout \
                   for each of them.",
        source: "Envoy, \"How do I configure timeouts?\"",
        fidelity: Fidelity::Exact,
        test: "walk::limits_and_retries_in_force_are_told_with_their_origins",
    },
    Rule {
        id: RuleId("walk.tunnel-port"),
        sentence: "Of calls between pods of an ambient mesh policies of the network see port 15008 \
                   alone, whatever port is called; no call goes past those policies.",
        source: "https://istio.io/latest/docs/ambient/usage/networkpolicy/",
        fidelity: Fidelity::Exact,
        test: "walk::ambient::tests::the_network_sees_the_port_of_tunnels_alone",
    },
    Rule {
        id: RuleId("walk.waypoint"),
        sentence: "A waypoint gets requests in a tunnel, decides as the client's identity, and opens \
                   connections of its own to servers, which see the waypoint's identity.",
        source: "https://istio.io/latest/docs/ambient/usage/l4-policy/; ztunnel \
                 src/proxy/outbound.rs, build_request",
        fidelity: Fidelity::Simplified,
        test: "walk::ambient::tests::a_waypoint_sees_the_client_and_the_server_sees_the_waypoint",
    },
    Rule {
        id: RuleId("walk.ztunnel-names"),
        sentence: "The ztunnel of a pod's node answers for names of Services itself, so that no \
                   name server has to be reached.",
        source: "istio manifests/charts/istio-cni/values.yaml, ambient.dnsCapture",
        fidelity: Fidelity::Simplified,
        test: "walk::ambient::tests::a_pod_in_ambient_resolves_services_without_name_servers",
    },
    Rule {
        id: RuleId("walk.ztunnel-picks"),
        sentence: "The ztunnel of a pod's node picks a ready endpoint for each connection, and sends \
                   a tunnel (HBONE) on port 15008 to pods of the mesh.",
        source: "ztunnel src/proxy/outbound.rs, build_request",
        fidelity: Fidelity::Exact,
        test: "walk::ambient::tests::a_call_in_ambient_goes_in_a_tunnel_from_ztunnel_to_ztunnel",
    },
];
