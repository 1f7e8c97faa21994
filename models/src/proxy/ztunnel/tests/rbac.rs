//! What policies say about single connections.

use super::*;
use crate::explain::{Silent, Tree};

fn says(in_force: Vec<Policy>, connection: &Connection) -> Authorized {
    authorize(&policies(in_force), connection, &mut Silent)
}

fn allows(in_force: Vec<Policy>, connection: &Connection) -> bool {
    match says(in_force, connection) {
        Authorized::Allowed => true,
        Authorized::Denied { .. } => false,
        Authorized::Unknown { why, .. } => panic!("it is told: {why}"),
    }
}

/// Whether one rule with one clause of one match matches.
fn fits(wanted: Match, connection: &Connection) -> bool {
    let deny = policy(Action::Deny, "shop/one", vec![rule(vec![vec![wanted]])]);
    !allows(vec![deny], connection)
}

#[test]
fn deny_then_allow_and_without_an_allow_policy_all_is_allowed() {
    let web = from(web());
    let anything = || vec![rule(vec![])];
    let never = || vec![rule(vec![vec![ports(&[1])]])];
    let deny = |rules| policy(Action::Deny, "shop/deny", rules);
    let allow = |rules| policy(Action::Allow, "shop/allow", rules);
    assert!(allows(vec![], &web));
    assert!(allows(vec![deny(never())], &web));
    assert!(!allows(vec![deny(anything())], &web));
    assert!(!allows(vec![allow(anything()), deny(anything())], &web));
    assert!(allows(vec![allow(anything())], &web));
    assert!(!allows(vec![allow(never())], &web));
    assert!(allows(vec![allow(never()), allow(anything())], &web));
    assert!(!allows(vec![allow(vec![])], &web), "ALLOW without rules allows nobody");
    assert!(allows(vec![deny(vec![])], &web), "DENY without rules denies nobody");
}

#[test]
fn what_asks_for_nothing_fits_nothing_and_an_empty_rule_fits_everything() {
    let web = from(web());
    let denies = |rules| !allows(vec![policy(Action::Deny, "shop/deny", rules)], &web);
    assert!(denies(vec![rule(vec![])]));
    assert!(!denies(vec![rule(vec![vec![nothing()]])]));
    assert!(!denies(vec![rule(vec![vec![nothing()], vec![principals(&["*"])]])]));
    assert!(denies(vec![rule(vec![vec![nothing(), ports(&[8080])]])]));
    assert!(denies(vec![rule(vec![vec![]])]), "a part without entries holds");
}

#[test]
fn plaintext_has_no_identity_and_slips_past_a_denial_of_a_namespace() {
    let plain = from(Peer::Plaintext);
    let shop = || texts(&["shop"]);
    let account = || vec![AccountMatch::of("web", "shop")];
    assert!(!fits(principals(&["*"]), &plain));
    assert!(!fits(Match { namespaces: any_of(shop()), ..nothing() }, &plain));
    assert!(!fits(Match { namespaces: any_of(texts(&["*"])), ..nothing() }, &plain));
    assert!(!fits(Match { accounts: any_of(account()), ..nothing() }, &plain));
    assert!(fits(Match { principals: none_of(texts(&["*"])), ..nothing() }, &plain));
    assert!(fits(Match { namespaces: none_of(shop()), ..nothing() }, &plain));
    assert!(fits(Match { accounts: none_of(account()), ..nothing() }, &plain));
    let web = from(web());
    assert!(fits(principals(&["*"]), &web));
    assert!(fits(Match { namespaces: any_of(shop()), ..nothing() }, &web));
    assert!(fits(Match { accounts: any_of(account()), ..nothing() }, &web));
    assert!(!fits(Match { principals: none_of(texts(&["*"])), ..nothing() }, &web));
}

#[test]
fn a_star_asks_for_presence_or_stands_at_one_end() {
    let web = from(web());
    for (value, expected) in [
        ("cluster.local/ns/shop/sa/web", true),
        ("spiffe://cluster.local/ns/shop/sa/web", false),
        ("cluster.local/ns/shop/*", true),
        ("cluster.local/ns/bank/*", false),
        ("*/sa/web", true),
        ("*/ns/shop", false),
        ("*", true),
        ("cluster.local/*/sa/web", false),
        ("td.example/ns/shop/sa/web", false),
    ] {
        assert_eq!(fits(principals(&[value]), &web), expected, "{value}");
    }
    for (value, expected) in [("shop", true), ("sh*", true), ("*op", true), ("s*p", false)] {
        let wanted = Match { namespaces: any_of(texts(&[value])), ..nothing() };
        assert_eq!(fits(wanted, &web), expected, "{value}");
    }
}

#[test]
fn addresses_and_ports_are_those_of_the_pod_and_of_the_sender() {
    let web = from(web());
    let blocks = |text: &str| any_of(vec![text.parse().expect("a block")]);
    assert!(fits(Match { source_ips: blocks("10.1.0.0/16"), ..nothing() }, &web));
    assert!(!fits(Match { source_ips: blocks("10.2.0.0/16"), ..nothing() }, &web));
    assert!(fits(Match { destination_ips: blocks("10.2.0.9/32"), ..nothing() }, &web));
    assert!(fits(ports(&[9090, 8080]), &web));
    assert!(!fits(ports(&[HBONE_PORT]), &web));
    assert!(!fits(Match { destination_ports: none_of(vec![8080]), ..nothing() }, &web));
}

#[test]
fn what_turns_on_something_unknown_cannot_be_told() {
    let nowhere = Connection { source_ip: None, ..from(web()) };
    let near =
        Match { source_ips: any_of(vec!["10.0.0.0/8".parse().expect("a block")]), ..nothing() };
    let deny = |wanted: Match| policy(Action::Deny, "shop/deny", vec![rule(vec![vec![wanted]])]);
    let told = says(vec![deny(near.clone())], &nowhere);
    assert!(
        matches!(&told, Authorized::Unknown { why, .. } if why.contains("address")),
        "{told:?}"
    );
    // Another denial that is certain needs no address.
    assert!(!allows(vec![deny(near), deny(ports(&[8080]))], &nowhere));
    let somebody = from(Peer::Unnamed);
    assert!(!allows(vec![deny(principals(&["*"]))], &somebody));
    let told = says(vec![deny(principals(&["*/sa/web"]))], &somebody);
    assert!(matches!(told, Authorized::Unknown { .. }), "{told:?}");
}

#[test]
fn a_policy_that_a_cluster_refuses_leaves_all_in_doubt_that_others_do_not_settle() {
    let web = from(web());
    let refused = |action, rules| Policy {
        doubt: Some("it is refused".to_owned()),
        ..policy(action, "shop/odd", rules)
    };
    let unknown = |in_force| matches!(says(in_force, &web), Authorized::Unknown { .. });
    let anything = || vec![rule(vec![])];
    assert!(unknown(vec![refused(Action::Deny, vec![])]));
    assert!(unknown(vec![refused(Action::Allow, anything())]));
    assert!(unknown(vec![refused(Action::Allow, vec![])]));
    let allow = || policy(Action::Allow, "shop/allow", anything());
    assert!(allows(vec![refused(Action::Allow, vec![]), allow()], &web));
    let deny = policy(Action::Deny, "shop/deny", anything());
    assert!(!allows(vec![refused(Action::Allow, anything()), deny], &web));
    let nobody = policy(Action::Allow, "shop/nobody", vec![]);
    assert!(!allows(vec![refused(Action::Deny, vec![]), nobody.clone()], &web));
    assert!(unknown(vec![refused(Action::Allow, vec![]), nobody]));
}

#[test]
fn each_policy_is_told_with_what_is_missing() {
    let empty = Match { dropped: vec!["`methods`".to_owned()], ..nothing() };
    let deny = policy(Action::Deny, "shop/no-writes", vec![rule(vec![vec![empty]])]);
    let allow =
        policy(Action::Allow, "shop/bank", vec![rule(vec![vec![principals(&["*/sa/till"])]])]);
    let mut tree = Tree::default();
    authorize(&policies(vec![deny, allow]), &from(web()), &mut tree);
    let told = serde_json::to_string(&tree.finish()).expect("a tree");
    for part in [
        "`methods` alone",
        "nothing of `from` is left",
        "ALLOW policy shop/bank does not match: `from` asks for identities */sa/till",
        r#"{"name":"found","value":"cluster.local/ns/shop/sa/web"}"#,
        r#"{"name":"wanted","value":"*/sa/till"}"#,
        "the certificate says cluster.local/ns/shop/sa/web",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
