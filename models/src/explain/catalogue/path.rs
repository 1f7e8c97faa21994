//! The rules of the ways that bytes go.

use crate::explain::{Fidelity, Rule, RuleId};

const AUTO_MTLS: &str =
    "https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("path.ambient"),
        sentence: "The ztunnels of both nodes carry a connection between ambient pods in HBONE, \
                   also within one node; the caller's picks the endpoint once a connection.",
        source: "ztunnel src/proxy/outbound.rs, build_request",
        fidelity: Fidelity::Exact,
        test: "path::tests::the_ztunnels_of_both_nodes_carry_a_connection_between_ambient_pods",
    },
    Rule {
        id: RuleId("path.ambient-to-plain"),
        sentence: "A ztunnel sends plaintext to whoever speaks no HBONE.",
        source: "ztunnel src/proxy/outbound.rs, build_request and proxy_to_tcp",
        fidelity: Fidelity::Exact,
        test: "path::tests::an_ambient_pod_sends_plaintext_to_whoever_has_no_proxy",
    },
    Rule {
        id: RuleId("path.ambient-to-sidecar"),
        sentence: "A ztunnel sends HBONE to a sidecar that listens for it, which sidecars do \
                   where the mesh is installed for ambient.",
        source: "istio pilot/pkg/serviceregistry/ambient/workloads.go, setTunnelProtocol; \
                 files/injection-template.yaml, ISTIO_META_ENABLE_HBONE; \
                 manifests/helm-profiles/ambient.yaml",
        fidelity: Fidelity::Simplified,
        test: "path::tests::a_sidecar_speaks_hbone_with_a_ztunnel_in_both_directions",
    },
    Rule {
        id: RuleId("path.gateway"),
        sentence: "A gateway balances requests and sends them on as a sidecar does, under its own \
                   identity.",
        source: "istio pilot/pkg/xds/endpoints/endpoint_builder.go, buildEnvoyLbEndpoint",
        fidelity: Fidelity::Simplified,
        test: "path::tests::a_gateway_is_seen_as_itself_wherever_it_sends_a_certificate",
    },
    Rule {
        id: RuleId("path.host-to-ambient"),
        sentence: "Connections that begin in the network of the node itself reach an ambient pod \
                   of that node past its ztunnel, from the address of probes.",
        source: "istio cni/pkg/iptables/iptables.go, AppendHostRules and the rules of a pod",
        fidelity: Fidelity::Exact,
        test: "path::tests::a_process_of_the_same_node_may_pass_the_ztunnel_by",
    },
    Rule {
        id: RuleId("path.plain"),
        sentence: "Without a mesh kube-proxy picks the endpoint once a connection, in plaintext.",
        source: "https://kubernetes.io/docs/reference/networking/virtual-ips/",
        fidelity: Fidelity::Exact,
        test: "path::tests::no_mesh_means_no_box_between_the_applications",
    },
    Rule {
        id: RuleId("path.plain-to-ambient"),
        sentence: "The ztunnel takes plaintext for an ambient pod too, as from nobody, unless a \
                   policy is strict.",
        source: "ztunnel src/proxy/inbound_passthrough.rs, proxy_inbound_plaintext",
        fidelity: Fidelity::Exact,
        test: "path::tests::a_plain_caller_is_accepted_in_plaintext_where_no_policy_is_strict",
    },
    Rule {
        id: RuleId("path.plain-to-sidecar"),
        sentence: "A sidecar accepts plaintext from callers without one unless a policy is strict.",
        source: "https://istio.io/latest/docs/concepts/security/#permissive-mode",
        fidelity: Fidelity::Simplified,
        test: "path::tests::a_plain_caller_is_accepted_in_plaintext_where_no_policy_is_strict",
    },
    Rule {
        id: RuleId("path.sidecar-to-ambient"),
        sentence: "A sidecar sends HBONE to ambient pods, and balances each request.",
        source: "istio pilot/pkg/xds/endpoints/endpoint_builder.go, supportTunnel; \
                 pilot/pkg/features/ambient.go, PILOT_ENABLE_SENDING_HBONE",
        fidelity: Fidelity::Exact,
        test: "path::tests::a_sidecar_speaks_hbone_with_a_ztunnel_in_both_directions",
    },
    Rule {
        id: RuleId("path.sidecar-to-plain"),
        sentence: "A sidecar sends plaintext to endpoints without one, and balances each request.",
        source: AUTO_MTLS,
        fidelity: Fidelity::Simplified,
        test: "path::tests::only_proxies_for_requests_balance_requests",
    },
    Rule {
        id: RuleId("path.sidecar-to-sidecar"),
        sentence: "Two sidecars speak mutual TLS with each other, not HBONE, and the caller's \
                   balances each request.",
        source: "istio pilot/pkg/xds/endpoints/endpoint_builder.go, buildEnvoyLbEndpoint; \
                 pilot/pkg/features/ambient.go, PILOT_PREFER_SENDING_HBONE",
        fidelity: Fidelity::Simplified,
        test: "path::tests::there_is_mutual_tls_between_two_sidecars",
    },
    Rule {
        id: RuleId("path.waypoint"),
        sentence: "A call from an ambient pod to a Service with a waypoint goes through it, and \
                   the server's ztunnel sees the waypoint's identity.",
        source: "ztunnel src/proxy/outbound.rs, build_request",
        fidelity: Fidelity::Exact,
        test: "path::tests::behind_a_waypoint_the_server_sees_the_waypoint",
    },
    Rule {
        id: RuleId("path.waypoint-bypassed"),
        sentence: "Sidecars, pods without a proxy and, unless a label says otherwise, gateways \
                   reach the endpoints of a Service past its waypoint.",
        source: "istio pilot/pkg/xds/endpoints/endpoint_builder.go, buildEnvoyLbEndpoint and \
                 findServiceWaypoint",
        fidelity: Fidelity::Exact,
        test: "path::tests::only_callers_in_ambient_pass_the_waypoint_of_a_service",
    },
];
