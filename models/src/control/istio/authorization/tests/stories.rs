//! Stories of single policies.

use super::*;
use crate::manifest::Severity;
use crate::proxy::envoy::filters::ExternalAnswer;

fn web(path: &str) -> Request {
    call(WEB, "GET", path)
}

#[test]
fn custom_then_deny_then_allow_and_without_an_allow_policy_all_is_allowed() {
    let deny = ("no-admin", "{action: DENY, rules: [{to: [{operation: {paths: [/admin]}}]}]}");
    let allow = ("shop", "{rules: [{from: [{source: {namespaces: [shop]}}]}]}");
    let calls = [web("/"), web("/admin"), call(BANK, "GET", "/")];
    assert_eq!(Rig::with(&[deny]).allows(&calls), [true, false, true]);
    assert_eq!(Rig::with(&[allow]).allows(&calls), [true, true, false]);
    assert_eq!(Rig::with(&[deny, allow]).allows(&calls), [true, false, false]);
    assert_eq!(Rig::with(&[]).allows(&calls), [true, true, true]);
    // Levels add up: an ALLOW policy of the root namespace does not win over another.
    let root = ("root-bank", "{rules: [{from: [{source: {namespaces: [bank]}}]}]}");
    assert_eq!(Rig::with(&[root, allow]).allows(&calls), [true, true, true]);
    let audit = ("watch", "{action: AUDIT, rules: [{}]}");
    assert_eq!(Rig::with(&[audit]).allows(&calls), [true, true, true]);
    let elsewhere = ("other", "{selector: {matchLabels: {app: web}}, action: DENY, rules: [{}]}");
    assert_eq!(Rig::with(&[elsewhere]).allows(&calls), [true, true, true]);
}

#[test]
fn what_stands_empty_means_nobody_or_everybody_by_its_place() {
    let calls = [web("/")];
    assert_eq!(Rig::with(&[("a", "{}")]).allows(&calls), [false]);
    assert_eq!(Rig::with(&[("a", "{rules: [{}]}")]).allows(&calls), [true]);
    assert_eq!(Rig::with(&[("a", "{action: DENY}")]).allows(&calls), [true]);
    assert_eq!(Rig::with(&[("a", "{action: DENY, rules: [{}]}")]).allows(&calls), [false]);
}

#[test]
fn a_dry_run_tells_what_it_would_do_and_does_nothing() {
    let text = policies(&[("a", "{action: DENY, rules: [{}]}")])
        .replace("namespace: shop}", "namespace: shop, annotations: {istio.io/dry-run: 'true'}}");
    let (fate, told) = Rig::of(&text).told(&web("/"));
    assert_eq!(fate, Fate::Allowed);
    assert!(told.iter().any(|it| it.starts_with("dry run: denied")), "{told:?}");
}

#[test]
fn values_are_alternatives_fields_add_up_and_a_star_asks_for_presence() {
    let rule = |spec: &str| Rig::with(&[("a", &format!("{{rules: [{spec}]}}"))]);
    let calls = [web("/"), call(BANK, "GET", "/"), call(None, "GET", "/")];
    let any = rule("{from: [{source: {principals: ['*']}}]}");
    assert_eq!(any.allows(&calls), [true, true, false]);
    let none = rule("{from: [{source: {notPrincipals: ['*']}}]}");
    assert_eq!(none.allows(&calls), [false, false, true]);
    let both = rule("{from: [{source: {namespaces: [shop, bank], notPrincipals: ['*/sa/till']}}]}");
    assert_eq!(both.allows(&calls), [true, false, false]);
    let either = rule(
        "{from: [{source: {namespaces: [bank]}}, {source: {principals: [cluster.local/ns/shop/*]}}]}",
    );
    assert_eq!(either.allows(&calls), [true, true, false]);
    let account = rule("{from: [{source: {serviceAccounts: [web, bank/other]}}]}");
    assert_eq!(account.allows(&calls), [true, false, false]);
    let blocks = rule("{from: [{source: {ipBlocks: [10.1.0.0/16], notIpBlocks: [10.1.0.8]}}]}");
    assert_eq!(blocks.allows(&calls), [true, true, true]);
}

#[test]
fn plaintext_has_no_identity_and_slips_past_a_denial_of_a_namespace() {
    let deny = "{action: DENY, rules: [{from: [{source: {namespaces: [bank]}}]}]}";
    let rig = Rig::with(&[("a", deny)]);
    assert_eq!(rig.allows(&[call(BANK, "GET", "/"), call(None, "GET", "/")]), [false, true]);
}

#[test]
fn hosts_ignore_case_and_methods_and_paths_do_not() {
    let of = |operation: &str| {
        Rig::with(&[("a", &format!("{{rules: [{{to: [{{operation: {operation}}}]}}]}}"))])
    };
    let calls = [call(WEB, "GET", "/A"), call(WEB, "get", "/a"), call(WEB, "POST", "/p.S/Get")];
    assert_eq!(of("{hosts: [CART.*]}").allows(&calls), [true, true, true]);
    assert_eq!(of("{hosts: ['*:8080']}").allows(&calls), [true, true, true]);
    assert_eq!(of("{methods: [GET]}").allows(&calls), [true, false, false]);
    assert_eq!(of("{paths: [/a]}").allows(&calls), [false, true, false]);
    assert_eq!(of("{methods: [POST], paths: [/p.S/*]}").allows(&calls), [false, false, true]);
    assert_eq!(of("{paths: ['/{*}']}").allows(&calls), [true, true, false]);
    assert_eq!(of("{paths: ['/{**}'], notPaths: ['*t']}").allows(&calls), [true, true, false]);
    assert_eq!(of("{ports: ['8080']}").allows(&calls), [true, true, true]);
}

#[test]
fn a_query_is_no_part_of_the_path() {
    let rig = Rig::with(&[("a", "{rules: [{to: [{operation: {paths: [/a]}}]}]}")]);
    assert_eq!(rig.allows(&[web("/a?x=/b"), web("/a/"), web("/ab")]), [true, false, false]);
}

#[test]
fn conditions_look_at_headers_addresses_ports_and_tokens() {
    let when = |key: &str, values: &str| {
        Rig::with(&[("a", &format!("{{rules: [{{when: [{{key: '{key}', {values}}}]}}]}}"))])
    };
    let mut tested = web("/");
    tested.headers.append("x-version", "v2");
    for (key, values, expected) in [
        ("request.headers[X-Version]", "values: [v1, v2]", true),
        ("request.headers[x-version]", "notValues: ['v*']", false),
        ("request.headers[x-other]", "notValues: ['v*']", true),
        ("source.ip", "values: [10.1.0.0/16]", true),
        ("remote.ip", "values: [10.9.0.0/16]", false),
        ("destination.ip", "values: [10.2.0.9]", true),
        ("destination.port", "values: ['8080']", true),
        ("connection.sni", "values: [a]", false),
        ("source.principal", "values: [cluster.local/ns/shop/sa/web]", true),
        ("source.namespace", "values: [sho*]", true),
        ("source.serviceAccount", "notValues: [shop/web]", false),
        ("request.auth.principal", "values: [iss/jane]", false),
    ] {
        let fate = when(key, values).fate(&tested);
        assert_eq!(fate == Fate::Allowed, expected, "{key} {values}: {fate:?}");
    }
    let fate = when("request.auth.claims[realm][roles]", "values: [b]").fate(&tested);
    assert_eq!(fate, Fate::Denied, "claims count only where a token was verified");
}

#[test]
fn an_experimental_condition_is_not_guessed() {
    let spec = "{rules: [{when: [{key: 'experimental.envoy.filters.a.b[c]', values: [x]}]}]}";
    let fate = Rig::with(&[("a", spec)]).fate(&web("/"));
    assert!(matches!(&fate, Fate::Unknown(why) if why.contains("experimental")), "{fate:?}");
}

#[test]
fn an_unknown_address_leaves_a_condition_on_addresses_open() {
    let spec = "{rules: [{from: [{source: {ipBlocks: [10.1.0.0/16]}}]}]}";
    let mut stranger = web("/");
    stranger.connection.source_ip = None;
    let fate = Rig::with(&[("a", spec)]).fate(&stranger);
    assert!(
        matches!(&fate, Fate::Unknown(why) if why.contains("source.ip is not known")),
        "{fate:?}"
    );
}

#[test]
fn rules_on_requests_leave_bytes_out_of_allow_and_make_deny_wider() {
    let bytes = |action: &str, rule: &str| {
        let spec = format!("{{action: {action}, rules: [{rule}]}}");
        Rig::with(&[("a", &spec)]).fate_of_bytes(&web("/").connection)
    };
    let mixed = "{from: [{source: {namespaces: [shop]}}], to: [{operation: {methods: [GET]}}]}";
    assert_eq!(bytes("ALLOW", mixed), Fate::Denied);
    assert_eq!(bytes("DENY", mixed), Fate::Denied);
    let elsewhere = mixed.replace("[shop]", "[bank]");
    assert_eq!(bytes("DENY", &elsewhere), Fate::Allowed);
    assert_eq!(bytes("DENY", "{to: [{operation: {paths: [/admin]}}]}"), Fate::Denied);
    assert_eq!(bytes("DENY", "{to: [{operation: {paths: [/a], ports: ['9']}}]}"), Fate::Allowed);
    assert_eq!(bytes("ALLOW", "{from: [{source: {namespaces: [shop]}}]}"), Fate::Allowed);
}

#[test]
fn trust_domains_of_the_mesh_stand_for_each_other() {
    let mesh = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n\
                data:\n  mesh: |\n    trustDomain: new.example\n    \
                trustDomainAliases: [old.example]\n";
    let spec = "{rules: [{from: [{source: {principals: [old.example/ns/shop/sa/web]}}]}]}";
    let rig = Rig::of(&format!("{mesh}{}", policies(&[("a", spec)])));
    let from = |domain: &str| call(Some(&format!("{domain}/ns/shop/sa/web")), "GET", "/");
    let calls = [from("new.example"), from("old.example"), from("other.example")];
    assert_eq!(rig.allows(&calls), [true, true, false]);
}

#[test]
fn a_policy_that_a_cluster_refuses_lets_nothing_through() {
    for spec in [
        "{rules: [{from: [{source: {ipBlocks: [10.0.0.0/33]}}]}]}",
        "{action: DENY, rules: [{from: [{source: {ipBlocks: [10.0.0.0/33, 10.9.0.0/16]}}]}]}",
        "{action: DENY, rules: [{when: [{key: source.name, values: [a]}]}]}",
        "{rules: [{from: [{source: {}}]}]}",
        "{action: DENY, rules: [{to: [{operation: {paths: ['/a/{x}']}}]}]}",
        "{action: DENY, rules: [{to: [{operation: {paths: ['/{**}/{*}']}}]}]}",
        "{action: DENY, rules: [{to: [{operation: {ports: [http]}}]}]}",
        "{selector: {matchLabels: {app: x}}, targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: a}], action: DENY, rules: [{to: [{operation: {ports: ['1']}}]}]}",
        "{action: DENY, provider: {name: a}, rules: [{to: [{operation: {ports: ['1']}}]}]}",
        "{action: CUSTOM, provider: {name: a}, rules: [{to: [{operation: {ports: ['1']}}], from: [{source: {namespaces: [a]}}]}]}",
    ] {
        let rig = Rig::with(&[("a", spec)]);
        let is_selected = !spec.contains("app: x");
        let fate = rig.fate(&web("/"));
        assert_eq!(fate != Fate::Allowed, is_selected, "{spec}: {fate:?}");
    }
}

#[test]
fn what_is_no_policy_at_all_lets_nothing_through() {
    for spec in ["{action: DENI, rules: [{}]}", "{action: DENY, rules: none}", "{rules: {}}"] {
        let mesh = Mesh::of_broken(&policies(&[("a", spec)]));
        assert!(mesh.findings.iter().any(|it| it.severity == Severity::Error), "{spec}");
        let rig = Rig::in_mesh(mesh);
        assert_ne!(rig.fate(&web("/")), Fate::Allowed, "{spec}");
    }
}

const PROVIDERS: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: opa, namespace: auth}\n\
    spec: {selector: {app: opa}, ports: [{name: grpc, port: 9000}]}\n\
    ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n\
    data:\n  mesh: |\n    extensionProviders:\n    - name: opa\n      envoyExtAuthzGrpc: {service: \
    opa.auth.svc.cluster.local, port: 9000, failOpen: true}\n    - name: http\n      \
    envoyExtAuthzHttp: {service: opa.auth.svc.cluster.local, port: 9000, statusOnError: '503'}\n    \
    - {name: lost, envoyExtAuthzGrpc: {service: lost.auth.svc.cluster.local, port: 9000}}\n";

fn custom(name: &str, provider: &str) -> String {
    let spec = format!(
        "{{action: CUSTOM, provider: {{name: {provider}}}, rules: [{{to: [{{operation: {{paths: \
         [/admin]}}}}]}}]}}"
    );
    policies(&[(name, &spec)])
}

#[test]
fn a_custom_policy_asks_its_provider_about_what_it_matches() {
    let mut rig = Rig::of(&format!("{PROVIDERS}{}", custom("a", "opa")));
    assert_eq!(rig.fate(&web("/")), Fate::Allowed);
    assert!(matches!(rig.fate(&web("/admin")), Fate::Unknown(why) if why.contains("opa=allow")));
    rig.answers.give("opa".to_owned(), ExternalAnswer::Deny { status: None });
    assert_eq!(rig.fate(&web("/admin")), Fate::Denied);
    rig.answers.give("opa".to_owned(), ExternalAnswer::Allow);
    assert_eq!(rig.fate(&web("/admin")), Fate::Allowed);
    rig.answers.give("opa".to_owned(), ExternalAnswer::Fail);
    assert_eq!(rig.fate(&web("/admin")), Fate::Allowed, "it fails open");
    // Fields of requests make the question wider where only bytes are seen.
    rig.answers.give("opa".to_owned(), ExternalAnswer::Deny { status: None });
    assert_eq!(rig.fate_of_bytes(&web("/").connection), Fate::Denied);
    let mut http = Rig::of(&format!("{PROVIDERS}{}", custom("a", "http")));
    http.answers.give("http".to_owned(), ExternalAnswer::Fail);
    assert_eq!(http.fate(&web("/admin")), Fate::Denied);
    assert_eq!(http.fate_of_bytes(&web("/").connection), Fate::Allowed, "it is not asked");
}

#[test]
fn who_cannot_be_asked_denies_what_would_be_asked_about() {
    for provider in ["lost", "nobody", "Opa"] {
        let mut rig = Rig::of(&format!("{PROVIDERS}{}", custom("a", provider)));
        rig.answers.give(provider.to_owned(), ExternalAnswer::Allow);
        assert_eq!(rig.fate(&web("/admin")), Fate::Denied, "{provider}");
        assert_eq!(rig.fate(&web("/")), Fate::Allowed, "{provider}");
    }
    let two = format!("{PROVIDERS}{}{}", custom("a", "opa"), custom("b", "http"));
    let mut rig = Rig::of(&two);
    for provider in ["opa", "http"] {
        rig.answers.give(provider.to_owned(), ExternalAnswer::Allow);
    }
    assert_eq!(rig.fate(&web("/admin")), Fate::Denied);
}

#[test]
fn every_policy_that_was_considered_is_told_with_its_first_failing_clause() {
    let spec = "{rules: [{from: [{source: {principals: [cluster.local/ns/bank/sa/till]}}]}, \
                {to: [{operation: {methods: [POST], paths: [/a]}}]}]}";
    let (fate, told) = Rig::with(&[("own", spec)]).told(&web("/a"));
    assert_eq!(fate, Fate::Denied);
    assert_eq!(
        told,
        [
            "policy shop/own rule 1 does not match: source.principal is \
             cluster.local/ns/shop/sa/web, wanted cluster.local/ns/bank/sa/till",
            "policy shop/own rule 2 does not match: method is GET, wanted POST",
            "denied: none of the 2 policies of the ALLOW rules matches",
        ]
    );
}

#[test]
fn target_refs_name_a_gateway_of_their_namespace_and_count_nowhere_else() {
    let target = "{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: edge}], \
                  action: DENY, rules: [{}]}";
    let rig = Rig::with(&[("a", target)]);
    assert_eq!(rig.fate(&web("/")), Fate::Allowed, "a sidecar is no target");
    let labels = labels("gateway.networking.k8s.io/gateway-name", "edge");
    let at = |rig: &Rig, namespace, gateway| {
        rig.told_at(Touched { namespace, labels: &labels, gateway: Some(gateway) }, &web("/")).0
    };
    assert_eq!(at(&rig, "shop", "edge"), Fate::Denied);
    assert_eq!(at(&rig, "shop", "other"), Fate::Allowed);
    assert_eq!(at(&rig, "bank", "edge"), Fate::Allowed);
    // Where no target is named a selector counts, by a flag that is on.
    let selector = "{selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: edge}}}";
    assert_eq!(at(&Rig::with(&[("a", selector)]), "shop", "edge"), Fate::Denied);
}
