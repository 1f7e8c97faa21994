//! What ztunnels make of an AuthorizationPolicy as a whole, for those who ask about the object and
//! not about a connection.

use crate::control::istio::config::Config;
use crate::manifest::kinds::istio::AuthorizationPolicy;

use super::authorization::{Status, translate};

/// What is left of a policy at a ztunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All of it.
    Whole,
    /// Rules of ALLOW are left out, because they look at these fields.
    AllowsLess(Vec<String>),
    /// Rules of DENY lose these fields.
    DeniesMore(Vec<String>),
    /// A DENY policy loses these fields and with them everything.
    DeniesNothing(Vec<String>),
    /// No ztunnel gets it, and why.
    NotSent(String),
}

/// What ztunnels make of a policy that has no `targetRefs`.
#[must_use]
pub fn reading(policy: &Config<AuthorizationPolicy>) -> Reading {
    let made = translate(policy);
    let fields = || made.of_requests.iter().map(|field| format!("`{}`", field.value)).collect();
    match made.status {
        Status::AllowLosesRules => Reading::AllowsLess(fields()),
        Status::DenyLosesFields => Reading::DeniesMore(fields()),
        Status::DenyIsEmpty => Reading::DeniesNothing(fields()),
        Status::Accepted => Reading::Whole,
        Status::Silent | Status::Action | Status::DryRun => {
            let why = made.ignored.map(|ignored| ignored.why);
            Reading::NotSent(why.unwrap_or_else(|| "ztunnels are not sent it".to_owned()))
        }
    }
}
