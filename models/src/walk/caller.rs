//! Who sends the request: finds a workload or pod by the names that people type. Which proxies
//! the caller has is not decided here.

use std::collections::BTreeSet;

use crate::manifest::kinds::WorkloadKind;
use crate::manifest::nearest;
use crate::world::{PodId, WorkloadId, WorkloadSource, World};

/// How many names an error lists.
const NAMES_MAX: usize = 8;

/// A pod that sends the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The pod.
    pub pod: PodId,
    /// Its workload.
    pub workload: WorkloadId,
}

/// Why there is no such caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallerError {
    /// The text has a shape that names nothing.
    #[error("`{0}` names no caller")]
    Malformed(String),
    /// Nothing has the name.
    #[error("there is no {wanted}")]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// Names that are near, perhaps none.
        near: Vec<String>,
    },
    /// Several things have the name.
    #[error("`{name}` may be {}", candidates.join(" or "))]
    Ambiguous {
        /// The name as typed.
        name: String,
        /// What it may be.
        candidates: Vec<String>,
    },
    /// The workload has no pods.
    #[error("{0} has no pods")]
    NoPods(String),
}

impl CallerError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Malformed(_) => Some(
                "write NAME, NAMESPACE/NAME, NAMESPACE/deploy/NAME or NAMESPACE/pod/NAME".into(),
            ),
            Self::Unknown { near, .. } if near.is_empty() => None,
            Self::Unknown { near, .. } => Some(format!("did you mean {}?", near.join(" or "))),
            Self::Ambiguous { .. } => Some("name the namespace and the kind".into()),
            Self::NoPods(_) => Some("a workload scaled to zero sends nothing".into()),
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pod,
    Controller(WorkloadKind),
}

/// A name, taken apart.
struct Wanted<'t> {
    namespace: Option<&'t str>,
    kind: Option<Kind>,
    name: &'t str,
}

/// Finds the caller that `text` names: `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or
/// `NAMESPACE/KIND/NAME`, where the kind is written as kubectl takes it. `namespace` counts where
/// the text names none; without it a name is looked for in `default`, then everywhere.
///
/// Of a workload the first pod is taken: its pods are alike.
///
/// # Errors
/// When nothing or more than one thing has the name; the error says what is near.
pub fn find(world: &World, namespace: Option<&str>, text: &str) -> Result<Caller, CallerError> {
    let wanted = take_apart(text).ok_or_else(|| CallerError::Malformed(text.to_owned()))?;
    let scope = wanted.namespace.or(namespace);
    let fits = match scope {
        Some(scope) => candidates(world, Some(scope), &wanted),
        None => {
            let default = candidates(world, Some("default"), &wanted);
            if default.is_empty() { candidates(world, None, &wanted) } else { default }
        }
    };
    match *fits {
        [one] => caller(world, one),
        [] => Err(unknown(world, scope, &wanted)),
        _ => Err(CallerError::Ambiguous {
            name: text.to_owned(),
            candidates: fits.iter().take(NAMES_MAX).map(|it| shown(world, *it)).collect(),
        }),
    }
}

/// The full name of a caller, such as `web/deploy/frontend`.
#[must_use]
pub fn full_name(world: &World, workload: WorkloadId) -> String {
    shown(world, Found::Workload(workload))
}

fn take_apart(text: &str) -> Option<Wanted<'_>> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match *parts {
        [name] => Some(Wanted { namespace: None, kind: None, name }),
        [first, name] => Some(match kind_of(first) {
            Some(kind) => Wanted { namespace: None, kind: Some(kind), name },
            None => Wanted { namespace: Some(first), kind: None, name },
        }),
        [namespace, kind, name] => {
            Some(Wanted { namespace: Some(namespace), kind: Some(kind_of(kind)?), name })
        }
        _ => None,
    }
}

/// The kind by its names and short names, as kubectl takes them.
fn kind_of(word: &str) -> Option<Kind> {
    let word = word.to_ascii_lowercase();
    Some(match word.split('.').next().unwrap_or(&word) {
        "po" | "pod" | "pods" => Kind::Pod,
        "deploy" | "deployment" | "deployments" => Kind::Controller(WorkloadKind::Deployment),
        "rs" | "replicaset" | "replicasets" => Kind::Controller(WorkloadKind::ReplicaSet),
        "sts" | "statefulset" | "statefulsets" => Kind::Controller(WorkloadKind::StatefulSet),
        "ds" | "daemonset" | "daemonsets" => Kind::Controller(WorkloadKind::DaemonSet),
        "job" | "jobs" => Kind::Controller(WorkloadKind::Job),
        "cj" | "cronjob" | "cronjobs" => Kind::Controller(WorkloadKind::CronJob),
        _ => return None,
    })
}

/// Something with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Workload(WorkloadId),
    Pod(PodId),
}

/// What has the name; a workload hides its pods of the same name, as bare pods have it.
fn candidates(world: &World, namespace: Option<&str>, wanted: &Wanted<'_>) -> Vec<Found> {
    let here = |id: WorkloadId| match (world.workloads[id].namespace, namespace) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(id), Some(name)) => world.namespaces[id].name == name,
    };
    let fits = |id: &WorkloadId| {
        let workload = &world.workloads[*id];
        let kind = match (wanted.kind, workload.source) {
            (None, WorkloadSource::Controller(_) | WorkloadSource::BarePod)
            | (Some(Kind::Pod), WorkloadSource::BarePod) => true,
            (Some(Kind::Controller(kind)), WorkloadSource::Controller(own)) => kind == own,
            _ => false,
        };
        kind && workload.name == wanted.name && here(*id)
    };
    let mut found: Vec<Found> = world.workloads.ids().filter(fits).map(Found::Workload).collect();
    let by_pod = match wanted.kind {
        None => found.is_empty(),
        Some(kind) => kind == Kind::Pod,
    };
    if by_pod {
        let pods = world.pods.entries().filter(|(_, pod)| {
            let bare = world.workloads[pod.workload].source == WorkloadSource::BarePod;
            pod.name == wanted.name && here(pod.workload) && (!bare || found.is_empty())
        });
        found.extend(pods.map(|(id, _)| Found::Pod(id)).collect::<Vec<_>>());
    }
    found
}

fn caller(world: &World, found: Found) -> Result<Caller, CallerError> {
    let pod = match found {
        Found::Pod(pod) => pod,
        Found::Workload(id) => {
            let pods = &world.workloads[id].pods;
            if pods.start >= pods.end {
                return Err(CallerError::NoPods(full_name(world, id)));
            }
            pods.start
        }
    };
    Ok(Caller { pod, workload: world.pods[pod].workload })
}

fn shown(world: &World, found: Found) -> String {
    let (id, kind, name) = match found {
        Found::Pod(pod) => (world.pods[pod].workload, "pod", &world.pods[pod].name),
        Found::Workload(id) => (id, word_of(world.workloads[id].source), &world.workloads[id].name),
    };
    match world.workloads[id].namespace {
        Some(namespace) => format!("{}/{kind}/{name}", world.namespaces[namespace].name),
        None => name.clone(),
    }
}

const fn word_of(source: WorkloadSource) -> &'static str {
    match source {
        WorkloadSource::Controller(WorkloadKind::Deployment) => "deploy",
        WorkloadSource::Controller(WorkloadKind::ReplicaSet) => "rs",
        WorkloadSource::Controller(WorkloadKind::StatefulSet) => "sts",
        WorkloadSource::Controller(WorkloadKind::DaemonSet) => "ds",
        WorkloadSource::Controller(WorkloadKind::Job) => "job",
        WorkloadSource::Controller(WorkloadKind::CronJob) => "cronjob",
        WorkloadSource::BarePod => "pod",
        WorkloadSource::Outside => "outside",
    }
}

/// Says what there is in place of what was asked for: the name elsewhere, or a near name.
fn unknown(world: &World, scope: Option<&str>, wanted: &Wanted<'_>) -> CallerError {
    let kind = match wanted.kind {
        None => "workload or pod",
        Some(Kind::Pod) => "pod",
        Some(Kind::Controller(kind)) => word_of(WorkloadSource::Controller(kind)),
    };
    let place = scope.map_or_else(String::new, |scope| format!(" in namespace `{scope}`"));
    let inside = |id: &WorkloadId| world.workloads[*id].namespace.is_some();
    let same = world.workloads.ids().filter(inside);
    let same = same.filter(|id| world.workloads[*id].name == wanted.name);
    let mut near: BTreeSet<String> = same.map(|id| full_name(world, id)).collect();
    if near.is_empty() {
        let names = world.workloads.ids().filter(inside);
        let names: BTreeSet<&str> = names.map(|id| world.workloads[id].name.as_str()).collect();
        if let Some(name) = nearest(wanted.name, names.into_iter().chain(pod_names(world))) {
            let ids = world.workloads.ids().filter(inside);
            let ids = ids.filter(|id| world.workloads[*id].name == name);
            near = ids.map(|id| full_name(world, id)).collect();
            let pods = world.pods.entries().filter(|(_, pod)| near.is_empty() && pod.name == name);
            near.extend(pods.map(|(id, _)| shown(world, Found::Pod(id))).collect::<Vec<_>>());
        }
    }
    CallerError::Unknown {
        wanted: format!("{kind} `{}`{place}", wanted.name),
        near: near.into_iter().take(NAMES_MAX).collect(),
    }
}

fn pod_names(world: &World) -> impl Iterator<Item = &str> {
    // Comparing with every pod of a large cluster would be slow, and a typo in a pod's name is
    // found by its workload in most cases.
    const PODS_MAX: usize = 10_000;
    world.pods.iter().take(PODS_MAX).map(|pod| pod.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::kinds::Resource;
    use crate::world::testing::{deployment, workload};
    use crate::world::{ClusterManifests, Topology, build};

    fn world() -> World {
        let resources = [
            deployment("web/frontend", "app=frontend", 2),
            deployment("shop/frontend", "app=frontend", 1),
            deployment("shop/cart", "app=cart", 0),
            Resource::Workload(workload(WorkloadKind::StatefulSet, "shop/db", "app=db", 2)),
            deployment("default/batch", "app=batch", 1),
            deployment("shop/batch", "app=batch", 1),
        ];
        let cluster =
            ClusterManifests { name: "c", default_namespace: "default", resources: &resources };
        build(&[cluster], &Topology::default(), &[]).world
    }

    fn found(namespace: Option<&str>, text: &str) -> String {
        let world = world();
        match find(&world, namespace, text) {
            Ok(caller) => full_name(&world, caller.workload),
            Err(error) => format!("{error}; {}", error.help().unwrap_or_default()),
        }
    }

    #[test]
    fn every_form_of_a_name_finds_its_workload() {
        for text in ["web/deploy/frontend", "web/deployment/frontend", "web/frontend"] {
            assert_eq!(found(None, text), "web/deploy/frontend");
        }
        assert_eq!(found(Some("web"), "frontend"), "web/deploy/frontend");
        assert_eq!(found(Some("web"), "deploy/frontend"), "web/deploy/frontend");
        assert_eq!(found(None, "shop/pod/db-1"), "shop/sts/db");
        assert_eq!(found(None, "db-0"), "shop/sts/db");
        assert_eq!(found(None, "db"), "shop/sts/db");
    }

    #[test]
    fn the_default_namespace_comes_first_and_an_open_choice_is_no_guess() {
        assert_eq!(found(None, "batch"), "default/deploy/batch");
        let said = found(None, "frontend");
        assert!(said.contains("shop/deploy/frontend or web/deploy/frontend"), "{said}");
    }

    #[test]
    fn an_unknown_name_offers_what_is_near() {
        let said = found(None, "web/deploy/fronted");
        assert!(said.contains("did you mean"), "{said}");
        assert!(said.contains("web/deploy/frontend"), "{said}");
        let said = found(Some("web"), "batch");
        assert!(said.contains("no workload or pod `batch` in namespace `web`"), "{said}");
        assert!(said.contains("shop/deploy/batch"), "{said}");
        assert!(found(None, "a/b/c/d").contains("names no caller"));
        assert!(found(None, "shop/cart").contains("has no pods"));
    }
}
