//! What is told of policies that select pods of the ambient mesh.

use super::*;
use crate::manifest::{Diagnostic, Severity};

/// A namespace of the ambient mesh with one workload, and one outside of the mesh.
const PODS: &str = "\
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bare}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: bare}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
";

/// The findings about ztunnel's policies.
fn found(documents: &[String]) -> Vec<Diagnostic> {
    let mesh = Mesh::of(&format!("{PODS}{}", documents.concat()));
    mesh.findings.into_iter().filter(|it| it.code.starts_with("ambient.")).collect()
}

/// The only one.
fn one(documents: &[String]) -> Diagnostic {
    let found = found(documents);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one finding")
}

fn help(finding: &Diagnostic) -> &str {
    finding.help.as_deref().unwrap_or_default()
}

fn deny(rules: &str) -> [String; 1] {
    [access("shop/deny", &format!("{{action: DENY, rules: [{rules}]}}"))]
}

const METHODS: &str = "{operation: {methods: [DELETE]}}";

#[test]
fn a_denial_of_requests_that_denies_nothing_is_an_error_and_its_status_misleads() {
    let finding = one(&deny(&format!("{{to: [{METHODS}]}}")));
    assert_eq!((finding.code, finding.severity), ("ambient.l7-deny-does-nothing", Severity::Error));
    assert_eq!(finding.message, "DENY policy `shop/deny` denies nothing");
    let label = &finding.labels[0];
    let text = "ztunnel, beside shop/cart, sees no requests, and so no `methods`";
    assert_eq!(label.text, text);
    let line = format!("{PODS}{}", deny(&format!("{{to: [{METHODS}]}}")).concat())
        .lines()
        .position(|line| line.contains("DELETE"));
    assert_eq!(Some(label.place.line as usize), line.map(|at| at + 1));
    for part in ["`ZtunnelAccepted: True`", "more restrictive", "the contrary", "`targetRefs`"] {
        assert!(help(&finding).contains(part), "{part}: {}", help(&finding));
    }
}

#[test]
fn a_rule_that_denies_nothing_beside_one_that_does_is_an_error_too() {
    let rules = format!("{{to: [{METHODS}]}}, {{to: [{{operation: {{ports: ['9090']}}}}]}}");
    let finding = one(&deny(&rules));
    assert_eq!(finding.code, "ambient.l7-deny-does-nothing");
    assert!(finding.message.starts_with("a rule of DENY policy"), "{}", finding.message);
}

#[test]
fn ports_beside_requests_are_denied_as_a_whole() {
    let finding = one(&deny("{to: [{operation: {ports: ['8080'], paths: ['/admin']}}]}"));
    assert_eq!(
        (finding.code, finding.severity),
        ("ambient.l7-deny-denies-more", Severity::Warning)
    );
}

#[test]
fn an_allow_policy_that_keeps_no_rule_allows_nobody() {
    let allow = |rules: &str| [access("shop/allow", &format!("{{rules: [{rules}]}}"))];
    let finding = one(&allow("{to: [{operation: {methods: [GET]}}]}"));
    assert_eq!((finding.code, finding.severity), ("ambient.l7-allow-denies-all", Severity::Error));
    let finding = one(&allow(
        "{to: [{operation: {methods: [GET]}}]}, {from: [{source: {namespaces: [shop]}}]}",
    ));
    assert_eq!(finding.code, "ambient.l7-allow-loses-rules");
    assert_eq!(found(&allow("{from: [{source: {namespaces: [shop]}}]}")), []);
}

#[test]
fn policies_that_are_not_sent_are_told_with_their_status() {
    let of = |action: &str| {
        let finding = one(&[access("shop/p", &format!("{{{action}, rules: [{{}}]}}"))]);
        assert!(help(&finding).contains("`ZtunnelAccepted: False`"));
        (finding.code, finding.severity)
    };
    assert_eq!(of("action: AUDIT"), ("ambient.policy-ignored", Severity::Warning));
    let custom = of("action: CUSTOM, provider: {name: opa}");
    assert_eq!(custom, ("ambient.policy-ignored", Severity::Error));
    let trial = access("shop/p", "{action: DENY, rules: [{}]}")
        .replace("namespace: shop}", "namespace: shop, annotations: {istio.io/dry-run: 'true'}}");
    assert_eq!(one(&[trial]).severity, Severity::Note);
}

#[test]
fn nothing_is_told_of_policies_that_select_no_pod_of_the_ambient_mesh() {
    let rules = format!("{{action: DENY, rules: [{{to: [{METHODS}]}}]}}");
    let selector = "{selector: {matchLabels: {app: other}}, ";
    let aimed = "{targetRefs: [{kind: Service, group: '', name: cart}], ";
    assert_eq!(found(&[access("bare/deny", &rules)]), []);
    assert_eq!(found(&[access("shop/deny", &rules.replacen('{', selector, 1))]), []);
    assert_eq!(found(&[access("shop/deny", &rules.replacen('{', aimed, 1))]), []);
    assert_eq!(one(&[access("istio-system/deny", &rules)]).code, "ambient.l7-deny-does-nothing");
}

#[test]
fn disable_is_told_where_it_is_written_and_what_becomes_of_it() {
    let finding = one(&[peers("shop/all", "{mtls: {mode: DISABLE}}")]);
    assert_eq!(finding.code, "ambient.disable-not-supported");
    assert!(help(&finding).contains("takes it for PERMISSIVE"));
    let own = "{selector: {matchLabels: {app: cart}}, portLevelMtls: {9090: {mode: DISABLE}}}";
    let finding = one(&[peers("shop/all", "{mtls: {mode: STRICT}}"), peers("shop/cart", own)]);
    assert_eq!(finding.code, "ambient.disable-not-supported");
    assert!(help(&finding).contains("turned away on this port too"), "{}", help(&finding));
    assert_eq!(found(&[peers("bare/all", "{mtls: {mode: DISABLE}}")]), []);
}

#[test]
fn mutual_tls_that_is_lost_is_an_error() {
    let own = "{selector: {matchLabels: {app: cart}}, portLevelMtls: {9090: {mode: PERMISSIVE}}}";
    let mesh = peers("istio-system/mesh", "{mtls: {mode: STRICT}}");
    let finding = one(&[mesh.clone(), peers("shop/all", "{}"), peers("shop/cart", own)]);
    assert_eq!((finding.code, finding.severity), ("ambient.strict-lost", Severity::Error));
    assert_eq!(finding.labels.len(), 2);
    assert_eq!(found(&[mesh, peers("shop/cart", own)]), []);
}

#[test]
fn trust_domains_that_ztunnel_does_not_compare_are_told() {
    let allow = |source: &str| {
        [access("shop/allow", &format!("{{rules: [{{from: [{{source: {{{source}}}}}]}}]}}"))]
    };
    let finding = one(&allow("namespaces: [shop], trustDomains: [other.example]"));
    assert_eq!(finding.code, "ambient.trust-domains-ignored");
    let mesh = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: \
                istio-system}\ndata: {mesh: 'trustDomain: shop.example'}\n";
    let policy = allow("principals: ['cluster.local/ns/shop/sa/web']");
    assert_eq!(found(&policy), []);
    let finding = one(&[mesh.to_owned(), policy.concat()]);
    assert_eq!(finding.code, "ambient.trust-domain-alias");
}

const WAYPOINT: &str = "\
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: door}}
spec:
  clusterIP: 10.0.0.10
  selector: {app: cart}
  ports: [{name: http, port: 80, targetPort: 8080}]
";

#[test]
fn a_policy_that_lists_clients_turns_the_waypoint_away() {
    let with = |action: &str, source: &str| {
        let rules = format!("[{{from: [{{source: {{{source}}}}}]}}]");
        let policy = access("shop/clients", &format!("{{action: {action}, rules: {rules}}}"));
        found(&[WAYPOINT.to_owned(), policy])
    };
    let told = with("ALLOW", "serviceAccounts: [web]");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].code, told[0].severity), ("ambient.waypoint-denied", Severity::Error));
    assert_eq!(told[0].message, "waypoint `shop/door` is turned away by `shop/clients`");
    assert_eq!(with("ALLOW", "serviceAccounts: [web, door]"), []);
    assert_eq!(with("DENY", "notServiceAccounts: [web]").len(), 1);
    assert_eq!(with("DENY", "serviceAccounts: [web]"), []);
    let nobody = access("shop/nobody", "{}");
    assert_eq!(found(&[WAYPOINT.to_owned(), nobody]), [], "it lists nobody");
}
