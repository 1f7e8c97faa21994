//! AuthorizationPolicies a second time, for clarity alone: straight from the API's documentation,
//! rule by rule and value by value, without a proxy's configuration between.

use std::net::IpAddr;

use crate::control::istio::config::Config;
use crate::identity::SpiffeId;
use crate::manifest::kinds::istio::{
    AccessAction, AccessOperation, AccessRule, AccessSource, AccessValues, AuthorizationPolicy,
};
use crate::proxy::envoy::Request;

/// Whether a request, or a connection that carries bytes, is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Requests,
    Bytes,
}

/// What a rule on requests means to bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnBytes {
    /// The rule does not match.
    NoMatch,
    /// The field is not looked at.
    NotAsked,
}

/// Whether the policies that select the workload allow a call: no DENY policy may match, and if
/// there are ALLOW policies one must.
pub(super) fn allows(policies: &[Config<AuthorizationPolicy>], call: &Request, seen: Seen) -> bool {
    let selected = |policy: &&Config<AuthorizationPolicy>| {
        let in_scope = policy.namespace == "shop" || policy.namespace == "istio-system";
        let wants_cart = policy.object.selector.as_ref().is_none_or(|labels| {
            labels.value.iter().all(|(key, value)| key == "app" && value.value == "cart")
        });
        in_scope && wants_cart
    };
    let with = |action| {
        policies.iter().filter(selected).filter(move |it| it.object.action.value == action)
    };
    let matches = |policy: &Config<AuthorizationPolicy>, on_bytes| {
        let judge = Judge { call, seen, on_bytes, namespace: &policy.namespace };
        policy.object.rules.iter().any(|rule| judge.rule(rule))
    };
    if with(AccessAction::Deny).any(|policy| matches(policy, OnBytes::NotAsked)) {
        return false;
    }
    let mut allowing = with(AccessAction::Allow).peekable();
    allowing.peek().is_none() || allowing.any(|policy| matches(policy, OnBytes::NoMatch))
}

struct Judge<'j> {
    call: &'j Request,
    seen: Seen,
    on_bytes: OnBytes,
    /// The namespace of the policy.
    namespace: &'j str,
}

impl Judge<'_> {
    fn rule(&self, rule: &AccessRule) -> bool {
        // On bytes one field of requests anywhere makes all of an ALLOW rule void.
        let on_requests = rule.from.iter().any(|it| !it.request_principals.is_empty())
            || rule
                .to
                .iter()
                .any(|it| !(it.hosts.is_empty() && it.methods.is_empty() && it.paths.is_empty()))
            || rule.when.iter().any(|it| it.key.value.starts_with("request."));
        if self.seen == Seen::Bytes && on_requests && self.on_bytes == OnBytes::NoMatch {
            return false;
        }
        let from = rule.from.is_empty() || rule.from.iter().any(|one| self.source(one));
        let to = rule.to.is_empty() || rule.to.iter().any(|one| self.operation(one));
        from && to && rule.when.iter().all(|one| self.condition(&one.key.value, &one.values))
    }

    fn source(&self, source: &AccessSource) -> bool {
        let id = self.identity();
        let account = |value: &str| {
            let (namespace, account) = value.split_once('/').unwrap_or((self.namespace, value));
            id.as_ref().is_some_and(|id| id.namespace == namespace && id.service_account == account)
        };
        fits(&source.principals, |value| self.principal(value))
            && fits(&source.namespaces, |value| self.in_namespace(value))
            && fits(&source.service_accounts, account)
            && fits(&source.ip_blocks, |value| within(self.call.connection.source_ip, value))
            && fits(&source.remote_ip_blocks, |value| within(self.call.connection.source_ip, value))
    }

    fn operation(&self, operation: &AccessOperation) -> bool {
        let host = self.call.authority().to_lowercase();
        let port = self.call.connection.destination_port.to_string();
        let method = self.call.method();
        self.asked(&operation.hosts, |value| starred(&value.to_lowercase(), Some(&host)))
            && self.asked(&operation.methods, |value| starred(value, Some(method)))
            && self.asked(&operation.paths, |value| path(value, self.call.path()))
            && fits(&operation.ports, |value| value == port)
    }

    fn condition(&self, key: &str, values: &AccessValues) -> bool {
        let connection = &self.call.connection;
        match key {
            "source.ip" => fits(values, |value| within(connection.source_ip, value)),
            "destination.ip" => fits(values, |value| within(connection.destination_ip, value)),
            "destination.port" => {
                fits(values, |value| value == connection.destination_port.to_string())
            }
            "source.namespace" => fits(values, |value| self.in_namespace(value)),
            "source.principal" => fits(values, |value| self.principal(value)),
            "request.headers[x-user]" => {
                self.asked(values, |value| starred(value, self.call.headers.get("x-user")))
            }
            other => panic!("the laws use no key {other}"),
        }
    }

    /// A field of requests.
    fn asked(&self, values: &AccessValues, one: impl Fn(&str) -> bool) -> bool {
        self.seen == Seen::Bytes || fits(values, one)
    }

    fn identity(&self) -> Option<SpiffeId> {
        self.call.connection.principal.as_ref().and_then(|name| name.parse().ok())
    }

    fn principal(&self, value: &str) -> bool {
        let name = self.identity().map(|id| id.principal());
        starred(value, name.as_deref())
    }

    fn in_namespace(&self, value: &str) -> bool {
        self.identity().is_some_and(|id| starred(value, Some(&id.namespace)))
    }
}

/// One of the values must fit, and none of those that must not.
fn fits(values: &AccessValues, one: impl Fn(&str) -> bool) -> bool {
    let wanted = values.any_of.is_empty() || values.any_of.iter().any(|value| one(&value.value));
    wanted && !values.none_of.iter().any(|value| one(&value.value))
}

/// A text, perhaps with a star at one end; a star alone asks for any text that is there.
fn starred(value: &str, text: Option<&str>) -> bool {
    let Some(text) = text else { return false };
    if value == "*" {
        !text.is_empty()
    } else if let Some(end) = value.strip_prefix('*') {
        text.ends_with(end)
    } else if let Some(start) = value.strip_suffix('*') {
        text.starts_with(start)
    } else {
        text == value
    }
}

/// A path: with `{*}` for one element and `{**}` for any number of them, else like other texts.
fn path(value: &str, text: &str) -> bool {
    if !value.contains('{') {
        return starred(value, Some(text));
    }
    let wanted: Vec<_> = value.split('/').collect();
    let given: Vec<_> = text.split('/').collect();
    elements(&wanted, &given)
}

fn elements(wanted: &[&str], given: &[&str]) -> bool {
    match (wanted, given) {
        ([], []) => true,
        (["{**}"], _) => !given.is_empty(),
        (["{*}", rest @ ..], [one, others @ ..]) => !one.is_empty() && elements(rest, others),
        ([word, rest @ ..], [one, others @ ..]) => word == one && elements(rest, others),
        _ => false,
    }
}

fn within(ip: Option<IpAddr>, block: &str) -> bool {
    let (address, length) = block.split_once('/').unwrap_or((block, "32"));
    let bits = |text: &str| text.parse::<std::net::Ipv4Addr>().map(u32::from).ok();
    let length: u32 = length.parse().expect("a length");
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    match (ip, bits(address)) {
        (Some(IpAddr::V4(ip)), Some(block)) => u32::from(ip) & mask == block & mask,
        _ => false,
    }
}
