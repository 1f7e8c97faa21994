//! Makes the pods of one workload and gives each a node, an address and labels.

use std::sync::Arc;

use crate::manifest::kinds::{Labels, PodPhase, PodSpec, WorkloadKind};
use crate::manifest::{Diagnostic, Located};
use crate::world::{
    NodeId, Origin, Placement, Pod, PodDns, PodId, Spread, TableId, WorkloadId, WorkloadSource,
};

use super::Draft;
use super::addresses::{self, stable_hash};
use super::nodes::PoolSource;
use super::placement::{Eligible, Placer};
use super::plan::WorkloadPlan;
use super::pods::{Shape, Shapes, container_ports};

/// More pods than ten times the largest cluster that Kubernetes supports are a typing error.
const PODS_MAX: usize = 1_500_000;

/// Makes the pods of one workload.
pub(super) struct PodMaker<'m, 'a, 'p> {
    pub(super) plan: &'m WorkloadPlan<'a>,
    pub(super) placer: &'m mut Placer<'p>,
    pub(super) placement: Option<&'m Placement>,
    /// The names that hashes of this workload begin with.
    pub(super) seed: [&'m str; 4],
    pub(super) workload: WorkloadId,
    pub(super) labels: Arc<Labels>,
    pub(super) shapes: &'m mut Shapes<'a>,
    /// Where this workload's shapes begin.
    pub(super) first_shape: usize,
}

impl<'a> PodMaker<'_, 'a, '_> {
    pub(super) fn make_pods(&mut self, draft: &mut Draft) {
        if let Some(placement) = self.placement {
            self.check_zones(draft, placement);
        }
        let zones = self.placement.map_or(&[][..], |placement| placement.zones.as_slice());
        let eligible = self.placer.eligible(&self.plan.spec.node_selector, zones);
        if self.plan.is_dump {
            self.make_real_pods(draft, &eligible);
            return;
        }
        if let Some(label) = &eligible.label_assumed {
            let sentence = format!(
                "its nodeSelector asks for {label}; the nodes are taken to have that label"
            );
            draft.notes.assume(self.subject(), sentence, None);
        }
        if self.plan.source == WorkloadSource::Controller(WorkloadKind::DaemonSet) {
            // The DaemonSet controller tolerates cordoned nodes by itself.
            let room = self.room_for(draft, eligible.daemon_nodes.len());
            for (node, node_name) in eligible.daemon_nodes.iter().take(room) {
                let name = format!("{}-{node_name}", self.plan.name);
                self.make_template_pod(draft, name, *node);
            }
            self.ensure_shape();
            return;
        }
        let count = self.replicas(draft);
        for ordinal in (0..).take(count) {
            let Some(node) = self.place(draft, &eligible, self.plan.spec, ordinal) else { break };
            self.make_template_pod(draft, format!("{}-{ordinal}", self.plan.name), node);
        }
        self.ensure_shape();
    }

    fn subject(&self) -> String {
        format!("workload {}", self.plan.title())
    }

    /// How many pods the controller makes at the start of the run.
    fn replicas(&self, draft: &mut Draft) -> usize {
        let Some(controller) = self.plan.controller else { return 1 };
        let place = Some(controller.meta.place);
        if controller.kind == WorkloadKind::CronJob {
            let sentence = "a CronJob has no pods until its schedule comes; it gets none";
            draft.notes.assume(self.subject(), sentence, place);
            return 0;
        }
        if controller.suspend {
            draft.notes.assume(self.subject(), "a suspended Job has no pods", place);
            return 0;
        }
        let wanted = controller.replicas.as_ref().map_or(1, |count| count.value);
        usize::try_from(wanted).map_or(0, |wanted| self.room_for(draft, wanted))
    }

    /// How many of the `wanted` pods the world still holds; fewer is a finding.
    fn room_for(&self, draft: &mut Draft, wanted: usize) -> usize {
        let room = PODS_MAX.saturating_sub(draft.world.pods.len());
        if wanted > room {
            let message = format!("`{}` asks for {wanted} pods", self.plan.title());
            let mut finding = Diagnostic::error("world.too-many-pods", message);
            if let Origin::Manifest(place) = self.plan.origin {
                let text = format!("{room} are made: a world holds {PODS_MAX}");
                finding = finding.at(place, text);
            }
            draft.notes.find(finding.help("give smaller numbers of replicas or nodes"));
        }
        wanted.min(room)
    }

    /// The node of the `ordinal`-th pod; `None`, with a finding, when none fits.
    fn place(
        &self,
        draft: &mut Draft,
        eligible: &Eligible,
        spec: &PodSpec,
        ordinal: u64,
    ) -> Option<NodeId> {
        if let Some(name) = &spec.node_name {
            let named = self.placer.named(&name.value);
            if named.is_some() {
                return named;
            }
            if self.placer.source() != PoolSource::Scenario {
                self.find_absent_node(draft, name);
                return None;
            }
            if ordinal == 0 {
                let sentence = "it is bound to a node that the scenario's topology does not \
                                have; it is spread over the nodes there are";
                draft.notes.assume(self.subject(), sentence, Some(name.place));
            }
        }
        if eligible.is_empty() {
            self.find_unschedulable(draft);
            return None;
        }
        let spread = self.placement.map_or(Spread::default(), |placement| placement.spread);
        Some(eligible.node_of(spread, stable_hash(&self.seed), ordinal))
    }

    fn find_absent_node(&self, draft: &mut Draft, name: &Located<String>) {
        let message = format!("`{}` is bound to a node that does not exist", self.plan.title());
        draft.notes.find(
            Diagnostic::error("world.absent-node", message)
                .at(name.place, "no such node; the pod is left out")
                .help("add the Node to the manifests, or remove `nodeName`"),
        );
    }

    fn find_unschedulable(&self, draft: &mut Draft) {
        let message = format!("no node fits the pods of `{}`", self.plan.title());
        let mut finding = Diagnostic::error("world.unschedulable", message);
        if let Some((key, value)) = self.plan.spec.node_selector.first_key_value() {
            finding = finding.at(value.place, format!("asks for a node with `{key}: {value}`"));
        } else if let Some(controller) = self.plan.controller {
            finding = finding.at(controller.meta.place, "its pods would stay Pending");
        }
        draft.notes.find(finding.help(
            "they are left out: they would stay Pending and take no \
                                       traffic; correct `nodeSelector` or the nodes' labels",
        ));
    }

    fn check_zones(&self, draft: &mut Draft, placement: &Placement) {
        for zone in self.placer.unknown_zones(placement) {
            let message = format!("`{}` is placed in a zone without nodes", self.plan.title());
            draft.notes.find(
                Diagnostic::error("world.absent-zone", message)
                    .at(placement.place, format!("no node of the cluster stands in `{zone}`"))
                    .help("name one of the zones of the topology"),
            );
        }
    }

    fn make_template_pod(&mut self, draft: &mut Draft, name: String, node: NodeId) {
        let stateful = self.plan.source == WorkloadSource::Controller(WorkloadKind::StatefulSet);
        let spec = self.plan.spec;
        let (labels, dns) = if stateful {
            let governing = self.plan.controller.and_then(|it| it.service_name.as_ref());
            let dns = governing
                .map(|service| PodDns { hostname: name.clone(), subdomain: service.value.clone() });
            (Arc::new(with_stateful_labels(self.plan, &name)), dns)
        } else {
            (Arc::clone(&self.labels), dns_of(spec))
        };
        self.push(draft, PodRow { name, node, declared_ip: None, ready: true, labels, dns, spec });
    }

    /// The pods of a dump, where they really ran.
    fn make_real_pods(&mut self, draft: &mut Draft, eligible: &Eligible) {
        let room = self.room_for(draft, self.plan.real_pods.len());
        for (ordinal, pod) in (0..).zip(&self.plan.real_pods).take(room) {
            let Some(node) = self.place(draft, eligible, &pod.spec, ordinal) else { continue };
            let labels = self.shared_labels(&pod.meta.labels);
            let name = pod.meta.name.value.clone();
            let id = PodId::from_index(draft.world.pods.len());
            self.shapes.by_name.insert((self.plan.namespace, name.clone()), id);
            let row = PodRow {
                name,
                node,
                declared_ip: pod.pod_ip.as_ref(),
                ready: pod.ready && pod.phase == PodPhase::Running,
                labels,
                dns: dns_of(&pod.spec),
                spec: &pod.spec,
            };
            self.push(draft, row);
        }
        self.ensure_shape();
    }

    fn push(&mut self, draft: &mut Draft, row: PodRow<'a, '_>) {
        let declared = row.declared_ip.and_then(|ip| ip.value.parse().ok());
        if let (Some(text), None) = (row.declared_ip, declared) {
            let message = format!("pod `{}` has an address that is none", row.name);
            let finding = Diagnostic::warning("world.invalid-address", message)
                .at(text.place, "it gets a synthetic address");
            draft.notes.find(finding);
        }
        let ip = if self.plan.spec.host_network {
            declared.unwrap_or(draft.world.nodes[row.node].ip)
        } else {
            let [cluster, namespace, source, workload] = self.seed;
            let name = stable_hash(&[cluster, namespace, source, workload, &row.name]);
            declared.unwrap_or_else(|| draft.addresses.claim(addresses::PODS, name))
        };
        let id = draft.world.pods.push(Pod {
            name: row.name,
            workload: self.workload,
            node: row.node,
            node_is_declared: self.is_bound(draft, row.spec, row.node),
            ip,
            ip_is_declared: declared.is_some(),
            ready: row.ready,
            labels: Arc::clone(&row.labels),
            dns: row.dns,
        });
        self.shape_for(&row.labels, row.spec).pods.push(id);
    }

    /// Whether the manifests say that the pod runs on this node: they bind it, or its DaemonSet has a
    /// pod on every node.
    fn is_bound(&self, draft: &Draft, spec: &PodSpec, node: NodeId) -> bool {
        let bound = spec.node_name.as_ref().map(|name| name.value.as_str());
        let everywhere = self.plan.source == WorkloadSource::Controller(WorkloadKind::DaemonSet);
        bound == Some(&draft.world.nodes[node].name) || everywhere
    }

    /// The shape of the pod made last, if it fits, else a new one.
    fn shape_for(&mut self, labels: &Arc<Labels>, spec: &'a PodSpec) -> &mut Shape<'a> {
        let own = &self.shapes.shapes[self.first_shape..];
        let fits = own.last().is_some_and(|last| {
            Arc::ptr_eq(&last.labels, labels)
                && (std::ptr::eq(last.spec, spec) || same_ports(last.spec, spec))
        });
        if !fits {
            let namespace = self.plan.namespace;
            let labels = Arc::clone(labels);
            self.shapes.shapes.push(Shape { namespace, labels, spec, pods: Vec::new() });
        }
        self.shapes.shapes.last_mut().expect("one was pushed if there was none")
    }

    /// A workload without pods can still be selected: its Service is not a mistake.
    fn ensure_shape(&mut self) {
        if self.shapes.shapes.len() == self.first_shape {
            let labels = Arc::clone(&self.labels);
            self.shape_for(&labels, self.plan.spec);
        }
    }

    /// The labels of a real pod, shared with its neighbour or its template where they are equal.
    fn shared_labels(&self, labels: &Labels) -> Arc<Labels> {
        let own = self.shapes.shapes[self.first_shape..].last();
        let known = own.map(|shape| &shape.labels).into_iter().chain([&self.labels]);
        let same = known.into_iter().find(|known| ***known == *labels);
        same.map_or_else(|| Arc::new(labels.clone()), Arc::clone)
    }
}

/// What is known about a pod before it has an id and an address.
struct PodRow<'a, 'r> {
    name: String,
    node: NodeId,
    declared_ip: Option<&'r Located<String>>,
    ready: bool,
    labels: Arc<Labels>,
    dns: Option<PodDns>,
    spec: &'a PodSpec,
}

/// The EndpointSlice controller publishes a pod's name only if both fields are set.
fn dns_of(spec: &PodSpec) -> Option<PodDns> {
    let hostname = spec.hostname.as_ref()?.value.clone();
    let subdomain = spec.subdomain.as_ref()?.value.clone();
    Some(PodDns { hostname, subdomain })
}

/// The labels that the StatefulSet controller adds, by which Services pick single pods.
fn with_stateful_labels(plan: &WorkloadPlan<'_>, name: &str) -> Labels {
    let mut labels = plan.labels.clone();
    let place = plan.controller.map(|controller| controller.template.place);
    let Some(place) = place else { return labels };
    let ordinal = name.rsplit('-').next().unwrap_or_default();
    for (key, value) in
        [("statefulset.kubernetes.io/pod-name", name), ("apps.kubernetes.io/pod-index", ordinal)]
    {
        labels.insert(key.to_owned(), Located::new(value.to_owned(), place));
    }
    labels
}

/// Whether a port name means the same number in both.
fn same_ports(one: &PodSpec, other: &PodSpec) -> bool {
    container_ports(one) == container_ports(other)
}
