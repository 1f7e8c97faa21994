//! The waypoints of a cluster: its Gateways, as Istio's index of ambient mode holds them. Who uses
//! them is decided in `choice`.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::kinds::gateway::{
    AllowedNamespaces, Gateway, GatewayClass, GatewayListener, ListenerProtocol,
};
use crate::manifest::kinds::{Labels, ObjectMeta};
use crate::path::WaypointPlacement;
use crate::world::Origin;

/// The class of Istio's own waypoints (istio `pkg/config/constants`, `WaypointGatewayClassName`).
pub(super) const ISTIO_WAYPOINT: &str = "istio-waypoint";

/// What a waypoint serves, on its Gateway or on its class.
pub(super) const FOR: &str = "istio.io/waypoint-for";

/// Names the service account of what is made for a Gateway.
const SERVICE_ACCOUNT: &str = "gateway.istio.io/service-account";

/// The name of a waypoint that no manifest declares.
pub(super) const PLACED: &str = "waypoint";

/// The port of tunnels.
const HBONE_PORT: u16 = 15_008;

/// Which traffic a waypoint serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaypointFor {
    /// Traffic to Services, which is the default.
    Service,
    /// Traffic to addresses of pods.
    Workload,
    /// Both.
    All,
    /// Neither: it says so, or a word that nobody knows.
    Nothing,
}

impl WaypointFor {
    fn of_word(word: &str) -> Self {
        match word {
            "service" => Self::Service,
            "workload" => Self::Workload,
            "all" => Self::All,
            _ => Self::Nothing,
        }
    }

    /// Whether traffic to Services is served.
    #[must_use]
    pub const fn serves_services(self) -> bool {
        matches!(self, Self::Service | Self::All)
    }

    /// Whether traffic to addresses of pods is served.
    #[must_use]
    pub const fn serves_pods(self) -> bool {
        matches!(self, Self::Workload | Self::All)
    }
}

/// What stands behind the Gateway of a waypoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaypointClass {
    /// Istio's waypoint.
    Istio,
    /// Something else, whose configuration is not known. Istio's index asks for no class: traffic
    /// is sent there all the same.
    Other(String),
}

/// A waypoint.
#[derive(Clone, Debug)]
pub struct Waypoint {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What stands behind it.
    pub class: WaypointClass,
    /// Which traffic it serves.
    pub serves: WaypointFor,
    /// Where that is written; the Gateway itself where nothing says so.
    pub serves_origin: Origin,
    /// The service account that it runs under.
    pub service_account: String,
    /// Whose objects may use it.
    pub allowed: AllowedNamespaces,
    /// The Gateway, or that a scenario puts a waypoint there.
    pub origin: Origin,
}

/// All waypoints of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Waypoints {
    by_name: BTreeMap<(String, String), Waypoint>,
}

impl Waypoints {
    /// The waypoints that stand. Each Gateway counts as deployed: the address in its status is what
    /// Istio waits for, and manifests rarely hold it.
    pub(in crate::control::istio) fn new(
        gateways: &BTreeMap<(String, String), &Gateway>,
        classes: &BTreeMap<String, &GatewayClass>,
        placement: WaypointPlacement,
        homes: &BTreeSet<String>,
    ) -> Self {
        if placement == WaypointPlacement::Nowhere {
            return Self::default();
        }
        let mut waypoints = Self::declared(gateways, classes);
        if placement == WaypointPlacement::EveryNamespace {
            for home in homes {
                let (key, waypoint) = placed(home);
                waypoints.by_name.entry(key).or_insert(waypoint);
            }
        }
        waypoints
    }

    /// Those that Gateways are.
    fn declared(
        gateways: &BTreeMap<(String, String), &Gateway>,
        classes: &BTreeMap<String, &GatewayClass>,
    ) -> Self {
        let each = gateways.iter().map(|((namespace, name), gateway)| {
            let class = gateway.class.as_ref().map_or("", |class| class.value.as_str());
            let declared = classes.get(class).map(|class| &class.meta);
            let (serves, serves_origin) = serves(&gateway.meta, declared);
            let waypoint = Waypoint {
                namespace: namespace.clone(),
                name: name.clone(),
                class: match class {
                    ISTIO_WAYPOINT => WaypointClass::Istio,
                    other => WaypointClass::Other(other.to_owned()),
                },
                serves,
                serves_origin,
                service_account: service_account(&gateway.meta),
                allowed: allowed(gateway),
                origin: Origin::Manifest(gateway.meta.place),
            };
            ((namespace.clone(), name.clone()), waypoint)
        });
        Self { by_name: each.collect() }
    }

    /// The waypoint with this name.
    #[must_use]
    pub fn named(&self, namespace: &str, name: &str) -> Option<&Waypoint> {
        self.by_name.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// All of them, by namespace and name.
    pub fn all(&self) -> impl Iterator<Item = &Waypoint> {
        self.by_name.values()
    }
}

/// The waypoint that a scenario puts into a namespace, named as `istioctl waypoint apply` names it.
fn placed(home: &str) -> ((String, String), Waypoint) {
    let origin = Origin::Assumed("a waypoint for each namespace");
    let waypoint = Waypoint {
        namespace: home.to_owned(),
        name: PLACED.to_owned(),
        class: WaypointClass::Istio,
        serves: WaypointFor::Service,
        serves_origin: origin,
        service_account: PLACED.to_owned(),
        allowed: AllowedNamespaces::Same,
        origin,
    };
    ((waypoint.namespace.clone(), waypoint.name.clone()), waypoint)
}

/// The word on the Gateway counts before the one on its class.
fn serves(gateway: &ObjectMeta, class: Option<&ObjectMeta>) -> (WaypointFor, Origin) {
    let word = |labels: &Labels| {
        let label = labels.get(FOR)?;
        Some((WaypointFor::of_word(&label.value), Origin::Manifest(label.place)))
    };
    word(&gateway.labels)
        .or_else(|| class.and_then(|class| word(&class.labels)))
        .unwrap_or((WaypointFor::Service, Origin::Manifest(gateway.place)))
}

/// Istio names the account of a waypoint as its Gateway, unless that says otherwise (istio
/// `pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go`).
fn service_account(gateway: &ObjectMeta) -> String {
    let written = gateway.annotations.get(SERVICE_ACCOUNT);
    written.map_or_else(|| gateway.name.value.clone(), |name| name.value.clone())
}

/// Whose objects may use a waypoint: those whose routes its listener for tunnels takes
/// (`makeAllowedRoutes`).
fn allowed(gateway: &Gateway) -> AllowedNamespaces {
    let is_tunnel = |listener: &&GatewayListener| {
        let protocol = &listener.protocol.value;
        *protocol == ListenerProtocol::Other("HBONE".to_owned())
            && listener.port.value == HBONE_PORT
    };
    let listener = gateway.listeners.iter().find(is_tunnel);
    listener.map(|listener| listener.allowed.namespaces.clone()).unwrap_or_default()
}
