//! Rules `envoy.filter.*`: what Envoy's HTTP filters decide.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("envoy.filter.cors"),
        sentence: "Preflight requests of allowed origins are answered with 200; answers to \
                   allowed origins say so; other origins are not turned away.",
        source: "Envoy, \"CORS\", source/extensions/filters/http/cors/cors_filter.cc; held to \
                 Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::answers::preflights_of_allowed_origins_are_answered_and_others_go_on_unless_told_otherwise",
    },
    Rule {
        id: RuleId("envoy.filter.ext-authz"),
        sentence: "An external authoriser is asked about what its policies match, and a denial is \
                   answered with its status, 403 by default, and the flag UAEX.",
        source: "Envoy, source/extensions/filters/http/ext_authz/ext_authz.cc, Filter::onComplete",
        fidelity: Fidelity::Simplified,
        test: "filters::tests::external::an_external_authoriser_is_asked_about_what_its_policies_match",
    },
    Rule {
        id: RuleId("envoy.filter.ext-authz-failure"),
        sentence: "The silence of an external authoriser denies with the status that its provider \
                   sets, 403 by default, unless the provider fails open.",
        source: "Envoy, ext_authz.proto, failure_mode_allow and status_on_error",
        fidelity: Fidelity::Exact,
        test: "filters::tests::external::the_silence_of_an_authoriser_is_what_its_provider_makes_of_it",
    },
    Rule {
        id: RuleId("envoy.filter.fault-abort"),
        sentence: "A share of the requests is answered with a status and the flag FI, and never \
                   retried.",
        source: "Envoy, \"Fault Injection\"; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::faults::an_abort_is_answered_with_its_status_and_the_flag",
    },
    Rule {
        id: RuleId("envoy.filter.fault-delay"),
        sentence: "A share of the requests waits before it goes on, which the flag DI tells.",
        source: "Envoy, \"Fault Injection\"; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::faults::a_delayed_request_goes_on_where_it_stood_and_keeps_its_flag",
    },
    Rule {
        id: RuleId("envoy.filter.fault-headers"),
        sentence: "Faults may be for requests with certain headers only.",
        source: "Envoy, api/envoy/extensions/filters/http/fault/v3/fault.proto, headers",
        fidelity: Fidelity::Exact,
        test: "filters::tests::faults::faults_may_be_for_some_requests_only",
    },
    Rule {
        id: RuleId("envoy.filter.fault-overflow"),
        sentence: "No more faults than allowed are active at a time; a fault is active until the \
                   request is over.",
        source: "Envoy, fault.proto, max_active_faults; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::faults::no_more_faults_than_allowed_are_active_and_ended_ones_do_not_count",
    },
    Rule {
        id: RuleId("envoy.filter.jwt"),
        sentence: "A request without the token that its path needs is answered with 401, or 403 \
                   for a wrong audience; claims count only if a provider vouches for the token.",
        source: "Envoy, \"JWT Authentication\"; jwt_authn/verifier.cc; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::tokens::a_token_must_be_there_valid_of_the_issuer_and_for_the_audience",
    },
    Rule {
        id: RuleId("envoy.filter.jwt-provider"),
        sentence: "A token is good if its issuer, its time with 60 s of skew, its audience and \
                   its signature are, looked at in this order.",
        source: "Envoy, jwt_authn/authenticator.cc and extractor.cc; jwt_verify_lib",
        fidelity: Fidelity::Exact,
        test: "filters::tests::tokens::tokens_are_looked_for_where_the_provider_says_and_nowhere_else",
    },
    Rule {
        id: RuleId("envoy.filter.rate-limit"),
        sentence: "A request takes a token from a bucket that fills evenly; without one it is \
                   answered with 429 and the flag RL.",
        source: "Envoy, \"Local rate limit\"; AtomicTokenBucketImpl; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::answers::requests_without_a_token_are_turned_away",
    },
    Rule {
        id: RuleId("envoy.filter.rbac"),
        sentence: "DENY rules deny what a policy matches, ALLOW rules what no policy matches: 403 \
                   without a flag.",
        source: "Envoy, \"Role Based Access Control\"; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::access::a_denial_is_403_with_the_policy_and_without_a_flag",
    },
    Rule {
        id: RuleId("envoy.filter.rbac-policy"),
        sentence: "A policy matches if any of its permissions and any of its principals does.",
        source: "Envoy, api/envoy/config/rbac/v3/rbac.proto, Policy",
        fidelity: Fidelity::Exact,
        test: "filters::tests::access::permissions_and_principals_can_be_nested_and_turned_round",
    },
    Rule {
        id: RuleId("envoy.filter.rbac-shadow"),
        sentence: "Shadow rules are recorded and have no effect.",
        source: "Envoy, \"Role Based Access Control\", shadow rules; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "filters::tests::access::shadow_rules_are_told_and_counted_and_have_no_effect",
    },
];
