//! Tells why a Gateway or route has the status that it has, and why matches are tried in their
//! order. It decides nothing: it repeats what was decided, with the rules and lines.

use crate::explain::Probe;
use crate::manifest::kinds::gateway::RouteKind;
use crate::world::Origin;

use super::compile::OrderedMatch;
use super::precedence::Decision;
use super::rules;
use super::status::{Condition, ConditionType};
use super::{GatewayControlPlane, RouteReport};

/// How many routes that are not in force are told.
const REFUSALS_MAX: usize = 16;

/// How many matches are told, from the first.
const MATCHES_MAX: usize = 16;

/// Where Istio's gateways tell whether they are ready.
const STATUS_PORT: &str = "15021 (status)";

impl GatewayControlPlane {
    /// Tells what is said of a Gateway, its ListenerSets and their listeners.
    pub fn explain_gateway(&self, namespace: &str, name: &str, probe: &mut impl Probe) {
        for status in self.gateway_status(namespace, name) {
            let (kind, namespace, name) = (status.kind, &status.namespace, &status.name);
            probe.enter();
            status.conditions.iter().for_each(|condition| condition.tell(probe));
            for listener in &status.listeners {
                probe.enter();
                listener.conditions.iter().for_each(|condition| condition.tell(probe));
                probe.leave(rules::LISTENER, first_origin(&listener.conditions), || {
                    let attached = listener.attached_routes;
                    format!("listener `{}` with {attached} attached routes", listener.name)
                });
            }
            probe.leave(rules::PARENT, first_origin(&status.conditions), || {
                format!("{kind} {namespace}/{name}")
            });
        }
    }

    /// Tells what Istio runs for a Gateway: a Deployment and a Service with its ports.
    ///
    /// Source: istio `pilot/pkg/config/kube/gatewaycommon`, `GetDefaultName`,
    /// `extractServicePorts`.
    pub fn explain_deployment(&self, namespace: &str, name: &str, probe: &mut impl Probe) {
        let Some(compiled) = self.compiled(namespace, name) else { return };
        let (Some(config), Some(class)) = (&compiled.config, &compiled.class) else { return };
        let origin = Some(Origin::Manifest(class.place));
        probe.enter();
        probe.fact("ports", || {
            let ports = config.listeners.iter().map(|listener| listener.port.to_string());
            ports.chain([STATUS_PORT.to_owned()]).collect::<Vec<_>>().join(", ")
        });
        probe.leave(rules::DEPLOYMENT, origin, || {
            format!(
                "Istio runs Deployment and Service `{name}-{class}` in `{namespace}` for it; the \
                 Service passes each port on as it is"
            )
        });
    }

    /// Tells what is said of a route, under each of its parents and of its rules.
    pub fn explain_route(
        &self,
        kind: RouteKind,
        namespace: &str,
        name: &str,
        probe: &mut impl Probe,
    ) {
        let Some(RouteReport { status, notes }) = self.report(kind, namespace, name) else {
            return;
        };
        for parent in &status.parents {
            probe.enter();
            parent.conditions.iter().for_each(|condition| condition.tell(probe));
            probe.leave(rules::PARENT, first_origin(&parent.conditions), || parent.parent.clone());
        }
        notes.iter().for_each(|note| note.tell(probe));
    }

    /// Tells why the backend that is named at `origin` means nothing; nothing if it means
    /// something.
    pub fn explain_backend(&self, origin: Origin, probe: &mut impl Probe) {
        let notes = self.routes.values().flat_map(|report| &report.notes);
        let why = notes.into_iter().find(|note| !note.status && note.origin == origin);
        why.into_iter().for_each(|note| note.tell(probe));
    }

    /// Tells what of a Gateway, its ListenerSets and the routes that name them is not in force.
    pub fn explain_refusals(&self, (namespace, name): (&str, &str), probe: &mut impl Probe) {
        let statuses = self.gateway_status(namespace, name);
        for status in statuses {
            let (kind, namespace, name) = (status.kind, &status.namespace, &status.name);
            let own = status.conditions.iter();
            tell_refused(|| format!("{kind} {namespace}/{name}"), own, probe);
            for listener in &status.listeners {
                let title = || format!("listener `{}` of {kind} {namespace}/{name}", listener.name);
                tell_refused(title, listener.conditions.iter(), probe);
            }
        }
        let parents: Vec<_> = statuses
            .iter()
            .map(|status| format!("{} {}/{}", status.kind, status.namespace, status.name))
            .collect();
        let mut told = 0;
        let mut left_out = 0;
        for RouteReport { status, notes } in self.routes.values() {
            let named = status.parents.iter().filter(|parent| {
                let ours = |title: &String| {
                    let rest = parent.parent.strip_prefix(title.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
                };
                parents.iter().any(ours)
            });
            let conditions: Vec<_> = named.flat_map(|parent| &parent.conditions).collect();
            let bad = conditions.iter().copied().chain(notes).any(is_refusal);
            if conditions.is_empty() || !bad {
                continue;
            }
            if told == REFUSALS_MAX {
                left_out += 1;
                continue;
            }
            told += 1;
            let (kind, namespace, name) = (status.kind.word(), &status.namespace, &status.name);
            let accepted = conditions.into_iter().filter(|it| it.kind == ConditionType::Accepted);
            tell_refused(|| format!("{kind} {namespace}/{name}"), accepted.chain(notes), probe);
        }
        if left_out > 0 {
            probe.step(rules::PARENT, None, || format!("and {left_out} more routes"));
        }
    }

    /// Tells in which order the matches for a domain are tried at a Gateway, and why. `table` and
    /// `domain` are those of Envoy's route table and virtual host.
    pub fn explain_order(
        &self,
        (namespace, name): (&str, &str),
        table: &str,
        domain: &str,
        probe: &mut impl Probe,
    ) {
        let order = self.compiled(namespace, name).and_then(|it| it.orders.get(table)?.get(domain));
        let Some(order) = order.filter(|order| !order.is_empty()) else { return };
        probe.enter();
        probe.step(rules::HOST_PORT, None, || "a port behind the host is not compared".to_owned());
        probe.step(rules::ISOLATION, None, || {
            format!(
                "requests for `{domain}` belong to the listener with the most specific hostname"
            )
        });
        order.iter().take(MATCHES_MAX).for_each(|matched| tell(matched, probe));
        if order.len() > MATCHES_MAX {
            let more = order.len() - MATCHES_MAX;
            probe.step(rules::PRECEDENCE, None, || format!("and {more} more matches"));
        }
        probe.step(rules::NO_MATCH, None, || "requests that fit none of them get 404".to_owned());
        probe.leave(rules::PRECEDENCE, None, || {
            format!("{} matches of `{domain}`, in the order in which they are tried", order.len())
        });
    }
}

/// Whether a condition says that something is not in force.
fn is_refusal(condition: &Condition) -> bool {
    match condition.kind {
        ConditionType::Conflicted | ConditionType::PartiallyInvalid => condition.status,
        _ => !condition.status,
    }
}

/// Tells those conditions that say that something is not in force.
fn tell_refused<'c>(
    title: impl FnOnce() -> String,
    conditions: impl Iterator<Item = &'c Condition>,
    probe: &mut impl Probe,
) {
    let mut refused: Vec<&Condition> = Vec::new();
    for condition in conditions.filter(|it| is_refusal(it)) {
        // Parents may share a reason.
        if !refused.contains(&condition) {
            refused.push(condition);
        }
    }
    let Some(first) = refused.first() else { return };
    let origin = Some(first.origin);
    probe.enter();
    refused.iter().for_each(|condition| condition.tell(probe));
    probe.leave(rules::PARENT, origin, || format!("{} is not in force as it is written", title()));
}

fn tell(matched: &OrderedMatch, probe: &mut impl Probe) {
    let origin = Some(Origin::Manifest(matched.place));
    probe.enter();
    if matched.shadowed_by.is_some() {
        probe.fact("reachable", || "no: a match before it asks for the same".to_owned());
    }
    let rule = match matched.before_next {
        Some(Decision::Hostname) => rules::HOSTNAME_PRECEDENCE,
        _ => rules::PRECEDENCE,
    };
    probe.leave(rule, origin, || match matched.before_next {
        Some(why) => format!("{}, before the next one: {}", matched.route, why.sentence()),
        None => format!("{}, the last one", matched.route),
    });
}

fn first_origin(conditions: &[Condition]) -> Option<Origin> {
    conditions.first().map(|condition| condition.origin)
}
