//! Stories about which pods get a proxy.

use super::{Enrolled, decide, explain};
use crate::control::istio::testing::Mesh;
use crate::explain::Silent;
use crate::path::{Choice, DataPath, Placement};
use crate::world::{PodId, WorkloadId};

const LABELS: Placement = Placement {
    default: Choice::FromLabels,
    workloads: std::collections::BTreeMap::new(),
    waypoints: crate::path::WaypointPlacement::FromLabels,
};

/// A pod in a namespace, each with what stands in its metadata.
fn enrolled(namespace: &str, pod: &str, spec: &str) -> Enrolled {
    let mesh = mesh(namespace, pod, spec);
    decide(&mesh.world, PodId(0), &LABELS, &mut Silent)
}

fn mesh(namespace: &str, pod: &str, spec: &str) -> Mesh {
    Mesh::of(&format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{namespace}}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop{pod}}}\n\
         spec: {{containers: [{{name: app}}]{spec}}}\n"
    ))
}

#[test]
fn labels_of_the_namespace_and_the_pod_decide_on_the_proxy() {
    const NAMESPACE_ON: &str = ", labels: {istio-injection: enabled}";
    const NAMESPACE_OFF: &str = ", labels: {istio-injection: disabled}";
    const REVISION: &str = ", labels: {istio.io/rev: canary}";
    const POD_ON: &str = ", labels: {sidecar.istio.io/inject: \"true\"}";
    const POD_OFF: &str = ", labels: {sidecar.istio.io/inject: \"false\"}";
    for (namespace, pod, spec, expected) in [
        ("", "", "", Enrolled::Nothing),
        (NAMESPACE_ON, "", "", Enrolled::Sidecar),
        (NAMESPACE_ON, POD_OFF, "", Enrolled::Nothing),
        (
            NAMESPACE_ON,
            ", annotations: {sidecar.istio.io/inject: \"false\"}",
            "",
            Enrolled::Nothing,
        ),
        (NAMESPACE_ON, "", ", hostNetwork: true", Enrolled::Nothing),
        (
            NAMESPACE_ON,
            ", annotations: {inject.istio.io/templates: gateway}",
            "",
            Enrolled::Gateway,
        ),
        (NAMESPACE_OFF, POD_ON, "", Enrolled::Nothing),
        (REVISION, "", "", Enrolled::Sidecar),
        ("", POD_ON, "", Enrolled::Sidecar),
        // The injector's selectors look at labels alone.
        ("", ", annotations: {sidecar.istio.io/inject: \"true\"}", "", Enrolled::Nothing),
        ("", ", labels: {istio.io/rev: canary}", "", Enrolled::Sidecar),
        // The older label wins over the revision.
        (", labels: {istio-injection: disabled, istio.io/rev: canary}", "", "", Enrolled::Nothing),
    ] {
        assert_eq!(enrolled(namespace, pod, spec), expected, "{namespace} {pod} {spec}");
    }
}

#[test]
fn the_label_of_the_data_plane_mode_gives_a_pod_to_the_ztunnel_unless_it_refuses() {
    const NAMESPACE_ON: &str = ", labels: {istio.io/dataplane-mode: ambient}";
    const POD_ON: &str = ", labels: {istio.io/dataplane-mode: ambient}";
    const POD_OFF: &str = ", labels: {istio.io/dataplane-mode: none}";
    const DUMPED: &str = ", annotations: {ambient.istio.io/redirection: enabled}";
    const PENDING: &str = ", annotations: {ambient.istio.io/redirection: pending}";
    for (namespace, pod, spec, expected) in [
        (NAMESPACE_ON, "", "", Enrolled::Ambient),
        ("", POD_ON, "", Enrolled::Ambient),
        (NAMESPACE_ON, POD_OFF, "", Enrolled::Nothing),
        // Only pods can opt out: on a namespace it is one value that is not `ambient`.
        (", labels: {istio.io/dataplane-mode: none}", POD_ON, "", Enrolled::Ambient),
        (NAMESPACE_ON, ", labels: {istio.io/dataplane-mode: Ambient}", "", Enrolled::Ambient),
        ("", ", labels: {istio.io/dataplane-mode: Ambient}", "", Enrolled::Nothing),
        ("", ", annotations: {istio.io/dataplane-mode: ambient}", "", Enrolled::Nothing),
        ("", DUMPED, "", Enrolled::Ambient),
        ("", PENDING, "", Enrolled::Nothing),
    ] {
        assert_eq!(enrolled(namespace, pod, spec), expected, "{namespace} {pod} {spec}");
    }
}

#[test]
fn a_sidecar_and_the_hosts_network_keep_a_pod_from_the_ztunnel() {
    const BOTH: &str = ", labels: {istio.io/dataplane-mode: ambient, istio-injection: enabled}";
    const AMBIENT: &str = ", labels: {istio.io/dataplane-mode: ambient}";
    const REFUSES: &str = ", labels: {sidecar.istio.io/inject: \"false\"}";
    const DUMPED: &str = ", annotations: {sidecar.istio.io/status: \"{}\"}";
    for (namespace, pod, spec, expected) in [
        (BOTH, "", "", Enrolled::Sidecar),
        (BOTH, REFUSES, "", Enrolled::Ambient),
        (AMBIENT, DUMPED, "", Enrolled::Sidecar),
        (AMBIENT, ", labels: {sidecar.istio.io/inject: \"true\"}", "", Enrolled::Sidecar),
        (AMBIENT, "", ", hostNetwork: true", Enrolled::Nothing),
    ] {
        assert_eq!(enrolled(namespace, pod, spec), expected, "{namespace} {pod} {spec}");
    }
    let system = Mesh::of(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, labels: \
         {istio.io/dataplane-mode: ambient}}\n---\napiVersion: v1\nkind: Pod\n\
         metadata: {name: a, namespace: kube-system}\nspec: {containers: [{name: app}]}\n",
    );
    assert_eq!(decide(&system.world, PodId(0), &LABELS, &mut Silent), Enrolled::Nothing);
}

#[test]
fn a_run_may_give_every_pod_a_data_path_that_it_does_not_refuse() {
    let enrolled = |pod: &str, data_path| {
        let mesh = mesh("", pod, "");
        explain(&mesh.world, PodId(0), &Placement::everywhere(data_path)).outcome
    };
    let refuses = ", labels: {sidecar.istio.io/inject: \"false\", istio.io/dataplane-mode: none}";
    let asks = ", labels: {sidecar.istio.io/inject: \"true\"}";
    let gateway = ", annotations: {inject.istio.io/templates: gateway}";
    assert_eq!(enrolled("", DataPath::IstioSidecar), Enrolled::Sidecar);
    assert_eq!(enrolled(refuses, DataPath::IstioSidecar), Enrolled::Nothing);
    assert_eq!(enrolled(asks, DataPath::None), Enrolled::Nothing);
    assert_eq!(enrolled("", DataPath::IstioAmbient), Enrolled::Ambient);
    assert_eq!(enrolled(refuses, DataPath::IstioAmbient), Enrolled::Nothing);
    assert_eq!(enrolled(asks, DataPath::IstioAmbient), Enrolled::Ambient);
    assert_eq!(enrolled(gateway, DataPath::IstioAmbient), Enrolled::Gateway);
}

#[test]
fn a_single_workload_may_be_given_another_data_path_than_the_rest() {
    let mesh = mesh(", labels: {istio-injection: enabled}", "", "");
    let given = Choice::Given(DataPath::IstioAmbient);
    let placement = Placement { workloads: [(WorkloadId(0), given)].into(), ..LABELS };
    assert_eq!(decide(&mesh.world, PodId(0), &placement, &mut Silent), Enrolled::Ambient);
    assert_eq!(decide(&mesh.world, PodId(0), &LABELS, &mut Silent), Enrolled::Sidecar);
}
