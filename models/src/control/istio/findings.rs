//! What is wrong with the traffic rules of one cluster, all of it at once. Each check is made in
//! the room of its objects.

use std::collections::BTreeSet;

use crate::explain::Silent;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;
use crate::world::World;

use super::Push;
use super::destination::{Client, Traffic, rule_for};
use super::gateways::GatewayWorkload;
use super::routes::{Known, findings as of_virtual_services, service_for};

/// The findings about enrolment, VirtualServices, Sidecars, services, Gateways, the inbound side, policies at
/// proxies and ztunnels, and tokens, and what is not modelled, each once.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut all = of_virtual_services(&push.virtual_services, &push.gateways, &Seen(push));
    all.extend(super::scope::findings(push));
    all.extend(super::sidecar::findings(push));
    all.extend(super::inbound::findings(push));
    all.extend(super::authorization::findings(push, world));
    all.extend(super::enrolment::findings(push, world));
    all.extend(super::ambient::findings(push, world));
    all.extend(super::modes::findings(push, world));
    all.extend(super::tokens::findings(push, world));
    all.extend(super::ambient::waypoints::findings(push, world));
    all.extend(super::unmodelled::findings(push));
    let mut served = BTreeSet::new();
    for gateway in &push.gateways {
        let workload = GatewayWorkload::serving(push, world, gateway);
        if workload.pod.is_none() {
            let message = format!("no pod serves the gateway {}", gateway.full_name());
            all.push(
                Diagnostic::note("istio.assumed-gateway", message)
                    .at(gateway.place, "one is assumed, with the labels that it asks for"),
            );
        }
        // Gateways that share a workload share their findings.
        if workload.pod.is_none_or(|pod| served.insert(pod)) {
            all.extend(workload.parts(push).findings);
        }
    }
    let mut unique: Vec<Diagnostic> = Vec::with_capacity(all.len());
    let mut seen = BTreeSet::new();
    for finding in all {
        let places: Vec<_> = finding.labels.iter().map(|label| label.place).collect();
        if seen.insert((finding.code, finding.message.clone(), places)) {
            unique.push(finding);
        }
    }
    unique
}

/// Services and subsets, as an object of a namespace can name them.
struct Seen<'p>(&'p Push);

impl Known for Seen<'_> {
    fn ports(&self, host: &str, namespace: &str) -> Option<BTreeSet<u16>> {
        let service = service_for(self.0, host, namespace)?;
        Some(service.ports.iter().map(|port| port.number).collect())
    }

    fn subsets(&self, host: &str, namespace: &str) -> BTreeSet<String> {
        let Some(service) = service_for(self.0, host, namespace) else { return BTreeSet::new() };
        let labels = Labels::new();
        let client = Client { namespace, labels: &labels };
        let rule = rule_for(self.0, client, Traffic::Outbound, service, &mut Silent);
        let subsets = rule.iter().flat_map(|rule| &rule.subsets);
        subsets.map(|subset| subset.name.value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mesh, PODS};
    use super::*;

    #[test]
    fn a_subset_that_no_rule_has_is_told_and_one_that_exists_is_not() {
        let mesh = Mesh::of(&format!(
            "{PODS}---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
             metadata: {{name: reviews, namespace: shop}}\n\
             spec: {{host: reviews, subsets: [{{name: v1, labels: {{version: v1}}}}]}}\n\
             ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
             metadata: {{name: reviews, namespace: shop}}\nspec:\n  hosts: [reviews]\n  http:\n  \
             - route:\n    - {{destination: {{host: reviews, subset: v1}}, weight: 50}}\n    \
             - {{destination: {{host: reviews, subset: v2}}, weight: 50}}\n"
        ));
        let found = findings(mesh.push(), &mesh.world);
        let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["istio.missing-subset"]);
    }

    #[test]
    fn a_gateway_without_pods_is_served_by_one_that_is_assumed() {
        let mesh = Mesh::of(&format!(
            "{PODS}---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
             metadata: {{name: edge, namespace: shop}}\n\
             spec: {{selector: {{istio: ingress}}, servers: [\
             {{port: {{number: 80, name: http, protocol: HTTP}}, hosts: ['*']}}]}}\n"
        ));
        let found = findings(mesh.push(), &mesh.world);
        let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["istio.assumed-gateway"]);
        let gateway = &mesh.push().gateways[0];
        let parts = GatewayWorkload::serving(mesh.push(), &mesh.world, gateway).parts(mesh.push());
        assert_eq!(parts.listeners[0].name, "0.0.0.0_80");
    }
}
