//! Stories about policies of the network, asked through `decide`.

mod findings;
mod isolation;
mod laws;
mod near;
mod nodes;
mod peers;
mod ports;
mod proof;
mod refused;
mod second;
mod tiers;

use super::{NetworkPeer, NetworkPolicies, NetworkVerdict};
use crate::explain::{Explanation, Silent, Tree};
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::policy::Direction;
use crate::manifest::{Manifests, SourceSet, load};
use crate::profile::Profile;
use crate::world::{ClusterManifests, PodId, Topology, World, build};

/// A cluster with its policies.
pub(super) struct Lab {
    pub(super) world: World,
    pub(super) policies: NetworkPolicies,
}

impl Lab {
    pub(super) fn of(text: &str) -> Self {
        Self::with_profile(text, Profile::built_in())
    }

    pub(super) fn with_profile(text: &str, profile: &'static Profile) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("a.yaml", text);
        Self::of_manifests(&load(&sources, [id]), profile)
    }

    pub(super) fn of_manifests(manifests: &Manifests, profile: &'static Profile) -> Self {
        let resources = &manifests.resources;
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (policies, _) = NetworkPolicies::new(&world, &[cluster], profile);
        Self { world, policies }
    }

    /// The pod `namespace/name`, an address, or `ingress` for the controller.
    pub(super) fn peer(&self, name: &str) -> NetworkPeer {
        if name == "ingress" {
            return NetworkPeer::IngressController;
        }
        if let Ok(ip) = name.parse() {
            return NetworkPeer::Address(ip);
        }
        NetworkPeer::Pod(self.pod(name))
    }

    pub(super) fn pod(&self, name: &str) -> PodId {
        let (namespace, name) = name.split_once('/').expect("namespace/name");
        let found = self.world.pods.entries().find(|(_, pod)| {
            let workload = &self.world.workloads[pod.workload];
            let own = workload.namespace.map(|it| self.world.namespaces[it].name.as_str());
            pod.name == name && own == Some(namespace)
        });
        found.unwrap_or_else(|| panic!("there is no pod {namespace}/{name}")).0
    }

    /// The verdict on `from -> to port[/transport]`.
    pub(super) fn verdict(&self, call: &str) -> NetworkVerdict {
        let (from, to, port, transport) = self.parsed(call);
        self.policies.decide(&self.world, from, to, port, transport, &mut Silent)
    }

    /// The proof of the same.
    pub(super) fn proof(&self, call: &str) -> Explanation {
        let (from, to, port, transport) = self.parsed(call);
        let mut tree = Tree::default();
        self.policies.decide(&self.world, from, to, port, transport, &mut tree);
        let mut steps = tree.finish();
        assert_eq!(steps.len(), 1);
        steps.remove(0)
    }

    pub(super) fn parsed(&self, call: &str) -> (NetworkPeer, NetworkPeer, u16, Transport) {
        let words: Vec<_> = call.split_whitespace().collect();
        let [from, "->", to, port] = words[..] else { panic!("from -> to port: {call}") };
        let (port, transport) = port.split_once('/').unwrap_or((port, "TCP"));
        let transport = match transport {
            "TCP" => Transport::Tcp,
            "UDP" => Transport::Udp,
            _ => Transport::Sctp,
        };
        (self.peer(from), self.peer(to), port.parse().expect("a port"), transport)
    }

    /// `allowed`, `ingress`, `egress` (where it is dropped) or `unknown`.
    pub(super) fn word(&self, call: &str) -> &'static str {
        match self.verdict(call) {
            NetworkVerdict::Allowed => "allowed",
            NetworkVerdict::Dropped { direction: Direction::Ingress, .. } => "ingress",
            NetworkVerdict::Dropped { direction: Direction::Egress, .. } => "egress",
            NetworkVerdict::Unknown { .. } => "unknown",
        }
    }
}

/// Pods `web`, `db` and `job` of namespace `shop`, and `probe` of `watch`, each labelled `app`.
pub(super) const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: watch, labels: {team: ops}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec: {containers: [{name: a, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: a, ports: [{name: http, containerPort: 9090}, {name: sql, containerPort: 5432}]}]}
status: {podIP: 10.1.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: shop, labels: {app: job}}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: watch, labels: {app: probe}}
spec: {containers: [{name: a}]}
status: {podIP: 10.1.0.4}
---
";

/// A NetworkPolicy of namespace `shop`.
pub(super) fn policy(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {name}, namespace: shop}}\nspec: {{{spec}}}\n---\n"
    )
}

/// A ClusterNetworkPolicy for all pods.
pub(super) fn cluster_policy(name: &str, tier: &str, priority: u32, rules: &str) -> String {
    format!(
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n\
         metadata: {{name: {name}}}\nspec: {{tier: {tier}, priority: {priority}, \
         subject: {{namespaces: {{}}}}, {rules}}}\n---\n"
    )
}

pub(super) fn lab(policies: &[String]) -> Lab {
    Lab::of(&format!("{PODS}{}", policies.concat()))
}
