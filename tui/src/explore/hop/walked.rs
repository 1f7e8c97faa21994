//! Which leg of a walk is the same as one of a hop.

use meshwalk_models::walk::{Answer, EndKind, Leg};

use crate::explore::wording::SpotPart;

use super::{Hop, Role, Stop};

/// The leg of the walk between the same two sorts of boxes as the leg in this place; of two such
/// ones, the first on the caller's side and the last on the server's.
pub(crate) fn walked_leg<'a>(hop: &Hop, answer: &'a Answer, leg: usize) -> Option<&'a Leg> {
    let from = hop.stops.get(leg)?;
    let kinds = (end_kind(from)?, end_kind(hop.stops.get(leg + 1)?)?);
    let is_it = |it: &&Leg| (it.from.kind, it.to.kind) == kinds;
    let mut legs = answer.legs.iter().filter(is_it);
    if from.role == Role::ServerProxy { legs.next_back() } else { legs.next() }
}

fn end_kind(stop: &Stop) -> Option<EndKind> {
    let Some(spot) = stop.spot else {
        return match stop.role {
            Role::CallerApp | Role::ServerApp => Some(EndKind::Application),
            Role::Waypoint => Some(EndKind::Waypoint),
            Role::CallerProxy | Role::ServerProxy => None,
        };
    };
    Some(match spot.part {
        SpotPart::App => EndKind::Application,
        SpotPart::Sidecar => EndKind::Sidecar,
        SpotPart::Ztunnel => EndKind::Ztunnel,
        SpotPart::Waypoint => EndKind::Waypoint,
        SpotPart::Gateway => EndKind::Gateway,
        SpotPart::Kernel => return None,
    })
}

/// `shop/sa/web` for `spiffe://cluster.local/ns/shop/sa/web`: namespace and service account.
pub(crate) fn short_principal(principal: &str) -> String {
    let path = principal.split_once("ns/").map(|(_, path)| path);
    match path.and_then(|path| path.split_once("/sa/")) {
        Some((namespace, account)) => format!("{namespace}/sa/{account}"),
        None => principal.to_owned(),
    }
}
