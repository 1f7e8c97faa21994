//! Stories about flips of encryption: who is enrolled, and what either side demands. Who may call
//! with which identity stands beside it.

use super::{Asked, Mesh, SHOP, client, object};

const CALL: Asked<'_> = Asked { from: "client/web", to: "cart.shop:80", method: "GET", path: "/" };

#[test]
fn a_caller_without_a_proxy_is_enrolled_or_the_mode_is_permissive() {
    let strict = object("PeerAuthentication shop/strict", "{mtls: {mode: STRICT}}");
    let mesh = Mesh::of(&[SHOP.to_owned(), client("a: b"), strict]);
    let (verdict, told) = mesh.told(&CALL);
    assert_eq!(verdict, "reset");
    assert_eq!(
        told,
        [
            "1 set label sidecar.istio.io/inject=true on the pods of client/deploy/web -> allowed",
            "1 set the mode of PeerAuthentication shop/strict to PERMISSIVE -> allowed",
            "1 set label istio-injection=enabled on namespace client -> allowed",
        ]
    );
}

#[test]
fn a_caller_in_plaintext_is_stopped_by_a_strict_mode() {
    let open = object("PeerAuthentication shop/open", "{mtls: {mode: PERMISSIVE}}");
    let mesh = Mesh::of(&[SHOP.to_owned(), client("a: b"), open]);
    let (verdict, told) = mesh.told(&CALL);
    assert_eq!(verdict, "allowed");
    assert_eq!(told, ["1 set the mode of PeerAuthentication shop/open to STRICT -> reset"]);
}

#[test]
fn a_client_that_is_told_to_send_plaintext_is_told_otherwise() {
    let strict = object("PeerAuthentication shop/strict", "{mtls: {mode: STRICT}}");
    let plain = "{host: cart.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}";
    let rule = object("DestinationRule shop/plain", plain);
    let mesh = Mesh::of(&[SHOP.to_owned(), client("istio-injection: enabled"), strict, rule]);
    let (verdict, told) = mesh.told(&CALL);
    assert_ne!(verdict, "allowed");
    assert_eq!(
        told,
        [
            "1 set the mode of PeerAuthentication shop/strict to PERMISSIVE -> allowed",
            "1 remove the tls settings of DestinationRule shop/plain -> allowed",
            "1 set the tls mode of DestinationRule shop/plain to ISTIO_MUTUAL -> allowed",
        ]
    );
}

#[test]
fn one_port_that_is_strict_is_named() {
    let spec = "{selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}, \
                portLevelMtls: {8080: {mode: STRICT}}}";
    let strict = object("PeerAuthentication shop/cart", spec);
    let mesh = Mesh::of(&[SHOP.to_owned(), client("a: b"), strict]);
    let (_, told) = mesh.told(&CALL);
    let line =
        "1 set the mode of port 8080 of PeerAuthentication shop/cart to PERMISSIVE -> allowed";
    assert!(told.contains(&line.to_owned()), "{told:#?}");
}
