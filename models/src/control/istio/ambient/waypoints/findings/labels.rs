//! Waypoints that labels name and nobody uses: each label once, with what it means for traffic.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::explain::Silent;
use crate::manifest::{Diagnostic, Place};
use crate::world::{Origin, World};

use super::super::choice::{Choice, Refusal, RefusalKind, choice_for};
use super::super::{WaypointAsked, served};
use super::named;

/// A label that names a waypoint which is not used, and why not.
type Refused = (Place, RefusalKind, String);

/// All findings about the labels of one cluster.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut refused: BTreeMap<Refused, (Option<Origin>, Vec<String>)> = BTreeMap::new();
    let mut add = |choice: Choice<'_>, whom: String| {
        let Choice::Refused(Refusal { kind, waypoint, label, refused_by }) = choice else { return };
        let (_, all) = refused.entry((label, kind, waypoint)).or_insert((refused_by, Vec::new()));
        if !all.contains(&whom) {
            all.push(whom);
        }
    };
    for service in push.registry.services() {
        let choice = served::choice_of(push, world, service);
        add(choice, format!("Service `{}/{}`", service.namespace, service.name));
    }
    for pod in world.pods.ids() {
        let workload = world.pods[pod].workload;
        if world.cluster_of(workload) == Some(push.cluster) {
            let choice = choice_for(push, world, WaypointAsked::Pod(pod), &mut Silent);
            // What is missing is told of Services; that a pod names one itself is told of pods.
            let tells =
                !matches!(&choice, Choice::Refused(it) if it.kind != RefusalKind::NotForThat);
            if tells || world.pods[pod].labels.values().any(|label| is_at(&choice, label.place)) {
                add(choice, format!("pods of `{}`", world.workload_name(workload)));
            }
        }
    }
    refused.into_iter().map(|(refused, (by, whom))| told(&refused, by, &whom)).collect()
}

fn is_at(choice: &Choice<'_>, place: Place) -> bool {
    matches!(choice, Choice::Refused(refusal) if refusal.label == place)
}

fn told((label, kind, waypoint): &Refused, by: Option<Origin>, whom: &[String]) -> Diagnostic {
    let past = format!("traffic to {} goes past it", named(whom));
    let (code, message, help) = match kind {
        RefusalKind::Missing => (
            "ambient.no-such-waypoint",
            format!("there is no waypoint `{waypoint}`"),
            "no policy and no route for requests holds without it: declare a Gateway of this name \
             with class `istio-waypoint`, or correct the label",
        ),
        RefusalKind::NotAllowed => (
            "ambient.waypoint-not-allowed",
            format!("waypoint `{waypoint}` may not be used from this namespace"),
            "let `allowedRoutes` of its listener for port 15008 admit the namespace",
        ),
        RefusalKind::NotForThat => (
            "ambient.waypoint-not-for-that",
            format!("waypoint `{waypoint}` does not serve this sort of traffic"),
            "`istio.io/waypoint-for` on its Gateway says what it serves: `service`, `workload` or \
             `all`",
        ),
    };
    let found = Diagnostic::warning(code, message).at(*label, past);
    let found = match by {
        Some(Origin::Manifest(place)) => found.at(place, "this does not admit it"),
        _ => found,
    };
    found.help(help)
}
