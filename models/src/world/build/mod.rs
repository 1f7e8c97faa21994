//! Joins the manifests of all clusters and a scenario's topology into one [`World`].
//!
//! Reads no text and decides no request. Every table is filled in the order of names, so neither
//! the order of files nor the order of objects in them changes an id, a node or an address.

mod addresses;
mod checks;
mod endpoints;
mod ingress;
mod nodes;
mod notes;
mod objects;
mod outside;
mod placement;
mod plan;
mod pod_maker;
mod pods;
mod protocol;
mod selector;
mod services;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use notes::Assumption;
pub(crate) use selector::{first_mismatch, fits};

use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;

use self::addresses::Addresses;
use self::notes::Notes;
use self::objects::ClusterObjects;
use super::{Cluster, ClusterManifests, Namespace, Origin, OutsideHost, TableId, Topology, World};

/// A world, and what its making brought to light.
#[derive(Clone, Debug)]
pub struct Built {
    /// The world.
    pub world: World,
    /// What looks wrong in the manifests when they are seen together.
    pub findings: Vec<Diagnostic>,
    /// What the manifests leave open and how it was filled.
    pub assumptions: Vec<Assumption>,
}

/// What the steps of the build share.
struct Draft {
    world: World,
    addresses: Addresses,
    notes: Notes,
}

/// Builds the world. It always succeeds: what cannot be used is left out and found fault with.
#[must_use]
pub fn build(
    clusters: &[ClusterManifests<'_>],
    topology: &Topology,
    outside: &[OutsideHost],
) -> Built {
    let clusters = objects::sort(clusters, topology);
    let mut draft = Draft {
        world: World::default(),
        addresses: Addresses::reserving(&clusters),
        notes: Notes::default(),
    };
    for cluster in &clusters {
        draft.world.clusters.push(Cluster { name: cluster.name.to_owned() });
    }
    let pools = nodes::add(&mut draft, &clusters, topology, outside);
    add_namespaces(&mut draft, &clusters);
    let plans = plan::plan(&mut draft.notes, &clusters);
    checks::controllers(&mut draft.notes, &clusters);
    let accounts = plan::add_service_accounts(&mut draft, &clusters, &plans);
    let shapes = pods::add(&mut draft, &clusters, plans, &accounts, &pools, topology);
    outside::add(&mut draft, outside, &pools);
    services::add(&mut draft, &clusters, &shapes);
    ingress::add(&mut draft, &clusters);
    let Notes { findings, assumptions } = draft.notes;
    Built { world: draft.world, findings, assumptions }
}

fn add_namespaces(draft: &mut Draft, clusters: &[ClusterObjects<'_>]) {
    // These exist in every cluster.
    const BUILT_IN: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
    for (index, cluster) in clusters.iter().enumerate() {
        for (name, slot) in &cluster.namespaces {
            let (labels, origin) = match slot.declared {
                Some(namespace) => {
                    (namespace.meta.labels.clone(), Origin::Manifest(namespace.meta.place))
                }
                None => (Labels::new(), Origin::Assumed("the namespace exists")),
            };
            if slot.declared.is_none() && !BUILT_IN.contains(name) {
                let sentence = "no Namespace object declares it; it is taken to exist, unlabelled";
                draft.notes.assume(format!("namespace {name}"), sentence, None);
            }
            let cluster = TableId::from_index(index);
            let namespace = Namespace { name: (*name).to_owned(), cluster, labels, origin };
            let id = draft.world.namespaces.push(namespace);
            debug_assert_eq!(id, slot.id, "ids were given in this order");
        }
    }
}
