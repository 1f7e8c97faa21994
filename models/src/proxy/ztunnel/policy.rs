//! Policies as ztunnel is sent them: rules, clauses and matches of what it can see of a connection
//! (ztunnel `proto/authorization.proto`). What they mean is said in `rbac`; which of them a pod has
//! is the control plane's business.

use std::fmt;

use ipnet::IpNet;

use crate::explain::RuleId;
use crate::world::Origin;

/// The policies of one workload: those of the mesh, of its namespace and its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Those that count, by name.
    pub in_force: Vec<Policy>,
    /// Those that select the workload and that ztunnel is not sent.
    pub ignored: Vec<Ignored>,
}

/// A policy that ztunnel is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its namespace and name.
    pub title: String,
    /// Why.
    pub why: String,
    /// The rule that says so.
    pub rule: RuleId,
    /// Where it stands.
    pub origin: Origin,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whom to blame, such as `shop/deny-web`.
    pub title: String,
    /// What a match means.
    pub action: Action,
    /// What it was made of.
    pub made_of: MadeOf,
    /// Any of them; without rules it never matches.
    pub rules: Vec<Rule>,
    /// Rules that its author wrote and that ztunnel is not sent.
    pub left_out: Vec<LeftOut>,
    /// Why it is not known whether it holds as it is written: a cluster refuses the object.
    pub doubt: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// What a policy of ztunnel was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MadeOf {
    /// An AuthorizationPolicy.
    Access,
    /// A PeerAuthentication that demands mutual TLS on all ports.
    MutualTls,
    /// A PeerAuthentication with modes of ports.
    PortModes,
}

/// A rule of an ALLOW policy that asks for what ztunnel does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it asks for, such as `methods`.
    pub fields: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// What a match of a policy means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Only what matches is allowed.
    Allow,
    /// What matches is denied.
    Deny,
}

impl Action {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// All of them; without clauses it matches everything.
    pub clauses: Vec<Clause>,
    /// Where it stands.
    pub origin: Origin,
}

/// One of the parts of a rule: `from`, `to`, or one of `when`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Which part it is.
    pub part: &'static str,
    /// Any of them; without matches it matches everything.
    pub matches: Vec<Match>,
}

/// What a connection must be; all that is given must fit. One that asks for nothing fits nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The namespace of the peer's identity.
    pub namespaces: Wanted<TextMatch>,
    /// The service account of the peer's identity.
    pub accounts: Wanted<AccountMatch>,
    /// The peer's identity, without `spiffe://`.
    pub principals: Wanted<TextMatch>,
    /// Where the connection comes from.
    pub source_ips: Wanted<IpNet>,
    /// The pod.
    pub destination_ips: Wanted<IpNet>,
    /// The port of the pod.
    pub destination_ports: Wanted<u16>,
    /// Fields that the author wrote and that ztunnel is not sent.
    pub dropped: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
}

impl Match {
    /// One that asks for nothing.
    #[must_use]
    pub const fn empty(origin: Origin) -> Self {
        Self {
            namespaces: Wanted::anything(),
            accounts: Wanted::anything(),
            principals: Wanted::anything(),
            source_ips: Wanted::anything(),
            destination_ips: Wanted::anything(),
            destination_ports: Wanted::anything(),
            dropped: Vec::new(),
            origin,
        }
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.namespaces.is_anything()
            && self.accounts.is_anything()
            && self.principals.is_anything()
            && self.source_ips.is_anything()
            && self.destination_ips.is_anything()
            && self.destination_ports.is_anything()
    }
}

/// Values of which one must fit, and values of which none may. Empty lists ask for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<T> {
    /// One of these.
    pub any_of: Vec<T>,
    /// None of these.
    pub none_of: Vec<T>,
}

impl<T> Wanted<T> {
    /// Nothing is asked for.
    #[must_use]
    pub const fn anything() -> Self {
        Self { any_of: Vec::new(), none_of: Vec::new() }
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub const fn is_anything(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }
}

/// A text to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// It is the same.
    Exact(String),
    /// It begins so.
    Prefix(String),
    /// It ends so.
    Suffix(String),
    /// There is any.
    Presence,
}

impl TextMatch {
    /// `*` alone asks for presence, and a star at one end stands for any text there. A star
    /// anywhere else is taken as it is (istio `pilot/pkg/serviceregistry/ambient/authorization.go`,
    /// `stringToMatch`).
    #[must_use]
    pub fn of(value: &str) -> Self {
        match (value, value.strip_prefix('*'), value.strip_suffix('*')) {
            ("*", ..) => Self::Presence,
            (_, Some(suffix), _) => Self::Suffix(suffix.to_owned()),
            (_, _, Some(prefix)) => Self::Prefix(prefix.to_owned()),
            _ => Self::Exact(value.to_owned()),
        }
    }

    /// Whether `text` fits.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Presence => !text.is_empty(),
        }
    }
}

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => write!(f, "{text}"),
            Self::Prefix(text) => write!(f, "{text}*"),
            Self::Suffix(text) => write!(f, "*{text}"),
            Self::Presence => write!(f, "*"),
        }
    }
}

/// A service account to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMatch {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl AccountMatch {
    /// `NAMESPACE/NAME`, or the name of one in the policy's own namespace (istio
    /// `pilot/pkg/serviceregistry/ambient/authorization.go`, `stringToServiceAccountMatch`).
    #[must_use]
    pub fn of(value: &str, own_namespace: &str) -> Self {
        let (namespace, name) = value.split_once('/').unwrap_or((own_namespace, value));
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl fmt::Display for AccountMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
