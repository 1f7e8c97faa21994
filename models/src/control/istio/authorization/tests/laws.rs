//! Laws of AuthorizationPolicies: both engines agree, more rules of ALLOW allow more, more policies
//! of DENY allow less, and the order of documents does not matter.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::plain::{self, Seen};
use super::*;

/// A rule as it is written; it prints as YAML, so that a failure can be read.
#[derive(Clone)]
struct Rule(Vec<String>);

/// A policy as it is written.
#[derive(Clone)]
struct Policy {
    scope: &'static str,
    action: &'static str,
    rules: Vec<Rule>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0.join(", "))
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.scope, self.action, self.rules)
    }
}

impl Policy {
    fn document(&self, at: usize) -> String {
        let (scope, action, rules) = (self.scope, self.action, &self.rules);
        let namespace = if scope == "root" { "istio-system" } else { "shop" };
        let selector = match scope {
            "cart" => "selector: {matchLabels: {app: cart}}, ",
            "other" => "selector: {matchLabels: {app: other}}, ",
            _ => "",
        };
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
             metadata: {{name: p{at}, namespace: {namespace}}}\n\
             spec: {{{selector}action: {action}, rules: {rules:?}}}\n"
        )
    }
}

/// Fields with the values that they choose from.
const SOURCE: &[(&str, &[&str])] = &[
    ("principals", &["cluster.local/ns/shop/sa/web", "*/sa/till", "cluster.local/ns/b*", "*"]),
    ("namespaces", &["shop", "bank", "ba*"]),
    ("serviceAccounts", &["web", "bank/till", "shop/till"]),
    ("ipBlocks", &["10.1.0.7", "10.1.0.0/16", "10.9.0.0/16"]),
    ("remoteIpBlocks", &["10.1.0.0/24", "0.0.0.0/0"]),
];
const OPERATION: &[(&str, &[&str])] = &[
    ("hosts", &["cart.shop:8080", "CART.*", "*.bank", "*"]),
    ("methods", &["GET", "PO*", "*"]),
    ("paths", &["/a", "/a/*", "*/b", "/{*}", "/a/{**}", "/{*}/b", "*"]),
    ("ports", &["8080", "9090"]),
];
const WHEN: &[(&str, &[&str])] = &[
    ("source.ip", &["10.1.0.0/16", "10.9.9.9"]),
    ("destination.ip", &["10.2.0.9", "10.3.0.0/16"]),
    ("destination.port", &["8080", "1"]),
    ("source.namespace", &["shop", "b*"]),
    ("source.principal", &["cluster.local/ns/bank/sa/till", "*"]),
    ("request.headers[x-user]", &["jane", "j*", "*"]),
];

fn listed(values: &[&str]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("[{}]", quoted.join(", "))
}

/// One field or its opposite, such as `notHosts`.
fn field(
    fields: &'static [(&'static str, &'static [&'static str])],
) -> impl Strategy<Value = String> {
    (select(fields), any::<bool>()).prop_flat_map(|((name, values), negated)| {
        subsequence(values, 1..=values.len().min(2)).prop_map(move |chosen| {
            let name = match negated {
                false => name.to_owned(),
                true => format!("not{}{}", name[..1].to_uppercase(), &name[1..]),
            };
            format!("{name}: {}", listed(&chosen))
        })
    })
}

/// `source` or `operation` with some fields. Accounts stand alone, as a cluster demands it.
fn part(
    word: &'static str,
    fields: &'static [(&'static str, &'static [&'static str])],
) -> impl Strategy<Value = String> {
    prop::collection::vec(field(fields), 1..3).prop_map(move |mut fields| {
        fields.sort();
        fields.dedup_by_key(|field| field.split(':').next().map(str::to_owned));
        if fields.iter().any(|field| field.to_lowercase().contains("serviceaccounts")) {
            fields.retain(|field| {
                let name = field.to_lowercase();
                !name.contains("principals") && !name.contains("namespaces")
            });
        }
        format!("{{{word}: {{{}}}}}", fields.join(", "))
    })
}

fn condition() -> impl Strategy<Value = String> {
    let word = prop_oneof![Just("values"), Just("notValues")];
    (select(WHEN), word).prop_flat_map(|((key, values), word)| {
        subsequence(values, 1..=2.min(values.len()))
            .prop_map(move |chosen| format!("{{key: '{key}', {word}: {}}}", listed(&chosen)))
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let from = prop::collection::vec(part("source", SOURCE), 0..3);
    let to = prop::collection::vec(part("operation", OPERATION), 0..3);
    let when = prop::collection::vec(condition(), 0..2);
    (from, to, when).prop_map(|(from, to, when)| {
        let parts = [("from", from), ("to", to), ("when", when)];
        let written = parts.into_iter().filter(|(_, list)| !list.is_empty());
        Rule(written.map(|(word, list)| format!("{word}: [{}]", list.join(", "))).collect())
    })
}

fn policy(action: &'static [&'static str]) -> impl Strategy<Value = Policy> {
    let scope = prop_oneof![Just("all"), Just("cart"), Just("root"), Just("other")];
    (scope, select(action), prop::collection::vec(rule(), 0..3))
        .prop_map(|(scope, action, rules)| Policy { scope, action, rules })
}

fn calls() -> Vec<Request> {
    let mut calls = Vec::new();
    for principal in [WEB, BANK, Some("cluster.local/ns/shop/sa/till"), None] {
        for (method, path) in [("GET", "/a"), ("POST", "/a/b"), ("GET", "/c/b"), ("PUT", "/a/b/c")]
        {
            let mut call = call(principal, method, path);
            if path.ends_with('b') {
                call.headers.append("x-user", "jane");
                call.connection.source_ip = Some([10, 9, 9, 9].into());
            }
            calls.push(call);
        }
    }
    calls
}

fn rig(policies: &[Policy]) -> Rig {
    let documents = policies.iter().enumerate().map(|(at, policy)| policy.document(at));
    Rig::of(&documents.collect::<String>())
}

const ANY: &[&str] = &["ALLOW", "ALLOW", "DENY", "AUDIT"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_proxy_and_the_plain_reading_agree(
        policies in prop::collection::vec(policy(ANY), 1..4),
    ) {
        let rig = rig(&policies);
        let objects = &rig.mesh.push().authorization_policies;
        for call in calls() {
            let plain = plain::allows(objects, &call, Seen::Requests);
            let expected = if plain { Fate::Allowed } else { Fate::Denied };
            prop_assert_eq!(rig.fate(&call), expected, "a request: {:?}", call);
            let plain = plain::allows(objects, &call, Seen::Bytes);
            let expected = if plain { Fate::Allowed } else { Fate::Denied };
            prop_assert_eq!(rig.fate_of_bytes(&call.connection), expected, "bytes: {:?}", call);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_rule_more_of_allow_takes_nothing_away(
        mut policies in prop::collection::vec(policy(ANY), 0..3),
        mut allow in policy(&["ALLOW"]),
        more in rule(),
    ) {
        policies.push(allow.clone());
        let before = rig(&policies).allows(&calls());
        policies.pop();
        allow.rules.push(more);
        policies.push(allow);
        let after = rig(&policies).allows(&calls());
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!(after || !before);
        }
    }

    #[test]
    fn a_denial_more_allows_nothing_new(
        mut policies in prop::collection::vec(policy(ANY), 0..3),
        deny in policy(&["DENY"]),
    ) {
        let before = rig(&policies).allows(&calls());
        policies.push(deny);
        let after = rig(&policies).allows(&calls());
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!(before || !after);
        }
    }

    #[test]
    fn the_order_of_documents_does_not_matter(
        policies in prop::collection::vec(policy(ANY), 2..4),
    ) {
        let documents: Vec<_> =
            policies.iter().enumerate().map(|(at, policy)| policy.document(at)).collect();
        let told = |documents: &[String]| {
            let rig = Rig::of(&documents.concat());
            calls().iter().map(|call| rig.told(call)).collect::<Vec<_>>()
        };
        let reversed: Vec<_> = documents.iter().rev().cloned().collect();
        prop_assert_eq!(told(&documents), told(&reversed));
    }
}
