//! What the API server or a careful reader would object to in single objects. Findings that
//! come from joining Services with pods stand in `services`.

use crate::manifest::Diagnostic;
use crate::manifest::kinds::{EndpointSetKind, Workload, WorkloadKind};

use super::Notes;
use super::objects::ClusterObjects;
use super::plan::WorkloadPlan;
use super::selector::first_mismatch;

/// Looks at the controllers and the endpoint sets of every cluster.
pub(super) fn controllers(notes: &mut Notes, clusters: &[ClusterObjects<'_>]) {
    for cluster in clusters {
        for ((namespace, _, _), workload) in &cluster.workloads {
            own_pods_selected(notes, namespace, workload);
            governing_service(notes, cluster, namespace, workload);
        }
        endpoint_sets(notes, cluster);
    }
}

fn own_pods_selected(notes: &mut Notes, namespace: &str, workload: &Workload) {
    let Some(selector) = &workload.selector else { return };
    let Some(mismatch) = first_mismatch(&selector.value, &workload.template.labels) else { return };
    let message = format!(
        "the selector of {:?} `{namespace}/{}` does not match its own pod template",
        workload.kind, workload.meta.name
    );
    notes.find(
        Diagnostic::error("world.selector-misses-template", message)
            .at(selector.place, mismatch)
            .at(workload.template.place, "the template")
            .help("the API server rejects this object; make the labels agree"),
    );
}

fn governing_service(
    notes: &mut Notes,
    cluster: &ClusterObjects<'_>,
    namespace: &str,
    workload: &Workload,
) {
    let Some(name) = &workload.service_name else { return };
    if workload.kind != WorkloadKind::StatefulSet {
        return;
    }
    let title = format!("`{namespace}/{}`", workload.meta.name);
    match cluster.services.get(&(namespace, name.value.as_str())) {
        None => notes.find(
            Diagnostic::warning(
                "world.absent-governing-service",
                format!("StatefulSet {title} names a Service that does not exist"),
            )
            .at(name.place, "no such Service in this namespace")
            .help("without it the pods have no DNS names of their own"),
        ),
        Some(service) if !service.is_headless() => notes.find(
            Diagnostic::note(
                "world.governing-service-not-headless",
                format!("the Service of StatefulSet {title} is not headless"),
            )
            .at(name.place, "named here")
            .at(service.meta.place, "the Service")
            .help("set `clusterIP: None` if clients need the DNS names of single pods"),
        ),
        Some(_) => {}
    }
}

fn endpoint_sets(notes: &mut Notes, cluster: &ClusterObjects<'_>) {
    for (namespace, set) in cluster.endpoint_sets() {
        let kind = match set.kind {
            EndpointSetKind::Endpoints => "Endpoints",
            EndpointSetKind::EndpointSlice => "EndpointSlice",
        };
        let title = format!("{kind} `{namespace}/{}`", set.meta.name);
        let Some(service) = &set.service else {
            notes.find(
                Diagnostic::warning(
                    "world.orphaned-endpoints",
                    format!("{title} belongs to no Service"),
                )
                .at(set.meta.place, "no label `kubernetes.io/service-name`")
                .help("add the label with the Service's name"),
            );
            continue;
        };
        if !cluster.services.contains_key(&(namespace, service.value.as_str())) {
            notes.find(
                Diagnostic::warning(
                    "world.orphaned-endpoints",
                    format!("{title} belongs to a Service that does not exist"),
                )
                .at(service.place, "no such Service in this namespace")
                .help("add the Service; without it nothing routes to these addresses"),
            );
        }
    }
}

/// Pods run under a service account that no manifest has.
pub(super) fn absent_account(notes: &mut Notes, plan: &WorkloadPlan<'_>) {
    let Some(name) = &plan.spec.service_account else { return };
    let message = format!("service account `{}/{name}` is not declared", plan.namespace_name);
    notes.find(
        Diagnostic::note("world.absent-service-account", message)
            .at(name.place, "mentioned here; taken to exist")
            .help("without it the API server refuses the pods; add a ServiceAccount"),
    );
}
