//! The rules of what the control plane of an ambient mesh makes of policies for ztunnel.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("ambient.policy.allow"),
        sentence: "A rule of an ALLOW policy that looks at requests is left out for ztunnel, and \
                   the policy still counts: it allows less.",
        source: "istio pilot/pkg/serviceregistry/ambient/authorization.go, handleRule; \
                 testdata/allow-full and allow-groups",
        fidelity: Fidelity::Exact,
        test: "istio::ambient::tests::authorization::an_allow_rule_that_looks_at_requests_never_matches",
    },
    Rule {
        id: RuleId("ambient.policy.deny"),
        sentence: "A rule of a DENY policy loses for ztunnel what looks at requests: ports beside \
                   it are denied as a whole, and a part of which nothing is left denies nothing.",
        source: "istio pilot/pkg/serviceregistry/ambient/authorization.go, handleRule and \
                 hasEffectiveRules; testdata/deny-groups; \
                 https://github.com/istio/istio/issues/61126",
        fidelity: Fidelity::Exact,
        test: "istio::ambient::tests::authorization::a_deny_rule_loses_what_looks_at_requests_and_what_is_left_empty_denies_nothing",
    },
    Rule {
        id: RuleId("ambient.policy.mutual-tls"),
        sentence: "STRICT is for ztunnel a denial of peers without an identity, and DISABLE is \
                   PERMISSIVE; the workload's policy wins over the namespace's, and that over the \
                   mesh's, and modes of ports are exceptions.",
        source: "istio pilot/pkg/serviceregistry/ambient/authorization.go, \
                 convertedSelectorPeerAuthentications and convertPeerAuthentication",
        fidelity: Fidelity::Exact,
        test: "istio::ambient::tests::mtls::strict_denies_whoever_has_no_identity_and_the_nearest_policy_counts",
    },
    Rule {
        id: RuleId("ambient.policy.port-exceptions"),
        sentence: "An exception of a port from an inherited STRICT is made for PERMISSIVE alone, \
                   and where the namespace has a policy that says nothing it loses STRICT on all \
                   ports.",
        source: "istio pilot/pkg/serviceregistry/ambient/authorization.go, \
                 convertedSelectorPeerAuthentications refers to a policy that \
                 convertPeerAuthentication does not make; ztunnel src/state.rs skips unknown ones",
        fidelity: Fidelity::Exact,
        test: "istio::ambient::tests::mtls::an_exception_from_the_mesh_loses_strict_where_the_namespace_says_nothing",
    },
    Rule {
        id: RuleId("ambient.policy.trust-domains"),
        sentence: "Trust domains of a source are left out for ztunnel without a word in the \
                   policy's status, so that it is wider; alone they match nothing.",
        source: "istio pilot/pkg/serviceregistry/ambient/authorization.go, handleRule does not \
                 read them",
        fidelity: Fidelity::Exact,
        test: "istio::ambient::tests::authorization::trust_domains_of_a_source_are_left_out_without_a_word",
    },
];
