//! Rules `flip.*`: the sorts of edits that are tried when a verdict is to change. Each edit is
//! verified by asking again, so none of them decides anything.

use crate::explain::{Fidelity, Rule, RuleId};

const TRIED: &str = "a choice: what is tried is a list, and each edit is asked about before it is \
                     told";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("flip.access-add"),
        sentence: "A rule of an AuthorizationPolicy can name the caller's identity or namespace, \
                   or what the request is.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::access::the_caller_is_added_to_the_rule_that_lets_others_in",
    },
    Rule {
        id: RuleId("flip.access-exempt"),
        sentence: "A rule of an AuthorizationPolicy can except the caller's identity or namespace.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::access::the_caller_is_exempt_from_a_rule_that_denies",
    },
    Rule {
        id: RuleId("flip.client-tls"),
        sentence: "A DestinationRule's tls mode can be that of the mesh, or be left out.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::tls::a_client_that_is_told_to_send_plaintext_is_told_otherwise",
    },
    Rule {
        id: RuleId("flip.delete-policy"),
        sentence: "A policy can be taken away; that changes all the fields it has.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::network::a_policy_that_isolates_can_go",
    },
    Rule {
        id: RuleId("flip.enrol"),
        sentence: "The caller can be given a proxy by its own label or by its namespace's.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::tls::a_caller_without_a_proxy_is_enrolled_or_the_mode_is_permissive",
    },
    Rule {
        id: RuleId("flip.label"),
        sentence: "Labels of the caller, the server or a namespace can change, unless a controller \
                   selects its pods by them or the API server sets them.",
        source: "kubernetes.io/docs/concepts/workloads/controllers/deployment, \"Label selector \
                 updates\"",
        fidelity: Fidelity::Exact,
        test: "flip::tests::network::a_label_of_the_caller_makes_it_a_peer",
    },
    Rule {
        id: RuleId("flip.mtls-mode"),
        sentence: "A PeerAuthentication's mode can be PERMISSIVE or STRICT.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::tls::a_caller_without_a_proxy_is_enrolled_or_the_mode_is_permissive",
    },
    Rule {
        id: RuleId("flip.network-peer"),
        sentence: "A rule of a NetworkPolicy can name the other end of the connection.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::network::a_peer_and_a_port_are_added_to_a_rule",
    },
    Rule {
        id: RuleId("flip.network-port"),
        sentence: "A rule of a NetworkPolicy can name the port that is called.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::network::a_peer_and_a_port_are_added_to_a_rule",
    },
    Rule {
        id: RuleId("flip.network-rule"),
        sentence: "A NetworkPolicy can have one more rule, for the other end and the port that is \
                   called; that is one field each.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::network::a_policy_that_isolates_can_go",
    },
    Rule {
        id: RuleId("flip.request"),
        sentence: "The request can have a method, a path or a header that a rule names.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::access::another_method_or_path_is_one_that_a_rule_names",
    },
    Rule {
        id: RuleId("flip.service-account"),
        sentence: "The caller can run under another service account of its namespace.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::access::the_caller_runs_under_an_account_that_a_rule_names",
    },
    Rule {
        id: RuleId("flip.take-away"),
        sentence: "A rule of a policy, one of its peers, ports or sources can be taken away, where \
                   its list stays longer than empty: an empty one asks for nothing.",
        source: TRIED,
        fidelity: Fidelity::Exact,
        test: "flip::tests::network::an_allowed_connection_ends_with_its_rule",
    },
];
