//! HTTP filters: access rules and faults.

use std::collections::BTreeMap;

use ipnet::IpNet;
use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::{
    Case, Fault, FaultAbort, FaultDelay, HeaderMatcher, HeaderTest, HttpFilter, HttpFilterKind,
    Invert, MissingHeader, Permission, Principal, Rbac, RbacAction, RbacPolicy, RbacRules,
    StringMatcher, StringTest,
};
use meshwalk_models::units::Ppm;

use super::super::fields::{Fields, Read};
use super::super::json::Json;
use super::{ORIGIN, given, matcher};

pub(super) fn filter(fields: &Fields<'_>) -> Read<HttpFilter> {
    let (name, kind) = match fields.required_text("type")? {
        "rbac" => ("envoy.filters.http.rbac", HttpFilterKind::Rbac(rbac(fields)?)),
        "fault" => ("envoy.filters.http.fault", HttpFilterKind::Fault(fault(fields)?)),
        other => return fields.wrong("type", &format!("`{other}` is no filter")),
    };
    Ok(HttpFilter { name: name.to_owned(), kind })
}

fn rbac(fields: &Fields<'_>) -> Read<Rbac> {
    let action = match fields.text("action")? {
        None | Some("ALLOW") => RbacAction::Allow,
        Some("DENY") => RbacAction::Deny,
        Some("LOG") => RbacAction::Log,
        Some(other) => return fields.wrong("action", &format!("`{other}` is no action")),
    };
    let policies = fields.object("policies", |inner| {
        let one = |(name, json): (&str, &Json)| {
            Ok((name.to_owned(), Fields::read(json, &inner.place(name), policy)?))
        };
        inner.all().map(one).collect::<Read<BTreeMap<_, _>>>()
    })?;
    let rules = RbacRules { action, policies: policies.unwrap_or_default(), left_out: Vec::new() };
    let no_rules = fields.switch("no_rules")?;
    Ok(if fields.switch("shadow")? {
        Rbac { rules: None, shadow: Some(rules) }
    } else {
        Rbac { rules: (!no_rules).then_some(rules), shadow: None }
    })
}

fn policy(fields: &Fields<'_>) -> Read<RbacPolicy> {
    let mut permissions = Vec::new();
    let any_path = |paths: Vec<String>| {
        let path = |pattern: &String| match pattern.as_str() {
            "*" => Permission::Any,
            pattern => Permission::UrlPath(matcher::starred(pattern)),
        };
        Permission::Or(paths.iter().map(path).collect())
    };
    if fields.get("paths").is_some() {
        permissions.push(any_path(fields.texts("paths")?));
    }
    if fields.get("not_paths").is_some() {
        permissions.push(Permission::Not(Box::new(any_path(fields.texts("not_paths")?))));
    }
    if fields.get("methods").is_some() {
        let methods = fields.texts("methods")?;
        let method = |name: &String| Permission::Header(method(name));
        permissions.push(Permission::Or(methods.iter().map(method).collect()));
    }
    permissions
        .extend(fields.objects("headers", matcher::header)?.into_iter().map(Permission::Header));
    let principals = principals(fields)?;
    Ok(RbacPolicy {
        title: String::new(),
        permissions: vec![whole(permissions, Permission::And, Permission::Any)],
        principals: vec![whole(principals, Principal::And, Principal::Any)],
        origin: ORIGIN,
    })
}

/// All of these, or anything if there are none.
fn whole<T>(all: Vec<T>, and: fn(Vec<T>) -> T, any: T) -> T {
    if all.is_empty() { any } else { and(all) }
}

fn method(name: &str) -> HeaderMatcher {
    HeaderMatcher {
        name: ":method".to_owned(),
        test: HeaderTest::Value(matcher::exactly(name)),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    }
}

fn principals(fields: &Fields<'_>) -> Read<Vec<Principal>> {
    let mut principals = Vec::new();
    if fields.get("principals").is_some() {
        let identity = |pattern: &String| {
            let test = match pattern.strip_suffix('*') {
                Some(prefix) => StringTest::Prefix(prefix.to_owned()),
                None => StringTest::Exact(pattern.clone()),
            };
            Principal::Authenticated(Some(StringMatcher { test, case: Case::Sensitive }))
        };
        let names = fields.texts("principals")?;
        principals.push(Principal::Or(names.iter().map(identity).collect()));
    }
    if fields.get("source_ips").is_some() {
        let net = |text: String| match text.parse::<IpNet>() {
            Ok(net) => Ok(Principal::DirectRemoteIp(net)),
            Err(_) => fields.wrong("source_ips", &format!("`{text}` is no range of addresses")),
        };
        let nets = fields.texts("source_ips")?.into_iter().map(net);
        principals.push(Principal::Or(nets.collect::<Read<_>>()?));
    }
    Ok(principals)
}

fn fault(fields: &Fields<'_>) -> Read<Fault> {
    let delay = fields.object("delay", |inner| {
        let Some(pause) = inner.ms("ms")? else { return inner.wrong("ms", "is missing") };
        Ok(FaultDelay::Fixed { pause, share: inner.percent("pct")?.unwrap_or(Ppm::ONE) })
    })?;
    Ok(Fault {
        abort: abort(fields)?,
        delay: delay.map(given),
        headers: fields.objects("headers", matcher::header)?,
        max_active: fields.whole("max_active")?,
    })
}

fn abort(fields: &Fields<'_>) -> Read<Option<Sourced<FaultAbort>>> {
    let abort = match fields.get("abort") {
        None => return Ok(None),
        Some(Json::Text(text)) if text == "header" => FaultAbort::ByHeader { share: Ppm::ONE },
        Some(json) => Fields::read(json, &fields.place("abort"), |inner| {
            let Some(status) = inner.whole("status")? else {
                return inner.wrong("status", "is missing");
            };
            Ok(FaultAbort::Http { status, share: inner.percent("pct")?.unwrap_or(Ppm::ONE) })
        })?,
    };
    Ok(Some(given(abort)))
}
