//! Manifests: from bytes to a world with its control planes.

use std::fs;

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::explain::Tree;
use meshwalk_models::identity::SpiffeId;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::profile::Profile;
use meshwalk_models::proxy::ztunnel::{Connection, Peer, receive};
use meshwalk_models::world::{ClusterManifests, PodId, Topology, World, build};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "manifests",
    words: &[
        "apiVersion: ",
        "kind: ",
        "metadata: ",
        "name: ",
        "namespace: ",
        "spec: ",
        "items: ",
        "selector: ",
        "matchLabels: ",
        "matchExpressions: ",
        "replicas: 4294967295",
        "kind: List",
        "AuthorizationPolicy",
        "NetworkPolicy",
        "Gateway",
        "ports: ",
        "port: 0",
        "targetPort: ",
        "0.0.0.0/0",
        "::/0",
    ],
    seeds,
    read: |input| {
        with_planes(input, |_, _| ());
    },
};

/// The project's own manifests.
fn seeds() -> Vec<Vec<u8>> {
    let mut files = crate::files_below(&crate::workspace().join("scenarios"));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files.iter().filter_map(|file| fs::read(file).ok()).collect()
}

/// Joins manifests and compiles them for every proxy there is.
pub(super) fn with_planes(text: &[u8], then: impl FnOnce(&World, &ControlPlanes)) {
    let mut sources = SourceSet::new();
    let file = sources.add_bytes("fuzz.yaml", text.to_vec());
    let manifests = load(&sources, [file]);
    let cluster = ClusterManifests {
        name: "fuzz",
        default_namespace: "default",
        resources: &manifests.resources,
    };
    let world = build(&[cluster], &Topology::default(), &[]).world;
    let (planes, findings) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
    for finding in manifests.diagnostics.iter().chain(&findings) {
        for label in &finding.labels {
            // A place must lie within its text, or nobody can show it.
            let _ = sources.line_text(label.place);
            let _ = sources.show(label.place).to_string();
        }
    }
    for pod in world.pods.ids().take(PODS_MAX) {
        let _ = planes.sidecar(&world, pod);
        let _ = planes.beside(&world, pod);
        ask_ztunnel(&world, &planes, pod);
    }
    for gateway in planes.gateways() {
        let _ = planes.gateway(&world, &gateway);
    }
    then(&world, &planes);
}

/// Asks the ztunnel of a pod about connections with and without an identity.
fn ask_ztunnel(world: &World, planes: &ControlPlanes, pod: PodId) {
    let policies = planes.ztunnel_policies(world, pod);
    let known = SpiffeId::new("cluster.local", "default", "a").expect("an identity of our own");
    for peer in [Peer::Plaintext, Peer::Unnamed, Peer::Known(known)] {
        let connection = Connection {
            source_ip: None,
            peer,
            destination_ip: Some(world.pods[pod].ip),
            destination_port: 8080,
        };
        let mut tree = Tree::default();
        let told = receive(&policies, &connection, &mut tree);
        assert!(!tree.finish().is_empty(), "{told:?} has its reasons");
    }
}

/// How many proxies are compiled for one input.
const PODS_MAX: usize = 4;
