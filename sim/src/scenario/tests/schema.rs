//! The schema that editors use says what the reader says.

use meshwalk_models::manifest::{SourceSet, yaml};
use serde_json::Value;

use super::super::file::ScenarioFile;
use super::super::json_schema;
use super::validator::fits;
use super::{BOOKSHOP, scenarios_of_this_repository};

fn json_of(text: &str, change: &str) -> Value {
    let mut sources = SourceSet::new();
    let file = sources.add("shop.yaml", text);
    let (mut document, _) = yaml::single_document(&sources, file).expect("the test's own YAML");
    if !change.is_empty() {
        let change = sources.add("--set", change);
        yaml::set_path(&mut document, &sources, change).expect("it fits");
    }
    yaml::from_document(&document).expect("any YAML is JSON here")
}

fn schema() -> Value {
    serde_json::from_str(&json_schema()).expect("JSON")
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scenarios/schema/scenario-v1.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == json_schema(),
        "the schema has changed; run `cargo run -- schema > scenarios/schema/scenario-v1.json`"
    );
}

#[test]
fn every_part_of_a_scenario_is_described() {
    fn missing(schema: &Value, at: &str, found: &mut Vec<String>) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (name, property) in properties {
            if property["description"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{at}.{name}"));
            }
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    missing(&schema, "", &mut found);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        missing(definition, name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let schema = schema();
    for text in scenarios_of_this_repository() {
        assert!(fits(&schema, &schema, &json_of(&text, "")), "{text}");
    }
    for change in [
        "",
        "duration=1m30s",
        "warm_up=0",
        "data_path=istio-sidecar",
        "data_path=istio-ambient+waypoint",
        "data_paths={front: from-labels, reviews: istio-ambient}",
        "workloads.front.workers=1",
        "workloads.front.routes[0].response_size=1.5MB",
        "workloads.front.routes[0].response_size=2048",
        "workloads.front.routes[0].steps[0].work={gamma: {mean: 1ms, shape: 0.5}}",
        "workloads.front.routes[0].steps[0].work={empirical: [{quantile: 0, value: .5ms}]}",
        "workloads.front.routes[0].steps[0]={parallel: [{to: a}, {to: b, protocol: grpc}]}",
        "traffic[0].load={users: {count: 5, think_time: {exponential: {mean: 1s}}}}",
        "traffic[0].load={arrivals: {diurnal: {mean: 1/s, peak: 90/min, period: 1h}}}",
        "traffic[0].timeout=250ms",
        "topology.clusters[0].zones[0].nodes=[a, b]",
    ] {
        let value = json_of(BOOKSHOP, change);
        assert!(fits(&schema, &schema, &value), "{change}");
        serde_json::from_value::<ScenarioFile>(value).expect(change);
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    for change in [
        "sead=1",
        "seed=-1",
        "seed=one",
        "duration=30",
        "duration=[]",
        "data_path=linkerd",
        "workloads.front.worker=1",
        "workloads.front.threads=green",
        "workloads.front.routes[0].error_rate=1.5",
        "workloads.front.routes[0].response_size=big",
        "workloads.front.routes[0].steps[0].work=3",
        "workloads.front.routes[0].steps[0].work={normal: {mean: 1ms}}",
        "workloads.front.routes[0].steps[0].work={constant: 1ms, exponential: {mean: 1ms}}",
        "workloads.front.routes[0].steps[0].work={uniform: {min: 1ms}}",
        "workloads.front.routes[0].steps[0]={sleep: 1ms}",
        "traffic[0].load={arrivals: {poisson: {rate: 200}}}",
        "traffic[0].load={arrivals: {poisson: {rate: 200/s, burst: 1}}}",
        "traffic[0].load={users: {count: 5}}",
        "traffic[0].to=",
        "topology.clusters[0].zones[0].nodes=three",
    ] {
        let value = json_of(BOOKSHOP, change);
        assert!(!fits(&schema, &schema, &value), "{change}");
        assert!(serde_json::from_value::<ScenarioFile>(value).is_err(), "{change}");
    }
}
