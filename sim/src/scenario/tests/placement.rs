//! Stories of scenarios that say which data path workloads have.

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Manifests, Severity, SourceSet, load};
use meshwalk_models::path::{Choice, DataPath, WaypointPlacement};
use meshwalk_models::world::{ClusterManifests, Topology, World, build};

use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare};
use crate::scenario::{self, Scenario};

const MANIFESTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: app}]}
---
apiVersion: v1
kind: Pod
metadata: {name: batch, namespace: shop, labels: {sidecar.istio.io/inject: 'false'}}
spec: {containers: [{name: app}]}
";

fn manifests(text: &str) -> Manifests {
    let mut sources = SourceSet::new();
    let id = sources.add("shop.yaml", text);
    load(&sources, [id])
}

fn world(manifests: &Manifests) -> World {
    let resources = &manifests.resources[..];
    let cluster = ClusterManifests { name: "east", default_namespace: "default", resources };
    build(&[cluster], &Topology::default(), &[]).world
}

fn scenario(words: &str) -> Scenario {
    let mut sources = SourceSet::new();
    let id = sources.add("scenario.yaml", format!("version: 1\nduration: 1s\n{words}\n"));
    scenario::read(&mut sources, id, &[]).expect("it can be read")
}

fn prepared(words: &str) -> Prepared {
    let manifests = manifests(MANIFESTS);
    let cluster = ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources };
    prepare(&[cluster], &scenario(words), &CostProfile::built_in())
}

fn codes(prepared: &Prepared, severity: Severity) -> Vec<&'static str> {
    let found = prepared.findings.iter().filter(|it| it.severity == severity);
    found.map(|it| it.code).filter(|code| code.starts_with("scenario.")).collect()
}

/// The data paths of `batch` and `web`.
fn data_paths(words: &str) -> Vec<DataPath> {
    prepared(words).plan.pods.iter().map(|pod| pod.data_path).collect()
}

#[test]
fn the_labels_decide_where_the_scenario_leaves_it_to_them() {
    use DataPath::{IstioSidecar, None};
    assert_eq!(data_paths("data_path: from-labels"), [None, IstioSidecar]);
    assert_eq!(data_paths("data_path: none"), [None, None]);
    // Nobody says more than that there is no mesh.
    assert_eq!(data_paths(""), [None, None]);
    assert_eq!(data_paths("data_paths: {web: from-labels}"), [None, IstioSidecar]);
}

#[test]
fn a_workload_that_refuses_what_it_is_given_goes_without_and_that_is_said() {
    let prepared = prepared("data_paths: {batch: istio-sidecar}");
    assert_eq!(codes(&prepared, Severity::Warning), ["scenario.data-path-refused"]);
    assert_eq!(data_paths("data_path: istio-sidecar")[0], DataPath::None);
}

#[test]
fn waypoints_follow_from_the_words_on_data_paths() {
    let placed = |words: &str| {
        let world = world(&manifests(MANIFESTS));
        scenario::placement(&world, &scenario(words), &mut Vec::new())
    };
    for (words, waypoints) in [
        ("data_path: istio-sidecar", WaypointPlacement::Nowhere),
        ("data_path: from-labels", WaypointPlacement::FromLabels),
        ("data_paths: {web: istio-ambient}", WaypointPlacement::FromLabels),
        ("data_path: istio-ambient+waypoint", WaypointPlacement::EveryNamespace),
    ] {
        assert_eq!(placed(words).waypoints, waypoints, "{words}");
    }
    let ambient = placed("data_path: istio-ambient+waypoint");
    assert_eq!(ambient.default, Choice::Given(DataPath::IstioAmbient));
}

#[test]
fn a_name_that_leads_nowhere_is_an_error() {
    let prepared = prepared("data_paths: {wep: none}");
    assert_eq!(codes(&prepared, Severity::Error), ["scenario.no-such-workload"]);
}
