//! Access rules before a request is known: what they say of everything that a client can send, and
//! which conditions are left open. Single requests are judged by `proxy::envoy::filters`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::proxy::envoy::config::{
    Clause, HeaderMatcher, HeaderTest, Permission, Principal, RbacAction, RbacPolicy, RbacRules,
    StringMatcher, StringTest, Wants,
};
use crate::world::Origin;

/// Rules may be nested; what stands deeper cannot be told.
const DEPTH_MAX: u32 = 64;
/// How many alternatives one policy may have; with more, it cannot be told.
const ALTERNATIVES_MAX: usize = 256;

/// What is known of a connection before anything is sent over it.
#[derive(Clone, Debug)]
pub(super) struct Known<'a> {
    /// The identity of the client's certificate.
    pub(super) principal: Option<&'a str>,
    /// Where it comes from.
    pub(super) source: Source,
    /// The address of the server.
    pub(super) server_ip: Option<IpAddr>,
    pub(super) port: u16,
    /// Whether requests can be seen.
    pub(super) sees: Sees,
}

/// What is known of a client's address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// It is this one.
    At(IpAddr),
    /// It is one of these.
    Among(IpAddr, IpAddr),
    /// Nothing.
    Open,
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    Connections,
    Requests,
}

/// A condition on requests, in the words of whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// What is compared: `method`, `path`, or another attribute.
    pub attribute: String,
    /// The values.
    pub values: Vec<String>,
    /// Whether one of them must fit or none may.
    pub wants: Wants,
}

/// Requests that one policy speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Admission {
    /// The policy as it is called where it was written.
    pub policy: String,
    /// Where.
    pub origin: Origin,
    /// What requests must fulfil: all of it.
    pub conditions: Vec<Condition>,
}

/// What rules say of all requests of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Everything(RuleHit),
    /// Some requests: those of these alternatives.
    Some(Vec<Admission>),
    Unknown(String, Vec<Origin>),
}

/// The policy that speaks of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleHit {
    pub(super) policy: String,
    pub(super) origin: Origin,
}

/// What is left of a condition.
enum Left {
    No,
    Yes,
    /// Any of these, each with all of its conditions.
    Open(Vec<Vec<Condition>>),
    Unknown(String),
}

/// Which requests the policies of `rules` match.
pub(super) fn matched(rules: &RbacRules, known: &Known<'_>) -> Said {
    let mut some = Vec::new();
    let mut doubts = Vec::new();
    let mut origins = Vec::new();
    for policy in rules.policies.values() {
        match left_of(policy, known) {
            Left::No => {}
            Left::Yes => {
                let hit = RuleHit { policy: policy.title.clone(), origin: policy.origin };
                return Said::Everything(hit);
            }
            Left::Open(alternatives) => some.extend(alternatives.into_iter().map(|conditions| {
                Admission { policy: policy.title.clone(), origin: policy.origin, conditions }
            })),
            Left::Unknown(why) => {
                doubts.push(format!("policy {}: {why}", policy.title));
                origins.push(policy.origin);
            }
        }
    }
    // What is only recorded is never in doubt.
    if !doubts.is_empty() && rules.action != RbacAction::Log {
        return Said::Unknown(doubts.join("; "), origins);
    }
    if some.is_empty() {
        return Said::Nothing;
    }
    some.sort();
    some.dedup();
    Said::Some(some)
}

/// Any permission and any principal must fit.
fn left_of(policy: &RbacPolicy, known: &Known<'_>) -> Left {
    let who = any(policy.principals.iter().map(|one| known.is(one, DEPTH_MAX)));
    if matches!(who, Left::No) {
        return Left::No;
    }
    let what = any(policy.permissions.iter().map(|one| known.may(one, DEPTH_MAX)));
    all([what, who])
}

impl Known<'_> {
    fn may(&self, permission: &Permission, depth: u32) -> Left {
        let Some(depth) = depth.checked_sub(1) else { return too_deep() };
        match permission {
            Permission::Any => Left::Yes,
            Permission::And(parts) => all(parts.iter().map(|one| self.may(one, depth))),
            Permission::Or(parts) => any(parts.iter().map(|one| self.may(one, depth))),
            Permission::Not(one) => not(self.may(one, depth)),
            Permission::Written(clause, one) => {
                let words = Words::of_permission(one, depth);
                written(clause, words, self.may(one, depth))
            }
            Permission::Unknowable(why) => Left::Unknown(why.clone()),
            Permission::Header(matcher) => self.header(matcher),
            Permission::UrlPath(matcher) => self.request("path", shown(matcher)),
            Permission::UrlTemplate(matcher) => self.request("path", format!("{matcher:?}")),
            Permission::DestinationPort(port) => truth(*port == self.port),
            Permission::DestinationIp(net) => match self.server_ip {
                Some(ip) => truth(net.contains(&ip)),
                None => address_unknown("the server"),
            },
            // Whatever the client's proxy sends as server name is no name that a user chose.
            Permission::RequestedServerName(_) => {
                Left::Unknown("the server name that the client sends is not known".to_owned())
            }
        }
    }

    fn is(&self, principal: &Principal, depth: u32) -> Left {
        let Some(depth) = depth.checked_sub(1) else { return too_deep() };
        match principal {
            Principal::Any => Left::Yes,
            Principal::And(parts) => all(parts.iter().map(|one| self.is(one, depth))),
            Principal::Or(parts) => any(parts.iter().map(|one| self.is(one, depth))),
            Principal::Not(one) => not(self.is(one, depth)),
            Principal::Written(clause, one) => {
                let words = Words::of_principal(one, depth);
                written(clause, words, self.is(one, depth))
            }
            Principal::Unknowable(why) => Left::Unknown(why.clone()),
            Principal::Authenticated(matcher) => {
                let fits =
                    |id| matcher.as_ref().is_none_or(|matcher: &StringMatcher| matcher.matches(id));
                truth(self.principal.is_some_and(fits))
            }
            Principal::DirectRemoteIp(net) => self.within(net),
            // Headers may name another address.
            Principal::RemoteIp(net) => match self.sees {
                Sees::Connections => self.within(net),
                Sees::Requests => {
                    Left::Unknown("the address of the client, which headers may name".to_owned())
                }
            },
            Principal::Header(matcher) => self.header(matcher),
            Principal::UrlPath(matcher) => self.request("path", shown(matcher)),
            Principal::Claim { path, value } => {
                self.request(&format!("claim {}", path.join(".")), shown(value))
            }
        }
    }

    fn header(&self, matcher: &HeaderMatcher) -> Left {
        let value = match &matcher.test {
            HeaderTest::Value(value) => shown(value),
            HeaderTest::Present => "*".to_owned(),
            HeaderTest::Absent | HeaderTest::Range { .. } => format!("{:?}", matcher.test),
        };
        self.request(&attribute(&matcher.name), value)
    }

    /// Conditions on requests never fit a bare connection.
    fn request(&self, attribute: &str, value: String) -> Left {
        if self.sees == Sees::Connections {
            return Left::No;
        }
        Left::Open(vec![vec![Condition {
            attribute: attribute.to_owned(),
            values: vec![value],
            wants: Wants::OneOf,
        }]])
    }

    fn within(&self, net: &IpNet) -> Left {
        match self.source {
            Source::At(ip) => truth(net.contains(&ip)),
            Source::Among(first, last) => match (net.contains(&first), net.contains(&last)) {
                (true, true) => Left::Yes,
                (false, false) if last < net.network() || first > net.broadcast() => Left::No,
                _ => Left::Unknown(format!("a part of the addresses lies in {net}")),
            },
            Source::Open if net.prefix_len() == 0 => Left::Yes,
            Source::Open => address_unknown("the client"),
        }
    }
}

fn too_deep() -> Left {
    Left::Unknown("its conditions are nested too deep".to_owned())
}

fn address_unknown(who: &str) -> Left {
    Left::Unknown(format!("the address of {who} is not given"))
}

const fn truth(holds: bool) -> Left {
    if holds { Left::Yes } else { Left::No }
}

fn not(left: Left) -> Left {
    match left {
        Left::No => Left::Yes,
        Left::Yes => Left::No,
        Left::Unknown(why) => Left::Unknown(why),
        Left::Open(alternatives) => match <[Vec<Condition>; 1]>::try_from(alternatives) {
            Ok([conditions]) => {
                Left::Open(conditions.into_iter().map(|it| vec![turned(it)]).collect())
            }
            Err(alternatives) => {
                let each = alternatives.into_iter().map(|it| not(Left::Open(vec![it])));
                all(each)
            }
        },
    }
}

fn turned(condition: Condition) -> Condition {
    let wants = match condition.wants {
        Wants::OneOf => Wants::NoneOf,
        Wants::NoneOf => Wants::OneOf,
    };
    Condition { wants, ..condition }
}

fn any(parts: impl IntoIterator<Item = Left>) -> Left {
    let mut open = Vec::new();
    let mut doubt = None;
    for part in parts {
        match part {
            Left::No => {}
            Left::Yes => return Left::Yes,
            Left::Open(alternatives) => open.extend(alternatives),
            Left::Unknown(why) => doubt = doubt.or(Some(why)),
        }
    }
    match (doubt, open.is_empty()) {
        (Some(why), _) => Left::Unknown(why),
        (None, true) => Left::No,
        (None, false) => bounded(open),
    }
}

fn all(parts: impl IntoIterator<Item = Left>) -> Left {
    let mut open: Vec<Vec<Condition>> = vec![Vec::new()];
    let mut doubt = None;
    for part in parts {
        match part {
            Left::No => return Left::No,
            Left::Yes => {}
            Left::Open(more) => {
                if open.len().saturating_mul(more.len()) > ALTERNATIVES_MAX {
                    doubt = doubt.or(Some("it has too many alternatives".to_owned()));
                    continue;
                }
                let joined = |one: &Vec<Condition>, other: &Vec<Condition>| {
                    one.iter().chain(other).cloned().collect()
                };
                open = open
                    .iter()
                    .flat_map(|one| more.iter().map(move |other| joined(one, other)))
                    .collect();
            }
            Left::Unknown(why) => doubt = doubt.or(Some(why)),
        }
    }
    match doubt {
        Some(why) => Left::Unknown(why),
        None if open.iter().any(Vec::is_empty) => Left::Yes,
        None => bounded(open),
    }
}

fn bounded(open: Vec<Vec<Condition>>) -> Left {
    match open.len() > ALTERNATIVES_MAX {
        true => Left::Unknown("it has too many alternatives".to_owned()),
        false => Left::Open(open),
    }
}

/// What a clause is about, if it is the method, the path or the host.
#[derive(Clone, Copy)]
struct Words(Option<&'static str>);

impl Words {
    fn of_permission(permission: &Permission, depth: u32) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self(None) };
        match permission {
            Permission::And(parts) | Permission::Or(parts) => {
                parts.first().map_or(Self(None), |one| Self::of_permission(one, depth))
            }
            Permission::Not(one) | Permission::Written(_, one) => Self::of_permission(one, depth),
            Permission::UrlPath(_) | Permission::UrlTemplate(_) => Self(Some("path")),
            Permission::Header(matcher) => Self(pseudo(&matcher.name)),
            _ => Self(None),
        }
    }

    fn of_principal(principal: &Principal, depth: u32) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self(None) };
        match principal {
            Principal::And(parts) | Principal::Or(parts) => {
                parts.first().map_or(Self(None), |one| Self::of_principal(one, depth))
            }
            Principal::Not(one) | Principal::Written(_, one) => Self::of_principal(one, depth),
            Principal::UrlPath(_) => Self(Some("path")),
            Principal::Header(matcher) => Self(pseudo(&matcher.name)),
            _ => Self(None),
        }
    }
}

fn pseudo(header: &str) -> Option<&'static str> {
    match header {
        ":method" => Some("method"),
        ":path" => Some("path"),
        ":authority" => Some("host"),
        _ => None,
    }
}

fn attribute(header: &str) -> String {
    pseudo(header).map_or_else(|| format!("header {header}"), str::to_owned)
}

/// Where a clause is left open, it is told in the words of whoever wrote it.
fn written(clause: &Clause, Words(about): Words, left: Left) -> Left {
    let Left::Open(_) = left else { return left };
    let attribute = about.map_or_else(|| clause.attribute.clone(), str::to_owned);
    let values = clause.values.clone();
    Left::Open(vec![vec![Condition { attribute, values, wants: clause.wants }]])
}

fn shown(matcher: &StringMatcher) -> String {
    match &matcher.test {
        StringTest::Exact(text) => text.clone(),
        StringTest::Prefix(text) => format!("{text}*"),
        StringTest::Suffix(text) => format!("*{text}"),
        StringTest::Contains(text) => format!("*{text}*"),
        StringTest::Regex(pattern) => format!("{pattern:?}"),
    }
}
