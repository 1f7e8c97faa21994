//! PeerAuthentications at ztunnel.

use super::*;

const PORTS: [u16; 3] = [8080, 9090, 7070];
const NONE: [u16; 0] = [];

/// The ports of the cart that take plaintext.
fn open(documents: &[String]) -> Vec<u16> {
    let policies = cart(documents);
    for port in PORTS {
        assert!(allows(&policies, &connection(Some("web"), port)), "an identity always passes");
    }
    PORTS.into_iter().filter(|&port| allows(&policies, &connection(None, port))).collect()
}

fn mode(title: &str, mode: &str) -> String {
    peers(title, &format!("{{mtls: {{mode: {mode}}}}}"))
}

/// The cart's own policy.
fn own(mode: &str, ports: &str) -> String {
    let selector = "selector: {matchLabels: {app: cart}}";
    peers(
        "shop/cart",
        &format!("{{{selector}, mtls: {{mode: {mode}}}, portLevelMtls: {{{ports}}}}}"),
    )
}

#[test]
fn strict_denies_whoever_has_no_identity_and_the_nearest_policy_counts() {
    let mesh = |it| mode("istio-system/mesh", it);
    let shop = |it| mode("shop/all", it);
    assert_eq!(open(&[]), PORTS);
    assert_eq!(open(&[mesh("STRICT")]), NONE);
    assert_eq!(open(&[mesh("STRICT"), shop("UNSET")]), NONE);
    assert_eq!(open(&[mesh("STRICT"), shop("PERMISSIVE")]), PORTS);
    assert_eq!(open(&[shop("STRICT")]), NONE);
    assert_eq!(open(&[shop("STRICT"), own("PERMISSIVE", "")]), PORTS);
    assert_eq!(open(&[shop("STRICT"), own("UNSET", "")]), NONE);
    assert_eq!(open(&[own("STRICT", "")]), NONE);
    let in_root = own("STRICT", "").replace("namespace: shop", "namespace: istio-system");
    assert_eq!(open(&[in_root]), PORTS, "a selector has no effect in the root namespace");
}

#[test]
fn disable_is_taken_for_permissive() {
    assert_eq!(open(&[mode("istio-system/mesh", "STRICT"), mode("shop/all", "DISABLE")]), PORTS);
    assert_eq!(open(&[own("DISABLE", "9090: {mode: STRICT}")]), [8080, 7070]);
    assert_eq!(open(&[own("STRICT", "9090: {mode: DISABLE}")]), [9090]);
}

#[test]
fn modes_of_ports_are_exceptions_in_both_directions() {
    let strict = || mode("shop/all", "STRICT");
    assert_eq!(open(&[own("STRICT", "9090: {mode: PERMISSIVE}")]), [9090]);
    assert_eq!(open(&[own("STRICT", "9090: {mode: STRICT}")]), NONE);
    assert_eq!(open(&[own("PERMISSIVE", "9090: {mode: STRICT}")]), [8080, 7070]);
    assert_eq!(open(&[own("UNSET", "8080: {mode: STRICT}, 9090: {mode: STRICT}")]), [7070]);
    assert_eq!(open(&[strict(), own("UNSET", "9090: {mode: PERMISSIVE}")]), [9090]);
    let mixed = "8080: {mode: STRICT}, 9090: {mode: PERMISSIVE}, 7070: {mode: PERMISSIVE}";
    assert_eq!(open(&[strict(), own("UNSET", mixed)]), [9090, 7070]);
    let root = mode("istio-system/mesh", "STRICT");
    assert_eq!(open(&[root, own("UNSET", "9090: {mode: PERMISSIVE}")]), [9090]);
    let all = [strict(), own("PERMISSIVE", "9090: {mode: STRICT}")];
    assert_eq!(open(&all), [8080, 7070]);
}

#[test]
fn a_port_with_disable_is_no_exception_from_what_is_inherited() {
    let strict = mode("shop/all", "STRICT");
    assert_eq!(open(&[strict.clone(), own("UNSET", "9090: {mode: DISABLE}")]), NONE);
    // Beside an exception that counts it is one too.
    let both = "8080: {mode: PERMISSIVE}, 9090: {mode: DISABLE}";
    assert_eq!(open(&[strict, own("UNSET", both)]), [8080, 9090]);
}

#[test]
fn an_exception_from_the_mesh_loses_strict_where_the_namespace_says_nothing() {
    let mesh = mode("istio-system/mesh", "STRICT");
    let silent = mode("shop/all", "UNSET");
    let exception = own("UNSET", "9090: {mode: PERMISSIVE}");
    assert_eq!(open(&[mesh.clone(), exception.clone()]), [9090]);
    let documents = [mesh, silent, exception];
    assert_eq!(open(&documents), PORTS, "ztunnel is sent no policy at all");
    let ignored = cart(&documents).ignored;
    assert!(ignored[0].why.contains("lose the STRICT of istio-system/mesh"), "{ignored:?}");
}
