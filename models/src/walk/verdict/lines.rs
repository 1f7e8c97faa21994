//! The lines that a proxy goes by which answers itself, where nobody has named them before: those
//! of the step that decided, from the tree of reasons.

use crate::explain::Explanation;
use crate::world::Origin;

use super::super::answer::{Answer, Outcome};
use super::super::server_side::denied_by;

/// What the details of answers of filters for access and tokens begin with.
const ACCESS: [&str; 3] = ["rbac_", "jwt_", "ext_authz_"];
/// No route of a virtual host takes the request; no virtual host takes the name; one route does.
const NO_ROUTE: [&str; 2] = ["envoy.route.no-match", "envoy.route.no-domain"];
const TAKEN: &str = "envoy.route.first-match";

/// Names them, from the steps of the answer.
pub(in crate::walk) fn name(answer: &mut Answer, steps: &[Explanation]) {
    let details = answer.details.as_deref().unwrap_or_default();
    let by_access = ACCESS.iter().any(|filter| details.starts_with(filter));
    let origins = match answer.outcome {
        Outcome::Denied | Outcome::DirectResponse if by_access => denied_by(steps),
        Outcome::NoRoute => last_of(steps, &NO_ROUTE),
        Outcome::DirectResponse => last_of(steps, &[TAKEN]),
        _ => Vec::new(),
    };
    if let Some(by) = answer.enforced_by.as_mut().filter(|by| by.origins.is_empty()) {
        by.origins = origins;
    }
}

/// The line of the last step with one of these rules.
fn last_of(steps: &[Explanation], rules: &[&str]) -> Vec<Origin> {
    let found = steps.iter().rev().find(|step| rules.contains(&step.rule.0));
    found.and_then(|step| step.origin).into_iter().collect()
}
