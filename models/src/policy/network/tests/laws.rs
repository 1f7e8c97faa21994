//! Laws that hold for any policies, on generated clusters.

use proptest::prelude::*;

use super::second::{CAST, End, Peer, Pick, Policy, Port, Rule, Sketch};
use super::*;

/// Addresses that `job` may have.
const JOB: [[u8; 4]; 3] = [[10, 1, 0, 7], [10, 9, 9, 9], [192, 168, 3, 4]];
const CALLS: [(&str, u16); 5] =
    [("TCP", 80), ("TCP", 8080), ("TCP", 5432), ("UDP", 53), ("SCTP", 80)];
const ENDS: [End; 6] = [
    End::Pod(0),
    End::Pod(1),
    End::Pod(2),
    End::Pod(3),
    End::Address([10, 1, 0, 200]),
    End::Address([9, 9, 9, 9]),
];

fn pick() -> impl Strategy<Value = Pick> {
    let app = prop_oneof![Just("web"), Just("db"), Just("job"), Just("probe")];
    prop_oneof![Just(Pick::Everybody), app.clone().prop_map(Pick::App), app.prop_map(Pick::NotApp)]
}

fn block() -> impl Strategy<Value = Peer> {
    prop_oneof![
        Just(Peer::Block([0, 0, 0, 0], 0, None)),
        Just(Peer::Block([10, 0, 0, 0], 8, None)),
        Just(Peer::Block([10, 1, 0, 0], 24, None)),
        Just(Peer::Block([9, 9, 9, 9], 32, None)),
    ]
}

fn of_namespaces() -> impl Strategy<Value = Peer> {
    let team = prop_oneof![Just(None), Just(Some("shop")), Just(Some("ops"))];
    (team, pick()).prop_map(|(team, pick)| Peer::Of(team, pick))
}

fn peer() -> impl Strategy<Value = Peer> {
    prop_oneof![
        pick().prop_map(Peer::Own),
        of_namespaces(),
        block(),
        Just(Peer::Block([10, 0, 0, 0], 8, Some(([10, 1, 0, 0], 16)))),
    ]
}

fn port() -> impl Strategy<Value = Port> {
    let transport = prop_oneof![Just("TCP"), Just("UDP"), Just("SCTP")];
    let range = prop_oneof![Just((80, 81)), Just((50, 90)), Just((5000, 9000)), Just((8080, 8081))];
    prop_oneof![
        3 => (transport, range).prop_map(|(transport, (first, last))| {
            Port::Range(transport, first, last)
        }),
        1 => prop_oneof![Just("http"), Just("sql")].prop_map(Port::Named),
    ]
}

fn own_rule() -> impl Strategy<Value = Rule> {
    let peers = proptest::collection::vec(peer(), 0..3);
    let ports = proptest::collection::vec(port(), 0..3);
    (peers, ports).prop_map(|(peers, ports)| Rule { action: "Accept", peers, ports })
}

fn own_policy() -> impl Strategy<Value = Policy> {
    let home = prop_oneof![4 => Just("shop"), 1 => Just("watch")];
    let types =
        prop_oneof![Just(vec!["Ingress"]), Just(vec!["Egress"]), Just(vec!["Ingress", "Egress"])];
    let rules = || proptest::collection::vec(own_rule(), 0..3);
    (home, pick(), types, rules(), rules()).prop_map(|(home, pick, types, ingress, egress)| {
        Policy { home, pick, types, ingress, egress }
    })
}

fn cluster_policy_of(
    action: impl Strategy<Value = &'static str> + Clone,
) -> impl Strategy<Value = Policy> {
    let tier = prop_oneof![Just("Admin"), Just("Baseline")];
    let rules = move || {
        // Ranges of addresses have no ports with names, and stand in egress alone.
        let peers = proptest::collection::vec(of_namespaces(), 1..3);
        let ports = proptest::collection::vec(port(), 0..2);
        let rule = (action.clone(), peers, ports).prop_map(|(action, peers, ports)| Rule {
            action,
            peers,
            ports,
        });
        proptest::collection::vec(rule, 0..3)
    };
    let networks = proptest::collection::vec(block(), 0..2);
    (tier, pick(), rules(), rules(), networks).prop_map(
        |(home, pick, ingress, mut egress, more)| {
            if let Some(rule) = egress.first_mut().filter(|_| !more.is_empty()) {
                rule.peers.extend(more);
                rule.ports.retain(|port| matches!(port, Port::Range(..)));
            }
            Policy { home, pick, types: Vec::new(), ingress, egress }
        },
    )
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let action = prop_oneof![Just("Accept"), Just("Deny"), Just("Pass")];
    let own = proptest::collection::vec(own_policy(), 0..4);
    let cluster = proptest::collection::vec(cluster_policy_of(action), 0..3);
    (own, cluster).prop_map(|(own, cluster)| Sketch { own, cluster })
}

fn lab_of(sketch: &Sketch) -> Lab {
    lab(&sketch.documents())
}

fn name(end: End) -> String {
    match end {
        End::Pod(at) => format!("{}/{}", CAST[at].namespace, CAST[at].app),
        End::Address([a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
    }
}

/// All calls between ends of which one is a pod.
fn calls() -> Vec<(End, End, &'static str, u16)> {
    let mut all = Vec::new();
    for from in ENDS {
        for to in ENDS {
            let outside = |end| matches!(end, End::Address(_));
            if !(outside(from) && outside(to)) {
                all.extend(CALLS.map(|(transport, port)| (from, to, transport, port)));
            }
        }
    }
    all
}

fn text((from, to, transport, port): (End, End, &str, u16)) -> String {
    format!("{} -> {} {port}/{transport}", name(from), name(to))
}

fn allowed(lab: &Lab) -> Vec<String> {
    let texts = calls().into_iter().map(text);
    texts.filter(|call| lab.word(call) == "allowed").collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_second_engine_finds_the_same(sketch in sketch()) {
        let lab = lab_of(&sketch);
        for call in calls() {
            let (from, to, transport, port) = call;
            let each = JOB.map(|job| sketch.carries(from, to, transport, port, job));
            let word = lab.word(&text(call));
            if word != "unknown" {
                prop_assert!(each.iter().all(|it| *it == (word == "allowed")), "{}: {}, {:?}", text(call), word, each);
            } else {
                // Only the address that nobody gave leaves anything open.
                prop_assert!([from, to].contains(&End::Pod(2)), "{} is unknown", text(call));
            }
        }
    }
}

proptest! {
    #[test]
    fn all_pairs_at_once_are_the_same_as_one_at_a_time(sketch in sketch()) {
        let lab = lab_of(&sketch);
        let peers: Vec<_> = ENDS.iter().map(|end| lab.peer(&name(*end))).collect();
        let matrix = lab.policies.matrix(&lab.world, &peers, &mut |_, _| {});
        for call in calls().into_iter().filter(|(from, to, ..)| from != to) {
            let (_, _, port, transport) = lab.parsed(&text(call));
            let at = |end| ENDS.iter().position(|it| *it == end).expect("an end");
            let set = matrix.between(at(call.0), at(call.1));
            let word = match (set.allowed.contains(transport, port), set.unknown.contains(transport, port)) {
                (true, false) => "allowed",
                (false, true) => "unknown",
                _ => "dropped",
            };
            let one = lab.word(&text(call)).replace("ingress", "dropped").replace("egress", "dropped");
            prop_assert_eq!(word, one, "{}", text(call));
        }
    }

    #[test]
    fn another_rule_of_a_network_policy_takes_nothing_away(
        sketch in sketch(),
        rule in own_rule(),
        at in any::<prop::sample::Index>(),
        into_egress in any::<bool>(),
    ) {
        prop_assume!(!sketch.own.is_empty());
        let before = allowed(&lab_of(&sketch));
        let mut more = sketch.clone();
        let policy = &mut more.own[at.index(sketch.own.len())];
        if into_egress { policy.egress.push(rule) } else { policy.ingress.push(rule) }
        let after = allowed(&lab_of(&more));
        prop_assert!(before.iter().all(|call| after.contains(call)));
    }

    #[test]
    fn another_denial_adds_nothing(
        sketch in sketch(),
        denial in cluster_policy_of(Just("Deny")),
        at in any::<prop::sample::Index>(),
    ) {
        let before = allowed(&lab_of(&sketch));
        let mut more = sketch.clone();
        more.cluster.insert(at.index(sketch.cluster.len() + 1), denial);
        let after = allowed(&lab_of(&more));
        prop_assert!(after.iter().all(|call| before.contains(call)));
    }

    #[test]
    fn the_order_of_documents_does_not_matter(sketch in sketch()) {
        let mut documents = sketch.documents();
        let first = allowed(&lab(&documents));
        documents.reverse();
        prop_assert_eq!(first, allowed(&lab(&documents)));
    }
}
