//! Reading pods, their templates and containers; the shapes themselves stand in `workload`.

use crate::manifest::Located;
use crate::manifest::fields::Fields;

use super::core::read_labels_and_annotations;
use super::probe::read_probes;
use super::service::read_transport;
use super::{Container, ContainerPort, ObjectMeta, Pod, PodPhase, PodSpec, PodTemplate, Resource};

const PHASES: &[(&str, PodPhase)] = &[
    ("Pending", PodPhase::Pending),
    ("Running", PodPhase::Running),
    ("Succeeded", PodPhase::Succeeded),
    ("Failed", PodPhase::Failed),
    ("Unknown", PodPhase::Unknown),
];

pub(in crate::manifest) fn read_pod(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let spec = fields.required_object("spec", read_pod_spec);
    let status = fields.object("status", |status| {
        let pod_ip = status.string("podIP").filter(|ip| !ip.is_empty());
        let phase = status.choice("phase", PHASES).map(|phase| phase.value);
        let readiness = status.list("conditions", |condition| {
            let (kind, status) = (condition.string("type"), condition.string("status"));
            status.filter(|_| kind.is_some_and(|kind| kind.value == "Ready"))
        });
        (pod_ip, phase.unwrap_or_default(), readiness.iter().all(|ready| ready.value == "True"))
    });
    let (pod_ip, phase, ready) = status.unwrap_or((None, PodPhase::default(), true));
    spec.map(|spec| Resource::Pod(Pod { meta, spec, pod_ip, phase, ready })).into_iter().collect()
}

/// Reads `template` of a controller.
pub(super) fn read_template(spec: &mut Fields<'_, '_, '_, '_>) -> Option<PodTemplate> {
    let template = spec.required_object("template", |template| {
        let place = template.place();
        let meta = template.object("metadata", read_labels_and_annotations);
        let (labels, annotations) = meta.unwrap_or_default();
        let spec = template.required_object("spec", read_pod_spec)?;
        Some(PodTemplate { labels, annotations, spec, place })
    });
    template.flatten()
}

fn read_pod_spec(spec: &mut Fields<'_, '_, '_, '_>) -> PodSpec {
    // `serviceAccount` is the old name of the field; a dump has both.
    let old_account = spec.string("serviceAccount");
    let account = spec.string("serviceAccountName").or(old_account);
    let mut containers = spec.list("initContainers", |it| read_container(it, Phase::Init));
    containers.extend(spec.list("containers", |it| read_container(it, Phase::Main)));
    PodSpec {
        service_account: account.filter(|account| !account.is_empty()),
        node_name: spec.string("nodeName").filter(|node| !node.is_empty()),
        node_selector: spec.labels("nodeSelector"),
        host_network: spec.boolean("hostNetwork").is_some_and(|it| it.value),
        hostname: spec.string("hostname"),
        subdomain: spec.string("subdomain"),
        containers: containers.into(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Init,
    Main,
}

fn read_container(container: &mut Fields<'_, '_, '_, '_>, phase: Phase) -> Option<Container> {
    // A container without a name still listens on its ports.
    let nameless = Located::new(String::new(), container.place());
    let name = container.expected_string("name").unwrap_or(nameless);
    let ports = container.list("ports", |port| {
        let name = port.string("name").filter(|name| !name.is_empty());
        let number = port.required_number("containerPort", 1..=u16::MAX);
        let transport = read_transport(port);
        Some(ContainerPort { name, number: number?, transport })
    });
    let restarts = container.glance("restartPolicy");
    let is_sidecar = phase == Phase::Init && restarts.is_some_and(|it| it.value == "Always");
    let probes = read_probes(container);
    Some(Container { name, init: phase == Phase::Init, is_sidecar, ports, probes })
}
