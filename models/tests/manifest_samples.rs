//! The reader on public samples, which stand beside the workspace where they are available.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use meshwalk_models::manifest::{Manifests, Severity, Sort, SourceSet, load};

/// The folder of samples, or a visible notice that it is not there.
fn samples(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(folder);
    if root.is_dir() {
        return Some(root);
    }
    // Written past the test harness, which would hide it from those who should see it.
    writeln!(io::stderr(), "skipped: ../shared is absent").expect("stderr is open");
    None
}

fn yaml_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|it| it == "yaml" || it == "yml" || it == "json") {
            files.push(path);
        }
    }
}

fn load_files(files: &[PathBuf]) -> (SourceSet, Manifests) {
    let mut sources = SourceSet::new();
    for file in files {
        sources.add_bytes(file.to_string_lossy(), fs::read(file).expect("readable"));
    }
    let manifests = load(&sources, sources.ids());
    (sources, manifests)
}

fn all_samples(folder: &str) -> Option<(SourceSet, Manifests)> {
    let mut files = Vec::new();
    yaml_files(&samples(folder)?, &mut files);
    Some(load_files(&files))
}

#[test]
fn bookinfo_is_read_without_a_complaint() {
    let path = "samples/istio/bookinfo/platform/kube/bookinfo.yaml";
    let Some(root) = samples("") else { return };
    let (_, manifests) = load_files(&[root.join(path)]);
    assert_eq!(manifests.diagnostics, []);
    let count = |kind: &str| {
        let found = manifests.report.kinds.iter().find(|it| it.kind == kind);
        found.map(|it| (it.count, it.modelled))
    };
    assert_eq!(count("Service"), Some((4, true)));
    assert_eq!(count("Deployment"), Some((6, true)));
    assert_eq!(count("ServiceAccount"), Some((4, true)));
    assert_eq!(manifests.resources.len(), 14);
    assert!(manifests.report.not_modelled.iter().all(|entry| entry.sort == Sort::Irrelevant));
}

#[test]
fn the_online_boutique_is_read_without_an_error() {
    let Some((_, manifests)) = all_samples("conformance/netpol/onlineboutique/manifests") else {
        return;
    };
    let worse = |severity| severity < Severity::Note;
    assert!(manifests.diagnostics.iter().all(|finding| !worse(finding.severity)));
    assert!(manifests.report.not_modelled.iter().all(|entry| entry.sort != Sort::Unknown));
    assert!(!manifests.resources.is_empty());
}

/// The only unknown things in the samples were checked by hand: they are unknown indeed.
#[test]
fn no_field_of_the_samples_is_called_unknown_that_kubernetes_knows() {
    for folder in ["conformance/netpol", "conformance/gateway-api", "samples"] {
        let Some((_, manifests)) = all_samples(folder) else { return };
        let unknown = manifests.report.not_modelled.iter().filter(|it| it.sort == Sort::Unknown);
        let unknown: Vec<_> = unknown.map(|it| it.field.as_deref().unwrap_or(&it.kind)).collect();
        let expected: &[&str] = match folder {
            // A Deployment that writes the field in lower case, which the API does not know.
            "conformance/netpol" => &["spec.template.spec.containers[].ports[].containerport"],
            _ => &[],
        };
        assert_eq!(unknown, expected, "{folder}");
    }
}

#[test]
fn every_finding_in_the_samples_has_a_place_that_can_be_shown() {
    let Some((sources, manifests)) = all_samples("") else { return };
    assert!(manifests.resources.len() > 100);
    for finding in &manifests.diagnostics {
        let place = finding.place().expect("every finding has a place");
        assert!(place.line as usize <= sources.get(place.source).line_count());
    }
}

#[test]
fn the_samples_read_in_reverse_give_the_same_report() {
    let Some(root) = samples("samples") else { return };
    let mut files = Vec::new();
    yaml_files(&root, &mut files);
    let (_, forwards) = load_files(&files);
    files.reverse();
    let (_, backwards) = load_files(&files);
    assert_eq!(forwards.report, backwards.report);
}
