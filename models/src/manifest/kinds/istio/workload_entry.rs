//! `networking.istio.io WorkloadEntry`: a workload outside Kubernetes. A ServiceEntry writes its
//! endpoints in the same shape.

use super::{IstioResource, Labels, ObjectMeta, Resource};
use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

/// `networking.istio.io WorkloadEntry`.
#[derive(Clone, Debug)]
pub struct WorkloadEntry {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The workload.
    pub workload: WorkloadSpec,
}

/// A workload at one address.
#[derive(Clone, Debug)]
pub struct WorkloadSpec {
    /// An IP address, a DNS name, or `unix:///path`; absent stands for the host itself.
    pub address: Option<Located<String>>,
    /// Its ports, by the names of the service's ports.
    pub ports: std::collections::BTreeMap<String, Located<u32>>,
    /// Its labels.
    pub labels: Labels,
    /// Its network.
    pub network: Option<Located<String>>,
    /// `region/zone/subzone`.
    pub locality: Option<Located<String>>,
    /// Its weight.
    pub weight: Option<Located<u32>>,
    /// Where it begins.
    pub place: Place,
}

pub(in crate::manifest) fn read_workload_entry(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let workload = fields.required_object("spec", read_workload);
    let entry = workload.map(|workload| WorkloadEntry { meta, workload });
    entry.map(|entry| IstioResource::WorkloadEntry(entry).alone()).unwrap_or_default()
}

pub(super) fn read_workload(workload: &mut Fields<'_, '_, '_, '_>) -> WorkloadSpec {
    WorkloadSpec {
        address: workload.string("address").filter(|address| !address.is_empty()),
        ports: workload.number_map("ports", 1..=u32::from(u16::MAX)),
        labels: workload.labels("labels"),
        network: workload.string("network").filter(|network| !network.is_empty()),
        locality: workload.string("locality").filter(|locality| !locality.is_empty()),
        weight: workload.number("weight", 0..=u32::MAX).filter(|weight| weight.value != 0),
        place: workload.place(),
    }
}
