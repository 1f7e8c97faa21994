//! What a sidecar that is a container like others does to the start and the end of its pod: init
//! containers run before it, and a Job never ends. Which pods have a sidecar is not decided here.

use crate::control::istio::Push;
use crate::explain::Silent;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::{Labels, WorkloadKind};
use crate::profile::NativeSidecars;
use crate::world::{Origin, Workload, WorkloadSource, World};

use super::{Enrolled, decide};

const NATIVE: &str = "sidecar.istio.io/nativeSidecar";
/// What the injector adds itself.
const OWN: [&str; 3] = ["istio-init", "istio-validation", PROXY];
const PROXY: &str = "istio-proxy";

/// The findings of one cluster, at most one of each sort for a workload.
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in world.workloads.iter() {
        let cluster = workload.namespace.map(|namespace| world.namespaces[namespace].cluster);
        let is_here = cluster == Some(push.cluster) && workload.pods.start != workload.pods.end;
        if !is_here || runs_first(push, workload) {
            continue;
        }
        let pod = workload.pods.start;
        if decide(world, pod, &push.placement, &mut Silent) == Enrolled::Sidecar {
            let name = world.workload_name(world.pods[pod].workload);
            found.extend(before_proxy(workload, &name));
            found.extend(never_ends(workload, &name));
        }
    }
    found
}

/// Whether the sidecar may be an init container that goes on running (istio
/// `pkg/kube/inject/inject.go`, `RunTemplate`).
fn runs_first(push: &Push, workload: &Workload) -> bool {
    let mut sidecars = workload.containers.iter().filter(|it| it.is_sidecar);
    if sidecars.any(|it| it.name.as_str() == PROXY) {
        return true;
    }
    match native(&workload.annotations) {
        Some(said) => said,
        None => *push.profile.istio.native_sidecars == NativeSidecars::Auto,
    }
}

fn native(annotations: &Labels) -> Option<bool> {
    match annotations.get(NATIVE)?.value.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Istio's own init container comes last, so without its CNI plug-in nothing is redirected yet
/// (istio `pkg/kube/inject/webhook.go`, `reorderPod`).
fn before_proxy(workload: &Workload, name: &str) -> Option<Diagnostic> {
    let mut inits = workload.containers.iter().filter(|it| it.init && !it.is_sidecar);
    let init = inits.find(|it| !OWN.contains(&it.name.as_str()))?;
    let message = format!(
        "the init container {} of {name} runs before the sidecar does: calls that it makes go out \
         in plaintext, or fail where Istio's CNI plug-in redirects them",
        init.name.value
    );
    Some(
        Diagnostic::warning("istio.init-before-proxy", message)
            .at(init.name.place, "it ends before the sidecar starts")
            .help(format!(
                "make the sidecar native: Istio 1.27 does so where all nodes run Kubernetes 1.33, or \
                 the annotation `{NATIVE}: \"true\"` asks for it"
            )),
    )
}

fn never_ends(workload: &Workload, name: &str) -> Option<Diagnostic> {
    let is_job = workload.source == WorkloadSource::Controller(WorkloadKind::Job);
    let Origin::Manifest(place) = workload.origin else { return None };
    let finding = || {
        let message = format!("the Job {name} does not end while its sidecar runs");
        Diagnostic::warning("istio.job-with-sidecar", message)
            .at(place, "the sidecar is a container like the others, and goes on")
            .help(format!(
                "make it native with the annotation `{NATIVE}: \"true\"`, or have the Job ask its \
                 agent to quit: POST localhost:15020/quitquitquit"
            ))
    };
    is_job.then(finding)
}

#[cfg(test)]
mod tests {
    use crate::control::istio::testing::Mesh;

    use super::*;

    fn codes(native: &str, kind: &str) -> Vec<&'static str> {
        let mesh = Mesh::of(&format!(
            "apiVersion: v1\nkind: Namespace\n\
             metadata: {{name: shop, labels: {{istio-injection: enabled}}}}\n---\n\
             apiVersion: {kind}\nmetadata: {{name: a, namespace: shop}}\n\
             spec:\n  selector: {{matchLabels: {{app: a}}}}\n  template:\n    \
             metadata: {{labels: {{app: a}}, annotations: {{{native}}}}}\n    \
             spec: {{initContainers: [{{name: migrate}}], containers: [{{name: app}}]}}\n"
        ));
        findings(mesh.push(), &mesh.world).iter().map(|it| it.code).collect()
    }

    #[test]
    fn init_containers_run_before_a_sidecar_that_is_not_native_and_jobs_do_not_end_beside_it() {
        let like_others = "sidecar.istio.io/nativeSidecar: \"false\"";
        let deployment = "apps/v1\nkind: Deployment";
        assert_eq!(codes(like_others, deployment), ["istio.init-before-proxy"]);
        let both = ["istio.init-before-proxy", "istio.job-with-sidecar"];
        assert_eq!(codes(like_others, "batch/v1\nkind: Job"), both);
        assert_eq!(codes("", deployment), [""; 0], "the newest Istio makes sidecars native");
    }
}
