//! Why a policy does not match, or cannot be told to: its first clause that does not hold, with
//! what stands there instead. Whether it matches is decided in `matches`.

use crate::identity::SpiffeId;
use crate::world::Origin;

use super::super::super::config::{Clause, Permission, Principal, RbacPolicy, Wants};
use super::matches::Subject;
use crate::proxy::truth::Truth;

/// Rules may be nested; what stands deeper is not told one by one.
const DEPTH_MAX: u32 = 64;

/// How many values of a clause are told.
const VALUES_MAX: usize = 8;

/// How many alternatives of a policy are told.
const ALTERNATIVES_MAX: usize = 3;

/// What keeps a policy from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shortfall {
    pub(super) text: String,
    /// Where the clause stands; `None` where nobody wrote one.
    pub(super) origin: Option<Origin>,
    /// What it found, and of what any one would have done; none where that is not so simple.
    pub(super) misfit: Option<(String, Vec<String>)>,
}

impl Shortfall {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), origin: None, misfit: None }
    }
}

/// Why `policy` comes to `wanted`, which is `No` or `Unknown`: of each alternative who may do it
/// the first clause that says so, or else of what may be done.
pub(super) fn shortfall(policy: &RbacPolicy, subject: Subject<'_>, wanted: Truth) -> Shortfall {
    if policy.principals.is_empty() || policy.permissions.is_empty() {
        return Shortfall::of("it has nothing that could match");
    }
    let who = Truth::any(policy.principals.iter().map(|one| subject.is(one)));
    let each: Vec<_> = if who == wanted {
        let of =
            |one: &Principal| (subject.is(one) == wanted).then(|| who_not(one, subject, wanted));
        policy.principals.iter().filter_map(of).collect()
    } else {
        let of =
            |one: &Permission| (subject.may(one) == wanted).then(|| what_not(one, subject, wanted));
        policy.permissions.iter().filter_map(of).collect()
    };
    joined(each)
}

fn joined(each: Vec<Shortfall>) -> Shortfall {
    let more = each.len().saturating_sub(ALTERNATIVES_MAX);
    let origin = each.iter().find_map(|one| one.origin);
    let misfit = each.iter().find_map(|one| one.misfit.clone());
    let mut texts: Vec<_> = each.into_iter().take(ALTERNATIVES_MAX).map(|one| one.text).collect();
    texts.dedup();
    if more > 0 {
        texts.push(format!("and {more} more alternatives"));
    }
    Shortfall { text: texts.join("; "), origin, misfit }
}

fn who_not(principal: &Principal, subject: Subject<'_>, wanted: Truth) -> Shortfall {
    let found = first_principal(principal, subject, wanted, DEPTH_MAX);
    found.unwrap_or_else(|| {
        Shortfall::of(match wanted {
            Truth::Unknown => "an address that it asks for is not known",
            _ => "who does it does not fit",
        })
    })
}

fn what_not(permission: &Permission, subject: Subject<'_>, wanted: Truth) -> Shortfall {
    let found = first_permission(permission, subject, wanted, DEPTH_MAX);
    found.unwrap_or_else(|| {
        Shortfall::of(match wanted {
            Truth::Unknown => "an address that it asks for is not known",
            _ => "what is done does not fit",
        })
    })
}

/// The first clause within that comes to `wanted`.
fn first_principal(
    principal: &Principal,
    subject: Subject<'_>,
    wanted: Truth,
    depth: u32,
) -> Option<Shortfall> {
    let depth = depth.checked_sub(1)?;
    if subject.is(principal) != wanted {
        return None;
    }
    match principal {
        Principal::Unknowable(why) => Some(Shortfall::of(why.clone())),
        Principal::And(all) | Principal::Or(all) => {
            all.iter().find_map(|one| first_principal(one, subject, wanted, depth))
        }
        Principal::Written(clause, inner) => {
            let unknowable = first_principal(inner, subject, wanted, depth);
            let actual = || subject.actual_of_principal(inner, depth);
            Some(told(clause, wanted, unknowable, actual))
        }
        Principal::Not(inner) if wanted == Truth::Unknown => {
            first_principal(inner, subject, wanted, depth)
        }
        _ => None,
    }
}

fn first_permission(
    permission: &Permission,
    subject: Subject<'_>,
    wanted: Truth,
    depth: u32,
) -> Option<Shortfall> {
    let depth = depth.checked_sub(1)?;
    if subject.may(permission) != wanted {
        return None;
    }
    match permission {
        Permission::Unknowable(why) => Some(Shortfall::of(why.clone())),
        Permission::And(all) | Permission::Or(all) => {
            all.iter().find_map(|one| first_permission(one, subject, wanted, depth))
        }
        Permission::Written(clause, inner) => {
            let unknowable = first_permission(inner, subject, wanted, depth);
            let actual = || subject.actual_of_permission(inner, depth);
            Some(told(clause, wanted, unknowable, actual))
        }
        Permission::Not(inner) if wanted == Truth::Unknown => {
            first_permission(inner, subject, wanted, depth)
        }
        _ => None,
    }
}

fn told(
    clause: &Clause,
    wanted: Truth,
    unknowable: Option<Shortfall>,
    actual: impl FnOnce() -> String,
) -> Shortfall {
    let origin = Some(clause.origin);
    let Clause { attribute, .. } = clause;
    if wanted == Truth::Unknown {
        let why = unknowable.map_or_else(|| format!("{attribute} is not known"), |it| it.text);
        return Shortfall { text: why, origin, misfit: None };
    }
    let found = actual();
    let text = format!("{attribute} is {found}, wanted {}", wants(clause));
    let wanted = clause.values.iter().take(VALUES_MAX).cloned().collect();
    let misfit = (clause.wants == Wants::OneOf).then_some((found, wanted));
    Shortfall { text, origin, misfit }
}

fn wants(clause: &Clause) -> String {
    let more = clause.values.len().saturating_sub(VALUES_MAX);
    let values: Vec<_> = clause.values.iter().take(VALUES_MAX).map(String::as_str).collect();
    let list = values.join(", ");
    let list = if more > 0 { format!("{list} and {more} more") } else { list };
    match (clause.wants, clause.values.len()) {
        (Wants::OneOf, 1) => list,
        (Wants::OneOf, _) => format!("one of {list}"),
        (Wants::NoneOf, 1) => format!("anything but {list}"),
        (Wants::NoneOf, _) => format!("none of {list}"),
    }
}

impl Subject<'_> {
    /// What a condition finds, in words.
    fn actual_of_principal(&self, principal: &Principal, depth: u32) -> String {
        let Some(depth) = depth.checked_sub(1) else { return "something else".to_owned() };
        match principal {
            Principal::And(all) | Principal::Or(all) => {
                let first = all.first();
                first.map_or_else(String::new, |one| self.actual_of_principal(one, depth))
            }
            Principal::Not(inner) | Principal::Written(_, inner) => {
                self.actual_of_principal(inner, depth)
            }
            Principal::Authenticated(_) => match self.connection.principal.as_deref() {
                None => "missing, because the connection has no mutual TLS".to_owned(),
                Some(name) => name
                    .parse::<SpiffeId>()
                    .map_or_else(|_| format!("{name:?}"), |id| id.principal()),
            },
            Principal::DirectRemoteIp(_) => shown(self.connection.source_ip),
            Principal::RemoteIp(_) => shown(self.client_ip()),
            Principal::Header(matcher) => self.header(&matcher.name),
            Principal::UrlPath(_) => self.path(),
            Principal::Claim { path, .. } => self.claim(path),
            Principal::Any | Principal::Unknowable(_) => "something else".to_owned(),
        }
    }

    fn actual_of_permission(&self, permission: &Permission, depth: u32) -> String {
        let Some(depth) = depth.checked_sub(1) else { return "something else".to_owned() };
        match permission {
            Permission::And(all) | Permission::Or(all) => {
                let first = all.first();
                first.map_or_else(String::new, |one| self.actual_of_permission(one, depth))
            }
            Permission::Not(inner) | Permission::Written(_, inner) => {
                self.actual_of_permission(inner, depth)
            }
            Permission::Header(matcher) => self.header(&matcher.name),
            Permission::UrlPath(_) | Permission::UrlTemplate(_) => self.path(),
            Permission::DestinationPort(_) => self.connection.destination_port.to_string(),
            Permission::DestinationIp(_) => shown(self.connection.destination_ip),
            Permission::RequestedServerName(_) => {
                self.connection.sni.clone().unwrap_or_else(|| "missing".to_owned())
            }
            Permission::Any | Permission::Unknowable(_) => "something else".to_owned(),
        }
    }

    fn header(&self, name: &str) -> String {
        let Some(http) = self.http else { return "not known of a bare connection".to_owned() };
        let values: Vec<_> = http.request.headers.all(name).collect();
        if values.is_empty() { "missing".to_owned() } else { values.join(", ") }
    }

    fn path(&self) -> String {
        self.http.map_or_else(
            || "not known of a bare connection".to_owned(),
            |http| http.request.path().to_owned(),
        )
    }

    fn claim(&self, path: &[String]) -> String {
        let Some(http) = self.http else { return "not known of a bare connection".to_owned() };
        match http.claims {
            Some(claims) => claims
                .get(path)
                .map_or_else(|| "missing in the token".to_owned(), |values| values.join(", ")),
            None => "missing, because the request has no token that was verified".to_owned(),
        }
    }
}

fn shown(ip: Option<std::net::IpAddr>) -> String {
    ip.map_or_else(|| "not known".to_owned(), |ip| ip.to_string())
}
