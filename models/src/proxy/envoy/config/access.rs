//! Who may do what: access rules on requests and connections, and external authorisers, as data.
//! What they decide is the business of `filters`.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::units::SimDuration;
use crate::world::Origin;

use super::{HeaderMatcher, PathMatcher, StringMatcher};

/// Access rules; the shadow rules only tell what they would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rbac {
    /// Rules that count; `None` allows all.
    pub rules: Option<RbacRules>,
    /// Rules that are only recorded.
    pub shadow: Option<RbacRules>,
}

/// Policies under one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RbacRules {
    /// What a match means.
    pub action: RbacAction,
    /// The policies, by name; any of them that matches counts.
    pub policies: BTreeMap<String, RbacPolicy>,
    /// What the control plane was given and could not write as a policy.
    pub left_out: Vec<LeftOut>,
}

/// Something that was written and is no policy of the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is called where it was written.
    pub title: String,
    /// Why it is left out.
    pub why: String,
    /// Where it is written.
    pub origin: Origin,
}

/// What a match of a policy means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RbacAction {
    /// Only what matches is allowed.
    Allow,
    /// What matches is denied.
    Deny,
    /// All is allowed; a match is recorded.
    Log,
}

/// Matches if any permission and any principal match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RbacPolicy {
    /// What it is called where it was written.
    pub title: String,
    /// What is done.
    pub permissions: Vec<Permission>,
    /// Who does it.
    pub principals: Vec<Principal>,
    /// Where it is written.
    pub origin: Origin,
}

/// A condition in the words of whoever wrote it. The proxy does not look at it; it is told where
/// the condition does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// What is compared, such as `source.principal`.
    pub attribute: String,
    /// The values.
    pub values: Vec<String>,
    /// Whether one of them must fit or none may.
    pub wants: Wants,
    /// Where it is written.
    pub origin: Origin,
}

/// Whether one of some values must fit or none may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wants {
    /// One of them.
    OneOf,
    /// None of them.
    NoneOf,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anything.
    Any,
    /// All of these.
    And(Vec<Permission>),
    /// Any of these.
    Or(Vec<Permission>),
    /// Not this.
    Not(Box<Permission>),
    /// This, as somebody wrote it.
    Written(Clause, Box<Permission>),
    /// A header, pseudo-headers such as `:method` among them.
    Header(HeaderMatcher),
    /// The path without query.
    UrlPath(StringMatcher),
    /// The path without query, by template.
    UrlTemplate(PathMatcher),
    /// The port that was dialled.
    DestinationPort(u16),
    /// The address that was dialled.
    DestinationIp(ipnet::IpNet),
    /// SNI.
    RequestedServerName(StringMatcher),
    /// What is not modelled, and why.
    Unknowable(String),
}

/// Who does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Anybody.
    Any,
    /// All of these.
    And(Vec<Principal>),
    /// Any of these.
    Or(Vec<Principal>),
    /// Not this.
    Not(Box<Principal>),
    /// This, as somebody wrote it.
    Written(Clause, Box<Principal>),
    /// The identity of the client's certificate; `None` takes any certificate.
    Authenticated(Option<StringMatcher>),
    /// The address of the connection.
    DirectRemoteIp(ipnet::IpNet),
    /// The address of the client, which headers may name.
    RemoteIp(ipnet::IpNet),
    /// A header.
    Header(HeaderMatcher),
    /// The path without query.
    UrlPath(StringMatcher),
    /// A claim of the request's token, by path such as `["groups"]`.
    Claim {
        /// The path to the claim.
        path: Vec<String>,
        /// Its value, or one of its values.
        value: StringMatcher,
    },
    /// What cannot be known, and why.
    Unknowable(String),
}

/// An external authoriser, and which requests or connections it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtAuthz {
    /// The name of its provider.
    pub provider: String,
    /// It is asked about what any of these matches; their action is [`RbacAction::Log`].
    pub asks: RbacRules,
    /// What its silence means.
    pub on_failure: Sourced<OnFailure>,
    /// The status of the answer where its silence denies; 403 by default.
    pub status_on_error: Sourced<u16>,
    /// How long its answer may take.
    pub timeout: Sourced<SimDuration>,
    /// The service that is asked, as `host:port`.
    pub service: String,
    /// Where it is written.
    pub origin: Origin,
}

/// What the silence of an external authoriser means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The request goes on.
    Allow,
    /// It is denied.
    Deny,
}
