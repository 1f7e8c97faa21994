//! What is told about waypoints before a request comes.

use crate::control::istio::testing::Mesh;

use super::{istio, namespace, service, waypoint};

const USE: &str = "istio.io/use-waypoint";

/// Code, message and first label of each finding about ambient mode.
fn told(objects: &[String]) -> Vec<(&'static str, String, String)> {
    let mesh = Mesh::of(&objects.concat());
    let ambient = mesh.findings.into_iter().filter(|it| it.code.starts_with("ambient."));
    ambient.map(|it| (it.code, it.message.clone(), it.labels[0].text.clone())).collect()
}

fn text(found: &[(&'static str, String, String)]) -> Vec<[String; 3]> {
    found.iter().map(|(code, what, at)| [(*code).to_owned(), what.clone(), at.clone()]).collect()
}

/// A Service without a waypoint, and one with.
fn shop() -> Vec<String> {
    vec![
        namespace("shop", ""),
        namespace("bank", &format!("{USE}: wp")),
        waypoint("bank/wp", "", ""),
        service("shop/cart", "", ""),
        service("bank/money", "", ""),
    ]
}

#[test]
fn a_policy_by_selector_that_looks_at_requests_holds_at_no_waypoint() {
    let mut objects = shop();
    let rules = "rules: [{to: [{operation: {methods: [GET]}}]}]";
    objects.push(istio(
        "AuthorizationPolicy",
        "bank/reads",
        &format!("{{selector: {{matchLabels: {{app: money}}}}, {rules}}}"),
    ));
    let found = told(&objects);
    let own: Vec<_> =
        text(&found).into_iter().filter(|it| it[0].ends_with("at-waypoint")).collect();
    assert_eq!(
        own,
        [[
            "ambient.selector-policy-at-waypoint",
            "AuthorizationPolicy `bank/reads` does not hold at waypoints",
            "nobody enforces what it says of requests on traffic to `bank/money`"
        ]]
    );
}

#[test]
fn what_is_written_for_requests_is_told_where_no_waypoint_stands() {
    let mut objects = shop();
    let target = "targetRefs: [{group: '', kind: Service, name: cart}]";
    objects.push(istio(
        "AuthorizationPolicy",
        "shop/for-cart",
        &format!("{{{target}, rules: [{{}}]}}"),
    ));
    let route = |home: &str, host: &str| {
        let spec =
            format!("{{hosts: [{host}], http: [{{route: [{{destination: {{host: {host}}}}}]}}]}}");
        istio("VirtualService", &format!("{home}/{host}"), &spec)
    };
    objects.push(route("shop", "cart"));
    objects.push(route("bank", "money"));
    assert_eq!(
        text(&told(&objects)),
        [
            [
                "ambient.l7-without-waypoint",
                "AuthorizationPolicy `shop/for-cart` holds nowhere",
                "no waypoint stands before Service `shop/cart`"
            ],
            [
                "ambient.l7-without-waypoint",
                "VirtualService `shop/cart` has no effect for callers in ambient mode",
                "no waypoint stands before `shop/cart`"
            ],
        ]
    );
}

#[test]
fn callers_with_sidecars_are_told_to_go_past_a_waypoint() {
    let mut objects = shop();
    objects.push(
        "---\napiVersion: v1\nkind: Namespace\n\
         metadata: {name: old, labels: {istio-injection: enabled}}\n"
            .to_owned(),
    );
    objects.push(service("old/web", "", ""));
    assert_eq!(
        text(&told(&objects)),
        [[
            "ambient.bypass",
            "callers with sidecars go past waypoint `bank/wp`",
            "no route and no policy of it holds for `old/web`"
        ]]
    );
}

#[test]
fn a_waypoint_whose_pods_are_there_and_not_ready_is_told() {
    let mut objects = shop();
    let pod = |ready: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: wp-1\n  namespace: bank\n  \
             labels: {{gateway.networking.k8s.io/gateway-name: wp, \
             gateway.istio.io/managed: istio.io-mesh-controller}}\n\
             spec: {{containers: [{{name: istio-proxy}}]}}\n\
             status: {{conditions: [{{type: Ready, status: '{ready}'}}]}}\n"
        )
    };
    objects.push(pod("False"));
    assert_eq!(
        text(&told(&objects)),
        [[
            "ambient.waypoint-not-ready",
            "no pod of waypoint `bank/wp` is ready",
            "traffic goes past it until one is for the first time, and fails from then on"
        ]]
    );
    objects.pop();
    objects.push(pod("True"));
    assert_eq!(told(&objects), []);
}
