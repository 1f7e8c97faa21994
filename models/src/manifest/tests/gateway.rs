//! How the kinds of Gateway API are read.

use super::*;
use crate::manifest::kinds::Resource;
use crate::manifest::kinds::gateway::{
    AllowedNamespaces, GatewayResource, GatewayRoute, ListenerProtocol, ListenerSetKind,
    PathModifier, RouteFilterKind, RouteKind, RoutePathMatch, TlsMode, ValueMatchType,
};
use crate::units::SimDuration;

fn objects(manifests: &Manifests) -> Vec<&GatewayResource> {
    let mut objects = Vec::new();
    for resource in &manifests.resources {
        if let Resource::GatewayApi(object) = resource {
            objects.push(&**object);
        }
    }
    objects
}

fn route(manifests: &Manifests) -> &GatewayRoute {
    match objects(manifests)[..] {
        [GatewayResource::Route(route)] => route,
        _ => panic!("one route"),
    }
}

#[test]
fn a_gateway_is_read_with_its_listeners() {
    let manifests = load_text(
        "apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata: {name: edge, namespace: infra, creationTimestamp: '2024-05-01T10:00:00Z'}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - name: https
    port: 443
    protocol: HTTPS
    hostname: '*.shop.example'
    tls: {certificateRefs: [{name: cert, namespace: certs}], options: {a/b: c}}
    allowedRoutes:
      namespaces: {from: Selector, selector: {matchLabels: {edge: 'yes'}}}
      kinds: [{kind: HTTPRoute}]
  - {name: raw, port: 9000, protocol: TLS, tls: {mode: Passthrough}}
  - {name: own, port: 9001, protocol: example.org/own}
  allowedListeners: {namespaces: {from: Same}}
  addresses: [{value: 1.2.3.4}]
status: {addresses: []}
",
    );
    let [GatewayResource::Gateway(gateway)] = objects(&manifests)[..] else { panic!("a Gateway") };
    assert!(gateway.meta.created.is_some());
    assert!(matches!(gateway.allowed_listeners, AllowedNamespaces::Same));
    let [http, https, raw, own] = &gateway.listeners[..] else { panic!("four listeners") };
    assert!(matches!(http.allowed.namespaces, AllowedNamespaces::Same));
    assert!(matches!(https.allowed.namespaces, AllowedNamespaces::Selector(_)));
    let tls = https.tls.as_ref().expect("tls");
    assert_eq!((tls.mode, tls.certificates[0].kind.as_str()), (TlsMode::Terminate, "Secret"));
    assert_eq!(raw.tls.as_ref().map(|tls| tls.mode), Some(TlsMode::Passthrough));
    assert_eq!(own.protocol.value, ListenerProtocol::Other("example.org/own".to_owned()));
    assert_eq!(sort_of(&manifests, "spec.addresses"), Some(Sort::NotModelledYet));
    assert_eq!(sort_of(&manifests, "spec.listeners[].tls.options"), Some(Sort::NotModelledYet));
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn listeners_of_sets_are_for_nobody_unless_the_gateway_allows_them() {
    let manifests = load_text(
        "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XListenerSet
metadata: {name: more}
spec:
  parentRef: {name: edge}
  listeners: [{name: more, port: 81, protocol: HTTP}]
",
    );
    let [GatewayResource::Gateway(gateway), GatewayResource::ListenerSet(set)] =
        objects(&manifests)[..]
    else {
        panic!("a Gateway and a set")
    };
    assert!(matches!(gateway.allowed_listeners, AllowedNamespaces::None));
    assert_eq!((set.kind, set.parent.kind.as_str()), (ListenerSetKind::Experimental, "Gateway"));
}

const HTTP_ROUTE: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs:
  - {name: edge, sectionName: http, port: 80}
  - {group: '', kind: Service, name: cart}
  hostnames: [shop.example]
  rules:
  - name: pay
    matches:
    - path: {type: Exact, value: /pay}
      method: POST
      headers: [{name: X-A, value: a.*, type: RegularExpression}]
      queryParams: [{name: q, value: '1'}]
    - {}
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], remove: [c]}}
    - {type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: log, port: 80}, fraction: {numerator: 1, denominator: 3}}}
    - {type: ExtensionRef, extensionRef: {group: g, kind: k, name: n}}
    - {type: URLRewrite}
    backendRefs:
    - {name: cart, port: 80, weight: 9, filters: [{type: CORS, cors: {allowOrigins: ['*']}}]}
    - {name: other, namespace: b, port: 81}
    timeouts: {request: 1m30s, backendRequest: 500ms}
    retry: {codes: [500, 503], attempts: 3, backoff: 100ms}
    sessionPersistence: {type: Cookie}
";

#[test]
fn an_http_route_is_read_with_all_its_parts() {
    let manifests = load_text(HTTP_ROUTE);
    let route = route(&manifests);
    assert_eq!(route.parents[0].port.map(|port| port.value), Some(80));
    assert_eq!(route.parents[1].object.kind, "Service");
    let rule = &route.rules[0];
    let [first, second] = &rule.matches[..] else { panic!("two matches") };
    assert!(matches!(&first.path, Some(RoutePathMatch::Exact(path)) if path.value == "/pay"));
    assert_eq!(first.headers[0].match_type, ValueMatchType::Regex);
    assert!(second.path.is_none());
    let kinds: Vec<_> = rule.filters.iter().map(|filter| &filter.kind).collect();
    let [
        RouteFilterKind::RequestHeaders(headers),
        RouteFilterKind::Redirect(redirect),
        RouteFilterKind::Mirror(mirror),
        RouteFilterKind::Other(extension),
        RouteFilterKind::Empty(empty),
    ] = kinds[..]
    else {
        panic!("five filters, got {kinds:?}")
    };
    assert_eq!((headers.set.len(), headers.remove.len()), (1, 1));
    assert!(matches!(redirect.path, Some(PathModifier::Prefix(_))));
    assert_eq!(mirror.share.map(|share| (share.numerator, share.denominator)), Some((1, 3)));
    assert_eq!((extension.as_str(), empty.as_str()), ("ExtensionRef", "URLRewrite"));
    assert_eq!(rule.backends[0].weight.map(|weight| weight.value), Some(9));
    assert_eq!(rule.request_timeout.map(|it| it.value), Some(SimDuration::from_secs(90)));
    let retry = rule.retry.as_ref().expect("a retry policy");
    assert_eq!((&retry.codes[..], retry.attempts.map(|it| it.value)), (&[500, 503][..], Some(3)));
    assert!(rule.session_persistence.is_some());
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn a_rule_without_fields_takes_everything() {
    let manifests = load_text(
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec: {parentRefs: [{name: edge}]}
",
    );
    assert_eq!(route(&manifests).rules.len(), 1);
}

#[test]
fn old_versions_of_each_kind_are_read_alike() {
    for (version, kind, wanted) in [
        ("v1alpha2", "GRPCRoute", RouteKind::Grpc),
        ("v1alpha2", "TLSRoute", RouteKind::Tls),
        ("v1alpha3", "TLSRoute", RouteKind::Tls),
        ("v1alpha2", "TCPRoute", RouteKind::Tcp),
        ("v1beta1", "HTTPRoute", RouteKind::Http),
    ] {
        let manifests = load_text(&format!(
            "apiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\n\
             metadata: {{name: a}}\nspec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: \
             [{{name: b, port: 80}}]}}]}}\n"
        ));
        assert_eq!(route(&manifests).kind, wanted);
        assert_eq!(manifests.diagnostics, [], "{kind}");
    }
}

#[test]
fn grants_and_tls_policies_are_read() {
    let manifests = load_text(
        "apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: a}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: b}]
  to: [{group: '', kind: Service, name: c}]
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {name: a}
spec:
  targetRefs: [{group: '', kind: Service, name: c, sectionName: https}]
  validation:
    hostname: c.example
    caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]
    subjectAltNames: [{type: URI, uri: spiffe://a}]
",
    );
    let [GatewayResource::Grant(grant), GatewayResource::BackendTls(policy)] =
        objects(&manifests)[..]
    else {
        panic!("a grant and a policy")
    };
    assert_eq!(grant.to[0].name.as_ref().map(|name| name.as_str()), Some("c"));
    assert_eq!(policy.targets[0].section.as_ref().map(|name| name.as_str()), Some("https"));
    assert_eq!(policy.subject_alt_names[0].name.as_str(), "spiffe://a");
    assert_eq!(manifests.diagnostics, []);
}
