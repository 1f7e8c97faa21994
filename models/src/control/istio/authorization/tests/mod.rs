//! Stories and laws of AuthorizationPolicies.

mod found;
mod laws;
mod plain;
mod stories;

use std::sync::Arc;

use crate::control::istio::testing::{Mesh, labels};
use crate::control::istio::unmodelled::Touched;
use crate::explain::Tree;
use crate::proxy::envoy::config::{Bootstrap, HttpFilter, NetworkFilter, Transport};
use crate::proxy::envoy::filters::{
    Access, Chain, ExternalAnswers, Settings, connection_access, connection_asked,
};
use crate::proxy::envoy::{Connection, HeaderMap, Request};

use super::{AccessFilters, filters};

/// What becomes of a request or connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Allowed,
    Denied,
    Unknown(String),
}

/// Policies as objects of `shop`, but for those whose name begins with `root-`.
fn policies(specs: &[(&str, &str)]) -> String {
    let one = |(name, spec): &(&str, &str)| {
        let namespace = if name.starts_with("root-") { "istio-system" } else { "shop" };
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    specs.iter().map(one).collect()
}

/// A call to `shop/cart` with an identity, or without one in plaintext.
fn call(principal: Option<&str>, method: &str, path: &str) -> Request {
    Request {
        headers: HeaderMap::from_iter([
            (":method", method),
            (":path", path),
            (":authority", "cart.shop:8080"),
        ]),
        connection: Connection {
            source_ip: Some([10, 1, 0, 7].into()),
            destination_ip: Some([10, 2, 0, 9].into()),
            destination_port: 8080,
            transport: principal.map_or(Transport::RawBuffer, |_| Transport::Tls),
            sni: None,
            alpn: Vec::new(),
            principal: principal.map(|name| format!("spiffe://{name}")),
        },
        tokens: Arc::default(),
    }
}

const WEB: Option<&str> = Some("cluster.local/ns/shop/sa/web");
const BANK: Option<&str> = Some("cluster.local/ns/bank/sa/till");

struct Rig {
    mesh: Mesh,
    /// What the sidecar of `shop/cart` gets.
    made: AccessFilters,
    answers: ExternalAnswers,
}

impl Rig {
    fn of(text: &str) -> Self {
        Self::in_mesh(Mesh::of(text))
    }

    fn in_mesh(mesh: Mesh) -> Self {
        let labels = labels("app", "cart");
        let proxy = Touched { namespace: "shop", labels: &labels, gateway: None };
        let made = filters(mesh.push(), proxy);
        Self { mesh, made, answers: ExternalAnswers::default() }
    }

    fn with(specs: &[(&str, &str)]) -> Self {
        Self::of(&policies(specs))
    }

    /// What the sidecar of `shop/cart` does.
    fn fate(&self, request: &Request) -> Fate {
        self.told(request).0
    }

    fn told(&self, request: &Request) -> (Fate, Vec<String>) {
        self.told_by(&self.made, request)
    }

    fn told_at(&self, proxy: Touched<'_>, request: &Request) -> (Fate, Vec<String>) {
        self.told_by(&filters(self.mesh.push(), proxy), request)
    }

    fn told_by(&self, made: &AccessFilters, request: &Request) -> (Fate, Vec<String>) {
        let all: Vec<HttpFilter> = made.asks.iter().chain(&made.rules).cloned().collect();
        let bootstrap = Bootstrap::default();
        let chain = Chain { filters: &all, settings: Settings::default(), bootstrap: &bootstrap };
        let mut tree = Tree::default();
        let outlook = chain.outlook(request, &self.answers, &mut tree);
        let fate = match (outlook.answer, outlook.unknown) {
            (_, Some(why)) => Fate::Unknown(why.sentence),
            (Some(_), None) => Fate::Denied,
            (None, None) => Fate::Allowed,
        };
        let mut told = Vec::new();
        for one in tree.finish() {
            told.extend(one.because.iter().map(|it| it.finding.clone()));
            told.push(one.finding);
        }
        (fate, told)
    }

    /// What it does with a connection that carries bytes.
    fn fate_of_bytes(&self, connection: &Connection) -> Fate {
        let mut tree = Tree::default();
        for filter in &self.made.network {
            let access = match filter {
                NetworkFilter::Rbac(rules) => connection_access(rules, connection, &mut tree),
                NetworkFilter::ExtAuthz(own) => {
                    connection_asked(own, connection, &self.answers, &mut tree)
                }
                NetworkFilter::Http(_) | NetworkFilter::TcpProxy(_) => continue,
            };
            match access {
                Access::Allowed => {}
                Access::Denied(_) => return Fate::Denied,
                Access::Unknown(why) => return Fate::Unknown(why),
            }
        }
        Fate::Allowed
    }

    /// Whether each of these calls is allowed.
    fn allows(&self, calls: &[Request]) -> Vec<bool> {
        calls.iter().map(|call| self.fate(call) == Fate::Allowed).collect()
    }
}
