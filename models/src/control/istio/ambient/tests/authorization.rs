//! AuthorizationPolicies at ztunnel.

use super::*;
use crate::explain::Tree;

fn allowed(documents: &[String], account: Option<&str>, port: u16) -> bool {
    allows(&cart(documents), &connection(account, port))
}

#[test]
fn what_ztunnel_cannot_do_is_not_sent_to_it() {
    let rules = "rules: [{}]";
    let trial = access("shop/trial", &format!("{{action: DENY, {rules}}}"))
        .replace("namespace: shop}", "namespace: shop, annotations: {istio.io/dry-run: 'true'}}");
    let documents = [
        access("shop/audit", &format!("{{action: AUDIT, {rules}}}")),
        access("shop/ask", &format!("{{action: CUSTOM, provider: {{name: opa}}, {rules}}}")),
        access(
            "shop/aimed",
            &format!(
                "{{action: DENY, targetRefs: [{{kind: Service, name: cart, group: ''}}], {rules}}}"
            ),
        ),
        trial,
    ];
    let policies = cart(&documents);
    assert_eq!(policies.in_force, []);
    let told: Vec<_> = policies.ignored.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(
        told,
        ["CUSTOM policy shop/ask", "AUDIT policy shop/audit", "DENY policy shop/trial"]
    );
    assert!(allows(&policies, &connection(Some("web"), 8080)));
}

#[test]
fn policies_of_the_mesh_the_namespace_and_the_workload_add_up() {
    let deny = |title: &str, selector: &str, port: u16| {
        let to = format!("[{{to: [{{operation: {{ports: ['{port}']}}}}]}}]");
        access(title, &format!("{{{selector}action: DENY, rules: {to}}}"))
    };
    let documents = [
        deny("istio-system/mesh", "", 1),
        deny("shop/all", "", 2),
        deny("shop/cart", "selector: {matchLabels: {app: cart}}, ", 3),
        deny("istio-system/carts", "selector: {matchLabels: {app: cart}}, ", 4),
        deny("shop/other", "selector: {matchLabels: {app: other}}, ", 5),
        deny("bank/all", "", 6),
    ];
    let open: Vec<_> = (1..=6).filter(|&port| allowed(&documents, Some("web"), port)).collect();
    assert_eq!(open, [5, 6]);
}

#[test]
fn an_allow_rule_that_looks_at_requests_never_matches() {
    let allow = |rules: &str| access("shop/allow", &format!("{{action: ALLOW, rules: [{rules}]}}"));
    let from_web = "from: [{source: {serviceAccounts: [web]}}]";
    let methods = "to: [{operation: {methods: [GET]}}]";
    assert!(allowed(&[allow(&format!("{{{from_web}}}"))], Some("web"), 8080));
    assert!(!allowed(&[allow(&format!("{{{from_web}, {methods}}}"))], Some("web"), 8080));
    assert!(!allowed(&[allow(&format!("{{{methods}}}"))], Some("web"), 8080));
    let both = allow(&format!("{{{methods}}}, {{{from_web}}}"));
    assert!(allowed(std::slice::from_ref(&both), Some("web"), 8080), "another rule still matches");
    assert!(!allowed(&[both], Some("till"), 8080));
    for when in ["request.headers[x-user]", "source.serviceAccount", "remote.ip", "connection.sni"]
    {
        let rule = format!("{{{from_web}, when: [{{key: '{when}', values: ['10.0.0.1']}}]}}");
        let documents = [allow(&rule)];
        let told = authorize(&cart(&documents), &connection(Some("web"), 8080), &mut Silent);
        assert!(!matches!(told, Authorized::Allowed), "{when}");
    }
}

#[test]
fn a_deny_rule_loses_what_looks_at_requests_and_what_is_left_empty_denies_nothing() {
    let deny = |rules: &str| access("shop/deny", &format!("{{action: DENY, rules: [{rules}]}}"));
    let from_web = "from: [{source: {serviceAccounts: [web]}}]";
    let denied = |rules: &str, port| !allowed(&[deny(rules)], Some("web"), port);
    assert!(!denied("{to: [{operation: {methods: [DELETE]}}]}", 8080));
    assert!(!denied(&format!("{{{from_web}, to: [{{operation: {{paths: ['/a']}}}}]}}"), 8080));
    let port = "to: [{operation: {ports: ['8080'], methods: [DELETE]}}]";
    assert!(denied(&format!("{{{port}}}"), 8080), "the whole port is denied");
    assert!(!denied(&format!("{{{port}}}"), 9090));
    let either = "{to: [{operation: {methods: [GET]}}, {operation: {ports: ['9090']}}]}";
    assert!(!denied(either, 8080));
    assert!(denied(either, 9090));
    let when = "{when: [{key: 'request.headers[x]', values: [a]}, {key: destination.port, values: ['8080']}]}";
    assert!(!denied(when, 8080));
    assert!(denied("{}", 8080), "an empty rule denies everything");
}

#[test]
fn accounts_without_a_namespace_are_those_of_the_policys_own() {
    let allow = |title: &str, account: &str| {
        let from = format!("[{{from: [{{source: {{serviceAccounts: ['{account}']}}}}]}}]");
        access(title, &format!("{{rules: {from}}}"))
    };
    assert!(allowed(&[allow("shop/a", "web")], Some("web"), 8080));
    assert!(!allowed(&[allow("istio-system/a", "web")], Some("web"), 8080));
    assert!(allowed(&[allow("istio-system/a", "shop/web")], Some("web"), 8080));
}

#[test]
fn trust_domains_of_a_source_are_left_out_without_a_word() {
    let allow = |source: &str| {
        let rules = format!("[{{from: [{{source: {{{source}}}}}]}}]");
        [access("shop/allow", &format!("{{rules: {rules}}}"))]
    };
    let wider = allow("namespaces: [shop], trustDomains: [other.example]");
    assert!(allowed(&wider, Some("web"), 8080), "the trust domain is not asked for");
    assert!(!allowed(&allow("trustDomains: [cluster.local]"), Some("web"), 8080));
}

#[test]
fn what_was_lost_on_the_way_is_told_beside_the_policy() {
    let documents = [
        access("shop/allow", "{rules: [{to: [{operation: {methods: [GET]}}]}]}"),
        access(
            "shop/deny",
            "{action: DENY, rules: [{to: [{operation: {ports: ['1'], paths: ['/a']}}]}]}",
        ),
        access(
            "shop/wide",
            "{action: DENY, rules: [{from: [{source: {trustDomains: [a], namespaces: [b]}}]}]}",
        ),
        peers("shop/all", "{mtls: {mode: STRICT}}"),
    ];
    let mut tree = Tree::default();
    authorize(&cart(&documents), &connection(Some("web"), 8080), &mut tree);
    let told = serde_json::to_string(&tree.finish()).expect("a tree");
    for part in [
        "a rule is left out: it asks for `methods`",
        "ALLOW policy shop/allow has no rules left, so it never matches",
        "wider than written, without `paths`",
        "wider than written, without `trustDomains`",
        "mutual TLS is demanded",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
