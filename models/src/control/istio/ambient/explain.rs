//! Tells what the control plane made of a workload's policies for ztunnel. It decides nothing.

use crate::control::istio::Push;
use crate::control::istio::config::selects;
use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::Labels;
use crate::world::Origin;

use super::authentication::{Demand, Levels};
use super::authorization::{Status, translate};

const ALLOW: RuleId = RuleId("ambient.policy.allow");
const DENY: RuleId = RuleId("ambient.policy.deny");
const MUTUAL_TLS: RuleId = RuleId("ambient.policy.mutual-tls");
const EXCEPTIONS: RuleId = RuleId("ambient.policy.port-exceptions");
const TRUST_DOMAINS: RuleId = RuleId("ambient.policy.trust-domains");

/// How many policies are told one by one.
const TOLD_MAX: usize = 50;

/// Tells what becomes of the policies of a workload on their way to its ztunnel, where they lose
/// something, and what is demanded of its peers.
pub fn explain(push: &Push, namespace: &str, labels: &Labels, probe: &mut impl Probe) {
    if !probe.listens() {
        return;
    }
    let root = push.mesh.root_namespace.value.as_str();
    let of_workload = push.authorization_policies.iter().filter(|policy| {
        let in_scope = policy.namespace == namespace || policy.namespace == root;
        in_scope && policy.object.selector.as_ref().is_none_or(|it| selects(&it.value, labels))
    });
    for policy in of_workload.take(TOLD_MAX) {
        let made = translate(policy);
        if let Some(first) = made.unsaid.first() {
            probe.step(TRUST_DOMAINS, Some(Origin::Manifest(first.place)), || {
                format!(
                    "{} loses `{}`, and its status does not say so",
                    policy.title(),
                    first.value
                )
            });
        }
        let Some(first) = made.of_requests.first() else { continue };
        let names: Vec<_> = made.of_requests.iter().map(|it| format!("`{}`", it.value)).collect();
        let (rule, then) = match made.status {
            Status::AllowLosesRules => {
                (ALLOW, "its rules with them are left out, so it allows less")
            }
            Status::DenyIsEmpty => (DENY, "nothing of it is left, so it denies nothing"),
            _ => (DENY, "its rules lose them"),
        };
        probe.step(rule, Some(Origin::Manifest(first.place)), || {
            let (title, names) = (policy.title(), names.join(", "));
            format!("{title} looks at {names}, which ztunnel does not know: {then}")
        });
    }
    demand(Levels::of(push, namespace, labels), probe);
}

fn demand(levels: Levels<'_>, probe: &mut impl Probe) {
    match levels.demand() {
        Demand::Nothing => {}
        Demand::Everywhere(by) => probe.step(MUTUAL_TLS, Some(by.origin()), || {
            format!("{} demands mutual TLS on all ports", by.title())
        }),
        Demand::OnPorts { by, .. } => probe.step(EXCEPTIONS, Some(by.origin()), || {
            format!("{} says for its ports whether mutual TLS is demanded", by.title())
        }),
        Demand::Lost { strict, own } => probe.step(EXCEPTIONS, Some(own.origin()), || {
            let (strict, own) = (strict.title(), own.title());
            format!("{strict} demands mutual TLS, and the exceptions of {own} lose it on all ports")
        }),
    }
}
