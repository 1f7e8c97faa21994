//! Stories about flips of NetworkPolicies, name servers among what they cut off. Those of the mesh
//! stand beside it.

use super::{Asked, Mesh, SHOP, client, object};

const CALL: Asked<'_> = Asked { from: "client/web", to: "cart.shop:80", method: "GET", path: "/" };

fn mesh(policies: &[(&str, &str)]) -> Mesh {
    let policies = policies.iter().map(|(title, spec)| object(title, spec));
    let shop = [SHOP.to_owned(), client("team: blue")];
    Mesh::of(&shop.into_iter().chain(policies).collect::<Vec<_>>())
}

#[test]
fn a_peer_and_a_port_are_added_to_a_rule() {
    let spec = "{podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {}}], \
                ports: [{port: 9999}]}]}";
    let (verdict, told) = mesh(&[("NetworkPolicy shop/cart", spec)]).told(&CALL);
    assert_eq!(verdict, "dropped");
    let rule = "ingress rule 1 of NetworkPolicy shop/cart";
    let both = format!(
        "2 add peer pods with app=web of namespace client to {rule}; add TCP port 8080 to {rule} \
         -> allowed"
    );
    assert!(told.contains(&both), "{told:#?}");
}

#[test]
fn a_policy_that_isolates_can_go() {
    let spec = "{podSelector: {}, policyTypes: [Ingress]}";
    let (_, told) = mesh(&[("NetworkPolicy shop/deny", spec)]).told(&CALL);
    assert_eq!(
        told,
        [
            "2 add an ingress rule from pods with app=web of namespace client on TCP port 8080 to \
             NetworkPolicy shop/deny -> allowed",
            "2 delete NetworkPolicy shop/deny -> allowed",
        ]
    );
}

#[test]
fn a_label_of_the_caller_makes_it_a_peer() {
    let spec = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, \
                podSelector: {matchLabels: {role: shopper}}}]}, {from: [{namespaceSelector: \
                {matchLabels: {team: red}}}]}]}";
    let (_, told) = mesh(&[("NetworkPolicy shop/cart", spec)]).told(&CALL);
    for line in [
        "1 set label role=shopper on the pods of client/deploy/web -> allowed",
        "1 set label team=red on namespace client -> allowed",
    ] {
        assert!(told.contains(&line.to_owned()), "{told:#?}");
    }
}

#[test]
fn both_ends_that_isolate_need_two_edits() {
    let out = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: \
               {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}]}";
    let back = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}";
    let policies = [("NetworkPolicy client/out", out), ("NetworkPolicy shop/back", back)];
    let (verdict, told) = mesh(&policies).told(&CALL);
    assert_eq!(verdict, "dropped");
    let both = "2 add peer pods with app=cart of namespace shop to egress rule 1 of NetworkPolicy \
                client/out; add peer pods with app=web of namespace client to ingress rule 1 of \
                NetworkPolicy shop/back -> allowed";
    assert_eq!(told.first().map(String::as_str), Some(both), "{told:#?}");
}

#[test]
fn names_that_are_not_resolved_need_the_name_server_first() {
    let out = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: \
               {matchLabels: {kubernetes.io/metadata.name: shop}}}]}]}";
    let (verdict, told) = mesh(&[("NetworkPolicy client/out", out)]).told(&CALL);
    assert_ne!(verdict, "allowed");
    let rule = "1 add peer pods with k8s-app=kube-dns of namespace kube-system to egress rule 1 of \
                NetworkPolicy client/out -> allowed";
    assert!(told.contains(&rule.to_owned()), "{told:#?}");
}

#[test]
fn an_allowed_connection_ends_with_its_rule() {
    let spec = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: \
                blue}}}]}]}";
    let (verdict, told) = mesh(&[("NetworkPolicy shop/cart", spec)]).told(&CALL);
    assert_eq!(verdict, "allowed");
    for line in [
        "1 remove label team from namespace client -> dropped",
        "1 remove ingress rule 1 of NetworkPolicy shop/cart -> dropped",
    ] {
        assert!(told.contains(&line.to_owned()), "{told:#?}");
    }
}
