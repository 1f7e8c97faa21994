//! What users ask about policies and identity, each with its folder of manifests: the verdict, who
//! decides, and the line are in the output.

use serde_json::Value;

use super::questions::Asked;

/// Question 23: in which order do policies count, and can a root deny-all be overridden?
#[test]
fn a_deny_wins_and_an_empty_allow_of_the_root_is_no_last_word() {
    let asked = Asked::about("23-order-of-policies");
    let from_frontend = "--from web/frontend --to orders.shop:8080 --path";
    asked.why(&format!("{from_frontend} /orders")).ends(0).says("ALLOWED routed:orders.shop:8080");
    let denies = asked.line("policies.yaml", "- to: [{ operation: { paths: [/admin*] } }]");
    asked
        .why(&format!("{from_frontend} /admin/reset"))
        .ends(1)
        .says("DENIED 403 rbac_access_denied")
        .says("decided at: server sidecar, shop/deploy/orders")
        .says(format!("enforced by server sidecar, shop/deploy/orders {denies}"));
    asked
        .why("--from web/reporter --to orders.shop:8080 --path /orders")
        .ends(1)
        .says("DENIED 403 rbac_access_denied_matched_policy[none]")
        .says("identity spiffe://cluster.local/ns/web/sa/reporter");
}

/// Question 30: why does the first policy cut off everybody else?
#[test]
fn a_policy_that_allows_one_caller_drops_all_others() {
    let asked = Asked::about("30-first-policy-isolates");
    asked.why("--from shop/web --to prices:8080").ends(0).says("ALLOWED");
    let peer = asked.line("policies.yaml", "- from: [{ podSelector");
    asked
        .why("--from shop/batch --to prices:8080")
        .ends(1)
        .says("DROPPED decided at: server's node (network policy), shop/deploy/prices")
        .says("client sees a connect time-out after 127s and 7 SYN packets")
        .says("NetworkPolicy shop/web-may-ask isolates the pod for ingress")
        .says("`app` is `batch`, the selector asks for `web`")
        .says(peer);
}

/// Question 31: where is the trace of a policy?
#[test]
fn an_egress_policy_without_dns_breaks_the_name_first() {
    let asked = Asked::about("31-trace-of-a-policy");
    asked
        .why("--from shop/web --to prices:8080")
        .ends(1)
        .says("DROPPED decided at: client's node (network policy), shop/deploy/web")
        .says("client sees could not resolve host after 10s")
        .says("no policy lets DNS (53/UDP) pass")
        .says("NetworkPolicy shop/web-goes-to-prices isolates the pod for egress");
}

/// Question 32: what will a policy block before it is applied?
#[test]
fn a_policy_is_tried_beside_what_runs_and_checks_guard_it() {
    let today = Asked::about("32-before-i-apply/today");
    today.why("--from shop/web --to prices:8080").ends(0).says("ALLOWED");
    let folder = "scenarios/questions/32-before-i-apply";
    let both = format!("-f {folder}/proposed");
    today.why(&format!("{both} --from shop/web --to prices:8080")).ends(1).says("DROPPED");
    today
        .why(&format!("{both} --checks {folder}/checks.yaml"))
        .ends(1)
        .says("expected allowed, got dropped");
    today.why(&format!("--checks {folder}/checks.yaml")).ends(0);
    let asked = format!("{both} --from shop/web --to prices:8080 --expect dropped");
    today.why(&asked).ends(0);
}

/// Question 33: which policy denied this?
#[test]
fn a_denial_names_each_policy_and_its_first_clause_that_fails() {
    let asked = Asked::about("33-which-policy");
    let request = "--from shop/frontend --to charge.payments:8080 -X POST --path /v1/charge";
    let rule = asked.line("policies.yaml", "- from: [{ source: { principals");
    asked
        .why(request)
        .ends(1)
        .says("DENIED 403 rbac_access_denied_matched_policy[none] decided at: server sidecar")
        .says("policy payments/callers rule 1 does not match: source.principal is")
        .says("cluster.local/ns/shop/sa/default, wanted cluster.local/ns/shop/sa/frontend")
        .says("policy payments/ops rule 1 does not match: path is /v1/charge, wanted /admin/*")
        .says(rule);
    asked.why(&format!("{request} --expect denied")).ends(0);
    let json = asked.json(request);
    assert_eq!(json["verdict"], "denied");
    assert_eq!(json["client_sees"]["body"], "RBAC: access denied");
    assert_eq!(json["enforced_by"]["box"], "server_sidecar");
    assert_eq!(json["enforced_by"]["origins"].as_array().map(Vec::len), Some(2), "{json}");
}

/// Question 34: why does STRICT answer 503?
#[test]
fn plaintext_to_a_strict_server_is_reset_and_the_rule_that_sends_it_is_named() {
    let asked = Asked::about("34-strict-and-plaintext");
    let mode = asked.line("policies.yaml", "trafficPolicy: { tls: { mode: DISABLE } }");
    asked
        .why("--from shop/frontend --to ledger.shop:8080")
        .ends(1)
        .says("RESET 503 UC decided at: server sidecar, shop/deploy/ledger")
        .says("demands STRICT mutual TLS there, and resets connections to port 8080")
        .says(mode);
    asked
        .why("--from old/batch --to ledger.shop:8080")
        .ends(1)
        .says("client sees connection reset")
        .says("identity nobody: the connection is plaintext");
}

/// Question 35: do headless Services work with mutual TLS?
#[test]
fn a_pod_behind_a_headless_service_is_dialled_with_mutual_tls() {
    let asked = Asked::about("35-headless-and-mtls");
    asked
        .why("--from data/indexer --to store-0.store.data:9092")
        .ends(0)
        .says("ALLOWED")
        .says("sidecar data/deploy/indexer -> sidecar data/sts/store: mTLS");
    asked
        .why("--from old/batch --to store-0.store.data:9092")
        .ends(1)
        .says("RESET decided at: server sidecar, data/sts/store");
}

/// Question 36: let me see that it is mutual TLS.
#[test]
fn each_leg_says_what_protects_it_and_whom_each_side_takes_the_other_for() {
    let asked = Asked::about("36-see-the-handshake");
    let json = asked.json("--from web/frontend --to vault.shop:8080");
    let legs = json["legs"].as_array().expect("a list of legs");
    let words = |at: usize| {
        let leg = &legs[at];
        (&leg["from"]["kind"], &leg["to"]["kind"], &leg["encryption"], &leg["crosses_node"])
    };
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let shown: Vec<String> = (0..legs.len())
        .map(|at| {
            let (from, to, encryption, crosses) = words(at);
            format!("{} {} {} {}", text(from), text(to), text(encryption), text(crosses))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "application sidecar plaintext no",
            "sidecar sidecar mtls may",
            "sidecar application plaintext no"
        ]
    );
    let believed = |end: &str| text(&legs[1][end]["identity"]["principal"]);
    assert_eq!(believed("from"), "spiffe://cluster.local/ns/web/sa/frontend");
    assert_eq!(believed("to"), "spiffe://cluster.local/ns/shop/sa/vault");
    assert_eq!(json["identity"]["principal"], "spiffe://cluster.local/ns/web/sa/frontend");
}
