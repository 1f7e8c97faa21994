//! Laws of enrolment over small clusters: the order of documents counts for nothing, who takes all
//! labels of the mesh away has no mesh, and no pod has two data paths.

use proptest::prelude::*;

use super::{Enrolled, decide};
use crate::control::istio::testing::Mesh;
use crate::explain::Silent;
use crate::path::{DataPath, Placement};
use crate::world::World;

/// The metadata of a namespace and of its only pod.
#[derive(Clone, Debug)]
struct Case {
    namespace: Vec<&'static str>,
    pod: Vec<&'static str>,
    annotations: Vec<&'static str>,
    host_network: bool,
}

impl Case {
    fn documents(&self, name: &str) -> Vec<String> {
        let Self { namespace, pod, annotations, host_network } = self;
        vec![
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{}}}}}\n",
                namespace.join(", ")
            ),
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: {name}, labels: {{{}}}, \
                 annotations: {{{}}}}}\nspec: {{containers: [{{name: app}}], \
                 hostNetwork: {host_network}}}\n",
                pod.join(", "),
                annotations.join(", ")
            ),
        ]
    }
}

const ON_NAMESPACES: [&str; 5] = [
    "istio-injection: enabled",
    "istio-injection: disabled",
    "istio.io/rev: stable",
    "istio.io/dataplane-mode: ambient",
    "istio.io/dataplane-mode: none",
];
const ON_PODS: [&str; 5] = [
    "sidecar.istio.io/inject: 'true'",
    "sidecar.istio.io/inject: 'false'",
    "istio.io/rev: stable",
    "istio.io/dataplane-mode: ambient",
    "istio.io/dataplane-mode: none",
];
const ANNOTATIONS: [&str; 3] = [
    "sidecar.istio.io/status: '{}'",
    "ambient.istio.io/redirection: enabled",
    "inject.istio.io/templates: gateway",
];

/// Some of `all`, at most one of each key.
fn some(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(all, 0..=all.len()).prop_map(|mut chosen| {
        chosen.dedup_by_key(|label| label.split(':').next().unwrap_or_default());
        chosen
    })
}

fn case() -> impl Strategy<Value = Case> {
    (some(&ON_NAMESPACES), some(&ON_PODS), some(&ANNOTATIONS), any::<bool>()).prop_map(
        |(namespace, pod, annotations, host_network)| Case {
            namespace,
            pod,
            annotations,
            host_network,
        },
    )
}

fn world(documents: &[String]) -> World {
    Mesh::of(&documents.join("---\n")).world
}

/// What each pod has, by the name of its namespace.
fn all(world: &World, placement: &Placement) -> Vec<(String, Enrolled)> {
    let pods = world.pods.ids();
    pods.map(|pod| {
        let name = world.workload_name(world.pods[pod].workload);
        (name, decide(world, pod, placement, &mut Silent))
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_documents_decides_nothing(
        (one, other) in (case(), case()),
        turned in any::<bool>(),
    ) {
        let labels = Placement::default();
        let mut documents = [one.documents("one"), other.documents("other")].concat();
        let before = all(&world(&documents), &labels);
        if turned {
            documents.reverse();
        } else {
            documents.rotate_left(1);
        }
        prop_assert_eq!(before, all(&world(&documents), &labels));
    }

    #[test]
    fn without_labels_of_the_mesh_there_is_no_mesh(case in case()) {
        let bare = Case { namespace: vec![], pod: vec![], annotations: vec![], ..case };
        let found = all(&world(&bare.documents("shop")), &Placement::default());
        prop_assert_eq!(found[0].1, Enrolled::Nothing);
    }

    #[test]
    fn a_pod_has_the_data_path_that_it_is_given_or_none(case in case()) {
        let world = world(&case.documents("shop"));
        for given in [DataPath::None, DataPath::IstioSidecar, DataPath::IstioAmbient] {
            let found = all(&world, &Placement::everywhere(given))[0].1.data_path();
            prop_assert!(found == given || found == DataPath::None, "{:?} of {:?}", found, given);
        }
    }

    #[test]
    fn the_hosts_network_keeps_every_proxy_away_that_is_not_there_yet(case in case()) {
        let host = Case { annotations: vec![], host_network: true, ..case };
        let world = world(&host.documents("shop"));
        for placement in [Placement::default(), Placement::everywhere(DataPath::IstioAmbient)] {
            prop_assert_eq!(all(&world, &placement)[0].1, Enrolled::Nothing);
        }
    }
}
