//! The rules of ztunnel: what it makes of connections.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("ztunnel.balance.nearest"),
        sentence: "For each connection one of the nearest endpoints at random, whatever its load: \
                   all by default, those of the zone or node where trafficDistribution asks for \
                   them and there are any, and those of the node alone for internalTrafficPolicy \
                   Local.",
        source: "ztunnel src/state.rs, load_balance; istio \
                 pilot/pkg/serviceregistry/ambient/services.go, constructService",
        fidelity: Fidelity::Simplified,
        test: "ztunnel::tests::ways::the_nearest_endpoints_are_those_that_the_service_prefers",
    },
    Rule {
        id: RuleId("ztunnel.inbound.hbone"),
        sentence: "HBONE is mutual TLS on port 15008: the other end's certificate must be one of \
                   the mesh, CONNECT names the port of the pod, and policies see that port.",
        source: "ztunnel src/proxy/inbound.rs, run and build_inbound_request",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::hbone_that_is_denied_is_answered_401_and_plaintext_is_closed",
    },
    Rule {
        id: RuleId("ztunnel.inbound.own-port"),
        sentence: "Ports 15001, 15006 and 15008 of a pod are ztunnel's own: a CONNECT to them is \
                   answered 503, and plaintext to them is closed.",
        source: "ztunnel src/config.rs, illegal_ports; src/proxy/inbound.rs, \
                 find_inbound_upstream; src/proxy/inbound_passthrough.rs",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::no_connection_is_led_to_a_port_of_ztunnels_own",
    },
    Rule {
        id: RuleId("ztunnel.inbound.passthrough"),
        sentence: "Plaintext that reaches a pod of the ambient mesh, from the mesh or from outside, \
                   is led to ztunnel's port 15006, held against the policies without an identity, \
                   and handed on if they let it through; its waypoint is passed by.",
        source: "ztunnel src/proxy/inbound_passthrough.rs; istio cni/pkg/iptables/iptables.go; \
                 architecture/ambient/ztunnel.md",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::plaintext_is_taken_unless_a_policy_asks_for_an_identity",
    },
    Rule {
        id: RuleId("ztunnel.inbound.probes"),
        sentence: "Probes of the kubelet come from 169.254.7.127 and pass ztunnel by, so that no \
                   policy of the mesh stops them.",
        source: "istio cni/pkg/iptables/iptables.go; cni/README.md",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::probes_of_the_kubelet_pass_by_whatever_the_policies_say",
    },
    Rule {
        id: RuleId("ztunnel.inbound.refusal"),
        sentence: "HBONE that policies deny is answered 401 to its CONNECT, and plaintext is \
                   closed: the client's connection was accepted already and is reset.",
        source: "ztunnel src/proxy/inbound.rs, serve_connect; src/proxy/inbound_passthrough.rs; \
                 src/proxy/h2/client.rs, internal_send",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::hbone_that_is_denied_is_answered_401_and_plaintext_is_closed",
    },
    Rule {
        id: RuleId("ztunnel.inbound.waypoint"),
        sentence: "Behind a waypoint the server's ztunnel sees the waypoint's identity and address \
                   and not the client's, and it demands of nobody to come through the waypoint.",
        source: "ztunnel src/proxy/inbound.rs: src_identity is the certificate's, and neither \
                 build_inbound_request nor assert_rbac asks for the waypoint; istio's \
                 architecture/ambient/ztunnel.md says otherwise and is out of date; \
                 PILOT_AUTO_ALLOW_WAYPOINT_POLICY is off",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::behind_a_waypoint_the_server_sees_the_waypoint_and_nobody_has_to_come_through_it",
    },
    Rule {
        id: RuleId("ztunnel.outbound.direct"),
        sentence: "A pod that takes HBONE gets it on port 15008, on the same node as on any other: \
                   there is no shortcut.",
        source: "ztunnel src/proxy/outbound.rs, build_request: no case looks at the node; \
                 istio's architecture/ambient/ztunnel.md still names a fast path",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::hbone_goes_to_whoever_takes_it_and_plaintext_to_all_others",
    },
    Rule {
        id: RuleId("ztunnel.outbound.no-endpoint"),
        sentence: "A Service that has no ready endpoint for the port closes the connection, which \
                   was accepted already.",
        source: "ztunnel src/proxy/outbound.rs, build_request: NoHealthyUpstream",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::a_service_without_an_endpoint_closes_the_connection",
    },
    Rule {
        id: RuleId("ztunnel.outbound.passthrough"),
        sentence: "An address that the control plane knows nothing of is dialled in plaintext.",
        source: "ztunnel src/proxy/outbound.rs, build_request",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::hbone_goes_to_whoever_takes_it_and_plaintext_to_all_others",
    },
    Rule {
        id: RuleId("ztunnel.outbound.plaintext"),
        sentence: "A pod outside of the ambient mesh gets plaintext, also one with a sidecar unless \
                   that was injected with HBONE turned on.",
        source: "ztunnel src/proxy/outbound.rs, build_request; istio \
                 pilot/pkg/serviceregistry/ambient/workloads.go, setTunnelProtocol; \
                 manifests/charts/istio-control/istio-discovery/files/injection-template.yaml",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::hbone_goes_to_whoever_takes_it_and_plaintext_to_all_others",
    },
    Rule {
        id: RuleId("ztunnel.outbound.waypoint"),
        sentence: "A connection to the address of a Service that has a waypoint goes to one of the \
                   waypoint's pods, and one to a pod's own address to the waypoint of the pod.",
        source: "ztunnel src/proxy/outbound.rs, build_request",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::a_waypoint_takes_everything_and_nothing_goes_past_one_that_is_gone",
    },
    Rule {
        id: RuleId("ztunnel.outbound.waypoint-gone"),
        sentence: "Where no pod of the waypoint is ready the connection is closed: it does not go \
                   past the waypoint.",
        source: "ztunnel src/state.rs, fetch_waypoint: UnknownWaypoint",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::ways::a_waypoint_takes_everything_and_nothing_goes_past_one_that_is_gone",
    },
    Rule {
        id: RuleId("ztunnel.pool.key"),
        sentence: "Connections share tunnels if they come from one pod and go to one address and \
                   port with one expected identity; while a tunnel is opened the others wait for it.",
        source: "ztunnel src/proxy/pool.rs; src/proxy/h2/client.rs, WorkloadKey",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::pool::those_who_come_while_a_tunnel_is_opened_wait_for_it",
    },
    Rule {
        id: RuleId("ztunnel.pool.release"),
        sentence: "A tunnel is let go five minutes after the last connection that asked for it, and \
                   closed when its last stream has ended.",
        source: "ztunnel src/proxy/pool.rs, maybe_checkin_conn; src/config.rs, \
                 POOL_UNUSED_RELEASE_TIMEOUT",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::pool::a_tunnel_is_let_go_when_nobody_asked_for_it_and_its_streams_go_on",
    },
    Rule {
        id: RuleId("ztunnel.pool.streams"),
        sentence: "A tunnel carries 100 streams at once; one that was full is never used again, and \
                   the next connection opens another.",
        source: "ztunnel src/proxy/pool.rs, maybe_checkin_conn; src/config.rs, \
                 POOL_MAX_STREAMS_PER_CONNECTION",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::pool::a_tunnel_that_is_full_takes_no_more_even_when_streams_of_it_end",
    },
    Rule {
        id: RuleId("ztunnel.rbac.empty-match"),
        sentence: "A source or an operation of which nothing is left fits nothing, and a rule \
                   without any of them fits everything.",
        source: "ztunnel src/rbac.rs, Authorization::matches and RbacMatch::is_empty",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::rbac::what_asks_for_nothing_fits_nothing_and_an_empty_rule_fits_everything",
    },
    Rule {
        id: RuleId("ztunnel.rbac.identity"),
        sentence: "The identity is that of the other end's certificate: plaintext has none, fits no \
                   principal, namespace or service account, and slips past each denial of them.",
        source: "ztunnel src/rbac.rs, StringMatch::matches_principal; \
                 src/proxy/inbound_passthrough.rs: src_identity is none",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::rbac::plaintext_has_no_identity_and_slips_past_a_denial_of_a_namespace",
    },
    Rule {
        id: RuleId("ztunnel.rbac.ignored"),
        sentence: "Policies with the actions CUSTOM and AUDIT, dry runs, and those with targetRefs \
                   are not sent to ztunnel, so it does not enforce them.",
        source: "istio pilot/pkg/serviceregistry/ambient/authorization.go, \
                 convertAuthorizationPolicy; AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY is off",
        fidelity: Fidelity::Exact,
        test: "istio::ambient::tests::authorization::what_ztunnel_cannot_do_is_not_sent_to_it",
    },
    Rule {
        id: RuleId("ztunnel.rbac.order"),
        sentence: "A DENY policy that matches denies; if there is no ALLOW policy all else passes, \
                   else one must match. Policies of the mesh, the namespace and the workload add up.",
        source: "ztunnel src/state.rs, assert_rbac",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::rbac::deny_then_allow_and_without_an_allow_policy_all_is_allowed",
    },
    Rule {
        id: RuleId("ztunnel.rbac.policy"),
        sentence: "Any rule of a policy matches: all of its parts fit, of a part any source or \
                   operation, of that all fields, of a field any value, and none that must not be.",
        source: "ztunnel src/rbac.rs, Authorization::matches",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::laws::ztunnel_agrees_with_a_second_reading",
    },
    Rule {
        id: RuleId("ztunnel.rbac.values"),
        sentence: "A star alone asks for presence, and at one end for any text; identities are \
                   compared without spiffe://, and trust domains have no aliases here.",
        source: "ztunnel src/rbac.rs, StringMatch; istio \
                 pilot/pkg/serviceregistry/ambient/authorization.go, stringToMatch",
        fidelity: Fidelity::Exact,
        test: "ztunnel::tests::rbac::a_star_asks_for_presence_or_stands_at_one_end",
    },
];
