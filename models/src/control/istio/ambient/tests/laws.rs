//! Laws of translation: policies of every shape come to an answer that can be told, the order of
//! documents changes nothing, and sidecars agree where they read alike.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::explain::Tree;

const FIELDS: &[(&str, &[&str])] = &[
    ("principals", &["cluster.local/ns/shop/sa/web", "*/sa/till", "*", "**", ""]),
    ("notPrincipals", &["*", "cluster.local/ns/b*"]),
    ("namespaces", &["shop", "b*", "*", "s*p"]),
    ("notNamespaces", &["shop", "*"]),
    ("serviceAccounts", &["web", "bank/till", "/", "a/b/c"]),
    ("ipBlocks", &["10.1.0.0/16", "10.1.0.7", "::/0", "10.0.0.0/99", "no"]),
    ("notIpBlocks", &["10.1.0.7", "0.0.0.0/0"]),
    ("remoteIpBlocks", &["10.0.0.0/8"]),
    ("requestPrincipals", &["*"]),
    ("trustDomains", &["other.example"]),
];
const OPERATIONS: &[(&str, &[&str])] = &[
    ("ports", &["8080", "9090", "0", "70000", "-1", "+80", "http"]),
    ("notPorts", &["8080", "1"]),
    ("methods", &["GET", "*"]),
    ("paths", &["/a*"]),
    ("notHosts", &["cart"]),
];
const KEYS: &[(&str, &[&str])] = &[
    ("source.ip", &["10.1.0.0/16", "x"]),
    ("source.namespace", &["shop"]),
    ("source.principal", &["*"]),
    ("destination.port", &["8080", "x"]),
    ("destination.ip", &["10.2.0.9"]),
    ("request.headers[x]", &["a"]),
    ("source.serviceAccount", &["web"]),
    ("nonsense", &["a"]),
    ("", &["a"]),
];

type Table = &'static [(&'static str, &'static [&'static str])];

fn listed(values: &[&str]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("[{}]", quoted.join(", "))
}

fn fields(table: Table) -> impl Strategy<Value = String> {
    let chosen = subsequence(table.to_vec(), 0..=3).prop_flat_map(|chosen| {
        chosen
            .into_iter()
            .map(|(name, values)| {
                subsequence(values.to_vec(), 0..=values.len().min(2))
                    .prop_map(move |values| format!("{name}: {}", listed(&values)))
            })
            .collect::<Vec<_>>()
    });
    chosen.prop_map(|fields| format!("{{{}}}", fields.join(", ")))
}

fn many(one: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(one, 0..3).prop_map(|all| format!("[{}]", all.join(", ")))
}

fn a_rule() -> impl Strategy<Value = String> {
    let from = many(fields(FIELDS).prop_map(|it| format!("{{source: {it}}}")));
    let to = many(fields(OPERATIONS).prop_map(|it| format!("{{operation: {it}}}")));
    let when =
        many((select(KEYS.to_vec()), select(vec!["values", "notValues"])).prop_map(
            |((key, values), name)| format!("{{key: '{key}', {name}: {}}}", listed(values)),
        ));
    (from, to, when)
        .prop_map(|(from, to, when)| format!("{{from: {from}, to: {to}, when: {when}}}"))
}

fn a_policy() -> impl Strategy<Value = String> {
    let scope = select(vec![
        "",
        "selector: {matchLabels: {app: cart}}, ",
        "selector: {}, ",
        "targetRefs: [{kind: Service, group: '', name: cart}], ",
    ]);
    let action = select(vec!["ALLOW", "DENY", "AUDIT", "CUSTOM", "ODD"]);
    (scope, action, many(a_rule()))
        .prop_map(|(scope, action, rules)| format!("{{{scope}action: {action}, rules: {rules}}}"))
}

fn a_peer_authentication() -> impl Strategy<Value = String> {
    let modes = || select(vec!["UNSET", "PERMISSIVE", "DISABLE", "STRICT"]);
    let ports = proptest::collection::btree_map(select(vec![8080, 9090]), modes(), 0..3);
    let scope = select(vec!["", "selector: {matchLabels: {app: cart}}, "]);
    (scope, modes(), ports).prop_map(|(scope, mode, ports)| {
        let ports: Vec<_> =
            ports.into_iter().map(|(port, mode)| format!("{port}: {{mode: {mode}}}")).collect();
        format!("{{{scope}mtls: {{mode: {mode}}}, portLevelMtls: {{{}}}}}", ports.join(", "))
    })
}

fn documents() -> impl Strategy<Value = Vec<String>> {
    let title = || select(vec!["shop", "istio-system"]);
    let access = (title(), a_policy()).prop_map(|(at, spec)| ("AuthorizationPolicy", at, spec));
    let peers =
        (title(), a_peer_authentication()).prop_map(|(at, spec)| ("PeerAuthentication", at, spec));
    let all = proptest::collection::vec(prop_oneof![2 => access, 1 => peers], 0..5);
    all.prop_map(|all| {
        let named = all.into_iter().enumerate();
        named
            .map(|(at, (kind, namespace, spec))| {
                document(kind, &format!("{namespace}/p{at}"), &spec)
            })
            .collect()
    })
}

fn broken(documents: &[String]) -> Policies {
    let mesh = Mesh::of_broken(&documents.concat());
    super::super::policies(mesh.push(), "shop", &labels("app=cart"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn policies_of_every_shape_are_translated_judged_and_told(documents in documents()) {
        let mesh = Mesh::of_broken(&documents.concat());
        let cart = labels("app=cart");
        let policies = super::super::policies(mesh.push(), "shop", &cart);
        let mut tree = Tree::default();
        for account in [None, Some("web")] {
            let connection = connection(account, 8080);
            let told = authorize(&policies, &connection, &mut tree);
            prop_assert_eq!(told, authorize(&policies, &connection, &mut Silent));
        }
        prop_assert!(!tree.finish().is_empty());
    }

    #[test]
    fn the_order_of_documents_changes_nothing(documents in documents(), account in prop::bool::ANY) {
        let back: Vec<_> = documents.iter().rev().cloned().collect();
        let connection = connection(account.then_some("web"), 8080);
        let of = |documents: &[String]| {
            match authorize(&broken(documents), &connection, &mut Silent) {
                Authorized::Allowed => "allowed",
                Authorized::Denied { .. } => "denied",
                Authorized::Unknown { .. } => "unknown",
            }
        };
        prop_assert_eq!(of(&documents), of(&back));
    }

    /// PERMISSIVE and DISABLE, and STRICT where each level says it, are the same everywhere: then
    /// the sidecar's reading and ztunnel's agree on who may come in plaintext.
    #[test]
    fn without_exceptions_of_ports_ztunnel_and_sidecar_demand_the_same(
        modes in proptest::array::uniform3(select(vec!["UNSET", "PERMISSIVE", "DISABLE", "STRICT"])),
    ) {
        let [root, namespace, own] = modes;
        let documents = [
            peers("istio-system/mesh", &format!("{{mtls: {{mode: {root}}}}}")),
            peers("shop/all", &format!("{{mtls: {{mode: {namespace}}}}}")),
            peers("shop/cart", &format!("{{selector: {{matchLabels: {{app: cart}}}}, mtls: {{mode: {own}}}}}")),
        ];
        let mesh = Mesh::of(&documents.concat());
        let cart = labels("app=cart");
        let policies = super::super::policies(mesh.push(), "shop", &cart);
        let demands = crate::control::istio::authentication::demands(
            mesh.push(), "shop", &cart, &mut Silent,
        );
        let takes_plaintext = demands.on_port(8080).value != crate::manifest::kinds::istio::MtlsMode::Strict;
        prop_assert_eq!(allows(&policies, &connection(None, 8080)), takes_plaintext);
    }
}
