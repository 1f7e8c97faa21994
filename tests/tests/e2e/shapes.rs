//! The scenario files themselves, before anything runs.

use std::fs;

use meshwalk_models::manifest::SourceSet;
use meshwalk_sim::scenario;
use meshwalk_sim::scenario::file::ScenarioFile;
use meshwalk_tests::{relative, scenarios, workspace};

fn read(path: &std::path::Path) -> ScenarioFile {
    let mut sources = SourceSet::new();
    let text = fs::read_to_string(path).expect("a scenario is text");
    let file = sources.add(relative(path), text);
    let scenario = scenario::read(&mut sources, file, &[])
        .unwrap_or_else(|findings| panic!("{}: {findings:#?}", relative(path)));
    assert!(scenario.warnings.is_empty(), "{}: {:#?}", relative(path), scenario.warnings);
    scenario.file
}

#[test]
fn every_scenario_has_the_shape_of_version_1() {
    let all = scenarios();
    assert!(all.len() >= 10, "the walk over scenarios/ finds only {all:?}");
    for path in &all {
        let scenario = read(path);
        assert_eq!(scenario.version, 1, "{}", relative(path));
        assert!(!scenario.expectations.is_empty(), "{} expects nothing", relative(path));
        assert!(!scenario.name.is_empty(), "{} has no name", relative(path));
    }
}

#[test]
fn editors_find_the_schema_from_the_first_line() {
    for path in scenarios() {
        let text = fs::read_to_string(&path).expect("a scenario is text");
        let first = text.lines().next().unwrap_or_default();
        let schema = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{} names no schema on its first line", relative(&path)));
        let schema = path.parent().expect("a file lies in a folder").join(schema);
        let expected = workspace().join("scenarios/schema/scenario-v1.json");
        assert_eq!(
            schema.parent().and_then(|folder| folder.canonicalize().ok()),
            expected.parent().and_then(|folder| folder.canonicalize().ok()),
            "{}",
            relative(&path)
        );
    }
}

/// The three differ in mesh, traffic and expectations only; else comparing them means nothing.
#[test]
fn the_scenarios_of_the_shop_describe_one_application() {
    let folder = workspace().join("scenarios/shop");
    let baseline = read(&folder.join("baseline.yaml"));
    for other in ["no-mesh.yaml", "overload.yaml"] {
        let scenario = read(&folder.join(other));
        assert_eq!(scenario.workloads, baseline.workloads, "{other}");
        assert_eq!(scenario.outside, baseline.outside, "{other}");
        assert_eq!(scenario.topology, baseline.topology, "{other}");
        assert_eq!(scenario.network, baseline.network, "{other}");
        assert_eq!(scenario.manifests, baseline.manifests, "{other}");
        assert_eq!(scenario.seed, baseline.seed, "{other}");
    }
}
