//! Single values of a rule as matchers of the proxy (istio `pilot/pkg/security/authz/matcher` and
//! `model/generator.go`). Which values a rule has is said in `clause`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::proxy::envoy::config::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, Pattern, Permission,
    Principal, StringMatcher, StringTest,
};

/// What names of identities begin with.
const SPIFFE: &str = "spiffe://";

/// `*` is anything that is not empty; a star at one end stands for any text.
pub(super) fn text(value: &str, case: Case) -> StringMatcher {
    let test = match (value, value.strip_prefix('*'), value.strip_suffix('*')) {
        ("*", ..) => StringTest::Regex(Pattern::new(".+")),
        (_, Some(suffix), _) => StringTest::Suffix(suffix.to_owned()),
        (_, _, Some(prefix)) => StringTest::Prefix(prefix.to_owned()),
        _ => StringTest::Exact(value.to_owned()),
    };
    StringMatcher { test, case }
}

/// A header: `*` asks whether it is there.
pub(super) fn header(name: &str, value: &str, case: Case) -> HeaderMatcher {
    HeaderMatcher {
        name: name.to_ascii_lowercase(),
        test: match value {
            "*" => HeaderTest::Present,
            _ => HeaderTest::Value(text(value, case)),
        },
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    }
}

/// Whether a path is a template.
pub(super) fn is_template(value: &str) -> bool {
    value.contains("{*}") || value.contains("{**}")
}

pub(super) fn path(value: &str) -> Permission {
    if is_template(value) {
        return Permission::UrlTemplate(PathMatcher::Template(value.to_owned()));
    }
    Permission::UrlPath(text(value, Case::Sensitive))
}

/// A port, as digits.
pub(super) fn port(value: &str) -> Result<u16, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| value.parse().ok()).flatten();
    number.ok_or_else(|| format!("`{value}` is no port"))
}

/// An address, or a block of them. Bits behind the length of a block do not matter.
pub(super) fn block(value: &str) -> Result<IpNet, String> {
    let block = if value.contains('/') {
        value.parse().ok()
    } else {
        value.parse::<IpAddr>().ok().map(IpNet::from)
    };
    block.ok_or_else(|| format!("`{value}` is neither an address nor a block of addresses"))
}

fn identity(test: StringTest) -> Principal {
    Principal::Authenticated(Some(StringMatcher { test, case: Case::Sensitive }))
}

fn by_pattern(pattern: String) -> Principal {
    identity(StringTest::Regex(Pattern::new(pattern)))
}

/// A namespace; stars within stand for any text.
pub(super) fn namespace(value: &str) -> Principal {
    let parts: Vec<_> = value.split('*').map(regex::escape).collect();
    by_pattern(format!(".*/ns/{}/.*", parts.join(".*")))
}

/// `account`, of the policy's own namespace, or `namespace/account`.
pub(super) fn service_account(own_namespace: &str, value: &str) -> Principal {
    let (namespace, account) = value.split_once('/').unwrap_or((own_namespace, value));
    let (namespace, account) = (regex::escape(namespace), regex::escape(account));
    by_pattern(format!("spiffe://.+/ns/{namespace}/(.+/|)sa/{account}(/.+)?"))
}

pub(super) fn trust_domain(value: &str) -> Principal {
    match value.split_once('*') {
        Some(("", "")) => identity(StringTest::Prefix(SPIFFE.to_owned())),
        None => identity(StringTest::Prefix(format!("{SPIFFE}{value}/"))),
        Some((before, after)) => {
            let (before, after) = (regex::escape(before), regex::escape(after));
            by_pattern(format!("spiffe://{before}[^/]*{after}/.*"))
        }
    }
}

/// An identity without `spiffe://`; a star at one end stands for any text.
pub(super) fn principal(value: &str) -> Principal {
    match (value, value.strip_prefix('*'), value.strip_suffix('*')) {
        ("*", ..) => by_pattern(".+".to_owned()),
        (_, Some(suffix), _) => by_pattern(format!("{SPIFFE}.*{}", regex::escape(suffix))),
        (_, _, Some(prefix)) => identity(StringTest::Prefix(format!("{SPIFFE}{prefix}"))),
        _ => identity(StringTest::Exact(format!("{SPIFFE}{value}"))),
    }
}

/// The identities that a principal stands for, because trust domains have aliases: one of the
/// mesh's own, or `cluster.local`, stands for all of them (istio
/// `pilot/pkg/security/trustdomain/bundle.go`, `ReplaceTrustDomainAliases`).
pub(super) fn with_aliases(value: &str, domains: &[&str]) -> Vec<String> {
    let parts: Vec<_> = value.split('/').collect();
    let [domain, rest @ ..] = &parts[..] else { return vec![value.to_owned()] };
    let ends_with = |known: &&str| {
        domain.strip_prefix('*').map_or(domain == known, |suffix| known.ends_with(suffix))
    };
    let is_own = domains.iter().any(ends_with) || *domain == "cluster.local";
    if parts.len() != 5 || *domain == "*" || !is_own {
        return vec![value.to_owned()];
    }
    let mut all: Vec<String> = Vec::new();
    for known in domains {
        let keeps = domain.strip_prefix('*').is_some_and(|suffix| known.ends_with(suffix));
        let name = if keeps { value.to_owned() } else { format!("{known}/{}", rest.join("/")) };
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// `issuer/subject` of a token; a star at one end stands for any text.
pub(super) fn request_principal(value: &str) -> Principal {
    let claim =
        |name: &str, value: StringMatcher| Principal::Claim { path: vec![name.to_owned()], value };
    let exactly = |value: &str| StringMatcher {
        test: StringTest::Exact(value.to_owned()),
        case: Case::Sensitive,
    };
    let any = || text("*", Case::Sensitive);
    let starred = |value: &str| text(value, Case::Sensitive);
    // The issuer may be an address, so the last slash counts.
    let (issuer, subject) = match (value, value.rsplit_once('/')) {
        ("*", _) => (any(), any()),
        (_, Some((issuer, subject))) if value.starts_with('*') => {
            (starred(issuer), exactly(subject))
        }
        (_, None) if value.starts_with('*') => (any(), starred(value)),
        (_, Some((issuer, subject))) if value.ends_with('*') => (exactly(issuer), starred(subject)),
        (_, None) if value.ends_with('*') => (starred(value), any()),
        (_, Some((issuer, subject))) => (exactly(issuer), exactly(subject)),
        (_, None) => (exactly(value), exactly("")),
    };
    Principal::And(vec![claim("iss", issuer), claim("sub", subject)])
}
