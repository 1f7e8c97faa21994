//! One case: its manifests, and the connections that the models find in them.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use meshwalk_models::manifest::kinds::{ObjectMeta, PodPhase, Resource};
use meshwalk_models::manifest::{Manifests, SourceSet, load};
use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::policy::network::{Connections, NetworkPeer, NetworkPolicies};
use meshwalk_models::profile::Profile;
use meshwalk_models::world::{ClusterManifests, PodId, Topology, WorkloadSource, World, build};

use crate::files_below;

use super::compare;
use super::expected::{self, Expected, Side};
use super::exposure::Exposures;
use super::pieces::pieces;

/// Where objects without a namespace go.
const DEFAULT_NAMESPACE: &str = "default";
const CLUSTER: &str = "cluster";
/// How the analyser calls what serves Ingresses and Routes.
const CONTROLLER: &str = "{ingress-controller}";

/// A case.
pub(super) struct Case {
    manifests: Manifests,
    expected: Expected,
}

/// What was found, by client and server.
pub(super) type Found = BTreeMap<(Side, Side), Connections>;

impl Case {
    /// Reads a folder with `manifests` and `expected.txt` or `expected.json`.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let read = |path: &Path| {
            fs::read_to_string(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        let mut paths = files_below(&folder.join("manifests"));
        paths.sort();
        let mut sources = SourceSet::new();
        for path in paths {
            let ending = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
            if ["yaml", "yml", "json"].contains(&ending) {
                sources.add(path.display().to_string(), read(&path)?);
            }
        }
        let text = folder.join("expected.txt");
        let expected = if text.exists() {
            expected::of_text(&read(&text)?)
        } else {
            expected::of_json(&read(&folder.join("expected.json"))?)
        };
        let mut manifests = load(&sources, sources.ids());
        for resource in &mut manifests.resources {
            // The analyser asks no pod whether it has ended.
            if let Resource::Pod(pod) = resource {
                pod.phase = PodPhase::Running;
            }
        }
        Ok(Self { manifests, expected: expected? })
    }

    /// What differs from what is expected.
    pub(super) fn differences(&self, profile: &'static Profile) -> Vec<String> {
        compare::differences(&self.expected, &self.found(profile))
    }

    fn found(&self, profile: &'static Profile) -> Found {
        let resources = &self.manifests.resources;
        let cluster =
            ClusterManifests { name: CLUSTER, default_namespace: DEFAULT_NAMESPACE, resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (policies, _) = NetworkPolicies::new(&world, &[cluster], profile);
        let exposures = Exposures::new(&world, &[cluster]);
        let ends = self.ends(&world, &policies);
        let peers: Vec<NetworkPeer> = ends.iter().map(|(peer, _)| *peer).collect();
        let matrix = policies.matrix(&world, &peers, &mut |_, _| {});
        let mut found = Found::new();
        for (from, (client, from_side)) in ends.iter().enumerate() {
            for (to, (server, to_side)) in ends.iter().enumerate() {
                // The analyser lists no workload's connections with itself.
                let possible = possible(&exposures, *client, *server);
                if from_side == to_side || possible.is_empty() {
                    continue;
                }
                let connections = matrix.between(from, to).within(&possible);
                if !connections.is_empty() {
                    let all = found.entry((from_side.clone(), to_side.clone())).or_default();
                    *all = all.or(&connections);
                }
            }
        }
        found
    }

    /// All pods, the addresses outside in pieces, and what serves Ingresses.
    fn ends(&self, world: &World, policies: &NetworkPolicies) -> Vec<(NetworkPeer, Side)> {
        let owners = self.owners();
        let pods = world
            .pods
            .ids()
            .map(|pod| (NetworkPeer::Pod(pod), Side::Named(pod_name(world, &owners, pod))));
        let outside = pieces(&policies.ranges(world)).into_iter().map(|(first, last)| {
            (NetworkPeer::Address(IpAddr::V4(first)), Side::Outside(first.into(), last.into()))
        });
        let controller = (NetworkPeer::IngressController, Side::Named(CONTROLLER.to_owned()));
        pods.chain(outside).chain([controller]).collect()
    }

    /// The analyser calls a pod by its owner, whatever that is.
    fn owners(&self) -> BTreeMap<(String, String), String> {
        let namespace = |meta: &ObjectMeta| {
            meta.namespace.as_ref().map_or(DEFAULT_NAMESPACE.to_owned(), |it| it.value.clone())
        };
        let pods = self.manifests.resources.iter().filter_map(|resource| match resource {
            Resource::Pod(pod) => Some(pod),
            _ => None,
        });
        pods.filter_map(|pod| {
            // Pods that a node runs by itself stand alone.
            let owner = pod.meta.owner.as_ref().filter(|owner| owner.kind != "Node")?;
            let kind = if owner.kind.is_empty() { "Pod" } else { &owner.kind };
            let name = format!("{}/{}[{kind}]", namespace(&pod.meta), owner.name);
            Some(((namespace(&pod.meta), pod.meta.name.value.clone()), name))
        })
        .collect()
    }
}

/// The connections that there can be, whatever policies say.
fn possible(exposures: &Exposures, client: NetworkPeer, server: NetworkPeer) -> ConnectionSet {
    match (client, server) {
        (NetworkPeer::Pod(_), NetworkPeer::Pod(_) | NetworkPeer::Address(_))
        | (NetworkPeer::Address(_), NetworkPeer::Pod(_)) => ConnectionSet::all(),
        (NetworkPeer::IngressController, NetworkPeer::Pod(pod)) => {
            exposures.of(pod).cloned().unwrap_or_default()
        }
        _ => ConnectionSet::none(),
    }
}

fn pod_name(world: &World, owners: &BTreeMap<(String, String), String>, pod: PodId) -> String {
    let row = world.workload_of(pod);
    let namespace = row.namespace.map_or("", |it| world.namespaces[it].name.as_str());
    let key = (namespace.to_owned(), world.pods[pod].name.clone());
    if let Some(owner) = owners.get(&key) {
        return owner.clone();
    }
    let kind = match row.source {
        WorkloadSource::Controller(kind) => format!("{kind:?}"),
        WorkloadSource::BarePod | WorkloadSource::Outside => "Pod".to_owned(),
    };
    format!("{namespace}/{}[{kind}]", row.name)
}
