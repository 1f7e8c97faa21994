//! Manifests that others wrote: they build, and nothing is found that is not wrong.

use std::path::{Path, PathBuf};

use crate::manifest::{Severity, SourceSet, load};
use crate::world::WorkloadSource;

use super::*;

/// The files of a folder beside the workspace; `None`, said aloud, if it is not there.
fn files(folder: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(folder);
    let Ok(entries) = std::fs::read_dir(&root) else {
        println!("skipped: ../shared/{folder} is absent");
        return None;
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    Some(files)
}

fn load_all(paths: &[PathBuf]) -> Vec<Resource> {
    let mut sources = SourceSet::new();
    let ids: Vec<_> = paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a text file");
            sources.add(path.display().to_string(), text)
        })
        .collect();
    load(&sources, ids).resources
}

#[test]
fn bookinfo_builds_without_a_warning() {
    let Some(paths) = files("samples/istio/bookinfo/platform/kube") else { return };
    let paths: Vec<_> = paths.into_iter().filter(|path| path.ends_with("bookinfo.yaml")).collect();
    let built = built(&load_all(&paths));
    assert_eq!(built.world.services.len(), 4);
    assert_eq!(endpoint_texts(&built.world, "default/reviews", 0).len(), 3);
    let worst: Vec<_> =
        built.findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
    assert!(worst.is_empty(), "{worst:#?}");
}

#[test]
fn online_boutique_shows_its_deployments_though_only_pods_were_dumped() {
    let Some(paths) = files("conformance/netpol/onlineboutique/manifests") else { return };
    let built = built(&load_all(&paths));
    let world = &built.world;
    assert_eq!((world.workloads.len(), world.pods.len(), world.nodes.len()), (12, 12, 1));
    let frontend = &world.workloads[workload_named(world, "default/frontend")];
    assert_eq!(
        frontend.source,
        WorkloadSource::Controller(crate::manifest::kinds::WorkloadKind::Deployment)
    );
    assert!(world.pods.iter().all(|pod| pod.ip_is_declared && pod.ready));
    assert_eq!(codes(&built), [] as [&str; 0]);
}
