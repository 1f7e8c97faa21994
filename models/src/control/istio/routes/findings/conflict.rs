//! Several VirtualServices for one host of the mesh: sidecars take one and leave the others out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::{Diagnostic, Place};

use super::super::effective::EffectiveVirtualService;
use super::super::matches::MESH;

pub(super) fn check(objects: &[Arc<EffectiveVirtualService>], findings: &mut Vec<Diagnostic>) {
    let mut claims: BTreeMap<&str, Vec<(&EffectiveVirtualService, Place)>> = BTreeMap::new();
    let for_mesh = objects.iter().filter(|object| {
        object.gateways.iter().any(|gateway| gateway.value == MESH) && !object.http.is_empty()
    });
    for object in for_mesh {
        for host in &object.hosts {
            claims.entry(&host.value).or_default().push((object, host.place));
        }
    }
    for (host, claims) in claims {
        // The objects come in the order in which Istio looks at them.
        for (at, &(object, place)) in claims.iter().enumerate() {
            let winner = claims[..at].iter().find(|(winner, _)| meet(winner, object));
            if let Some((winner, winners_place)) = winner {
                findings.push(conflict(host, (winner, *winners_place), (object, place)));
            }
        }
    }
}

/// Whether some namespace sees both.
fn meet(one: &EffectiveVirtualService, other: &EffectiveVirtualService) -> bool {
    let namespaces = |object: &EffectiveVirtualService| -> Vec<String> {
        object.export_to.listed(&object.namespace).map(str::to_owned).collect()
    };
    let (ones, others) = (namespaces(one), namespaces(other));
    match (one.export_to.is_public(), other.export_to.is_public()) {
        (true, true) => true,
        (true, false) => !others.is_empty(),
        (false, true) => !ones.is_empty(),
        (false, false) => ones.iter().any(|namespace| others.contains(namespace)),
    }
}

fn conflict(
    host: &str,
    (winner, winners_place): (&EffectiveVirtualService, Place),
    (object, place): (&EffectiveVirtualService, Place),
) -> Diagnostic {
    let message = format!("two VirtualServices for `{host}` in the mesh, and sidecars join none");
    let finding = Diagnostic::warning("istio.conflicting-virtual-services", message)
        .at(place, "sidecars leave this one out")
        .at(winners_place, format!("{}/{} counts", winner.namespace, winner.name));
    match (winner.created, object.created) {
        (Some(one), Some(other)) if one != other => finding.help("the older one counts"),
        (Some(_), Some(_)) => {
            finding.help("both were created in the same second; the first by name counts")
        }
        _ => finding.help(
            "the older one counts; without `metadata.creationTimestamp` an object is assumed to \
             be the youngest, and of two such objects the first by name counts",
        ),
    }
}
