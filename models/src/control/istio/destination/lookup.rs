//! Which DestinationRule a client uses for a service (istio `pilot/pkg/model/push_context.go`,
//! `destinationRule`, and `sidecar.go`, `DestinationRule`).

use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::config::selects;
use crate::control::istio::registry::Service;
use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::Labels;
use crate::world::Origin;

use super::MergedRule;

const RULE: RuleId = RuleId("istio.cluster.destination-rule-lookup");

const SELECTOR: RuleId = RuleId("istio.cluster.destination-rule-selector");

/// Whose traffic a rule is looked up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Calls of the workload; rules for some workloads count.
    Outbound,
    /// Calls to the workload; they do not.
    Inbound,
}

/// The client, as far as DestinationRules look at it.
#[derive(Clone, Copy, Debug)]
pub struct Client<'c> {
    /// Its namespace.
    pub namespace: &'c str,
    /// Its labels.
    pub labels: &'c Labels,
}

/// The rule that counts: the client's namespace is asked first, then the service's, then the root
/// namespace, and the first one that has a host for it ends the search.
pub fn rule_for<'p>(
    push: &'p Push,
    client: Client<'_>,
    traffic: Traffic,
    service: &Service,
    probe: &mut impl Probe,
) -> Option<&'p Arc<MergedRule>> {
    probe.enter();
    probe.fact("host", || service.host.clone());
    probe.fact("client namespace", || client.namespace.to_owned());
    let rules = rules_for(push, client.namespace, service);
    let rule = choose(&rules, client, traffic);
    for passed in rules.iter().filter(|it| it.selector.is_some()) {
        let counts = rule.is_some_and(|rule| std::ptr::eq(&***passed, &**rule));
        probe.step(SELECTOR, Some(Origin::Manifest(passed.place)), || {
            let word = if counts { "selects" } else { "does not count for" };
            format!("{}/{} {word} the workload", passed.namespace, passed.name)
        });
    }
    let origin = rule.map(|rule| Origin::Manifest(rule.place));
    probe.leave(RULE, origin, || match rule {
        Some(rule) => format!("DestinationRule {}/{} for {}", rule.namespace, rule.name, rule.host),
        None => "no DestinationRule; Istio's defaults hold".to_owned(),
    });
    rule
}

/// The rules of the first namespace that has any for the service.
fn rules_for<'p>(push: &'p Push, client: &str, service: &Service) -> Vec<&'p Arc<MergedRule>> {
    let index = &push.rules;
    let root = push.mesh.root_namespace.value.as_str();
    let local = if client == root {
        index.root_local.most_specific(&service.host)
    } else {
        index.local.get(client).and_then(|shelf| shelf.most_specific(&service.host))
    };
    if let Some(rules) = local {
        return rules.iter().collect();
    }
    for namespace in [service.namespace.as_str(), root] {
        let shelf = index.exported.get(namespace);
        let rules = shelf.and_then(|shelf| shelf.most_specific(&service.host)).unwrap_or_default();
        let exported: Vec<_> = rules.iter().filter(|rule| rule.is_exported_to(client)).collect();
        if !exported.is_empty() {
            return exported;
        }
    }
    Vec::new()
}

/// Of the rules of one host: one whose selector takes the client, or else the last without one.
fn choose<'p>(
    rules: &[&'p Arc<MergedRule>],
    client: Client<'_>,
    traffic: Traffic,
) -> Option<&'p Arc<MergedRule>> {
    let mut for_all = None;
    for rule in rules {
        match &rule.selector {
            None => for_all = Some(*rule),
            Some(selector) => {
                let counts = traffic == Traffic::Outbound && rule.namespace == client.namespace;
                if counts && selects(selector, client.labels) {
                    return Some(*rule);
                }
            }
        }
    }
    for_all
}
