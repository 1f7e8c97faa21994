//! Permissions and principals: whether they fit a connection or a request on it.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::profile::RepeatedHeaders;
use crate::token::ClaimValues;

use super::super::super::config::{Case, HeaderMatcher, Permission, Principal, StringMatcher};
use super::super::super::request::{Connection, Request};
use crate::proxy::truth::Truth;

/// Rules may be nested; what stands deeper cannot be told.
const DEPTH_MAX: u32 = 64;

/// Who wants what.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Subject<'a> {
    /// The connection.
    pub(in super::super) connection: &'a Connection,
    /// The request on it; `None` where only the connection is judged.
    pub(in super::super) http: Option<Http<'a>>,
}

/// A request, as rules see it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Http<'a> {
    /// The request.
    pub(in super::super) request: &'a Request,
    /// The claims of its token that count.
    pub(in super::super) claims: Option<&'a ClaimValues>,
    /// How repeated headers are compared.
    pub(in super::super) repeated: RepeatedHeaders,
}

impl Subject<'_> {
    pub(super) fn may(&self, permission: &Permission) -> Truth {
        self.may_within(permission, DEPTH_MAX)
    }

    pub(super) fn is(&self, principal: &Principal) -> Truth {
        self.is_within(principal, DEPTH_MAX)
    }

    /// Source: Envoy, api/envoy/config/rbac/v3/rbac.proto, `Permission`.
    fn may_within(&self, permission: &Permission, depth: u32) -> Truth {
        let Some(depth) = depth.checked_sub(1) else { return Truth::Unknown };
        match permission {
            Permission::Any => Truth::Yes,
            Permission::And(all) => Truth::all(all.iter().map(|one| self.may_within(one, depth))),
            Permission::Or(any) => Truth::any(any.iter().map(|one| self.may_within(one, depth))),
            Permission::Not(one) => self.may_within(one, depth).not(),
            Permission::Written(_, one) => self.may_within(one, depth),
            Permission::Unknowable(_) => Truth::Unknown,
            Permission::Header(matcher) => self.has_header(matcher),
            Permission::UrlPath(matcher) => self.has_path(|path| matcher.matches(path)),
            Permission::UrlTemplate(matcher) => {
                self.has_path(|path| matcher.matches(path, Case::Sensitive))
            }
            Permission::DestinationPort(port) => (self.connection.destination_port == *port).into(),
            Permission::DestinationIp(net) => within(net, self.connection.destination_ip),
            Permission::RequestedServerName(matcher) => {
                matcher.matches(self.connection.sni.as_deref().unwrap_or_default()).into()
            }
        }
    }

    /// Source: Envoy, api/envoy/config/rbac/v3/rbac.proto, `Principal`.
    fn is_within(&self, principal: &Principal, depth: u32) -> Truth {
        let Some(depth) = depth.checked_sub(1) else { return Truth::Unknown };
        match principal {
            Principal::Any => Truth::Yes,
            Principal::And(all) => Truth::all(all.iter().map(|one| self.is_within(one, depth))),
            Principal::Or(any) => Truth::any(any.iter().map(|one| self.is_within(one, depth))),
            Principal::Not(one) => self.is_within(one, depth).not(),
            Principal::Written(_, one) => self.is_within(one, depth),
            Principal::Unknowable(_) => Truth::Unknown,
            Principal::Authenticated(matcher) => {
                let identity = self.connection.principal.as_deref();
                let fits =
                    |identity| matcher.as_ref().is_none_or(|matcher| matcher.matches(identity));
                identity.is_some_and(fits).into()
            }
            Principal::DirectRemoteIp(net) => within(net, self.connection.source_ip),
            Principal::RemoteIp(net) => within(net, self.client_ip()),
            Principal::Header(matcher) => self.has_header(matcher),
            Principal::UrlPath(matcher) => self.has_path(|path| matcher.matches(path)),
            Principal::Claim { path, value } => self.has_claim(path, value),
        }
    }

    /// Rules on HTTP never fit a bare connection.
    fn has_header(&self, matcher: &HeaderMatcher) -> Truth {
        let fits = |http: Http<'_>| matcher.matches(&http.request.headers, http.repeated);
        self.http.is_some_and(fits).into()
    }

    fn has_path(&self, fits: impl Fn(&str) -> bool) -> Truth {
        let path = |http: Http<'_>| {
            http.request.headers.get(":path").is_some() && fits(http.request.path())
        };
        self.http.is_some_and(path).into()
    }

    fn has_claim(&self, path: &[String], value: &StringMatcher) -> Truth {
        let claims = self.http.and_then(|http| http.claims);
        let named = claims.and_then(|claims| claims.get(path)).into_iter().flatten();
        named.map(String::as_str).any(|claim| value.matches(claim)).into()
    }

    /// The address of the client: the last one that `x-forwarded-for` names, else the peer's. At
    /// the edge the connection manager has put the peer there.
    ///
    /// Source: Envoy, "HTTP header manipulation", x-forwarded-for, with no trusted hops.
    pub(super) fn client_ip(&self) -> Option<IpAddr> {
        let list = self.http.and_then(|http| http.request.headers.get("x-forwarded-for"));
        let last = list.and_then(|list| list.rsplit(',').next());
        let told = last.and_then(|address| address.trim().parse().ok());
        told.or(self.connection.source_ip)
    }
}

fn within(net: &IpNet, ip: Option<IpAddr>) -> Truth {
    ip.map_or(Truth::Unknown, |ip| net.contains(&ip).into())
}
