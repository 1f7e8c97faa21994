//! The rules of the ways that bytes go.

use crate::explain::{Fidelity, Rule, RuleId};

const AUTO_MTLS: &str =
    "https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("path.ambient"),
        sentence: "The ztunnels of both nodes carry a connection in HBONE; a sidecar speaks it \
                   with them, and who has no proxy is taken and sent in plaintext.",
        source: "ztunnel src/proxy/outbound.rs, build_request, and src/proxy/inbound_passthrough.rs",
        fidelity: Fidelity::Simplified,
        test: "path::two_proxies_that_speak_hbone_protect_the_bytes_with_it",
    },
    Rule {
        id: RuleId("path.plain"),
        sentence: "Without a mesh kube-proxy picks the endpoint once a connection, in plaintext.",
        source: "https://kubernetes.io/docs/reference/networking/virtual-ips/",
        fidelity: Fidelity::Exact,
        test: "path::no_mesh_means_no_box_between_the_applications",
    },
    Rule {
        id: RuleId("path.plain-to-sidecar"),
        sentence: "A sidecar accepts plaintext from callers without one unless a policy is strict.",
        source: "https://istio.io/latest/docs/concepts/security/#permissive-mode",
        fidelity: Fidelity::Simplified,
        test: "path::a_plain_caller_is_accepted_in_plaintext",
    },
    Rule {
        id: RuleId("path.sidecar-to-plain"),
        sentence: "A sidecar sends plaintext to endpoints without one, and balances each request.",
        source: AUTO_MTLS,
        fidelity: Fidelity::Simplified,
        test: "path::only_a_callers_sidecar_balances_requests",
    },
    Rule {
        id: RuleId("path.sidecar-to-sidecar"),
        sentence: "Two sidecars speak mutual TLS with each other, and the caller's balances each \
                   request.",
        source: AUTO_MTLS,
        fidelity: Fidelity::Simplified,
        test: "path::there_is_mutual_tls_only_between_two_sidecars",
    },
];
