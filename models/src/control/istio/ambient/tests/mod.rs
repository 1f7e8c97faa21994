//! What policies come to at ztunnel, from manifests to answers.

mod authorization;
mod findings;
mod laws;
mod mtls;

use crate::control::istio::testing::Mesh;
use crate::explain::Silent;
use crate::identity::SpiffeId;
use crate::proxy::ztunnel::{Authorized, Connection, Peer, Policies, authorize};
use crate::world::testing::labels;

fn document(kind: &str, title: &str, spec: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: {kind}\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn access(title: &str, spec: &str) -> String {
    document("AuthorizationPolicy", title, spec)
}

fn peers(title: &str, spec: &str) -> String {
    document("PeerAuthentication", title, spec)
}

/// The policies of `app: cart` in the namespace `shop`.
fn cart(documents: &[String]) -> Policies {
    let mesh = Mesh::of(&documents.concat());
    super::policies(mesh.push(), "shop", &labels("app=cart"))
}

/// A connection to a port of the cart, by the name of the account in `shop`, or in plaintext.
fn connection(account: Option<&str>, destination_port: u16) -> Connection {
    let known = |account| SpiffeId::new("cluster.local", "shop", account).expect("an identity");
    Connection {
        source_ip: "10.1.0.7".parse().ok(),
        peer: account.map_or(Peer::Plaintext, |account| Peer::Known(known(account))),
        destination_ip: "10.2.0.9".parse().ok(),
        destination_port,
    }
}

fn allows(policies: &Policies, connection: &Connection) -> bool {
    match authorize(policies, connection, &mut Silent) {
        Authorized::Allowed => true,
        Authorized::Denied { .. } => false,
        Authorized::Unknown { why, .. } => panic!("it is told: {why}"),
    }
}
