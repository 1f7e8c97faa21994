//! Stories about the command line of reach.

use crate::Exit;
use crate::command::testing::{meshwalk, meshwalk_reading};

const SHOP: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: a, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {matchLabels: {app: cart}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}]
";

fn reach(rest: &[&str]) -> crate::command::testing::Printed {
    meshwalk_reading(SHOP, &[&["reach", "-f", "-"][..], rest].concat())
}

#[test]
fn a_pair_has_a_row_with_its_ports() {
    let printed = reach(&["--from", "shop/web", "--to", "shop/cart"]);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    insta::assert_snapshot!(printed.out, @r"
    FROM           TO              PORTS      VERDICT
    shop/pod/web   shop/pod/cart   TCP 8080   allowed

    2 workloads in 3 classes with what is outside, profile istio-1.32
    ");
}

#[test]
fn what_is_refused_is_listed_when_it_is_asked_for() {
    let quiet = reach(&["--from", "outside", "--to", "shop/cart"]).out;
    assert!(quiet.starts_with("no connection passes"), "{quiet}");
    let printed = reach(&["--from", "outside", "--to", "shop/cart", "--refused"]);
    assert!(printed.out.contains("server's node (network policy)"), "{}", printed.out);
    assert!(printed.out.contains("<stdin>:13") || printed.out.contains(":13"), "{}", printed.out);
}

#[test]
fn a_range_outside_is_asked_about_by_itself() {
    let printed = reach(&["--external", "203.0.113.0/24", "--to", "shop/web"]);
    assert!(printed.out.contains("203.0.113.0/24   shop/pod/web"), "{}", printed.out);
    assert!(!printed.out.contains("0.0.0.0/0"), "{}", printed.out);
}

#[test]
fn a_matrix_and_a_graph_show_the_same() {
    let matrix = reach(&["-n", "shop", "-o", "matrix", "--from", "shop/*", "--to", "shop/*"]).out;
    insta::assert_snapshot!(matrix, @r"
    FROM           shop/pod/cart  shop/pod/web
    shop/pod/cart  -              all
    shop/pod/web   TCP 8080       -

    * some requests only   ? may pass, unknown   - nothing passes
    ");
    let dot = reach(&["-o", "dot", "--from", "shop/*", "--to", "shop/*"]).out;
    assert!(
        dot.contains(r#""shop/pod/web" -> "shop/pod/cart" [label="TCP 8080", style=solid];"#),
        "{dot}"
    );
}

#[test]
fn bad_words_say_what_to_write() {
    for (words, said) in [
        (&["--external", "300.0.0.0/8"][..], "is no range of addresses"),
        (&["--from", "shop/wbe"], "did you mean"),
        (&["--from", "shp/*"], "did you mean shop/*"),
        (&["--to", "ingress"], "no Ingress and no Route"),
        (&["--profile", "none"], "there is no profile"),
    ] {
        let printed = reach(words);
        assert_eq!(printed.exit, Exit::Unusable);
        assert!(printed.err.contains(said), "{words:?}: {}", printed.err);
    }
    let printed = meshwalk(&["reach", "--diff", "a", "b", "-o", "dot"]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("no graph"), "{}", printed.err);
    assert_eq!(meshwalk(&["reach"]).exit, Exit::Unusable);
}

#[test]
fn what_cannot_be_read_leaves_nothing_to_say() {
    let printed = meshwalk(&["reach", "-f", "no/such/folder"]);
    assert_eq!(printed.exit, Exit::Unusable, "{}", printed.out);
    assert!(printed.err.contains("cannot read no/such/folder"), "{}", printed.err);
    assert!(printed.err.contains("not all could be read"), "{}", printed.err);
    let printed = meshwalk(&["reach", "--diff", "no/such/folder", "no/such/folder"]);
    assert_eq!(printed.exit, Exit::Unusable, "no difference is not the answer");
}

#[test]
fn subsets_that_are_encrypted_differently_leave_it_unknown() {
    let mesh = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}
---
";
    let words = ["reach", "-f", "-", "--from", "shop/web", "--to", "shop/cart"];
    let printed = meshwalk_reading(&format!("{mesh}{SHOP}"), &words);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    let why = "the subsets of cart.shop.svc.cluster.local are encrypted differently";
    assert!(printed.out.contains(why), "{}", printed.out);
    assert!(!printed.out.contains("TCP 8080   allowed"), "{}", printed.out);
}
