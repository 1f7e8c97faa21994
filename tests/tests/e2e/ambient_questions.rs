//! What users ask about ambient and about moving to it, each with its folder of manifests: who
//! decides, what is not enforced on the way, and the line are in the output.

use super::binary::run_json;
use super::questions::{Asked, lint};

/// Question 24: why does my DENY do nothing?
#[test]
fn a_deny_of_methods_denies_nobody_where_no_waypoint_stands() {
    let asked = Asked::about("24-l7-deny-without-waypoint");
    let line = asked.line("policies.yaml", "- to: [{ operation: { methods: [DELETE] } }]");
    asked
        .why("--from web/frontend --to orders.shop:8080 -X DELETE")
        .ends(0)
        .says("ALLOWED")
        .says("DENY policy shop/no-deletes asks for `methods`, which the ztunnel")
        .says("nothing is left to match, so that the rule denies nobody")
        .says(&line)
        .says("neither it nor its namespace names a waypoint");
    lint(&asked)
        .says("ambient.l7-deny-does-nothing")
        .says("DENY policy `shop/no-deletes` denies nothing")
        .says(line)
        .says("says that the policy is more restrictive than requested, and the contrary holds");
}

/// Question 25: why does ambient deny more than the policy says?
#[test]
fn a_policy_for_requests_is_half_translated_and_both_halves_are_told() {
    let asked = Asked::about("25-l7-half-translated");
    asked
        .why("--from web/frontend --to orders.shop:8080")
        .ends(1)
        .says("RESET decided at: server's ztunnel, shop/deploy/orders")
        .says("ALLOW policy shop/reads-only does not match, and no other allows it")
        .says("asks for")
        .says("lets nobody through");
    let line = asked.line("policies.yaml", "- to: [{ operation: { methods: [POST]");
    asked
        .why("--from web/frontend --to stock.shop:8080")
        .ends(1)
        .says("the ztunnel of shop/deploy/stock answers CONNECT with 401")
        .says("the rule denies whatever its other fields match")
        .says(&line);
    lint(&asked)
        .says("ALLOW policy `shop/reads-only` allows nobody")
        .says("DENY policy `shop/no-writes` denies more than it says")
        .says(line);
}

/// Question 26: is my waypoint in the path?
#[test]
fn the_legs_show_the_waypoint_and_who_goes_past_it_is_told() {
    let asked = Asked::about("26-is-my-waypoint-in-the-path");
    asked
        .why("--from web/frontend --to orders.shop:8080")
        .ends(0)
        .says("ztunnel web/deploy/frontend -> waypoint shop/waypoint: HBONE (mTLS)")
        .says("waypoint shop/waypoint -> ztunnel shop/deploy/orders: HBONE (mTLS)");
    asked
        .why("--from web/frontend --to orders-pods.shop:8080")
        .ends(0)
        .says("ztunnel web/deploy/frontend -> ztunnel shop/deploy/orders: HBONE (mTLS)")
        .says("is bypassed: a pod is called at its own address");
    asked
        .why("--from web/frontend --to invoices.billing:8080")
        .ends(0)
        .says("ztunnel web/deploy/frontend -> ztunnel billing/deploy/invoices: HBONE (mTLS)")
        .says("there is no Gateway `billing/front-door`")
        .says("[waypoint.not-used]")
        .says(asked.line("apps.yaml", "istio.io/use-waypoint: front-door"));
}

/// Question 27: which identity does the destination see?
#[test]
fn behind_a_waypoint_the_server_sees_the_waypoint() {
    let asked = Asked::about("27-which-identity");
    asked
        .why("--from web/frontend --to orders.shop:8080")
        .ends(1)
        .says("RESET 503 UC decided at: server's ztunnel, shop/deploy/orders")
        .says("identity spiffe://cluster.local/ns/shop/sa/waypoint")
        .says("ALLOW policy shop/orders-for-frontend does not match");
    asked
        .why("--from web/frontend --to stock.shop:8080")
        .ends(0)
        .says("ALLOWED")
        .says("identity spiffe://cluster.local/ns/shop/sa/waypoint");
    lint(&asked).says("waypoint `shop/waypoint` is turned away by `shop/orders-for-frontend`");
    let json = asked.json("--from web/frontend --to stock.shop:8080");
    let believed = |leg: usize| json["legs"][leg]["from"]["identity"]["principal"].clone();
    assert_eq!(believed(1), "spiffe://cluster.local/ns/web/sa/frontend");
    assert_eq!(believed(2), "spiffe://cluster.local/ns/shop/sa/waypoint");
    assert_eq!(json["legs"][1]["encryption"], "hbone");
}

/// Question 28: why does my NetworkPolicy stop the mesh?
#[test]
fn a_policy_for_the_port_of_the_application_drops_tunnels_until_15008_is_allowed() {
    let asked = Asked::about("28-network-policy-and-hbone");
    let line = asked.line("policies.yaml", "metadata: { name: orders, namespace: shop }");
    asked
        .why("--from web/frontend --to orders.shop:8080")
        .ends(1)
        .says("DROPPED decided at: server's node (network policy), shop/deploy/orders")
        .says("client sees connection reset after 10s")
        .says("calls of the mesh come in tunnels on port 15008, which no policy lets pass")
        .says(&line);
    asked
        .why("--from web/frontend --to stock.shop:9090")
        .ends(0)
        .says("ALLOWED")
        .says("rules on ports do not keep callers of the mesh apart");
    lint(&asked)
        .says("ambient.networkpolicy-without-15008")
        .says("calls of the mesh to shop/orders are dropped: port 8080 is let through")
        .says("probes of the kubelet reach shop/orders from 169.254.7.127");
}

/// Question 44: what happens to policies while namespaces migrate one by one?
#[test]
fn a_client_with_a_sidecar_goes_past_the_waypoint_and_its_policy() {
    let asked = Asked::about("44-sidecars-past-the-waypoint");
    let policy = asked.line("policies.yaml", "apiVersion: security.istio.io/v1");
    asked
        .why("--from web/frontend --to orders.shop:8080 -X DELETE")
        .ends(1)
        .says("DENIED 403")
        .says("decided at: waypoint, shop/waypoint")
        .says("identity spiffe://cluster.local/ns/web/sa/frontend")
        .says(asked.line("policies.yaml", "- to: [{ operation: { methods: [DELETE] } }]"));
    asked
        .why("--from legacy/importer --to orders.shop:8080 -X DELETE")
        .ends(0)
        .says("ALLOWED")
        .says("is bypassed: sidecars send past waypoints")
        .says("AuthorizationPolicy shop/no-deletes is not enforced on this way")
        .says(policy);
}

/// Question 45: a migration left the namespace open.
#[test]
fn a_policy_that_names_a_service_without_a_waypoint_is_attached_to_nothing() {
    let before = Asked::about("45-left-open-by-a-migration/before");
    before
        .why("--from lab/probe --to ledger.shop:8080")
        .ends(1)
        .says("DENIED 403")
        .says("decided at: server sidecar, shop/deploy/ledger");
    let after = Asked::about("45-left-open-by-a-migration/after");
    let policy = after.line("policies.yaml", "apiVersion: security.istio.io/v1");
    after
        .why("--from lab/probe --to ledger.shop:8080")
        .ends(0)
        .says("ALLOWED")
        .says("no waypoint serves Service shop/ledger")
        .says("AuthorizationPolicy shop/ledger-for-orders is not enforced on this way")
        .says(policy);
}

/// Question 42: why does one pod get all gRPC calls, and why does autoscaling not help?
#[test]
fn more_pods_help_a_grpc_service_only_where_calls_are_balanced_one_by_one() {
    let folder = "scenarios/questions/42-grpc-sticks-to-one-pod";
    let busiest = |scenario: &str, workload: &str| {
        let run = run_json(&[&format!("{folder}/{scenario}.yaml")]);
        let all = run["workloads"].as_array().expect("there are workloads");
        let one = all.iter().find(|it| it["name"] == workload).expect("it is in the results");
        one["busiest_pod"]["utilisation"].as_f64().expect("a share")
    };
    for scenario in ["none", "ambient"] {
        for workload in ["ranking", "ranking-scaled"] {
            let busy = busiest(scenario, workload);
            assert!(busy > 0.7, "{workload} on {scenario}: one pod does it all, {busy}");
        }
    }
    for scenario in ["sidecar", "waypoint"] {
        let (two, eight) = (busiest(scenario, "ranking"), busiest(scenario, "ranking-scaled"));
        assert!(two < 0.55 && eight < 0.25, "{scenario}: {two} of two pods, {eight} of eight");
    }
}
