//! Everything that Istio knows of one cluster, indexed once: what each proxy gets is made from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::kinds::gateway::{self as gateway_api, GatewayResource};
use crate::manifest::kinds::istio::{
    AuthorizationPolicy, DestinationRule, Gateway, IstioResource, MeshConfigMap,
    PeerAuthentication, ProxyConfigObject, RequestAuthentication, ServiceEntry, Sidecar,
    Unmodelled, VirtualService, WorkloadEntry,
};
use crate::manifest::kinds::{self, Resource};
use crate::manifest::{Diagnostic, Place};
use crate::path::Placement;
use crate::profile::Profile;
use crate::proxy::envoy::config::JwtProvider;
use crate::world::{ClusterId, ClusterManifests, World};

use super::ambient::waypoints::Waypoints;
use super::config::{Config, HasMeta, oldest_first};
use super::destination::RuleIndex;
use super::gateways::{self, EffectiveGateway};
use super::mesh::Mesh;
use super::registry::{Entries, Registry, Sources};
use super::routes::{self, EffectiveVirtualService};
use super::tokens;
use super::workload::ServedPorts;

/// Istio's view of one cluster.
#[derive(Clone, Debug)]
pub struct Push {
    /// The cluster.
    pub cluster: ClusterId,
    /// The facts to go by.
    pub profile: &'static Profile,
    /// Whose word counts on which pods have a proxy.
    pub placement: Arc<Placement>,
    /// The settings of the mesh.
    pub mesh: Mesh,
    /// All services.
    pub registry: Registry,
    /// Who answers on their ports.
    pub(super) served: ServedPorts,
    /// With whole names and the rules of their delegates, the older first.
    pub virtual_services: Vec<Arc<EffectiveVirtualService>>,
    /// With whole hosts, the older first.
    pub gateways: Vec<EffectiveGateway>,
    /// The older first.
    pub destination_rules: Vec<Config<DestinationRule>>,
    /// The same, by where they are looked for.
    pub rules: RuleIndex,
    /// The older first.
    pub service_entries: Vec<Config<ServiceEntry>>,
    /// The older first.
    pub sidecars: Vec<Config<Sidecar>>,
    /// The older first.
    pub peer_authentications: Vec<Config<PeerAuthentication>>,
    /// The older first.
    pub proxy_configs: Vec<Config<ProxyConfigObject>>,
    /// The older first.
    pub request_authentications: Vec<Config<RequestAuthentication>>,
    /// The rules of each of them, as Envoy's filter takes them.
    pub token_providers: Vec<Vec<JwtProvider>>,
    /// The older first.
    pub authorization_policies: Vec<Config<AuthorizationPolicy>>,
    /// The waypoints that stand.
    pub waypoints: Waypoints,
    /// The parents of routes of Gateway API that are Services.
    pub service_routes: Vec<ServiceRoute>,
    /// Objects whose effect is not modelled, by name.
    pub unmodelled: Vec<Config<Unmodelled>>,
}

/// A route of Gateway API for requests to a Service.
#[derive(Clone, Debug)]
pub struct ServiceRoute {
    /// Kind, namespace and name of the route.
    pub title: String,
    /// Namespace and name of the Service.
    pub service: (String, String),
    /// Where the route names it.
    pub place: Place,
}

/// The objects of one cluster by kind; of two with one name the later counts.
#[derive(Default)]
struct Objects<'m> {
    services: BTreeMap<(String, String), &'m kinds::Service>,
    gateway_api: BTreeMap<(String, String), &'m gateway_api::Gateway>,
    gateway_classes: BTreeMap<String, &'m gateway_api::GatewayClass>,
    service_routes: Vec<ServiceRoute>,
    virtual_services: Named<VirtualService>,
    gateways: Named<Gateway>,
    destination_rules: Named<DestinationRule>,
    service_entries: Named<ServiceEntry>,
    workload_entries: Named<WorkloadEntry>,
    sidecars: Named<Sidecar>,
    peer_authentications: Named<PeerAuthentication>,
    proxy_configs: Named<ProxyConfigObject>,
    request_authentications: Named<RequestAuthentication>,
    authorization_policies: Named<AuthorizationPolicy>,
    mesh_configs: Named<MeshConfigMap>,
    unmodelled: BTreeMap<(String, String, kinds::istio::UnmodelledKind), Config<Unmodelled>>,
}

/// Objects by namespace and name.
type Named<T> = BTreeMap<(String, String), Config<T>>;

impl Push {
    /// Indexes the objects of one cluster.
    pub(super) fn new(
        world: &World,
        cluster: ClusterId,
        manifests: &[ClusterManifests<'_>],
        profile: &'static Profile,
        placement: &Arc<Placement>,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let objects = Objects::of(world, cluster, manifests);
        let mesh = Mesh::new(&objects.mesh_configs, profile, findings);
        let service_entries = oldest(objects.service_entries);
        let workload_entries = oldest(objects.workload_entries);
        let registry = Registry::new(&Sources {
            world,
            cluster,
            services: &objects.services,
            entries: Entries {
                services: service_entries.iter().collect(),
                workloads: workload_entries.iter().collect(),
            },
            domain: &mesh.domain,
            default_export: &mesh.service_export,
            placement,
        });
        let (virtual_services, dropped) = routes::effective(
            &oldest(objects.virtual_services),
            &mesh.domain,
            &mesh.virtual_service_export,
        );
        findings.extend(dropped);
        let destination_rules = oldest(objects.destination_rules);
        let request_authentications = oldest(objects.request_authentications);
        let homes = objects.services.keys().map(|(namespace, _)| namespace.clone()).collect();
        let (gateways, classes) = (&objects.gateway_api, &objects.gateway_classes);
        let waypoints = Waypoints::new(gateways, classes, placement.waypoints, &homes);
        let rules = RuleIndex::new(&destination_rules, &mesh, findings);
        Self {
            cluster,
            profile,
            placement: Arc::clone(placement),
            mesh,
            served: ServedPorts::new(world, &registry),
            registry,
            virtual_services,
            gateways: gateways::effective(&oldest(objects.gateways)),
            destination_rules,
            rules,
            service_entries,
            sidecars: oldest(objects.sidecars),
            peer_authentications: oldest(objects.peer_authentications),
            proxy_configs: oldest(objects.proxy_configs),
            token_providers: request_authentications.iter().map(tokens::providers).collect(),
            request_authentications,
            authorization_policies: oldest(objects.authorization_policies),
            waypoints,
            service_routes: objects.service_routes,
            unmodelled: objects.unmodelled.into_values().collect(),
        }
    }

    /// The whole name of a host that an object of `namespace` names.
    #[must_use]
    pub fn qualified(&self, host: &str, namespace: &str) -> String {
        super::hosts::qualified(host, namespace, &self.mesh.domain)
    }
}

fn oldest<T: HasMeta>(objects: Named<T>) -> Vec<Config<T>> {
    let mut sorted: Vec<_> = objects.into_values().collect();
    sorted.sort_by(oldest_first);
    sorted
}

impl<'m> Objects<'m> {
    fn of(world: &World, cluster: ClusterId, manifests: &[ClusterManifests<'m>]) -> Self {
        let mut objects = Self::default();
        let name = &world.clusters[cluster].name;
        for part in manifests.iter().filter(|part| part.name == name) {
            for resource in part.resources {
                objects.insert(resource, part.default_namespace);
            }
        }
        objects
    }

    fn insert(&mut self, resource: &'m Resource, default_namespace: &str) {
        let meta = match resource {
            Resource::Service(service) => &service.meta,
            Resource::Istio(object) => object.meta(),
            Resource::GatewayApi(object) => object.meta(),
            _ => return,
        };
        let namespace = meta.namespace.as_ref().map_or(default_namespace, |name| &name.value);
        let key = (namespace.to_owned(), meta.name.value.clone());
        match resource {
            Resource::Service(service) => {
                self.services.insert(key, service);
            }
            Resource::Istio(object) => self.insert_istio(key, object),
            Resource::GatewayApi(object) => self.insert_gateway_api(key, object),
            _ => {}
        }
    }

    fn insert_gateway_api(&mut self, key: (String, String), object: &'m GatewayResource) {
        match object {
            GatewayResource::Gateway(gateway) => {
                self.gateway_api.insert(key, gateway);
            }
            GatewayResource::Class(class) => {
                self.gateway_classes.insert(key.1, class);
            }
            GatewayResource::Route(route) if route.kind.is_http() => {
                let parents = route.parents.iter().map(|parent| &parent.object);
                let services = parents.filter(|it| it.group.is_empty() && it.kind == "Service");
                self.service_routes.extend(services.map(|service| ServiceRoute {
                    title: format!("{} `{}/{}`", route.kind.word(), key.0, key.1),
                    service: (
                        service.namespace.as_ref().map_or(&key.0, |it| &it.value).clone(),
                        service.name.value.clone(),
                    ),
                    place: service.place,
                }));
            }
            _ => {}
        }
    }

    fn insert_istio(&mut self, key: (String, String), object: &IstioResource) {
        match object {
            IstioResource::AuthorizationPolicy(it) => {
                put(&mut self.authorization_policies, key, it);
            }
            IstioResource::DestinationRule(it) => put(&mut self.destination_rules, key, it),
            IstioResource::Gateway(it) => put(&mut self.gateways, key, it),
            IstioResource::MeshConfig(it) => put(&mut self.mesh_configs, key, it),
            IstioResource::PeerAuthentication(it) => put(&mut self.peer_authentications, key, it),
            IstioResource::ProxyConfig(it) => put(&mut self.proxy_configs, key, it),
            IstioResource::RequestAuthentication(it) => {
                put(&mut self.request_authentications, key, it);
            }
            IstioResource::ServiceEntry(it) => put(&mut self.service_entries, key, it),
            IstioResource::Sidecar(it) => put(&mut self.sidecars, key, it),
            IstioResource::VirtualService(it) => put(&mut self.virtual_services, key, it),
            IstioResource::WorkloadEntry(it) => put(&mut self.workload_entries, key, it),
            IstioResource::Unmodelled(it) => self.insert_unmodelled(key, it),
        }
    }

    fn insert_unmodelled(&mut self, key: (String, String), object: &Unmodelled) {
        let config = Config { namespace: key.0.clone(), object: object.clone() };
        self.unmodelled.insert((key.0, key.1, object.kind), config);
    }
}

fn put<T: Clone>(objects: &mut Named<T>, key: (String, String), object: &T) {
    let config = Config { namespace: key.0.clone(), object: object.clone() };
    objects.insert(key, config);
}
