//! Tells why a Gateway or route has the status that it has, and why matches are tried in their
//! order. It decides nothing: it repeats what was decided, with the rules and lines.

use crate::explain::Probe;
use crate::manifest::kinds::gateway::RouteKind;
use crate::world::Origin;

use super::compile::OrderedMatch;
use super::rules;
use super::status::Condition;
use super::{GatewayControlPlane, RouteReport};

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
        let Some(order) = order else { return };
        probe.enter();
        probe.step(rules::HOST_PORT, None, || "a port behind the host is not compared".to_owned());
        probe.step(rules::ISOLATION, None, || {
            format!(
                "requests for `{domain}` belong to the listener with the most specific hostname"
            )
        });
        order.iter().for_each(|matched| tell(matched, probe));
        probe.step(rules::NO_MATCH, None, || "requests that fit none of them get 404".to_owned());
        probe.leave(rules::PRECEDENCE, None, || {
            format!("{} matches of `{domain}`, in the order in which they are tried", order.len())
        });
    }
}

fn tell(matched: &OrderedMatch, probe: &mut impl Probe) {
    let origin = Some(Origin::Manifest(matched.place));
    probe.enter();
    if matched.shadowed_by.is_some() {
        probe.fact("reachable", || "no: a match before it asks for the same".to_owned());
    }
    probe.leave(rules::PRECEDENCE, origin, || match matched.before_next {
        Some(why) => format!("{}, before the next one: {}", matched.route, why.sentence()),
        None => format!("{}, the last one", matched.route),
    });
}

fn first_origin(conditions: &[Condition]) -> Option<Origin> {
    conditions.first().map(|condition| condition.origin)
}
