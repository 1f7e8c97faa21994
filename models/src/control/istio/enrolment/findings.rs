//! Labels for ambient that do not do what they seem to: modes that nobody knows, and pods that get
//! a sidecar instead.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::explain::Silent;
use crate::manifest::{Diagnostic, Located};
use crate::world::{Origin, World};

use super::ambient::{MODE, REFUSED, TAKEN};
use super::{Enrolled, decide};

/// All findings about enrolment in one cluster, as far as its labels count.
#[must_use]
pub(in crate::control::istio) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let namespaces = world.namespaces.iter().filter(|it| it.cluster == push.cluster);
    let modes = namespaces.filter_map(|namespace| namespace.labels.get(MODE));
    let mut found: Vec<_> = modes.filter_map(unknown).collect();
    found.extend(instead(push, world));
    found.extend(super::startup::findings(push, world));
    found
}

/// A mode that no node agent knows: nothing comes of it.
fn unknown(mode: &Located<String>) -> Option<Diagnostic> {
    if [TAKEN, REFUSED].contains(&mode.value.as_str()) {
        return None;
    }
    let message = format!("`{}` is no data plane mode", mode.value);
    Some(
        Diagnostic::warning("ambient.mode-unknown", message)
            .at(mode.place, "nothing is given to a ztunnel by this label")
            .help("write `ambient`"),
    )
}

/// Pods that are labelled for ambient and get a sidecar, each label once.
fn instead(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut labels = BTreeMap::new();
    for (pod, row) in world.pods.entries() {
        let Some(namespace) = world.workloads[row.workload].namespace else { continue };
        let namespace = &world.namespaces[namespace];
        let own = row.labels.get(MODE);
        let asked = own.or_else(|| namespace.labels.get(MODE)).filter(|it| it.value == TAKEN);
        let (Some(asked), true) = (asked, namespace.cluster == push.cluster) else { continue };
        let is_seen = labels.contains_key(&asked.place);
        if !is_seen && decide(world, pod, &push.placement, &mut Silent) == Enrolled::Sidecar {
            let because = super::explain(world, pod, &push.placement).because;
            labels.insert(asked.place, (world.workload_name(row.workload), because.origin));
        }
    }
    let each = labels.into_iter().map(|(place, (name, origin))| {
        let message = format!("{name} is labelled for ambient and has a sidecar");
        let finding = Diagnostic::warning("ambient.and-sidecar", message)
            .at(place, "a pod with a sidecar is not given to the ztunnel")
            .help("take the label for the sidecar away, and make the pods anew");
        match origin {
            Some(Origin::Manifest(other)) => finding.at(other, "this asks for the sidecar"),
            _ => finding,
        }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use crate::control::istio::testing::Mesh;

    use super::*;

    fn codes(labels: &str) -> Vec<&'static str> {
        let mesh = Mesh::of(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{{labels}}}}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\n\
             spec: {{containers: [{{name: app}}]}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: b, namespace: shop}}\n\
             spec: {{containers: [{{name: app}}]}}\n"
        ));
        findings(mesh.push(), &mesh.world).iter().map(|it| it.code).collect()
    }

    #[test]
    fn a_namespace_that_asks_for_ambient_and_sidecars_gets_sidecars_and_that_is_told_once() {
        let both = "istio.io/dataplane-mode: ambient, istio.io/rev: stable";
        assert_eq!(codes(both), ["ambient.and-sidecar"]);
        assert_eq!(codes("istio.io/dataplane-mode: ambient"), [""; 0]);
        assert_eq!(codes("istio-injection: enabled"), [""; 0]);
    }

    #[test]
    fn a_mode_that_nobody_knows_is_told() {
        assert_eq!(codes("istio.io/dataplane-mode: Ambient"), ["ambient.mode-unknown"]);
        assert_eq!(codes("istio.io/dataplane-mode: none"), [""; 0]);
    }
}
