//! A copy of the manifests in which edits are made and taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::manifest::kinds::istio::{
    ClientTls, ClientTlsMode, DestinationRule, IstioResource, MtlsMode, PeerAuthentication,
    TrafficPolicy,
};
use crate::manifest::kinds::{Labels, Namespace, ObjectMeta, Resource};
use crate::manifest::{Located, Place, SourceId};
use crate::world::ClusterManifests;

use super::edit::{At, Change, Edit, LabelChange, Labelled, TlsPart};

/// The manifests of all clusters.
pub(super) struct Draft<'a> {
    manifests: &'a [ClusterManifests<'a>],
    clusters: Vec<Vec<Resource>>,
    /// Objects that are taken away. They keep their numbers.
    away: BTreeSet<At>,
}

/// How an edit is taken back.
enum Undo {
    Put(At, Box<Resource>),
    Pop(usize),
    Back(At),
}

/// What takes edits back, in order.
pub(super) struct Undone(Vec<Undo>);

impl<'a> Draft<'a> {
    pub(super) fn of(manifests: &'a [ClusterManifests<'a>]) -> Self {
        let clusters = manifests.iter().map(|cluster| cluster.resources.to_vec()).collect();
        Self { manifests, clusters, away: BTreeSet::new() }
    }

    /// All objects that are there, each with the default namespace of its manifests.
    pub(super) fn objects(&self) -> impl Iterator<Item = (At, &str, &Resource)> {
        self.clusters.iter().enumerate().flat_map(move |(cluster, resources)| {
            let default = self.manifests[cluster].default_namespace;
            let all = resources.iter().enumerate();
            let all = all.map(move |(number, resource)| ((cluster, number), default, resource));
            all.filter(|(at, _, _)| !self.away.contains(at))
        })
    }

    /// The name of the cluster that holds an object.
    pub(super) fn cluster_name(&self, at: At) -> &str {
        self.manifests[at.0].name
    }

    pub(super) fn get(&self, at: At) -> Option<&Resource> {
        self.given(at).filter(|_| !self.away.contains(&at))
    }

    /// The object with a number, whether or not it was taken away.
    pub(super) fn given(&self, at: At) -> Option<&Resource> {
        self.clusters.get(at.0)?.get(at.1)
    }

    /// Makes edits; `None`, and no change, if one of them cannot be made.
    pub(super) fn apply(&mut self, edits: &[Edit]) -> Option<Undone> {
        let mut undone = Undone(Vec::new());
        for edit in edits {
            if self.make(edit, &mut undone.0).is_none() {
                self.undo(undone);
                return None;
            }
        }
        Some(undone)
    }

    /// Takes edits back.
    pub(super) fn undo(&mut self, undone: Undone) {
        for step in undone.0.into_iter().rev() {
            match step {
                Undo::Put((cluster, number), resource) => {
                    self.clusters[cluster][number] = *resource;
                }
                Undo::Pop(cluster) => drop(self.clusters[cluster].pop()),
                Undo::Back(at) => drop(self.away.remove(&at)),
            }
        }
    }

    /// Shows the manifests as they are now.
    pub(super) fn show<T>(&mut self, look: impl FnOnce(&[ClusterManifests<'_>]) -> T) -> T {
        let away: Vec<At> = self.away.iter().copied().collect();
        let mut taken = Vec::new();
        // From the back, so that the numbers before stay true.
        for &(cluster, number) in away.iter().rev() {
            taken.push(((cluster, number), self.clusters[cluster].remove(number)));
        }
        let shown = self.manifests.iter().zip(&self.clusters);
        let shown: Vec<_> =
            shown.map(|(given, resources)| ClusterManifests { resources, ..*given }).collect();
        let seen = look(&shown);
        for ((cluster, number), resource) in taken.into_iter().rev() {
            self.clusters[cluster].insert(number, resource);
        }
        seen
    }

    fn make(&mut self, edit: &Edit, undo: &mut Vec<Undo>) -> Option<()> {
        if let Change::Request(_) = edit.change {
            return Some(());
        }
        if let Change::Labels(LabelChange { of: Labelled::NewNamespace(name), labels }) =
            &edit.change
        {
            let cluster = edit.at?.0;
            let set = labels.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
            let labels = set.map(|(key, it)| (key.clone(), Located::new(it.clone(), NOWHERE)));
            let namespace = new_namespace(name, labels.collect());
            self.clusters.get_mut(cluster)?.push(Resource::Namespace(namespace));
            undo.push(Undo::Pop(cluster));
            return Some(());
        }
        let at = edit.at?;
        self.get(at)?;
        if edit.change == Change::Delete {
            self.away.insert(at);
            undo.push(Undo::Back(at));
            return Some(());
        }
        let resource = self.clusters.get_mut(at.0)?.get_mut(at.1)?;
        let mut changed = resource.clone();
        change(&mut changed, &edit.change)?;
        undo.push(Undo::Put(at, Box::new(std::mem::replace(resource, changed))));
        Some(())
    }
}

/// What no file says stands nowhere; no such place is shown.
const NOWHERE: Place = Place { source: SourceId(0), line: 1, column: 1 };

fn new_namespace(name: &str, labels: Labels) -> Namespace {
    Namespace {
        meta: ObjectMeta {
            name: Located::new(name.to_owned(), NOWHERE),
            namespace: None,
            labels,
            annotations: Labels::new(),
            owner: None,
            created: None,
            place: NOWHERE,
        },
    }
}

/// Makes a change to one object; `None` if it is of another kind or has no such part.
fn change(resource: &mut Resource, change: &Change) -> Option<()> {
    match (resource, change) {
        (Resource::Workload(workload), Change::ServiceAccount(account)) => {
            let place = workload.template.place;
            workload.template.spec.service_account = Some(Located::new(account.clone(), place));
        }
        (Resource::Pod(pod), Change::ServiceAccount(account)) => {
            pod.spec.service_account = Some(Located::new(account.clone(), pod.meta.place));
        }
        (Resource::Workload(workload), Change::Labels(change)) => {
            relabel(&mut workload.template.labels, change, workload.template.place);
        }
        (Resource::Pod(pod), Change::Labels(change)) => {
            relabel(&mut pod.meta.labels, change, pod.meta.place);
        }
        (Resource::Namespace(namespace), Change::Labels(change)) => {
            relabel(&mut namespace.meta.labels, change, namespace.meta.place);
        }
        (Resource::NetworkPolicy(policy), Change::Network(change)) => change.apply(policy)?,
        (Resource::Istio(object), change) => of_istio(Arc::make_mut(object), change)?,
        _ => return None,
    }
    Some(())
}

fn relabel(labels: &mut Labels, change: &LabelChange, place: Place) {
    for (key, value) in &change.labels {
        match value {
            Some(value) => drop(labels.insert(key.clone(), Located::new(value.clone(), place))),
            None => drop(labels.remove(key)),
        }
    }
}

fn of_istio(object: &mut IstioResource, change: &Change) -> Option<()> {
    match (object, change) {
        (IstioResource::AuthorizationPolicy(policy), Change::Access(change)) => {
            change.apply(policy)
        }
        (IstioResource::PeerAuthentication(policy), Change::MtlsMode { port, mode }) => {
            set_mode(policy, *port, *mode)
        }
        (IstioResource::DestinationRule(rule), Change::ClientTls { part, mode }) => {
            set_client_tls(traffic_policy_mut(rule, *part)?, *mode)
        }
        _ => None,
    }
}

fn set_mode(policy: &mut PeerAuthentication, port: Option<u16>, mode: MtlsMode) -> Option<()> {
    let place = policy.meta.place;
    let slot = match port {
        None => &mut policy.mode,
        Some(port) => policy.ports.get_mut(&port)?,
    };
    let place = slot.as_ref().map_or(place, |it| it.place);
    *slot = Some(Located::new(mode, place));
    Some(())
}

/// The policy of a part of a rule, if it says how clients encrypt.
fn traffic_policy_mut(rule: &mut DestinationRule, part: TlsPart) -> Option<&mut TrafficPolicy> {
    let policy = match part.subset {
        None => rule.policy.as_mut()?,
        Some(at) => rule.subsets.get_mut(at)?.policy.as_mut()?,
    };
    match part.port {
        None => Some(policy),
        Some(at) => policy.ports.get_mut(at).map(|(_, policy)| policy),
    }
}

fn set_client_tls(policy: &mut TrafficPolicy, mode: Option<ClientTlsMode>) -> Option<()> {
    let place = policy.tls.as_ref()?.mode.place;
    policy.tls = mode.map(|mode| ClientTls {
        mode: Located::new(mode, place),
        subject_alt_names: Vec::new(),
        sni: None,
    });
    Some(())
}
