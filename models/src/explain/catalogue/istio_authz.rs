//! Rules `istio.authz.*`: what Istio makes of AuthorizationPolicies.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.authz.attach"),
        sentence: "Policies of the root namespace and of the workload's own count where their \
                   selector fits; one with targetRefs counts at the Gateways of Gateway API that \
                   it names and nowhere else.",
        source: "istio pilot/pkg/model/policyattachment.go, ShouldAttachPolicy; \
                 ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY is on",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::target_refs_name_a_gateway_of_their_namespace_and_count_nowhere_else",
    },
    Rule {
        id: RuleId("istio.authz.bytes"),
        sentence: "Where a port carries bytes, a rule of ALLOW with a field of requests is left \
                   out, and the policy still counts; a rule of another action loses the field and \
                   becomes wider.",
        source: "istio pilot/pkg/security/authz/model/model.go, checkError; \
                 authz/builder/testdata/tcp",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::rules_on_requests_leave_bytes_out_of_allow_and_make_deny_wider",
    },
    Rule {
        id: RuleId("istio.authz.custom"),
        sentence: "A CUSTOM policy asks one provider of the mesh about what it matches; where the \
                   provider is unknown or broken, or policies of a workload name several, what \
                   they match is denied.",
        source: "istio pilot/pkg/security/authz/builder/builder.go, buildHTTP; extauthz.go; \
                 PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS is off",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::who_cannot_be_asked_denies_what_would_be_asked_about",
    },
    Rule {
        id: RuleId("istio.authz.dry-run"),
        sentence: "A policy with the annotation istio.io/dry-run is told and not enforced.",
        source: "istio pilot/pkg/security/authz/builder/builder.go, isDryRun",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::a_dry_run_tells_what_it_would_do_and_does_nothing",
    },
    Rule {
        id: RuleId("istio.authz.empty"),
        sentence: "ALLOW without rules allows nobody, and other actions without rules never \
                   match; an empty rule matches everything.",
        source: "istio-api security/v1beta1/authorization_policy.proto; \
                 istio authz/builder/testdata/http, allow-nil-rule and deny-empty-rule",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::what_stands_empty_means_nobody_or_everybody_by_its_place",
    },
    Rule {
        id: RuleId("istio.authz.identity"),
        sentence: "Principals, namespaces and service accounts are those of mutual TLS: plaintext \
                   has none, matches none of them, and slips past a denial of them.",
        source: "istio pilot/pkg/security/authz/model/generator.go; \
                 istio-api security/v1beta1/authorization_policy.proto, Source",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::plaintext_has_no_identity_and_slips_past_a_denial_of_a_namespace",
    },
    Rule {
        id: RuleId("istio.authz.order"),
        sentence: "CUSTOM policies are asked first, then DENY; if there is no ALLOW policy the \
                   request passes, else one must match. AUDIT changes nothing, and policies of \
                   all levels add up.",
        source: "istio-api security/v1beta1/authorization_policy.proto; \
                 istio pilot/pkg/security/authz/builder/builder.go, build",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::custom_then_deny_then_allow_and_without_an_allow_policy_all_is_allowed",
    },
    Rule {
        id: RuleId("istio.authz.refused"),
        sentence: "A policy that a cluster refuses may hold in an older form or not at all, so \
                   nothing that it touches counts as allowed by it.",
        source: "istio pkg/config/validation/validation.go, ValidateAuthorizationPolicy; the \
                 reading of what then holds is ours",
        fidelity: Fidelity::Assumed,
        test: "authorization::tests::stories::a_policy_that_a_cluster_refuses_lets_nothing_through",
    },
    Rule {
        id: RuleId("istio.authz.trust-domain"),
        sentence: "The trust domain of the mesh, its aliases and cluster.local stand for each \
                   other in principals.",
        source: "istio pilot/pkg/security/trustdomain/bundle.go, ReplaceTrustDomainAliases",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::trust_domains_of_the_mesh_stand_for_each_other",
    },
    Rule {
        id: RuleId("istio.authz.values"),
        sentence: "Values of a field are alternatives, fields add up, a star alone asks for \
                   presence, and hosts alone ignore case.",
        source: "istio pilot/pkg/security/authz/matcher; model/model.go, New",
        fidelity: Fidelity::Exact,
        test: "authorization::tests::stories::values_are_alternatives_fields_add_up_and_a_star_asks_for_presence",
    },
];
