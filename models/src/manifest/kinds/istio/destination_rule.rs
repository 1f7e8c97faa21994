//! `networking.istio.io DestinationRule`: policies for traffic to a host, and its subsets.

use super::traffic_policy::{TrafficPolicy, read_traffic_policy};
use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

/// `networking.istio.io DestinationRule`.
#[derive(Clone, Debug)]
pub struct DestinationRule {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The host as written: whole, short, or a wildcard.
    pub host: Located<String>,
    /// The policy of all subsets and of the host itself.
    pub policy: Option<TrafficPolicy>,
    /// The subsets, in the order written.
    pub subsets: Vec<Subset>,
    /// The namespaces whose clients see it; empty takes the mesh's default.
    pub export_to: Vec<Located<String>>,
    /// The clients, in its own namespace only; `None` is all.
    pub selector: Option<Located<Labels>>,
}

/// A part of a host's endpoints.
#[derive(Clone, Debug)]
pub struct Subset {
    /// Its name.
    pub name: Located<String>,
    /// The labels of its endpoints.
    pub labels: Labels,
    /// What differs from the host's policy.
    pub policy: Option<TrafficPolicy>,
}

pub(in crate::manifest) fn read_destination_rule(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let rule = fields.required_object("spec", |spec| {
        let policy = spec.object("trafficPolicy", read_traffic_policy);
        let subsets = spec.list("subsets", |subset| {
            let labels = subset.labels("labels");
            let policy = subset.object("trafficPolicy", read_traffic_policy);
            Some(Subset { name: subset.required_string("name")?, labels, policy })
        });
        let export_to = spec.strings("exportTo");
        let selector = read_selector(spec, "workloadSelector", "matchLabels");
        let host = spec.required_string("host")?;
        Some(DestinationRule { meta, host, policy, subsets, export_to, selector })
    });
    let rule = rule.flatten().map(|rule| IstioResource::DestinationRule(rule).alone());
    rule.unwrap_or_default()
}
