//! All control planes of a world side by side: which of them configures which proxy. What they
//! write into a configuration is their own business.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::explain::Decision;
use crate::identity::SpiffeId;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;
use crate::path::{DataPath, Placement};
use crate::policy::network::NetworkPolicies;
use crate::profile::{GatewayReading, Profile};
use crate::proxy::envoy::config::ProxyConfig;
use crate::proxy::ztunnel;
use crate::world::{ClusterManifests, PodId, World};

use super::gateway::{GatewayControlPlane, MeshGroup};
use super::istio::ambient::waypoints::{self, WaypointAsked, WaypointName, WaypointSender};
use super::istio::gateways::GatewayWorkload;
use super::istio::routes::{MeshRoutes, mesh_host};
use super::istio::{IstioControlPlane, Push};
use super::kubernetes::nginx;
use super::tunnels;

/// The control planes of a world.
#[derive(Clone, Debug)]
pub struct ControlPlanes {
    profile: &'static Profile,
    given: Given,
    gateway_api: GatewayControlPlane,
    istio: IstioControlPlane,
    network_policies: NetworkPolicies,
    /// ingress-nginx, by the name of the Ingress class that it serves.
    ingress: BTreeMap<String, Arc<ProxyConfig>>,
}

/// Configurations that no control plane made.
#[derive(Clone, Debug, Default)]
struct Given {
    sidecars: BTreeMap<PodId, Arc<ProxyConfig>>,
    gateways: BTreeMap<GatewayName, Arc<ProxyConfig>>,
}

/// What takes the connections that reach a pod.
#[derive(Clone, Debug)]
pub enum Beside {
    /// The application itself.
    Nothing,
    /// A sidecar; its configuration has the inbound side at least.
    Sidecar(Arc<ProxyConfig>),
    /// The pod is a gateway.
    Gateway(Arc<ProxyConfig>),
}

/// Which API a gateway is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    /// `networking.istio.io` Gateway.
    Istio,
    /// `gateway.networking.k8s.io` Gateway.
    GatewayApi,
    /// All `networking.k8s.io` Ingresses of one class; its name is that of the class.
    Ingress,
}

/// A gateway by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct GatewayName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which API it is written in.
    pub kind: GatewayKind,
}

impl fmt::Display for GatewayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            GatewayKind::Istio | GatewayKind::GatewayApi => {
                write!(f, "gateway/{}/{}", self.namespace, self.name)
            }
            GatewayKind::Ingress => write!(f, "ingress/{}", self.name),
        }
    }
}

impl ControlPlanes {
    /// Reads the resources of all clusters as the control planes of `profile` do. The findings
    /// say what they reject, and what they will do instead.
    #[must_use]
    pub fn new(
        world: &World,
        clusters: &[ClusterManifests<'_>],
        profile: &'static Profile,
    ) -> (Self, Vec<Diagnostic>) {
        Self::placed(world, clusters, profile, Placement::default())
    }

    /// The same, where a scenario may say what carries the traffic of which pods.
    #[must_use]
    pub fn placed(
        world: &World,
        clusters: &[ClusterManifests<'_>],
        profile: &'static Profile,
        placement: Placement,
    ) -> (Self, Vec<Diagnostic>) {
        let (gateway_api, mut findings) = GatewayControlPlane::new(world, clusters, profile);
        let (istio, more) = IstioControlPlane::new(world, clusters, profile, placement);
        findings.extend(more);
        let (network_policies, more) = NetworkPolicies::new(world, clusters, profile);
        findings.extend(more);
        let (given, ingress) = (Given::default(), nginx::controllers(world));
        let planes = Self { profile, given, gateway_api, istio, network_policies, ingress };
        findings.extend(tunnels::findings(world, &planes));
        (planes, findings)
    }

    /// Proxies whose configuration is written down and not made of resources.
    #[must_use]
    pub fn of_configs(
        profile: &'static Profile,
        sidecars: BTreeMap<PodId, Arc<ProxyConfig>>,
        gateways: BTreeMap<GatewayName, Arc<ProxyConfig>>,
    ) -> Self {
        Self {
            profile,
            given: Given { sidecars, gateways },
            gateway_api: GatewayControlPlane::default(),
            istio: IstioControlPlane::default(),
            network_policies: NetworkPolicies::none(profile),
            ingress: BTreeMap::new(),
        }
    }

    /// The same, with these configurations in place of what a control plane makes.
    #[cfg(test)]
    pub(crate) fn giving(mut self, sidecars: BTreeMap<PodId, Arc<ProxyConfig>>) -> Self {
        self.given.sidecars = sidecars;
        self
    }

    /// Who the certificate of the mesh says that a pod is; `None` for what has no service account
    /// that one could be made for. Whether the pod has a proxy that shows it is another question.
    #[must_use]
    pub fn identity(&self, world: &World, pod: PodId) -> Option<SpiffeId> {
        let workload = world.workload_of(pod);
        let namespace = &world.namespaces[workload.namespace?].name;
        let account = &world.service_accounts[workload.service_account?].name;
        let push = self.istio.push_of(world, pod);
        let domain = push.map_or("cluster.local", |push| push.mesh.trust_domain.value.as_str());
        SpiffeId::new(domain, namespace, account).ok()
    }

    /// The facts that the control planes go by.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// The configuration of the proxy beside a pod; `None` if the pod has no sidecar.
    #[must_use]
    pub fn sidecar(&self, world: &World, pod: PodId) -> Option<Arc<ProxyConfig>> {
        let given = self.given.sidecars.get(&pod).cloned();
        given.or_else(|| self.istio.sidecar(world, pod, &OfGatewayApi(&self.gateway_api)))
    }

    /// What carries the traffic of a pod.
    #[must_use]
    pub fn data_path(&self, world: &World, pod: PodId) -> DataPath {
        if self.given.sidecars.contains_key(&pod) {
            return DataPath::IstioSidecar;
        }
        self.istio.enrolled_silently(world, pod).data_path()
    }

    /// What takes the connections that reach a pod.
    #[must_use]
    pub fn beside(&self, world: &World, pod: PodId) -> Beside {
        match self.given.sidecars.get(&pod) {
            Some(config) => Beside::Sidecar(Arc::clone(config)),
            None => self.istio.beside(world, pod),
        }
    }

    /// The workloads that serve a gateway, as far as Istio knows them: what it knows of their
    /// cluster, their namespace and labels, and the name of the Gateway if `targetRefs` may name
    /// it.
    #[must_use]
    pub fn gateway_workloads<'p>(
        &'p self,
        world: &World,
        name: &'p GatewayName,
    ) -> Vec<(&'p Push, String, Labels, Option<&'p str>)> {
        match name.kind {
            GatewayKind::Istio => {
                let served = self.istio.serving(world, &name.namespace, &name.name);
                let each = served.into_iter();
                each.map(|(push, it)| (push, it.namespace, it.labels, None)).collect()
            }
            // Its pods are nobody's that Istio knows.
            GatewayKind::Ingress => Vec::new(),
            // The workload is made for the Gateway, with no labels that a manifest tells.
            GatewayKind::GatewayApi => {
                let pushes = self.istio.pushes().iter();
                let gateway = Some(name.name.as_str());
                pushes.map(|it| (&**it, name.namespace.clone(), Labels::new(), gateway)).collect()
            }
        }
    }

    /// The policies that ztunnel has for a pod, if it stands on the pod's way: whether it does is
    /// not asked here.
    #[must_use]
    pub fn ztunnel_policies(&self, world: &World, pod: PodId) -> Arc<ztunnel::Policies> {
        self.istio.ztunnel_policies(world, pod)
    }

    /// The waypoint that traffic to a Service or pod goes through where its sender honours it, and
    /// why. `None` in the decision: there is none, or the one that a label names is not used.
    #[must_use]
    pub fn waypoint_for(
        &self,
        world: &World,
        asked: WaypointAsked,
    ) -> Decision<Option<WaypointName>> {
        self.istio.waypoint_for(world, asked).unwrap_or_else(waypoints::no_plane)
    }

    /// The waypoint that traffic of a sender meets on its way to a Service's own address or to a
    /// pod, and why; `None` in the decision where it goes past or none stands.
    #[must_use]
    pub fn waypoint_passed(
        &self,
        world: &World,
        sender: WaypointSender,
        asked: WaypointAsked,
    ) -> Decision<Option<WaypointName>> {
        self.istio.waypoint_passed(world, sender, asked).unwrap_or_else(waypoints::no_plane)
    }

    /// All waypoints of Istio's own class, by cluster and name.
    #[must_use]
    pub fn waypoints(&self) -> Vec<WaypointName> {
        self.istio.waypoints().collect()
    }

    /// Who a waypoint is to those that it sends to; `None` where none stands.
    #[must_use]
    pub fn waypoint_identity(&self, name: &WaypointName) -> Option<SpiffeId> {
        self.istio.waypoint_identity(name)
    }

    /// The configuration of a waypoint's Envoy; `None` where none of this name stands, or where
    /// something else than Istio's Envoy stands behind it, so that what it does is unknown.
    #[must_use]
    pub fn waypoint(&self, world: &World, name: &WaypointName) -> Option<Arc<ProxyConfig>> {
        self.istio.waypoint(world, name, &OfGatewayApi(&self.gateway_api))
    }

    /// Istio's control plane: what it knows of services and policies.
    #[must_use]
    pub fn istio(&self) -> &IstioControlPlane {
        &self.istio
    }

    /// The policies of the network, at every pod.
    #[must_use]
    pub fn network_policies(&self) -> &NetworkPolicies {
        &self.network_policies
    }

    /// The same, in a network that carries every connection.
    #[must_use]
    pub fn without_network_policies(&self) -> Self {
        Self { network_policies: NetworkPolicies::none(self.profile), ..self.clone() }
    }

    /// The same, after a change to policies of the network and to nothing else.
    #[must_use]
    pub fn with_network_policies_of(
        &self,
        world: &World,
        clusters: &[ClusterManifests<'_>],
    ) -> Self {
        let (network_policies, _) = NetworkPolicies::new(world, clusters, self.profile);
        Self { network_policies, ..self.clone() }
    }

    /// The same, after a change to objects of Istio's own kinds and to nothing else.
    #[must_use]
    pub fn with_istio_of(&self, world: &World, clusters: &[ClusterManifests<'_>]) -> Self {
        let placement = self.istio.placement().clone();
        let (istio, _) = IstioControlPlane::new(world, clusters, self.profile, placement);
        Self { istio, ..self.clone() }
    }

    /// All gateways, by name.
    #[must_use]
    pub fn gateways(&self) -> Vec<GatewayName> {
        let api = self.gateway_api.gateways().map(|(namespace, name)| GatewayName {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            kind: GatewayKind::GatewayApi,
        });
        let istio = self.istio.gateways().map(|(namespace, name)| GatewayName {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            kind: GatewayKind::Istio,
        });
        let ingress = self.ingress.keys().map(|name| GatewayName {
            namespace: String::new(),
            name: name.clone(),
            kind: GatewayKind::Ingress,
        });
        let given = self.given.gateways.keys().cloned();
        let mut names: Vec<_> = given.chain(api).chain(istio).chain(ingress).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The configuration of a gateway's proxies; `None` if there is no such gateway.
    #[must_use]
    pub fn gateway(&self, world: &World, name: &GatewayName) -> Option<Arc<ProxyConfig>> {
        let given = self.given.gateways.get(name).cloned();
        given.or_else(|| match name.kind {
            GatewayKind::GatewayApi => {
                let config = self.gateway_api.gateway(&name.namespace, &name.name)?;
                let name = (name.namespace.as_str(), name.name.as_str());
                match *self.profile.gateway.reading {
                    GatewayReading::Standard => {
                        Some(Arc::new(self.istio.with_own_policies(name, &config)))
                    }
                    GatewayReading::Istio => {
                        Some(Arc::new(self.istio.with_own_clusters(name, &config)))
                    }
                }
            }
            GatewayKind::Istio => self.istio.gateway(world, &name.namespace, &name.name),
            GatewayKind::Ingress => self.ingress.get(&name.name).cloned(),
        })
    }

    /// The port of a gateway's own where a connection arrives that a client dials on the Service
    /// in front of it. Where no Service is known they are the same.
    ///
    /// # Errors
    /// The ports that the Service has, when it does not have this one.
    pub fn gateway_port(
        &self,
        world: &World,
        name: &GatewayName,
        dialled: u16,
    ) -> Result<u16, Vec<u16>> {
        let workload = self.gateway_workload(world, name);
        let targets = workload.map_or_else(Vec::new, |workload| workload.targets);
        let found = targets.iter().find(|target| target.port == dialled);
        match found {
            Some(target) => Ok(target.target_port),
            None if targets.is_empty() => Ok(dialled),
            None => Err(targets.iter().map(|target| target.port).collect()),
        }
    }

    /// The workload that serves a gateway; `None` where it is made as the Gateway is.
    #[must_use]
    pub fn gateway_workload(&self, world: &World, name: &GatewayName) -> Option<GatewayWorkload> {
        let is_istio = name.kind == GatewayKind::Istio;
        let serving = || self.istio.serving(world, &name.namespace, &name.name);
        is_istio.then(serving).flatten().map(|(_, workload)| workload)
    }

    /// The control plane of Gateway API: statuses, their reasons, and routes of the mesh.
    #[must_use]
    pub fn gateway_api(&self) -> &GatewayControlPlane {
        &self.gateway_api
    }
}

/// Routes of Gateway API for the mesh, as Istio's sidecars ask for them.
struct OfGatewayApi<'g>(&'g GatewayControlPlane);

impl MeshRoutes for OfGatewayApi<'_> {
    fn group(&self, client: &str, host: &str, port: u16) -> Option<MeshGroup> {
        self.0.mesh_group(client, mesh_host(host)?, port).cloned()
    }

    fn standing_in(&self, namespace: &str, host: &str, port: u16) -> Option<MeshGroup> {
        let group = self.0.mesh_group(namespace, mesh_host(host)?, port);
        group.filter(|group| group.namespace == namespace).cloned()
    }
}
