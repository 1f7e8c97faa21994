//! Kinds of other products and of parts of Istio that are not read at all.

use crate::explain::RuleId;

use super::{Installed, Judgement, NO_CRD, Scene, Support};

const OTHER: RuleId = RuleId("support.other-product");

/// Groups whose kinds come with a mesh that runs on none of the data paths.
const OTHER_MESHES: [(&str, &str); 9] = [
    ("policy.linkerd.io", "Linkerd"),
    ("linkerd.io", "Linkerd"),
    ("multicluster.linkerd.io", "Linkerd"),
    ("workload.linkerd.io", "Linkerd"),
    ("split.smi-spec.io", "the Service Mesh Interface"),
    ("access.smi-spec.io", "the Service Mesh Interface"),
    ("specs.smi-spec.io", "the Service Mesh Interface"),
    ("consul.hashicorp.com", "Consul"),
    ("kuma.io", "Kuma"),
];

/// What becomes of an object that nobody reads, by its group.
pub(super) fn judge(scene: Scene<'_>, group: &str) -> Judgement {
    if let Some((_, mesh)) = OTHER_MESHES.iter().find(|(known, _)| *known == group) {
        let reason = format!("no CRD of {mesh} is installed: the API server refuses it");
        return Judgement::new(Support::Rejected, NO_CRD, reason);
    }
    let is_istio = group.ends_with(".istio.io");
    if is_istio && scene.installed == Installed::NoMesh {
        let reason = "no CRD of Istio is installed: the API server refuses it";
        return Judgement::new(Support::Rejected, NO_CRD, reason);
    }
    let reason = match group {
        "cilium.io" | "isovalent.com" => {
            "Cilium's agents carry it out where Cilium is the network; that is not modelled"
                .to_owned()
        }
        "crd.projectcalico.org" | "projectcalico.org" => {
            "Calico carries it out where Calico is the network; that is not modelled".to_owned()
        }
        _ => format!("kinds of `{group}` are not modelled"),
    };
    Judgement::new(Support::Unknown, OTHER, reason)
}
