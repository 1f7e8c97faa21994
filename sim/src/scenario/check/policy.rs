//! External authorisers: their answers contradict nothing, and take a time that can be drawn.

use super::{Findings, duration};
use crate::scenario::file::{AuthorizerAnswer, ExternalAuthorizer};
use crate::scenario::key_path::KeyPath;

pub(super) fn check(authorizer: &ExternalAuthorizer, at: &KeyPath, findings: &mut Findings) {
    duration::check(&authorizer.latency, &at.key("latency"), findings);
    let Some(status) = authorizer.status else { return };
    if authorizer.answer != AuthorizerAnswer::Deny {
        findings.add(at.key("status"), "only a denial has a status", None);
    } else if !(200..600).contains(&status) {
        findings.add(at.key("status"), format!("expected 200 to 599, got {status}"), None);
    }
}
