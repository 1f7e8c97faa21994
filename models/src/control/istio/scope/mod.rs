//! What the proxies of one namespace, or of the workloads that a Sidecar selects, know: services
//! and VirtualServices for each of their listeners. What becomes of them is said in `sidecar`.

mod findings;
mod hosts;
mod services;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::explain::{Probe, RuleId, Sourced};
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{
    CaptureMode, EgressListener, OutboundMode, Sidecar, SidecarPort,
};
use crate::world::Origin;

use self::hosts::Imports;
use self::services::Seen;
use super::Push;
use super::clusters::{BLACK_HOLE, PASSTHROUGH, outbound_name};
use super::config::{Config, selects};
use super::registry::{Protocol, Service};
use super::routes::{EffectiveVirtualService, MESH, visible};

pub(super) use findings::findings;

const RULE: RuleId = RuleId("istio.route.sidecar-scope");

/// What the proxies of one class know.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Their namespace.
    pub namespace: String,
    /// The Sidecar that says so, by its place in [`Push::sidecars`]; `None` if nothing is hidden.
    pub sidecar: Option<usize>,
    /// By listener, in the order written; at least one.
    pub egress: Vec<Egress>,
    /// All services that the proxy has clusters for.
    pub services: Vec<Arc<Service>>,
    /// What becomes of traffic to hosts that it does not know.
    pub outbound: Sourced<OutboundMode>,
    /// The cluster that takes such traffic where it is let through, if one is named.
    pub egress_proxy: Option<Sourced<String>>,
}

/// What is known to one listener, or to all ports that have no listener of their own.
#[derive(Clone, Debug)]
pub struct Egress {
    /// The port; `None` is all others.
    pub port: Option<SidecarPort>,
    /// The address that it binds, if one is asked for.
    pub bind: Option<Located<String>>,
    /// How connections come to it, if the Sidecar says so.
    pub capture: Option<CaptureMode>,
    /// The services.
    pub services: Vec<Arc<Service>>,
    /// The VirtualServices of the mesh, in the order in which they count.
    pub virtual_services: Vec<Arc<EffectiveVirtualService>>,
}

impl Egress {
    /// What is spoken on its port.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        let port = self.port.as_ref()?;
        Some(port.protocol.as_ref().map_or(Protocol::Sniffed, |word| Protocol::of_word(word)))
    }

    /// Services keep only the listener's port, unless it is a proxy for any host.
    fn keeps_port(&self) -> Option<u16> {
        let port = self.port.as_ref()?;
        (self.protocol() != Some(Protocol::HttpProxy)).then_some(port.number.value)
    }
}

impl Scope {
    /// What the proxies of a namespace see for which the Sidecar at this place counts.
    #[must_use]
    pub fn new(push: &Push, namespace: &str, sidecar: Option<usize>) -> Self {
        let object = sidecar.map(|at| &push.sidecars[at].object);
        let written = object.map_or(&[][..], |sidecar| &sidecar.egress);
        let egress: Vec<_> = if written.is_empty() {
            vec![everything(push, namespace)]
        } else {
            written.iter().map(|listener| imported(push, namespace, listener)).collect()
        };
        let services = services::all(push, namespace, &egress);
        let own = object.and_then(|sidecar| sidecar.outbound.as_ref());
        let outbound = own.map_or(push.mesh.outbound, |mode| {
            Sourced::new(mode.value, Origin::Manifest(mode.place))
        });
        let proxy = object.and_then(|sidecar| sidecar.egress_proxy.as_ref());
        let egress_proxy = proxy.map(|to| {
            let port = to.port.as_ref().map_or(0, |port| port.value);
            let subset = to.subset.as_ref().map_or("", |subset| &subset.value);
            let origin = Origin::Manifest(to.place);
            Sourced::new(outbound_name(port, subset, &to.host), origin)
        });
        let namespace = namespace.to_owned();
        Self { namespace, sidecar, egress, services, outbound, egress_proxy }
    }

    /// The cluster for connections that no service claims
    /// (istio `pilot/pkg/networking/core/listener_builder.go`,
    /// `buildOutboundCatchAllNetworkFiltersOnly`).
    #[must_use]
    pub fn unclaimed(&self) -> Sourced<String> {
        let to = |cluster: &str| Sourced::new(cluster.to_owned(), self.outbound.origin);
        match self.outbound.value {
            OutboundMode::RegistryOnly => to(BLACK_HOLE),
            OutboundMode::AllowAny | OutboundMode::AllowAnyDynamicDns => {
                self.egress_proxy.clone().unwrap_or_else(|| to(PASSTHROUGH))
            }
        }
    }

    /// The listener, by its place, whose services and VirtualServices make the routes of a port
    /// (istio `pilot/pkg/model/sidecar.go`, `GetEgressListenerForRDS`).
    #[must_use]
    pub fn egress_for(&self, port: u16) -> Option<usize> {
        let fits =
            |egress: &Egress| egress.port.as_ref().is_none_or(|own| own.number.value == port);
        self.egress.iter().position(fits)
    }
}

/// The Sidecar that counts for a workload, by its place in [`Push::sidecars`]. One with a selector
/// beats the namespace's own, which beats that of the root namespace; of several the oldest counts
/// (istio `pilot/pkg/model/push_context.go`, `initSidecarScopes` and `doGetSidecarScope`).
pub fn sidecar_of(
    push: &Push,
    namespace: &str,
    labels: &Labels,
    probe: &mut impl Probe,
) -> Option<usize> {
    let find = |wanted: &dyn Fn(&Config<Sidecar>) -> bool| push.sidecars.iter().position(wanted);
    let selector = |sidecar: &Config<Sidecar>| {
        let selector = sidecar.object.selector.as_ref();
        selector.map(|selector| selects(&selector.value, labels))
    };
    let root = push.mesh.root_namespace.value.as_str();
    let found = find(&|it| it.namespace == namespace && selector(it) == Some(true))
        .or_else(|| find(&|it| it.namespace == namespace && selector(it).is_none()))
        .or_else(|| find(&|it| it.namespace == root && selector(it).is_none()));
    probe.step(RULE, found.map(|at| push.sidecars[at].origin()), || match found {
        Some(at) => format!("Sidecar {} says what the proxy knows", push.sidecars[at].title()),
        None => "no Sidecar hides anything: the proxy knows all that is exported to it".to_owned(),
    });
    found
}

/// Without a Sidecar everything is known that is exported to the namespace.
fn everything(push: &Push, namespace: &str) -> Egress {
    let imports = Imports::everything();
    Egress {
        port: None,
        bind: None,
        capture: None,
        services: services::selected(push, namespace, &imports, None),
        virtual_services: visible(&push.virtual_services, namespace, MESH),
    }
}

fn imported(push: &Push, namespace: &str, listener: &EgressListener) -> Egress {
    let imports = Imports::new(listener.hosts.iter().map(|host| host.value.as_str()), namespace);
    let mut egress = Egress {
        port: listener.port.clone(),
        bind: listener.bind.clone(),
        capture: listener.capture.as_ref().map(|mode| mode.value),
        services: Vec::new(),
        virtual_services: visible(&push.virtual_services, namespace, MESH),
    };
    egress.virtual_services.retain(|object| {
        imports.takes_rules(&object.namespace, object.hosts.iter().map(|host| host.value.as_str()))
    });
    egress.services = services::selected(push, namespace, &imports, egress.keeps_port());
    egress
}

/// The services that a VirtualService sends to are known too, even where no host names them.
fn destinations(egress: &Egress, namespace: &str) -> Vec<Seen> {
    egress.virtual_services.iter().flat_map(|object| services::sent_to(object, namespace)).collect()
}
