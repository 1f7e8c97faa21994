//! Stories about Ingresses before ingress-nginx.

use crate::explain::Silent;
use crate::manifest::{SourceSet, load};
use crate::proxy::envoy::config::{RetryOn, RouteAction, Transport};
use crate::proxy::envoy::listening::{Arrival, Service, accept};
use crate::proxy::envoy::routing::{Choice, choices, prepare};
use crate::proxy::envoy::{Connection, HeaderMap, Request};
use crate::units::SimDuration;
use crate::world::{ClusterManifests, Topology, World, build};

use super::*;

const SERVICES: &str = "\
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
spec: {selector: {app: b}, ports: [{port: 80}]}
---
";

/// An Ingress of class `nginx` with these annotations, and rules of one host.
fn ingress(name: &str, annotations: &str, host: &str, paths: &[(&str, &str, &str)]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|(path, kind, service)| {
            format!(
                "      - {{path: '{path}', pathType: {kind}, \
                 backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}\n"
            )
        })
        .collect();
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
         metadata: {{name: {name}, namespace: shop, annotations: {{{annotations}}}}}\n\
         spec:\n  ingressClassName: nginx\n  tls: [{{hosts: [secure.example]}}]\n  rules:\n  \
         - host: '{host}'\n    http:\n      paths:\n{}---\n",
        paths.concat()
    )
}

fn world(text: &str) -> World {
    let mut sources = SourceSet::new();
    let id = sources.add("ingress.yaml", format!("{SERVICES}{text}"));
    let manifests = load(&sources, [id]);
    assert!(manifests.diagnostics.is_empty(), "{:?}", manifests.diagnostics);
    let resources = &manifests.resources;
    let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
    build(&[cluster], &Topology::default(), &[]).world
}

/// What becomes of `method` on a URL, such as `shop.example/a`: the cluster and how it is tried, or
/// the status.
fn ask(world: &World, port: u16, method: &str, url: &str) -> RouteAction {
    let class = world.ingress_classes.iter().next().expect("a class");
    assert!(serves(class));
    let config = configure(world, class);
    let (host, path) = url.split_once('/').map_or((url, ""), |(host, path)| (host, path));
    let path = format!("/{path}");
    let headers: HeaderMap =
        [(":method", method), (":path", &path), (":authority", host)].into_iter().collect();
    let connection = Connection {
        source_ip: None,
        destination_ip: None,
        destination_port: port,
        transport: if port == 443 { Transport::Tls } else { Transport::RawBuffer },
        sni: None,
        alpn: Vec::new(),
        principal: None,
    };
    let mut request = Request { headers, connection, tokens: std::sync::Arc::default() };
    let accepted =
        accept(&config, Arrival::Dialled, &request.connection, &mut Silent).expect("it listens");
    let Service::Http(manager) = accepted.service() else { panic!("it speaks HTTP") };
    prepare(manager, &mut request, &mut Silent).expect("a sound request");
    let RouteSource::Named(name) = &manager.routes else { panic!("a table") };
    let table = &config.route_tables[name];
    let mut found = choices(table, &request, &config.bootstrap, &mut Silent).into_iter();
    match found.next().expect("one choice") {
        (_, Choice::Taken(taken)) => taken.route.action.clone(),
        _ => panic!("every host has a last resort"),
    }
}

/// The Service that gets it, or the status.
fn goes(world: &World, url: &str) -> String {
    match ask(world, 443, "GET", url) {
        RouteAction::Forward(forward) => match forward.destination {
            crate::proxy::envoy::config::Destination::Cluster(name) => {
                let host = name.value.rsplit('|').next().unwrap_or_default().to_owned();
                host.split('.').next().unwrap_or_default().to_owned()
            }
            other => format!("{other:?}"),
        },
        RouteAction::Direct(direct) => direct.status.value.to_string(),
        RouteAction::Redirect(_) => "redirect".to_owned(),
    }
}

#[test]
fn a_path_that_is_left_to_the_controller_is_a_prefix_of_characters() {
    let text = ingress(
        "web",
        "",
        "shop.example",
        &[("/foo", "ImplementationSpecific", "a"), ("/bar", "Prefix", "b")],
    );
    let world = world(&text);
    assert_eq!(goes(&world, "shop.example/foobar"), "a");
    assert_eq!(goes(&world, "shop.example/bar/x"), "b");
    assert_eq!(goes(&world, "shop.example/barn"), "404");
    assert_eq!(goes(&world, "other.example/foo"), "404");
}

#[test]
fn one_ingress_with_patterns_makes_all_paths_of_its_host_patterns_without_case() {
    let plain = ingress("web", "", "shop.example", &[("/foo", "Exact", "a")]);
    let annotation = "nginx.ingress.kubernetes.io/use-regex: 'true'";
    let pattern = ingress(
        "more",
        annotation,
        "shop.example",
        &[("/x/[0-9]+", "ImplementationSpecific", "b")],
    );
    let alone = world(&plain);
    assert_eq!(goes(&alone, "shop.example/FOO"), "404");
    assert_eq!(goes(&alone, "shop.example/foo/more"), "404");
    let both = world(&format!("{plain}{pattern}"));
    assert_eq!(goes(&both, "shop.example/FOO/more"), "a", "an exact path is one no longer");
    assert_eq!(goes(&both, "shop.example/X/12"), "b");
}

#[test]
fn a_wildcard_stands_for_one_label() {
    let world = world(&ingress("web", "", "*.shop.example", &[("/", "Prefix", "a")]));
    assert_eq!(goes(&world, "api.shop.example/"), "a");
    assert_eq!(goes(&world, "a.b.shop.example/"), "404");
}

#[test]
fn hosts_with_a_certificate_are_sent_to_https_unless_the_ingress_refuses() {
    let paths = [("/", "Prefix", "a")];
    let status = |annotations: &str, host: &str| {
        let world = world(&ingress("web", annotations, host, &paths));
        match ask(&world, 80, "GET", &format!("{host}/")) {
            RouteAction::Redirect(redirect) => redirect.status.value,
            _ => 0,
        }
    };
    assert_eq!(status("", "secure.example"), 308);
    assert_eq!(status("", "plain.example"), 0);
    assert_eq!(status("nginx.ingress.kubernetes.io/ssl-redirect: 'false'", "secure.example"), 0);
    let force = "nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'";
    assert_eq!(status(force, "plain.example"), 308);
}

#[test]
fn three_backends_are_asked_and_a_post_that_was_sent_is_not_sent_again() {
    let world = world(&ingress("web", "", "shop.example", &[("/", "Prefix", "a")]));
    let retry = |method| match ask(&world, 443, method, "shop.example/") {
        RouteAction::Forward(forward) => forward.retry.expect("a policy"),
        other => panic!("{other:?}"),
    };
    let (get, post) = (retry("GET"), retry("POST"));
    assert_eq!((get.retries.value, post.retries.value), (2, 2));
    assert!(get.retry_on.value.has(RetryOn::RESET) && !post.retry_on.value.has(RetryOn::RESET));
    assert!(post.retry_on.value.has(RetryOn::CONNECT_FAILURE));
    let silence = get.per_try_idle_timeout.map(|it| it.value);
    assert_eq!(silence, Some(SimDuration::from_secs(60)));
}

#[test]
fn annotations_set_limits_and_say_what_is_tried_again() {
    let annotations = "nginx.ingress.kubernetes.io/proxy-read-timeout: '5', \
                       nginx.ingress.kubernetes.io/proxy-next-upstream: 'error http_502 non_idempotent', \
                       nginx.ingress.kubernetes.io/proxy-next-upstream-tries: '2'";
    let world = world(&ingress("web", annotations, "shop.example", &[("/", "Prefix", "a")]));
    let RouteAction::Forward(forward) = ask(&world, 443, "POST", "shop.example/") else {
        panic!("it is forwarded")
    };
    let retry = forward.retry.expect("a policy");
    assert_eq!((retry.retries.value, &retry.status_codes[..]), (1, &[502][..]));
    assert!(retry.retry_on.value.has(RetryOn::RESET));
    assert_eq!(retry.per_try_idle_timeout.map(|it| it.value), Some(SimDuration::from_secs(5)));
    assert!(matches!(retry.origin, Origin::Manifest(_)), "the line is known");
}

#[test]
fn a_rewrite_replaces_the_whole_path_by_the_target_with_its_groups() {
    let annotation = "nginx.ingress.kubernetes.io/rewrite-target: /$2";
    let path = "/api(/|$)(.*)";
    let world = world(&ingress(
        "web",
        annotation,
        "shop.example",
        &[(path, "ImplementationSpecific", "a")],
    ));
    let RouteAction::Forward(forward) = ask(&world, 443, "GET", "shop.example/api/v1/x") else {
        panic!("it is forwarded")
    };
    let Some(rewrite) = forward.path_rewrite else { panic!("it is rewritten") };
    let crate::proxy::envoy::config::PathRewrite::Regex(rewrite) = rewrite.value else {
        panic!("by a pattern")
    };
    assert_eq!(rewrite.replacement, "/\\2");
}
