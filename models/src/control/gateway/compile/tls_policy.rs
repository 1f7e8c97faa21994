//! BackendTLSPolicies: how a Gateway encrypts what it sends to the ports of Services.
//!
//! Source: gateway-api `apis/v1/backendtlspolicy_types.go`; `geps/gep-1897`.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::manifest::kinds::gateway::BackendTlsPolicy;
use crate::proxy::envoy::config::UpstreamTls;
use crate::world::Origin;

use super::super::age::{Age, Claim};
use super::super::backend::{Invalid, ServicePortId};
use super::super::objects::{Key, Objects};
use super::super::rules;

/// The policy in force for each port that has one; a policy that is not valid closes the port.
pub(in super::super) type TlsPolicies =
    BTreeMap<ServicePortId, Result<Sourced<UpstreamTls>, Invalid>>;

/// Finds the policy of every port. A policy for a port by its name beats one for all ports; then
/// the oldest counts, then the first in the alphabet.
pub(in super::super) fn tls_policies(objects: &Objects<'_>) -> TlsPolicies {
    let mut found: BTreeMap<ServicePortId, Candidate<'_>> = BTreeMap::new();
    for (&key, &policy) in &objects.policies {
        for target in &policy.targets {
            if !target.object.group.is_empty() || target.object.kind != "Service" {
                continue;
            }
            let Some(service) = objects.service(key.0, &target.object.name.value) else { continue };
            let ports = objects.world.services[service].ports.iter().enumerate();
            for (port, row) in ports {
                let section = target.section.as_ref();
                if section.is_some_and(|section| section.value != row.name) {
                    continue;
                }
                let id = ServicePortId { service, port };
                let candidate =
                    Candidate { whole: section.is_none(), age: Age::of(&policy.meta, key), policy };
                let Some(known) = found.get_mut(&id) else {
                    found.insert(id, candidate);
                    continue;
                };
                let lost = if candidate.order() < known.order() {
                    std::mem::replace(known, candidate)
                } else {
                    candidate
                };
                if known.whole == lost.whole {
                    objects.settle(&known.claim(), &lost.claim(), || {
                        format!("Service `{}/{}`", key.0, target.object.name)
                    });
                }
            }
        }
    }
    found
        .into_iter()
        .map(|(id, candidate)| (id, tls(candidate.age.key(), candidate.policy)))
        .collect()
}

struct Candidate<'a> {
    whole: bool,
    age: Age<'a>,
    policy: &'a BackendTlsPolicy,
}

impl<'a> Candidate<'a> {
    fn order(&self) -> (bool, Age<'a>) {
        (self.whole, self.age)
    }

    fn claim(&self) -> Claim<'a> {
        let (kind, key) = ("BackendTLSPolicy", self.age.key());
        Claim { kind, key, meta: &self.policy.meta }
    }
}

fn tls(
    (namespace, name): Key<'_>,
    policy: &BackendTlsPolicy,
) -> Result<Sourced<UpstreamTls>, Invalid> {
    let invalid = |reason, place, why: String| Invalid {
        reason,
        rule: rules::BACKEND_TLS,
        message: format!("BackendTLSPolicy {namespace}/{name} is not valid: {why}"),
        place,
    };
    let meta = policy.meta.place;
    let is_config_map = |group: &str, kind: &str| group.is_empty() && kind == "ConfigMap";
    let wrong = policy.ca_certificates.iter().find(|it| !is_config_map(&it.group, &it.kind));
    if let Some(wrong) = wrong {
        let why = format!("certificates of kind {} are not supported", wrong.kind);
        return Err(invalid("InvalidKind", wrong.place, why));
    }
    if policy.ca_certificates.is_empty() && policy.well_known.is_none() {
        let why = "it names no certificate authority".to_owned();
        return Err(invalid("NoValidCACertificate", meta, why));
    }
    let Some(hostname) = &policy.hostname else {
        return Err(invalid("Invalid", meta, "it has no hostname".to_owned()));
    };
    let names = policy.subject_alt_names.iter().map(|name| name.name.value.clone());
    let mut subject_alt_names: Vec<_> = names.collect();
    if subject_alt_names.is_empty() {
        subject_alt_names.push(hostname.value.clone());
    }
    let tls = UpstreamTls::Simple { subject_alt_names, sni: Some(hostname.value.clone()) };
    Ok(Sourced::new(tls, Origin::Manifest(hostname.place)))
}
