//! Istio as a whole: one view of each cluster, and the configuration of each proxy. How the parts
//! of a configuration are made is said in the rooms beside it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::control::Beside;
use crate::explain::{Decision, Probe, Silent, Sourced};
use crate::identity::SpiffeId;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::MtlsMode;
use crate::path::Placement;
use crate::profile::Profile;
use crate::proxy::envoy::config::ProxyConfig;
use crate::proxy::ztunnel;
use crate::world::{ClusterManifests, NamespaceId, PodId, World};

use super::ambient;
use super::ambient::waypoints::{self, WaypointAsked, WaypointClass, WaypointName, WaypointSender};
use super::authentication;
use super::enrolment::{self, Enrolled};
use super::gateways::{self, EffectiveGateway, GatewayWorkload};
use super::inbound::{explain_port, inbound};
use super::routes::MeshRoutes;
use super::sidecar::Memo;
use super::{Push, Workload};

/// Istio's control plane, for all clusters of a world.
#[derive(Clone, Debug, Default)]
pub struct IstioControlPlane {
    /// By cluster.
    pushes: Vec<Arc<Push>>,
    placement: Arc<Placement>,
    /// By cluster. Whoever asks first has them made; the answers never differ.
    memos: Arc<Mutex<Vec<Memo>>>,
    /// The same of waypoints.
    waypoints: Arc<Mutex<BTreeMap<WaypointName, Arc<ProxyConfig>>>>,
    /// The same of ztunnels' policies.
    ztunnels: Arc<Mutex<ZtunnelPolicies>>,
}

/// What ztunnel has for workloads that are alike: those of a namespace with the same labels.
type ZtunnelPolicies = BTreeMap<(NamespaceId, Arc<Labels>), Arc<ztunnel::Policies>>;

impl IstioControlPlane {
    /// Indexes the objects of all clusters. Each cluster has a control plane of its own and knows
    /// the services of that cluster alone. The findings say what it does with odd objects.
    #[must_use]
    pub fn new(
        world: &World,
        clusters: &[ClusterManifests<'_>],
        profile: &'static Profile,
        placement: Placement,
    ) -> (Self, Vec<Diagnostic>) {
        let placement = Arc::new(placement);
        let mut findings = Vec::new();
        let ids = world.clusters.ids();
        let pushes = ids.map(|cluster| {
            let push = Push::new(world, cluster, clusters, profile, &placement, &mut findings);
            findings.extend(super::findings::findings(&push, world));
            Arc::new(push)
        });
        let pushes: Vec<_> = pushes.collect();
        let memos = pushes.iter().map(|_| Memo::default()).collect();
        let memos = Arc::new(Mutex::new(memos));
        (
            Self { pushes, placement, memos, waypoints: Arc::default(), ztunnels: Arc::default() },
            findings,
        )
    }

    /// What Istio knows of the cluster that a pod runs in; `None` for hosts outside.
    #[must_use]
    pub fn push_of(&self, world: &World, pod: PodId) -> Option<&Arc<Push>> {
        let cluster = world.cluster_of(world.pods[pod].workload)?;
        self.pushes.iter().find(|push| push.cluster == cluster)
    }

    /// The configuration of the proxy beside a pod; `None` if no sidecar stands there. The routes
    /// of Gateway API must be the same each time.
    #[must_use]
    pub fn sidecar(
        &self,
        world: &World,
        pod: PodId,
        mesh_routes: &dyn MeshRoutes,
    ) -> Option<Arc<ProxyConfig>> {
        if self.enrolled_silently(world, pod) != Enrolled::Sidecar {
            return None;
        }
        let push = self.push_of(world, pod)?;
        let at = self.pushes.iter().position(|it| it.cluster == push.cluster)?;
        let workload = Workload::of_pod(push, world, pod);
        // A panic elsewhere leaves what was made whole.
        let mut memos = self.memos.lock().unwrap_or_else(PoisonError::into_inner);
        Some(memos.get_mut(at)?.config(push, &workload, mesh_routes))
    }

    /// All Gateways, each with its namespace, in the order of clusters and age.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.pushes.iter().flat_map(|push| &push.gateways);
        all.map(|gateway| (gateway.namespace.as_str(), gateway.name.as_str()))
    }

    /// The configuration of the proxies that serve a Gateway; `None` if there is none of this name.
    #[must_use]
    pub fn gateway(&self, world: &World, namespace: &str, name: &str) -> Option<Arc<ProxyConfig>> {
        let (push, workload) = self.serving(world, namespace, name)?;
        Some(Arc::new(workload.config(push, world)))
    }

    /// The workload that serves a Gateway, and what Istio knows of its cluster.
    pub(in crate::control) fn serving(
        &self,
        world: &World,
        namespace: &str,
        name: &str,
    ) -> Option<(&Push, GatewayWorkload)> {
        let is_wanted =
            |it: &&EffectiveGateway| (it.namespace.as_str(), it.name.as_str()) == (namespace, name);
        self.pushes.iter().find_map(|push| {
            let gateway = push.gateways.iter().find(is_wanted)?;
            Some((&**push, GatewayWorkload::serving(push, world, gateway)))
        })
    }

    /// The configuration of a Gateway of Gateway API in a namespace, with the clusters that Istio
    /// would send to it.
    #[must_use]
    pub fn with_own_clusters(
        &self,
        (namespace, name): (&str, &str),
        config: &ProxyConfig,
    ) -> ProxyConfig {
        let adopt = |config, push: &Arc<Push>| gateways::adopt(push, (namespace, name), &config);
        self.pushes.iter().fold(config.clone(), adopt)
    }

    /// The configuration of a Gateway of Gateway API in a namespace, with the policies that Istio
    /// would enforce there.
    #[must_use]
    pub fn with_own_policies(
        &self,
        (namespace, name): (&str, &str),
        config: &ProxyConfig,
    ) -> ProxyConfig {
        let guard = |config, push: &Arc<Push>| gateways::guarded(push, (namespace, name), &config);
        self.pushes.iter().fold(config.clone(), guard)
    }

    /// The waypoint of a Service or pod, and why; `None` where Istio knows nothing of its cluster.
    #[must_use]
    pub fn waypoint_for(
        &self,
        world: &World,
        asked: WaypointAsked,
    ) -> Option<Decision<Option<WaypointName>>> {
        Some(waypoints::explain(self.push_of_asked(world, asked)?, world, asked))
    }

    /// The waypoint that traffic of a sender meets, and why; `None` where Istio knows nothing of
    /// the cluster.
    #[must_use]
    pub fn waypoint_passed(
        &self,
        world: &World,
        sender: WaypointSender,
        asked: WaypointAsked,
    ) -> Option<Decision<Option<WaypointName>>> {
        Some(waypoints::passes(self.push_of_asked(world, asked)?, world, sender, asked))
    }

    fn push_of_asked(&self, world: &World, asked: WaypointAsked) -> Option<&Arc<Push>> {
        match asked {
            WaypointAsked::Service(service) => {
                let cluster = world.namespaces[world.services[service].namespace].cluster;
                self.pushes.iter().find(|push| push.cluster == cluster)
            }
            WaypointAsked::Pod(pod) => self.push_of(world, pod),
        }
    }

    /// All waypoints of Istio's own class, by cluster and name.
    pub fn waypoints(&self) -> impl Iterator<Item = WaypointName> {
        self.pushes.iter().flat_map(|push| {
            let own = push.waypoints.all().filter(|it| it.class == WaypointClass::Istio);
            own.map(|waypoint| waypoints::name_of(push, waypoint))
        })
    }

    /// Who a waypoint is to others; `None` where none stands.
    #[must_use]
    pub fn waypoint_identity(&self, name: &WaypointName) -> Option<SpiffeId> {
        let push = self.pushes.iter().find(|push| push.cluster == name.cluster)?;
        let waypoint = push.waypoints.named(&name.namespace, &name.name)?;
        Some(SpiffeId {
            trust_domain: push.mesh.trust_domain.value.clone(),
            namespace: waypoint.namespace.clone(),
            service_account: waypoint.service_account.clone(),
        })
    }

    /// The configuration of a waypoint's Envoy; `None` where none stands, or something else. The
    /// routes of Gateway API must be the same each time.
    #[must_use]
    pub fn waypoint(
        &self,
        world: &World,
        name: &WaypointName,
        mesh_routes: &dyn MeshRoutes,
    ) -> Option<Arc<ProxyConfig>> {
        let push = self.pushes.iter().find(|push| push.cluster == name.cluster)?;
        let waypoint = push.waypoints.named(&name.namespace, &name.name)?;
        if waypoint.class != WaypointClass::Istio {
            return None;
        }
        // A panic elsewhere leaves what was made whole.
        let mut made = self.waypoints.lock().unwrap_or_else(PoisonError::into_inner);
        let config = made
            .entry(name.clone())
            .or_insert_with(|| Arc::new(waypoints::config(push, world, waypoint, mesh_routes)));
        Some(Arc::clone(config))
    }

    /// What takes the connections that reach a pod. Of a sidecar only the inbound side is made.
    #[must_use]
    pub fn beside(&self, world: &World, pod: PodId) -> Beside {
        let Some(push) = self.push_of(world, pod) else { return Beside::Nothing };
        match self.enrolled_silently(world, pod) {
            Enrolled::Nothing | Enrolled::Ambient => Beside::Nothing,
            Enrolled::Gateway => {
                let workload = GatewayWorkload::of_pod(push, world, pod);
                Beside::Gateway(Arc::new(workload.config(push, world)))
            }
            Enrolled::Sidecar => {
                let workload = Workload::of_pod(push, world, pod);
                let inbound = inbound(push, &workload, &mut Silent);
                Beside::Sidecar(Arc::new(ProxyConfig {
                    listeners: inbound.listeners,
                    clusters: inbound.clusters,
                    assignments: inbound.assignments,
                    ..ProxyConfig::default()
                }))
            }
        }
    }

    /// Tells what a pod's sidecar does with connections to a port of the pod.
    pub fn explain_inbound(&self, world: &World, pod: PodId, port: u16, probe: &mut impl Probe) {
        if let Some(push) = self.push_of(world, pod) {
            explain_port(push, &Workload::of_pod(push, world, pod), port, probe);
        }
    }

    /// The policies that ztunnel has for a pod, if it stands on the pod's way.
    #[must_use]
    pub fn ztunnel_policies(&self, world: &World, pod: PodId) -> Arc<ztunnel::Policies> {
        let namespace = world.workload_of(pod).namespace;
        let (Some(push), Some(namespace)) = (self.push_of(world, pod), namespace) else {
            return Arc::default();
        };
        let labels = &world.pods[pod].labels;
        let mut made = self.ztunnels.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = made.entry((namespace, Arc::clone(labels))).or_insert_with(|| {
            Arc::new(ambient::policies(push, &world.namespaces[namespace].name, labels))
        });
        Arc::clone(policies)
    }

    /// Which encryption a pod's sidecar demands on a port of the pod.
    #[must_use]
    pub fn demands(&self, world: &World, pod: PodId, port: u16) -> Option<Sourced<MtlsMode>> {
        let push = self.push_of(world, pod)?;
        let namespace = world.workload_of(pod).namespace?;
        let namespace = &world.namespaces[namespace].name;
        let labels = &world.pods[pod].labels;
        Some(authentication::demands(push, namespace, labels, &mut Silent).on_port(port))
    }

    /// What Istio knows of each cluster, by cluster.
    #[must_use]
    pub fn pushes(&self) -> &[Arc<Push>] {
        &self.pushes
    }

    /// What Istio puts on the way of a pod's traffic, and why.
    #[must_use]
    pub fn enrolled(&self, world: &World, pod: PodId) -> Decision<Enrolled> {
        enrolment::explain(world, pod, &self.placement)
    }

    /// The same without reasons, for those who ask often.
    #[must_use]
    pub fn enrolled_silently(&self, world: &World, pod: PodId) -> Enrolled {
        enrolment::decide(world, pod, &self.placement, &mut Silent)
    }

    /// Whose word counts on data paths and waypoints.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }
}
