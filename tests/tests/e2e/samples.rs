//! Manifests of other people, as they are; they lie beside the checkout or the tests skip.

use meshwalk_tests::shared;

use super::binary::meshwalk;

fn loads_and_runs(path: &str) {
    let Some(path) = shared(path) else { return };
    for arguments in [&["lint"][..], &["run"]] {
        let output = meshwalk().args(arguments).arg(&path).output().expect("the binary starts");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?} {}\n{}{}",
            path.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn bookinfo_loads_and_runs_as_it_is() {
    loads_and_runs("samples/istio/bookinfo/platform/kube/bookinfo.yaml");
}

#[test]
fn online_boutique_loads_and_runs_as_it_is() {
    loads_and_runs("conformance/netpol/onlineboutique/manifests");
}

#[test]
fn nothing_among_the_samples_makes_lint_panic() {
    for folder in ["samples", "conformance"] {
        let Some(path) = shared(folder) else { return };
        let output = meshwalk().arg("lint").arg(&path).output().expect("the binary starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{folder}: {stderr}");
    }
}
