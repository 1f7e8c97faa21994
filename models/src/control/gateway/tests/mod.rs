//! Stories about Gateways, routes and the mesh, written as manifests.

mod attach;
mod backends;
mod filters;
mod laws;
mod listeners;
mod mesh;
mod order;

use std::sync::Arc;

use super::{Condition, ConditionType, GatewayControlPlane, RouteStatus};
use crate::explain::{Explanation, Tree};
use crate::manifest::kinds::gateway::RouteKind;
use crate::manifest::{Diagnostic, SourceSet, load};
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    Destination, Forward, PathMatcher, ProxyConfig, Route, RouteAction, VirtualHost,
};
use crate::world::{Built, ClusterManifests, Topology, build};

/// A world of manifests and what the control plane makes of it.
struct Rig {
    built: Built,
    plane: GatewayControlPlane,
    findings: Vec<Diagnostic>,
}

/// A Gateway `infra/edge` with the listeners that follow.
const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: istio
  listeners:
";

/// A listener for all hosts and all namespaces on port 80.
const OPEN: &str = "  - {name: http, port: 80, protocol: HTTP, \
                    allowedRoutes: {namespaces: {from: All}}}\n";

fn rig(texts: &[&str]) -> Rig {
    rig_as("gateway-api", texts)
}

fn rig_as(profile: &str, texts: &[&str]) -> Rig {
    let profile = Profile::named(profile).expect("a built-in profile");
    let mut sources = SourceSet::new();
    let ids: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| sources.add(format!("{at}.yaml"), *text))
        .collect();
    let manifests = load(&sources, ids);
    let errors: Vec<_> = manifests.diagnostics.iter().map(|it| &it.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let part = ClusterManifests {
        name: "one",
        default_namespace: "shop",
        resources: &manifests.resources,
    };
    let built = build(&[part], &Topology::default(), &[]);
    let (plane, findings) = GatewayControlPlane::new(&built.world, &[part], profile);
    Rig { built, plane, findings }
}

/// A Service `namespace/name` on port 80 with two pods.
fn service(title: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace and name");
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: app, ports: [{{containerPort: 8080}}]}}]}}
"
    )
}

/// A route `namespace/name` to the Gateway, with the lines of its specification that follow.
fn route(kind: &str, title: &str, spec: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace and name");
    format!(
        "---
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRefs: [{{name: edge, namespace: infra}}]
{spec}"
    )
}

/// An HTTPRoute `shop/name` with these rules, each on a line of its own.
fn http_route(name: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|rule| format!("  - {rule}\n")).collect();
    route("HTTPRoute", &format!("shop/{name}"), &format!("  rules:\n{rules}"))
}

impl Rig {
    fn config(&self) -> Arc<ProxyConfig> {
        self.plane.gateway("infra", "edge").expect("the Gateway")
    }

    /// The virtual host of a domain in a table.
    fn host(&self, table: &str, domain: &str) -> Option<Arc<VirtualHost>> {
        let config = self.config();
        let hosts = &config.route_tables.get(table)?.virtual_hosts;
        hosts.iter().find(|host| host.domains == [domain]).cloned()
    }

    /// The routes of a domain on port 80, as [`show`] shows them.
    fn routes(&self, domain: &str) -> Vec<String> {
        let host = self.host("http.80", domain).expect("a virtual host");
        host.routes.iter().map(|route| show(route)).collect()
    }

    /// The only route of all hosts on port 80.
    fn only_route(&self) -> Arc<Route> {
        let host = self.host("http.80", "*").expect("a virtual host");
        let [route] = &host.routes[..] else { panic!("one route, got {:?}", host.routes) };
        route.clone()
    }

    fn status(&self, kind: RouteKind, title: &str) -> &RouteStatus {
        let (namespace, name) = title.split_once('/').expect("namespace and name");
        self.plane.route_status(kind, namespace, name).expect("a route")
    }

    /// The condition of an HTTPRoute under its first parent: whether it holds, and why.
    fn condition(&self, title: &str, kind: ConditionType) -> (bool, &'static str) {
        verdict(&self.status(RouteKind::Http, title).parents[0].conditions, kind)
    }

    fn accepted(&self, title: &str) -> (bool, &'static str) {
        self.condition(title, ConditionType::Accepted)
    }

    fn resolved(&self, title: &str) -> (bool, &'static str) {
        self.condition(title, ConditionType::ResolvedRefs)
    }

    fn codes(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.code).collect()
    }

    /// The reasons for a route, as a flat list.
    fn reasons(&self, kind: RouteKind, title: &str) -> Vec<Explanation> {
        let (namespace, name) = title.split_once('/').expect("namespace and name");
        let mut tree = Tree::default();
        self.plane.explain_route(kind, namespace, name, &mut tree);
        flat(tree.finish())
    }

    /// What the explanation of a route says under a rule.
    fn because(&self, title: &str, rule: crate::explain::RuleId) -> Vec<String> {
        let reasons = self.reasons(RouteKind::Http, title).into_iter();
        reasons.filter(|step| step.rule == rule).map(|step| step.finding).collect()
    }
}

fn flat(steps: Vec<Explanation>) -> Vec<Explanation> {
    let mut all = Vec::new();
    for mut step in steps {
        let below = std::mem::take(&mut step.because);
        all.push(step);
        all.extend(flat(below));
    }
    all
}

/// The last condition of a kind counts: it was added when more was known.
fn verdict(conditions: &[Condition], kind: ConditionType) -> (bool, &'static str) {
    let condition = conditions.iter().rev().find(|condition| condition.kind == kind);
    condition.map(|it| (it.status, it.reason)).expect("a condition of this kind")
}

/// A route in a few words: its path, the headers it looks at, and what becomes of the request.
fn show(route: &Route) -> String {
    let path = match &route.matches.path {
        PathMatcher::Exact(path) => format!("={path}"),
        PathMatcher::Prefix(path) | PathMatcher::PathSeparatedPrefix(path) => format!("{path}*"),
        PathMatcher::Regex(pattern) => format!("~{}", pattern.text()),
        other => format!("{other:?}"),
    };
    let headers: String =
        route.matches.headers.iter().map(|header| format!(" {}", header.name)).collect();
    let query: String = route.matches.query.iter().map(|it| format!(" ?{}", it.name)).collect();
    format!("{path}{headers}{query} -> {}", show_action(&route.action))
}

fn show_action(action: &RouteAction) -> String {
    match action {
        RouteAction::Direct(direct) => direct.status.to_string(),
        RouteAction::Redirect(redirect) => format!("redirect {}", redirect.status.value),
        RouteAction::Forward(forward) => show_destination(&forward.destination),
    }
}

fn show_destination(destination: &Destination) -> String {
    let short = |name: &str| match name.strip_prefix("outbound|") {
        Some(name) => name.trim_end_matches(".svc.cluster.local").replace("||", " "),
        None => name.to_owned(),
    };
    match destination {
        Destination::Cluster(cluster) => short(cluster),
        Destination::Weighted { clusters, .. } => {
            let shares =
                clusters.iter().map(|it| format!("{} {}", it.weight.value, short(&it.cluster)));
            shares.collect::<Vec<_>>().join(" + ")
        }
        Destination::ClusterHeader(header) => header.clone(),
    }
}

/// How a route forwards.
fn forward(route: &Route) -> &Forward {
    match &route.action {
        RouteAction::Forward(forward) => forward,
        other => panic!("not forwarded: {other:?}"),
    }
}
