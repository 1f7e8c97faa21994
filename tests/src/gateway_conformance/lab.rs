//! The cluster that the requests of a test are sent in: manifests, world, control planes. What is
//! sent is not decided here.

use std::fs;
use std::path::Path;

use meshwalk_models::control::{ControlPlanes, GatewayKind, GatewayName};
use meshwalk_models::manifest::kinds::Resource;
use meshwalk_models::manifest::kinds::gateway::{Gateway, GatewayResource, GatewayRoute};
use meshwalk_models::manifest::{Severity, SourceSet, load};
use meshwalk_models::profile::Profile;
use meshwalk_models::world::{ClusterManifests, Topology, World, build};

use super::case::{Named, Test};

/// What the suite's manifests call the class under test.
const CLASS: &str = "{GATEWAY_CLASS_NAME}";
const CLUSTER: &str = "cluster";
const DEFAULT_NAMESPACE: &str = "default";

/// Which of a test's objects are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// All of them.
    Whole,
    /// The suite has taken the test's own ReferenceGrants away.
    WithoutGrants,
}

/// A cluster with the manifests of one test.
pub(super) struct Lab {
    pub(super) world: World,
    pub(super) planes: ControlPlanes,
    /// The test's own manifests, without those that all tests share.
    own: Vec<Resource>,
}

impl Lab {
    /// Reads what a test needs and builds its cluster.
    pub(super) fn of(
        folder: &Path,
        test: &Test,
        stage: Stage,
        profile: &'static Profile,
    ) -> Result<Self, String> {
        let shared = if test.is_mesh() { "mesh/manifests.yaml" } else { "base/manifests.yaml" };
        let mut sources = SourceSet::new();
        let mut resources = read(&mut sources, folder, &[shared.to_owned()])?;
        let mut own = read(&mut sources, folder, &test.manifests)?;
        if stage == Stage::WithoutGrants {
            let is_grant = |resource: &Resource| matches!(resource, Resource::GatewayApi(it) if matches!(**it, GatewayResource::Grant(_)));
            own.retain(|resource| !is_grant(resource));
        }
        resources.extend(own.iter().cloned());
        if test.is_mesh() {
            // Whoever runs the suite puts its namespaces into the mesh.
            resources.iter_mut().for_each(join_mesh);
        }
        let cluster = ClusterManifests {
            name: CLUSTER,
            default_namespace: DEFAULT_NAMESPACE,
            resources: &resources,
        };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster], profile);
        Ok(Self { world, planes, own })
    }

    /// What keeps a Gateway from serving as a whole; its status says so.
    pub(super) fn problem_of(&self, name: &GatewayName) -> Option<String> {
        let statuses = self.planes.gateway_api().gateway_status(&name.namespace, &name.name);
        let bad = statuses.first()?.conditions.iter().find(|condition| !condition.status)?;
        Some(format!("{:?} is false: {}", bad.kind, bad.message))
    }

    /// The test's own Gateways.
    fn gateways(&self) -> impl Iterator<Item = &Gateway> {
        self.own.iter().filter_map(|resource| match resource {
            Resource::GatewayApi(object) => match &**object {
                GatewayResource::Gateway(gateway) => Some(gateway),
                _ => None,
            },
            _ => None,
        })
    }

    /// The test's own routes.
    pub(super) fn routes(&self) -> impl Iterator<Item = &GatewayRoute> {
        self.own.iter().filter_map(|resource| match resource {
            Resource::GatewayApi(object) => match &**object {
                GatewayResource::Route(route) => Some(route),
                _ => None,
            },
            _ => None,
        })
    }

    /// The Gateway that a request for `host` is meant for. The file names one Gateway for a test,
    /// where the suite's code may use several: where the test brings several Gateways, the one
    /// counts whose routes name the host.
    pub(super) fn gateway_for(&self, named: &Named, host: &str) -> GatewayName {
        let host = host.split(':').next().unwrap_or(host);
        let name = |namespace: &str, name: &str| GatewayName {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            kind: GatewayKind::GatewayApi,
        };
        let claims = |namespace: &str, name: &str| {
            self.routes().any(|route| names_parent(route, namespace, name) && claims(route, host))
        };
        if claims(&named.namespace, &named.name) {
            return name(&named.namespace, &named.name);
        }
        let other = self.gateways().find(|gateway| {
            let namespace = namespace_of(&gateway.meta);
            claims(namespace, &gateway.meta.name.value)
        });
        match other {
            Some(gateway) => name(namespace_of(&gateway.meta), &gateway.meta.name.value),
            None => name(&named.namespace, &named.name),
        }
    }
}

fn join_mesh(resource: &mut Resource) {
    if let Resource::Namespace(namespace) = resource {
        let value = namespace.meta.name.clone().map(|_| "enabled".to_owned());
        namespace.meta.labels.insert("istio-injection".to_owned(), value);
    }
}

fn namespace_of(meta: &meshwalk_models::manifest::kinds::ObjectMeta) -> &str {
    meta.namespace.as_ref().map_or(DEFAULT_NAMESPACE, |namespace| &namespace.value)
}

fn names_parent(route: &GatewayRoute, namespace: &str, name: &str) -> bool {
    route.parents.iter().any(|parent| {
        let object = &parent.object;
        let written = object.namespace.as_ref().map(|it| it.value.as_str());
        let home = written.unwrap_or_else(|| namespace_of(&route.meta));
        object.kind == "Gateway" && object.name.value == name && home == namespace
    })
}

/// Whether a hostname of the route, as it is written, stands for `host`.
fn claims(route: &GatewayRoute, host: &str) -> bool {
    route.hostnames.iter().any(|written| match written.value.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => written.value == host,
    })
}

fn read(sources: &mut SourceSet, folder: &Path, files: &[String]) -> Result<Vec<Resource>, String> {
    let mut ids = Vec::new();
    for file in files {
        let path = folder.join(file);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        ids.push(sources.add(file.as_str(), text.replace(CLASS, "istio")));
    }
    let manifests = load(sources, ids);
    let mut errors = manifests.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    match errors.next() {
        Some(error) => Err(format!("{}: {}", files.join(", "), error.message)),
        None => Ok(manifests.resources),
    }
}
