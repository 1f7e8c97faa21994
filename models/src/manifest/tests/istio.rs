//! What Istio's kinds are read into.

use super::*;
use crate::manifest::kinds::Resource;
use crate::manifest::kinds::istio::{
    GatewayProtocol, GatewayTlsMode, IstioResource, MtlsMode, UnmodelledKind,
};
use crate::units::SimDuration;

fn only(manifests: &Manifests) -> &IstioResource {
    let [Resource::Istio(resource)] = &manifests.resources[..] else { panic!("one Istio object") };
    resource
}

#[test]
fn a_peer_authentication_is_read_under_every_served_version() {
    for version in ["v1", "v1beta1"] {
        let text = format!(
            "apiVersion: security.istio.io/{version}\nkind: PeerAuthentication\n\
             metadata: {{name: a, namespace: shop, creationTimestamp: \"2026-01-02T03:04:05Z\"}}\n\
             spec:\n  selector: {{matchLabels: {{app: a}}}}\n  mtls: {{mode: STRICT}}\n  \
             portLevelMtls: {{8080: {{mode: DISABLE}}, 9090: {{mode: UNSET}}, x: {{}}}}\n"
        );
        let manifests = load_text(&text);
        let IstioResource::PeerAuthentication(object) = only(&manifests) else { panic!("{text}") };
        assert_eq!(object.mode.map(|mode| mode.value), Some(MtlsMode::Strict));
        assert_eq!(object.ports[&8080].map(|mode| mode.value), Some(MtlsMode::Disable));
        assert_eq!(object.ports[&9090].map(|mode| mode.value), None);
        let created = object.meta.created.expect("a creation time");
        assert_eq!(created.value.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(codes(&manifests), ["manifest.wrong-type"]);
    }
}

#[test]
fn a_request_authentication_is_read_and_a_rule_without_an_issuer_is_left_out() {
    let manifests = load_text(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a}\n\
         spec:\n  selector: {matchLabels: {app: a}}\n  \
         targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]\n  \
         jwtRules:\n  \
         - issuer: https://issuer.example\n    audiences: [shop]\n    jwksUri: https://keys.example\n    \
         fromHeaders: [{name: x-token, prefix: 'Token '}]\n    fromParams: [token]\n    \
         fromCookies: [session]\n    outputPayloadToHeader: x-payload\n    \
         outputClaimToHeaders: [{header: x-sub, claim: sub}]\n    forwardOriginalToken: true\n    \
         timeout: 2s\n    spaceDelimitedClaims: [roles]\n  \
         - {jwks: '{}', jwks_uri: https://old.example}\n",
    );
    let IstioResource::RequestAuthentication(object) = only(&manifests) else { panic!("one") };
    assert_eq!(object.targets[0].name.value, "edge");
    let [rule] = &object.rules[..] else { panic!("one rule: {:?}", object.rules) };
    assert_eq!((rule.issuer.value.as_str(), rule.place.line), ("https://issuer.example", 8));
    assert_eq!((rule.headers[0].prefix.as_str(), rule.cookies.len()), ("Token ", 1));
    assert_eq!(rule.timeout.map(|it| it.value), Some(SimDuration::from_secs(2)));
    assert_eq!((rule.params.len(), rule.space_delimited_claims.len()), (1, 1));
    assert_eq!(rule.claim_headers[0].claim.value, "sub");
    assert!(rule.forwards_token.is_some_and(|it| it.value) && rule.payload_header.is_some());
    assert_eq!(codes(&manifests), ["manifest.missing-field"]);
    assert_eq!(manifests.report.not_modelled, []);
}

#[test]
fn an_envoy_filter_is_not_modelled_and_says_what_it_would_touch() {
    let manifests = load_text(
        "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a}\n\
         spec:\n  workloadSelector: {labels: {app: a}}\n  configPatches:\n  \
         - applyTo: HTTP_FILTER\n    match: {context: SIDECAR_INBOUND, listener: {portNumber: 8080}}\n    \
         patch: {operation: INSERT_BEFORE, value: {name: own}}\n",
    );
    let IstioResource::Unmodelled(object) = only(&manifests) else { panic!("unmodelled") };
    assert_eq!(object.kind, UnmodelledKind::EnvoyFilter);
    assert_eq!(object.touches[0].value, "HTTP_FILTER in SIDECAR_INBOUND, listener port 8080");
    assert_eq!(object.touches[0].place.line, 7);
    let [entry] = &manifests.report.not_modelled[..] else { panic!("one entry") };
    assert_eq!((entry.sort, entry.field.as_deref()), (Sort::NotModelledYet, None));
    assert!(!manifests.report.kinds[0].modelled);
}

#[test]
fn a_creation_time_that_is_none_is_reported_and_left_out() {
    let manifests = load_text(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, creationTimestamp: yesterday}\n",
    );
    let [Resource::ServiceAccount(account)] = &manifests.resources[..] else { panic!("one") };
    assert!(account.meta.created.is_none());
    assert_eq!(codes(&manifests), ["manifest.wrong-type"]);
}

#[test]
fn a_virtual_service_is_read_with_places() {
    let manifests = load_text(
        "apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  \
         hosts: [a, '*.b']\n  gateways: [mesh]\n  http:\n  - match:\n    \
         - headers: {x-user: {exact: jane}}\n      uri: {prefix: /, exact: /a}\n    \
         route: [{destination: {host: a, subset: v1}, weight: 3}]\n    timeout: 1m30s\n    retrys: {}\n  \
         tls: [{match: [{port: 443, sniHosts: [a.b]}], route: [{destination: {host: a}}]}]\n  \
         tcp: [{route: [{destination: {host: a}}]}]\n",
    );
    let IstioResource::VirtualService(object) = only(&manifests) else { panic!("of its kind") };
    let [rule] = &object.http[..] else { panic!("one rule") };
    let [(name, test)] = &rule.matches[0].headers[..] else { panic!("one header") };
    assert_eq!((name.value.as_str(), test.place.line), ("x-user", 9));
    assert_eq!(rule.route[0].weight.map(|it| it.value), Some(3));
    assert_eq!(rule.timeout.map(|it| it.value), Some(SimDuration::from_secs(90)));
    assert_eq!((object.tls.len(), object.tcp.len()), (1, 1));
    assert_eq!(codes(&manifests), ["manifest.several-forms", "manifest.unknown-field"]);
    let typo = manifests.report.not_modelled.iter().find(|it| it.sort == Sort::Unknown);
    assert_eq!(typo.and_then(|it| it.field.as_deref()), Some("spec.http[].retrys"));
}

#[test]
fn a_gateway_is_read_and_a_server_of_an_unknown_protocol_is_left_out() {
    let manifests = load_text(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  \
         selector: {istio: ingress}\n  servers:\n  \
         - {port: {number: 443, name: s, protocol: https}, hosts: [./*], tls: {mode: SIMPLE}}\n  \
         - {port: {number: 80, name: p, protocol: GOPHER}, hosts: ['*']}\n",
    );
    let IstioResource::Gateway(object) = only(&manifests) else { panic!("a Gateway") };
    let [server] = &object.servers[..] else { panic!("one server") };
    assert_eq!(server.port.protocol.value, GatewayProtocol::Https);
    let mode = server.tls.as_ref().map(|tls| tls.mode.value);
    assert_eq!(mode, Some(GatewayTlsMode::Simple));
    assert_eq!(codes(&manifests), ["istio.gateway-protocol"]);
}

#[test]
fn the_mesh_config_within_a_config_map_has_the_places_of_its_lines() {
    let manifests = load_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n\
         data:\n  mesh: |-\n\n    trustDomain: example.org\n    connectTimeout: 3s\n    \
         defaultConfig:\n      concurrency: 4\n    trustDomian: x\n  meshNetworks: 'networks: {}'\n",
    );
    let IstioResource::MeshConfig(object) = only(&manifests) else { panic!("a mesh") };
    let timeout = object.mesh.connect_timeout.expect("a timeout");
    assert_eq!((timeout.place.line, timeout.place.column), (8, 21));
    let workers = object.mesh.proxy.as_ref().and_then(|proxy| proxy.concurrency);
    assert_eq!(workers.map(|it| it.place.line), Some(10));
    assert_eq!(sort_of(&manifests, "data.mesh.trustDomian"), Some(Sort::Unknown));
    assert_eq!(manifests.report.not_modelled[0].suggestion.as_deref(), Some("trustDomain"));
}

#[test]
fn a_mesh_config_in_another_style_has_the_place_of_its_scalar() {
    let manifests = load_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-canary}\n\
         data: {mesh: \"connectTimeout: 3\\n\"}\n",
    );
    assert_eq!(codes(&manifests), ["manifest.wrong-type", "manifest.wrong-type"]);
    let place = manifests.diagnostics[0].place().expect("a place");
    assert_eq!((place.line, place.column), (4, 14));
    let other =
        load_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {mesh: 3}\n");
    assert_eq!(other.diagnostics, []);
    assert_eq!(sort_of(&other, ""), Some(Sort::Irrelevant));
}

#[test]
fn a_destination_rule_is_read_with_places() {
    let manifests = load_text(
        "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: a}\n\
         spec:\n  host: reviews\n  trafficPolicy:\n    connectionPool: {http: {maxRetries: 3}}\n    \
         loadBalancer:\n      consistentHash: {httpCookie: {name: user, ttl: 0s}, maglev: {}}\n    \
         portLevelSettings:\n    - port: {number: 9080}\n      tls: {mode: SIMPLE}\n  \
         subsets:\n  - name: v1\n    labels: {version: v1}\n    \
         trafficPolicy: {outlierDetection: {interval: 5s}, loadBalancer: {simple: FASTEST}}\n",
    );
    let IstioResource::DestinationRule(rule) = only(&manifests) else { panic!("a rule") };
    let policy = rule.policy.as_ref().expect("a policy");
    let retries = policy.connection_pool.as_ref().and_then(|pool| pool.max_retries);
    assert_eq!(retries.map(|it| (it.value, it.place.line)), Some((3, 7)));
    assert_eq!(policy.ports[0].0.value, 9080);
    let outlier = rule.subsets[0].policy.as_ref().and_then(|policy| policy.outlier.as_ref());
    assert!(outlier.is_some_and(|outlier| outlier.interval.is_some()));
    assert_eq!(codes(&manifests), ["manifest.wrong-type"]);
    assert_eq!(manifests.report.not_modelled, []);
}
