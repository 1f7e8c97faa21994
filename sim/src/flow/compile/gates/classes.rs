//! Classes of pods that no layer of policy tells apart, so that each is asked about once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshwalk_models::world::{NodeId, PodId, TableId, WorkloadId};

use super::super::Compiler;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ClassKey {
    /// A pod of its own.
    Pod(u32),
    /// Pods of one workload that are alike.
    Alike(Alike),
}

/// What must be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    workload: WorkloadId,
    labels: Vec<(String, String)>,
    /// The class of their proxies.
    proxy: u32,
    /// The address, where a manifest gives it: blocks of policies may name it.
    address: Option<IpAddr>,
    /// The node, where some pods are on the network of theirs: those reach what runs beside them.
    node: Option<NodeId>,
}

impl Compiler<'_> {
    /// Gives every pod its class.
    pub(super) fn classify(&mut self) {
        let world = self.input.world;
        let of_nodes = world.workloads.iter().any(|it| it.host_network);
        let alone = self.calling_themselves();
        let mut numbers: BTreeMap<ClassKey, u32> = BTreeMap::new();
        for row in 0..self.pods.len() {
            let key = if row >= world.pods.len() {
                ClassKey::Pod(row as u32)
            } else {
                let pod = &world.pods[PodId::from_index(row)];
                let labels = pod.labels.iter();
                let labels = labels.map(|(key, value)| (key.clone(), value.value.clone()));
                let labels: Vec<(String, String)> = labels.collect();
                if alone.contains(&pod.workload) {
                    ClassKey::Pod(row as u32)
                } else {
                    ClassKey::Alike(Alike {
                        workload: pod.workload,
                        labels,
                        proxy: self.pods[row].class,
                        address: pod.ip_is_declared.then_some(pod.ip),
                        node: of_nodes.then_some(pod.node),
                    })
                }
            };
            let next = numbers.len() as u32;
            self.pods[row].gate_class = *numbers.entry(key).or_insert(next);
        }
    }

    /// Workloads with pods that call pods of the same workload: a pod always reaches itself.
    fn calling_themselves(&self) -> BTreeSet<WorkloadId> {
        let world = self.input.world;
        let workload = |pod: u32| {
            let pod = pod as usize;
            (pod < world.pods.len()).then(|| world.pods[PodId::from_index(pod)].workload)
        };
        let mut found = BTreeSet::new();
        for sending in &self.sendings {
            let Some(client) = sending.clients.first().and_then(|pod| workload(*pod)) else {
                continue;
            };
            if sending.servers.iter().any(|(pod, _)| workload(*pod) == Some(client)) {
                found.insert(client);
            }
        }
        found
    }
}
