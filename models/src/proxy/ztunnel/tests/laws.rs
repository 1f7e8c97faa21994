//! Laws of ztunnel's policies: a second reading agrees, more ALLOW policies allow more once there
//! is one, more DENY policies allow less, and order does not matter.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::explain::Silent;

const PRINCIPALS: &[&str] =
    &["cluster.local/ns/shop/sa/web", "*/sa/till", "cluster.local/ns/b*", "*", "x"];
const NAMESPACES: &[&str] = &["shop", "bank", "ba*", "*nk", "*"];
const ACCOUNTS: &[&str] = &["web", "bank/till", "shop/till"];
const BLOCKS: &[&str] = &["10.1.0.7/32", "10.1.0.0/16", "10.2.0.0/16", "0.0.0.0/0"];
const PORTS: &[u16] = &[8080, 9090];

fn wanted<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Wanted<T>> {
    let some = |all: Vec<T>| prop_oneof![3 => Just(Vec::new()), 2 => subsequence(all, 1..=2)];
    (some(all.clone()), some(all)).prop_map(|(any_of, none_of)| Wanted { any_of, none_of })
}

fn a_match() -> impl Strategy<Value = Match> {
    let blocks = || BLOCKS.iter().map(|it| it.parse().expect("a block")).collect::<Vec<_>>();
    let accounts = ACCOUNTS.iter().map(|it| AccountMatch::of(it, "shop")).collect();
    let fields = (
        wanted(texts(NAMESPACES)),
        wanted(accounts),
        wanted(texts(PRINCIPALS)),
        wanted(blocks()),
        wanted(blocks()),
        wanted(PORTS.to_vec()),
    );
    fields.prop_map(|(namespaces, accounts, principals, source_ips, destination_ips, ports)| {
        Match {
            namespaces,
            accounts,
            principals,
            source_ips,
            destination_ips,
            destination_ports: ports,
            ..nothing()
        }
    })
}

fn a_rule() -> impl Strategy<Value = Rule> {
    let one = prop_oneof![1 => Just(nothing()), 6 => a_match()];
    let clause = proptest::collection::vec(one, 0..3);
    proptest::collection::vec(clause, 0..3).prop_map(rule)
}

fn a_policy() -> impl Strategy<Value = Policy> {
    let action = select(vec![Action::Allow, Action::Deny]);
    (action, proptest::collection::vec(a_rule(), 0..3))
        .prop_map(|(action, rules)| policy(action, "shop/some", rules))
}

fn a_connection() -> impl Strategy<Value = Connection> {
    let peers = vec![
        web(),
        Peer::Known(id("cluster.local/ns/bank/sa/till")),
        Peer::Known(id("td.example/ns/bank/sa/web")),
        Peer::Plaintext,
    ];
    let sources = vec!["10.1.0.7", "10.1.9.9", "192.168.0.1"];
    (select(peers), select(sources), select(vec![8080, 9090, 1])).prop_map(
        |(peer, source, destination_port)| Connection {
            source_ip: source.parse().ok(),
            destination_port,
            ..from(peer)
        },
    )
}

/// The documented meaning, read a second time: each policy is spelled out as the list of all
/// combinations of one match of each clause, and a combination holds when no field objects.
mod second {
    use super::*;

    fn name(peer: &Peer) -> Option<(String, String, String)> {
        match peer {
            Peer::Known(id) => {
                Some((id.principal(), id.namespace.clone(), id.service_account.clone()))
            }
            _ => None,
        }
    }

    fn text(pattern: &TextMatch, text: &str) -> bool {
        let pattern = pattern.to_string();
        if pattern == "*" {
            return !text.is_empty();
        }
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(rest), _) => text.len() >= rest.len() && &text[text.len() - rest.len()..] == rest,
            (None, Some(rest)) => text.len() >= rest.len() && &text[..rest.len()] == rest,
            (None, None) => text == pattern,
        }
    }

    fn objects<T>(wanted: &Wanted<T>, fits: impl Fn(&T) -> bool) -> bool {
        let missed = !wanted.any_of.is_empty() && !wanted.any_of.iter().any(&fits);
        missed || wanted.none_of.iter().any(&fits)
    }

    fn holds(one: &Match, connection: &Connection) -> bool {
        let name = name(&connection.peer);
        let (source, pod) = (connection.source_ip.unwrap(), connection.destination_ip.unwrap());
        let asks = !one.is_empty();
        let objected = objects(&one.principals, |it| {
            name.as_ref().is_some_and(|(principal, ..)| text(it, principal))
        }) || objects(&one.namespaces, |it| {
            text(it, name.as_ref().map_or("", |(_, namespace, _)| namespace))
        }) || objects(&one.accounts, |it| {
            name.as_ref().is_some_and(|(_, namespace, account)| {
                (namespace, account) == (&it.namespace, &it.name)
            })
        }) || objects(&one.source_ips, |it| it.contains(&source))
            || objects(&one.destination_ips, |it| it.contains(&pod))
            || objects(&one.destination_ports, |it| *it == connection.destination_port);
        asks && !objected
    }

    fn combinations(rule: &Rule) -> Vec<Vec<&Match>> {
        let mut all = vec![Vec::new()];
        for clause in rule.clauses.iter().filter(|clause| !clause.matches.is_empty()) {
            let longer = all.iter().flat_map(|before: &Vec<_>| {
                clause.matches.iter().map(move |one| {
                    let mut longer = before.clone();
                    longer.push(one);
                    longer
                })
            });
            all = longer.collect();
        }
        all
    }

    fn matches(policy: &Policy, connection: &Connection) -> bool {
        let all: Vec<_> = policy.rules.iter().flat_map(combinations).collect();
        all.iter().any(|each| each.iter().all(|one| holds(one, connection)))
    }

    pub(super) fn allows(all: &[Policy], connection: &Connection) -> bool {
        let matching = |action| {
            all.iter().filter(move |it| it.action == action).filter(|it| matches(it, connection))
        };
        let restricts = all.iter().any(|it| it.action == Action::Allow);
        matching(Action::Deny).count() == 0 && (!restricts || matching(Action::Allow).count() > 0)
    }
}

fn allows(all: &[Policy], connection: &Connection) -> bool {
    authorize(&policies(all.to_vec()), connection, &mut Silent) == Authorized::Allowed
}

proptest! {
    #[test]
    fn ztunnel_agrees_with_a_second_reading(
        all in proptest::collection::vec(a_policy(), 0..4), connection in a_connection(),
    ) {
        prop_assert_eq!(allows(&all, &connection), second::allows(&all, &connection));
    }

    #[test]
    fn another_allow_policy_denies_nothing_once_there_is_one(
        all in proptest::collection::vec(a_policy(), 0..4), more in a_policy(),
        connection in a_connection(),
    ) {
        let has_allow = all.iter().any(|it| it.action == Action::Allow);
        if has_allow && allows(&all, &connection) {
            let more = Policy { action: Action::Allow, ..more };
            let all: Vec<_> = all.into_iter().chain([more]).collect();
            prop_assert!(allows(&all, &connection));
        }
    }

    #[test]
    fn another_deny_policy_allows_nothing_more(
        all in proptest::collection::vec(a_policy(), 0..4), more in a_policy(),
        connection in a_connection(),
    ) {
        if !allows(&all, &connection) {
            let more = Policy { action: Action::Deny, ..more };
            let all: Vec<_> = all.into_iter().chain([more]).collect();
            prop_assert!(!allows(&all, &connection));
        }
    }

    #[test]
    fn the_order_of_policies_does_not_matter(
        all in proptest::collection::vec(a_policy(), 0..5), connection in a_connection(),
    ) {
        let back: Vec<_> = all.iter().rev().cloned().collect();
        prop_assert_eq!(allows(&all, &connection), allows(&back, &connection));
    }

    #[test]
    fn what_is_told_without_an_address_holds_for_every_address(
        all in proptest::collection::vec(a_policy(), 0..4), connection in a_connection(),
    ) {
        let blind = Connection { source_ip: None, destination_ip: None, ..connection.clone() };
        match authorize(&policies(all.clone()), &blind, &mut Silent) {
            Authorized::Allowed => prop_assert!(allows(&all, &connection)),
            Authorized::Denied { .. } => prop_assert!(!allows(&all, &connection)),
            Authorized::Unknown { .. } => {}
        }
    }
}
