//! The repository's own manifests are clean: nothing misspelt, nothing that leads nowhere.

use std::fs;
use std::path::PathBuf;

use meshwalk_models::manifest::kinds::WorkloadKind;
use meshwalk_models::manifest::{self, Manifests, Sort, SourceSet};
use meshwalk_models::world::{self, ClusterManifests, ServiceKind, Topology, WorkloadSource};
use meshwalk_tests::{files_below, relative, workspace};

fn load(files: &[PathBuf]) -> Manifests {
    let mut sources = SourceSet::new();
    let ids: Vec<_> = files
        .iter()
        .map(|path| sources.add(relative(path), fs::read_to_string(path).expect("it is text")))
        .collect();
    manifest::load(&sources, ids)
}

fn manifests_below(folder: &str) -> Vec<PathBuf> {
    let mut files = files_below(&workspace().join(folder));
    files.sort();
    files
}

fn assert_clean(manifests: &Manifests) {
    assert!(manifests.diagnostics.is_empty(), "{:#?}", manifests.diagnostics);
    let unknown: Vec<_> =
        manifests.report.not_modelled.iter().filter(|entry| entry.sort == Sort::Unknown).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

fn build(manifests: &Manifests, default_namespace: &str) -> world::Built {
    let cluster =
        ClusterManifests { name: "eu", default_namespace, resources: &manifests.resources };
    world::build(&[cluster], &Topology::default(), &[])
}

#[test]
fn the_manifests_of_the_small_scenarios_are_clean() {
    for file in manifests_below("scenarios/basics/manifests") {
        let manifests = load(&[file]);
        assert_clean(&manifests);
        let built = build(&manifests, "default");
        assert!(built.findings.is_empty(), "{:#?}", built.findings);
    }
}

#[test]
fn the_shop_is_what_a_real_team_has() {
    let manifests = load(&manifests_below("scenarios/shop/manifests"));
    assert_clean(&manifests);
    let built = build(&manifests, "shop");
    assert!(built.findings.is_empty(), "{:#?}", built.findings);

    let world = built.world;
    let kinds: Vec<_> = world.workloads.iter().map(|workload| workload.source).collect();
    for kind in [WorkloadKind::Deployment, WorkloadKind::StatefulSet, WorkloadKind::DaemonSet] {
        assert!(kinds.contains(&WorkloadSource::Controller(kind)), "it has no {kind:?}");
    }
    let services = || world.services.iter();
    assert!(services().any(|service| service.kind == ServiceKind::Headless));
    assert!(services().any(|service| matches!(service.kind, ServiceKind::ExternalName(_))));
    for service in services() {
        for port in &service.ports {
            assert!(!port.endpoints.is_empty(), "nobody stands behind {}", service.name);
        }
    }
    // Autoscalers are real, and the report owns up to not knowing them.
    let owned_up = |kind: &str| {
        let entries = &manifests.report.not_modelled;
        entries.iter().any(|e| e.sort == Sort::NotModelledYet && e.kind.contains(kind))
    };
    assert!(!owned_up("NetworkPolicy") && owned_up("HorizontalPodAutoscaler"));
}
