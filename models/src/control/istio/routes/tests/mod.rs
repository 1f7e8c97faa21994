//! Stories of what becomes of the rules of a VirtualService.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::control::istio::testing::labels;
use crate::manifest::kinds::istio::{
    Destination, HttpRule, IstioResource, RetryRule, VirtualService,
};
use crate::manifest::kinds::{Labels, Resource};
use crate::manifest::{SourceSet, load};
use crate::profile::Profile;
use crate::proxy::envoy::config::{Forward, HashPolicy, HashSource, Route, RouteAction};
use crate::world::Origin;

mod action;
mod connections;
mod explaining;
mod laws;
mod matching;
mod mesh;
mod objects;
mod retrying;
mod tables;

/// A registry that knows two services: `web` with one port and `many` with two.
struct Registry;

impl Services for Registry {
    fn service(&self, host: &str) -> Option<KnownService> {
        let ports = match host {
            "web" => vec![8080],
            "many" => vec![80, 81],
            "alias" => {
                let external_name = Some("real.example.com".to_owned());
                return Some(KnownService { ports: vec![443], external_name });
            }
            _ => return None,
        };
        Some(KnownService { ports, external_name: None })
    }

    fn hash(&self, destination: &Destination) -> Option<HashPolicy> {
        (destination.host.value == "sticky").then(|| HashPolicy {
            source: HashSource::Header("x-user".to_owned()),
            terminal: false,
            origin: Origin::Assumed("a test"),
        })
    }
}

/// The HTTP rules of a VirtualService whose `spec.http` is `text`.
fn rules(text: &str) -> Vec<HttpRule> {
    virtual_service(&format!("  hosts: [shop]\n  http:\n{text}")).http
}

/// A VirtualService with this `spec`.
fn virtual_service(spec: &str) -> VirtualService {
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: shop, namespace: shop}}\nspec:\n{spec}"
    );
    let mut sources = SourceSet::new();
    let id = sources.add("shop.yaml", text);
    let manifests = load(&sources, [id]);
    assert_eq!(manifests.diagnostics, []);
    let [Resource::Istio(resource)] = &manifests.resources[..] else { panic!("one object") };
    let IstioResource::VirtualService(object) = &**resource else { panic!("a VirtualService") };
    object.clone()
}

/// A client of a test.
struct Asker {
    labels: Labels,
    gateways: BTreeSet<String>,
    listen_port: u16,
    listener: ListenerTls,
    default_retry: Option<RetryRule>,
}

impl Asker {
    /// A sidecar in the namespace `shop` with the label `app: front`, asked on port 9080.
    fn sidecar() -> Self {
        Self {
            labels: labels("app", "front"),
            gateways: [MESH.to_owned()].into(),
            listen_port: 9080,
            listener: ListenerTls::Plaintext,
            default_retry: None,
        }
    }

    /// A gateway with the name `shop/edge`, asked on this port.
    fn gateway(listen_port: u16, listener: ListenerTls) -> Self {
        let gateways = ["shop/edge".to_owned()].into();
        Self { gateways, listen_port, listener, ..Self::sidecar() }
    }

    fn routes(&self, rules: &[HttpRule]) -> Vec<Arc<Route>> {
        let client = Client { labels: &self.labels, namespace: "shop", gateways: &self.gateways };
        let context = RuleContext {
            client,
            listen_port: self.listen_port,
            listener: self.listener,
            services: &Registry,
            default_retry: self.default_retry.as_ref(),
            profile: Profile::built_in(),
        };
        routes(rules, &context)
    }

    /// The only route of these rules.
    fn only(&self, text: &str) -> Route {
        let routes = self.routes(&rules(text));
        let [route] = &routes[..] else { panic!("one route of {text}") };
        Route::clone(route)
    }
}

/// How the only route of these rules forwards.
fn forward(text: &str) -> Forward {
    match Asker::sidecar().only(text).action {
        RouteAction::Forward(forward) => *forward,
        other => panic!("{other:?} does not forward"),
    }
}
