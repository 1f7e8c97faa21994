//! Stories about flips of AuthorizationPolicies. Those of the network and of encryption stand
//! beside it.

use super::{Asked, Mesh, SHOP, client, object};

const CALL: Asked<'_> = Asked { from: "client/web", to: "cart.shop:80", method: "GET", path: "/" };

/// The shop with a caller that has a proxy, and policies beside `cart`.
fn mesh(policies: &[(&str, &str)]) -> Mesh {
    let policies = policies
        .iter()
        .map(|(name, spec)| object(&format!("AuthorizationPolicy shop/{name}"), spec));
    let shop = [SHOP.to_owned(), client("istio-injection: enabled")];
    Mesh::of(&shop.into_iter().chain(policies).collect::<Vec<_>>())
}

#[test]
fn the_caller_is_added_to_the_rule_that_lets_others_in() {
    let others = "{rules: [{from: [{source: {principals: [cluster.local/ns/ops/sa/batch]}}]}]}";
    let (verdict, told) = mesh(&[("callers", others)]).told(&CALL);
    assert_eq!(verdict, "denied");
    let title = "AuthorizationPolicy shop/callers";
    let web = "cluster.local/ns/client/sa/web";
    assert_eq!(
        told,
        [
            format!("1 add principal {web} to rule 1 of {title} -> allowed"),
            // One of each kind before more of the same.
            format!("1 delete {title} -> allowed"),
            format!("1 add a rule for principal {web} to {title} -> allowed"),
            format!("1 add namespace client to rule 1 of {title} -> allowed"),
            format!("1 add a rule for namespace client to {title} -> allowed"),
        ]
    );
}

#[test]
fn the_caller_is_exempt_from_a_rule_that_denies() {
    let spec = "{action: DENY, rules: [{from: [{source: {namespaces: [client]}}]}]}";
    let (verdict, told) = mesh(&[("deny", spec)]).told(&CALL);
    assert_eq!(verdict, "denied");
    let title = "AuthorizationPolicy shop/deny";
    let web = "cluster.local/ns/client/sa/web";
    let line = format!("1 exempt principal {web} from rule 1 of {title} -> allowed");
    assert!(told.contains(&line), "{told:#?}");
    assert!(told.contains(&format!("1 remove rule 1 of {title} -> allowed")), "{told:#?}");
    assert!(told.contains(&format!("2 delete {title} -> allowed")), "{told:#?}");
}

#[test]
fn the_caller_runs_under_an_account_that_a_rule_names() {
    let spec = "{rules: [{from: [{source: {principals: [cluster.local/ns/client/sa/shopper]}}]}]}";
    let (_, told) = mesh(&[("callers", spec)]).told(&CALL);
    let line = "1 set the service account of client/deploy/web to shopper -> allowed";
    assert!(told.contains(&line.to_owned()), "{told:#?}");
}

#[test]
fn another_method_or_path_is_one_that_a_rule_names() {
    let spec = "{rules: [{to: [{operation: {methods: [PUT]}}, {operation: {paths: [/open/*]}}]}]}";
    let (verdict, told) = mesh(&[("open", spec)]).told(&CALL);
    assert_eq!(verdict, "denied");
    for line in ["1 send method PUT -> allowed", "1 send path /open/ -> allowed"] {
        assert!(told.contains(&line.to_owned()), "{told:#?}");
    }
    let line = "1 add method GET to rule 1 of AuthorizationPolicy shop/open -> allowed";
    assert!(told.contains(&line.to_owned()), "{told:#?}");
}

#[test]
fn a_header_that_a_condition_asks_for_is_sent() {
    let spec = "{rules: [{when: [{key: 'request.headers[x-team]', values: [blue]}]}]}";
    let (_, told) = mesh(&[("team", spec)]).told(&CALL);
    assert!(told.contains(&"1 send header x-team: blue -> allowed".to_owned()), "{told:#?}");
}

#[test]
fn two_policies_that_deny_need_two_edits() {
    let by_method = "{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}";
    let by_path = "{action: DENY, rules: [{to: [{operation: {paths: ['/*']}}]}]}";
    let (verdict, told) = mesh(&[("a", by_method), ("b", by_path)]).told(&CALL);
    assert_eq!(verdict, "denied");
    assert!(told.iter().all(|line| line.contains("; ")), "{told:#?}");
    assert!(told[0].starts_with("2 exempt"), "{told:#?}");
}

#[test]
fn an_allowed_request_ends_with_the_rule_that_admits_it() {
    let spec = "{rules: [{from: [{source: {principals: [cluster.local/ns/client/sa/web, x]}}]}]}";
    let (verdict, told) = mesh(&[("callers", spec)]).told(&CALL);
    assert_eq!(verdict, "allowed");
    let title = "AuthorizationPolicy shop/callers";
    let web = "cluster.local/ns/client/sa/web";
    let line = format!("1 remove principal {web} from rule 1 of {title} -> denied");
    assert!(told.contains(&line), "{told:#?}");
    let account = "1 set the service account of client/deploy/web to default -> denied";
    assert!(told.contains(&account.to_owned()), "{told:#?}");
}

#[test]
fn a_caller_without_a_proxy_needs_one_before_a_rule_can_name_it() {
    let spec = "{rules: [{from: [{source: {principals: [cluster.local/ns/client/sa/web]}}]}]}";
    let policy = object("AuthorizationPolicy shop/callers", spec);
    let mesh = Mesh::of(&[SHOP.to_owned(), client("a: b"), policy]);
    let (verdict, told) = mesh.told(&CALL);
    assert_eq!(verdict, "denied");
    let line =
        "1 set label sidecar.istio.io/inject=true on the pods of client/deploy/web -> allowed";
    assert_eq!(told[0], line);
}
