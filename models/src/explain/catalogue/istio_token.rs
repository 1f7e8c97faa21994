//! Rules `istio.token.*`: whose tokens a workload checks.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[Rule {
    id: RuleId("istio.token.request-authentication"),
    sentence: "RequestAuthentications of the mesh, the namespace and the workload add up; invalid \
               tokens are rejected with 401 before access rules are looked at, and requests without \
               a token pass without an identity.",
    source: "istio pilot/pkg/security/authn/policy_applier.go, convertToEnvoyJwtConfig; \
             istio-api security/v1beta1/request_authentication.proto",
    fidelity: Fidelity::Exact,
    test: "istio::tokens::tests::a_missing_token_passes_and_an_invalid_one_is_rejected_by_whichever_policy",
}];
