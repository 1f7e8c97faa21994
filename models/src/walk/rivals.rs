//! VirtualServices of one host of which sidecars take one alone: which counts, which are set
//! aside, and whether their ages, which decide, are known.

use crate::control::istio::hosts;
use crate::control::istio::routes::EffectiveVirtualService;
use crate::explain::{Probe, RuleId, Tree};
use crate::world::{NamespaceId, Origin, PodId};

use super::answer::Answer;
use super::proxy::View;

const OLDEST: RuleId = RuleId("istio.route.oldest-wins");
const EXACT: RuleId = RuleId("istio.route.exact-host-first");
/// The word that binds a VirtualService to all sidecars.
const MESH: &str = "mesh";

/// Tells what becomes of the other VirtualServices that name `host`, as the proxy of `pod` sees
/// them.
pub(super) fn tell(view: View<'_>, pod: PodId, host: &str, answer: &mut Answer, tree: &mut Tree) {
    let world = view.world;
    let Some(push) = view.planes.istio().push_of(world, pod) else { return };
    let namespace: Option<NamespaceId> = world.workload_of(pod).namespace;
    let client = namespace.map_or("", |id| world.namespaces[id].name.as_str());
    let names_it = |object: &&EffectiveVirtualService| {
        object.gateways.iter().any(|gateway| gateway.value == MESH)
            && object.export_to.reaches(&object.namespace, client)
            && object.hosts.iter().any(|known| hosts::covers(known, host))
    };
    let objects: Vec<&EffectiveVirtualService> =
        push.virtual_services.iter().map(|object| &**object).filter(names_it).collect();
    if objects.len() < 2 {
        return;
    }
    let Some(winner) = objects.iter().find(|object| counts(view, host, object)).copied() else {
        return;
    };
    for other in objects.into_iter().filter(|object| !std::ptr::eq(*object, winner)) {
        let by_host = is_exact(winner, host) && !is_exact(other, host);
        let (winner_name, name) = (title(winner), title(other));
        let places = vec![Origin::Manifest(other.place), Origin::Manifest(winner.place)];
        tree.step(if by_host { EXACT } else { OLDEST }, Some(places[0]), || {
            let why = if by_host { "its host is written out" } else { "it is older" };
            format!("VirtualService {name} is passed over: {winner_name} counts, as {why}")
        });
        if by_host {
            continue;
        }
        let ages_are_known = winner.created.is_some() && other.created.is_some();
        let (id, sentence) = if ages_are_known {
            (
                "route.set-aside",
                format!(
                    "nothing of VirtualService {name} counts here: sidecars take one for a host, \
                     and {winner_name} is older"
                ),
            )
        } else {
            (
                "route.age-unknown",
                format!(
                    "VirtualServices {winner_name} and {name} name one host, sidecars take the \
                     older, and the manifests do not say which that is: without creation times \
                     {winner_name} counts, by its name"
                ),
            )
        };
        answer.tell(id, sentence, places);
    }
}

/// Whether the proxy's virtual host of this name was made from the object.
fn counts(view: View<'_>, host: &str, object: &EffectiveVirtualService) -> bool {
    let origin = Origin::Manifest(object.place);
    let name = format!("{host}:{}", view.dial.port);
    let tables = view.config.route_tables.values();
    let mut made = tables.flat_map(|table| &table.virtual_hosts).filter(|it| it.origin == origin);
    made.any(|it| it.name == name)
}

fn is_exact(object: &EffectiveVirtualService, host: &str) -> bool {
    object.hosts.iter().any(|known| known.value.eq_ignore_ascii_case(host))
}

fn title(object: &EffectiveVirtualService) -> String {
    format!("{}/{}", object.namespace, object.name)
}
