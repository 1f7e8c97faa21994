//! VirtualServices as Istio uses them: with whole names, with the rules of their delegates, in the
//! order of their age, and who sees them. Which of them counts for a host is decided elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::config::{Config, ExportTo};
use crate::control::istio::hosts;
use crate::manifest::kinds::Timestamp;
use crate::manifest::kinds::istio::{
    ConnectionMatch, Delegate, Destination, HttpRule, TcpRule, TlsRule, VirtualService,
};
use crate::manifest::{Diagnostic, Located, Place};

use super::delegate;
use super::matches::MESH;

/// A VirtualService with hosts, as it is used.
#[derive(Clone, Debug)]
pub struct EffectiveVirtualService {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its creation time, if it has one; without one it counts as yet to be created.
    pub created: Option<Timestamp>,
    /// Its hosts with whole names, in lower case.
    pub hosts: Vec<Located<String>>,
    /// Its gateways as `namespace/name`, or [`MESH`]; never empty.
    pub gateways: Vec<Located<String>>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// Its HTTP rules, those of its delegates in the place of the rules that name them.
    pub http: Vec<HttpRule>,
    /// Its TLS rules.
    pub tls: Vec<TlsRule>,
    /// Its TCP rules.
    pub tcp: Vec<TcpRule>,
    /// Where it begins.
    pub place: Place,
}

/// The VirtualServices of a mesh, in the order given: the oldest first. The findings name
/// delegates that are not used. `domain` is that of Services, such as `cluster.local`, and
/// `default_export` is `defaultVirtualServiceExportTo`.
#[must_use]
pub fn effective(
    objects: &[Config<VirtualService>],
    domain: &str,
    default_export: &ExportTo,
) -> (Vec<Arc<EffectiveVirtualService>>, Vec<Diagnostic>) {
    let all = objects.iter().map(|object| whole(object, domain, default_export));
    let (delegates, roots): (Vec<_>, Vec<_>) = all.partition(|object| object.hosts.is_empty());
    let delegates: BTreeMap<_, _> = delegates
        .iter()
        .map(|object| ((object.namespace.as_str(), object.name.as_str()), object))
        .collect();
    let mut findings = Vec::new();
    let effective = roots
        .into_iter()
        .map(|root| Arc::new(with_delegates(root, &delegates, &mut findings)))
        .collect();
    (effective, findings)
}

/// An object with whole names (istio `pilot/pkg/model/virtualservice.go`,
/// `ResolveVirtualServiceShortnames`): short hosts and gateways belong to its own namespace.
fn whole(
    config: &Config<VirtualService>,
    domain: &str,
    default_export: &ExportTo,
) -> EffectiveVirtualService {
    let (namespace, object) = (config.namespace.as_str(), &config.object);
    let gateways = whole_gateways(&object.gateways, namespace);
    let default = Located::new(MESH.to_owned(), object.meta.place);
    let mut http = object.http.clone();
    for rule in &mut http {
        rule.matches.iter_mut().for_each(|found| {
            found.gateways = whole_gateways(&found.gateways, namespace);
        });
        let routes = rule.route.iter_mut().map(|route| &mut route.destination);
        let mirrors = rule.mirrors.iter_mut().map(|mirror| &mut mirror.destination);
        routes
            .chain(mirrors)
            .chain(&mut rule.mirror)
            .for_each(|destination| qualify(destination, namespace, domain));
    }
    let connection = |found: &mut ConnectionMatch| {
        found.gateways = whole_gateways(&found.gateways, namespace);
    };
    let mut tls = object.tls.clone();
    for rule in &mut tls {
        rule.matches.iter_mut().for_each(|found| connection(&mut found.connection));
        rule.route.iter_mut().for_each(|it| qualify(&mut it.destination, namespace, domain));
    }
    let mut tcp = object.tcp.clone();
    for rule in &mut tcp {
        rule.matches.iter_mut().for_each(connection);
        rule.route.iter_mut().for_each(|it| qualify(&mut it.destination, namespace, domain));
    }
    let whole_host = |host: &Located<String>| {
        let whole = hosts::qualified(host, namespace, domain).to_ascii_lowercase();
        Located::new(whole, host.place)
    };
    EffectiveVirtualService {
        name: object.meta.name.value.clone(),
        namespace: namespace.to_owned(),
        created: object.meta.created.map(|created| created.value),
        hosts: object.hosts.iter().map(whole_host).collect(),
        gateways: if gateways.is_empty() { vec![default] } else { gateways },
        export_to: ExportTo::of(&object.export_to, default_export),
        http,
        tls,
        tcp,
        place: object.meta.place,
    }
}

fn qualify(destination: &mut Destination, namespace: &str, domain: &str) {
    destination.host.value = hosts::qualified(&destination.host, namespace, domain);
}

fn whole_gateways(gateways: &[Located<String>], namespace: &str) -> Vec<Located<String>> {
    gateways.iter().map(|it| Located::new(gateway_name(it, namespace), it.place)).collect()
}

/// `namespace/name` of a gateway that an object of `namespace` names. The old form
/// `name.namespace.svc.domain` is known too (istio `pilot/pkg/model/gateway.go`,
/// `resolveGatewayName`).
fn gateway_name(name: &str, namespace: &str) -> String {
    if name == MESH {
        return name.to_owned();
    }
    if let Some(own) = name.strip_prefix("./") {
        return format!("{namespace}/{own}");
    }
    if name.contains('/') {
        return name.to_owned();
    }
    match name.split_once('.') {
        None => format!("{namespace}/{name}"),
        Some((name, rest)) => format!("{}/{name}", rest.split('.').next().unwrap_or_default()),
    }
}

type Delegates<'d> = BTreeMap<(&'d str, &'d str), &'d EffectiveVirtualService>;

/// Puts the rules of delegates in the place of the rules that name them
/// (istio `pilot/pkg/model/virtualservice_controller.go`, `mergeVirtualServices`).
fn with_delegates(
    mut root: EffectiveVirtualService,
    delegates: &Delegates<'_>,
    findings: &mut Vec<Diagnostic>,
) -> EffectiveVirtualService {
    let mut http = Vec::with_capacity(root.http.len());
    for rule in std::mem::take(&mut root.http) {
        let Some(named) = &rule.delegate else {
            http.push(rule);
            continue;
        };
        let namespace = named.namespace.as_ref().map_or(root.namespace.as_str(), |it| it.as_str());
        match delegates.get(&(namespace, named.name.value.as_str())) {
            Some(found) if found.export_to.reaches(&found.namespace, &root.namespace) => {
                join(&rule, found, &mut http, findings);
            }
            Some(found) => findings.push(hidden(named, found)),
            None => findings.push(missing(named, namespace)),
        }
    }
    EffectiveVirtualService { http, ..root }
}

fn join(
    rule: &HttpRule,
    delegate: &EffectiveVirtualService,
    http: &mut Vec<HttpRule>,
    findings: &mut Vec<Diagnostic>,
) {
    for inner in &delegate.http {
        if let Some(nested) = &inner.delegate {
            let message = "a delegate names a delegate of its own";
            findings.push(
                Diagnostic::error("istio.nested-delegate", message)
                    .at(nested.name.place, "the proxy gets no route for this rule")
                    .help("let the root name both delegates"),
            );
            continue;
        }
        match delegate::joined(rule, inner) {
            Some(joined) => http.push(joined),
            None => findings.push(
                Diagnostic::warning(
                    "istio.delegate-conflict",
                    "no match of this rule lies within the matches of its root",
                )
                .at(inner.place, "the proxy gets no route for this rule")
                .at(rule.place, "the root's rule")
                .help("make each match of the delegate narrower than one of the root"),
            ),
        }
    }
}

fn hidden(named: &Delegate, found: &EffectiveVirtualService) -> Diagnostic {
    let message = format!("the delegate {}/{} is not exported here", found.namespace, found.name);
    Diagnostic::warning("istio.delegate-hidden", message)
        .at(named.name.place, "the proxy gets no route for this rule")
        .at(found.place, "its `exportTo` leaves out the root's namespace")
}

fn missing(named: &Delegate, namespace: &str) -> Diagnostic {
    let message = format!("there is no delegate {namespace}/{}", named.name.value);
    Diagnostic::warning("istio.missing-delegate", message)
        .at(named.name.place, "the proxy gets no route for this rule")
        .help("a delegate is a VirtualService without `hosts`")
}
