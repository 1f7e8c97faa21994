//! What is wrong with VirtualServices, and what the proxies will do: each finding with its line.
//! Routes are made all the same.

mod binding;
mod conflict;
mod destination;
mod reach;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::control::istio::gateways::EffectiveGateway;
use crate::manifest::Diagnostic;

use super::effective::EffectiveVirtualService;

/// What the checks need to know of services and DestinationRules.
pub trait Known {
    /// The ports of a service that an object of `namespace` can name; `None` if there is none.
    fn ports(&self, host: &str, namespace: &str) -> Option<BTreeSet<u16>>;

    /// The subsets of a service that an object of `namespace` can name.
    fn subsets(&self, host: &str, namespace: &str) -> BTreeSet<String>;
}

/// All findings about the VirtualServices of a mesh, in the order of the objects.
#[must_use]
pub fn findings(
    objects: &[Arc<EffectiveVirtualService>],
    gateways: &[EffectiveGateway],
    known: &dyn Known,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for object in objects {
        reach::check(object, &mut findings);
        destination::check(object, known, &mut findings);
        values::check(object, &mut findings);
        binding::check(object, gateways, known, &mut findings);
    }
    conflict::check(objects, &mut findings);
    findings
}
