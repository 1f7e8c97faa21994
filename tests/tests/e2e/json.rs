//! JSON.md against the binary: every field is documented, and every documented field is there.

use std::collections::BTreeSet;
use std::fs;

use meshwalk_tests::workspace;
use serde_json::Value;

use super::binary::{SHOP, SHORT, meshwalk, run_json};

const MIGRATION: &str = "scenarios/basics/migration.yaml";
const ROUTES: &str = "scenarios/questions/41-routes-in-ci";

/// The rows of the tables: names in backquotes that begin a row, below the heading `### NAME`.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(workspace().join("JSON.md")).expect("JSON.md is text");
    let section = page
        .split("\n### ")
        .find(|section| section.lines().next() == Some(heading))
        .unwrap_or_else(|| panic!("JSON.md has no section `{heading}`"));
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} is no object"));
    object.keys().cloned().collect()
}

/// What a command prints with `-o json`.
fn printed(arguments: &[&str]) -> Value {
    let output = meshwalk().args(arguments).args(["-o", "json"]).output();
    let output = output.expect("the binary starts");
    let err = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {err}"))
}

#[track_caller]
fn same(value: &Value, heading: &str) {
    assert_eq!(keys(value), documented(heading), "{heading}");
}

#[test]
fn a_run_has_the_fields_that_are_documented_and_no_others() {
    let run = run_json(&[&[SHOP][..], &SHORT].concat());
    same(&run, "The whole");
    for (part, heading) in [
        ("services", "A service"),
        ("edges", "An edge"),
        ("workloads", "A workload"),
        ("proxies", "A row of proxies"),
        ("traffic", "A traffic source"),
        ("expectations", "An expectation"),
    ] {
        same(&run[part][0], heading);
    }
    same(&run["identity"], "The identity");
    same(&run["totals"], "The totals");
}

#[test]
fn an_answer_has_the_fields_that_are_documented_and_no_others() {
    let answer = printed(&[
        "why",
        "-f",
        ROUTES,
        "--from",
        "web/frontend",
        "--to",
        "checkout.shop:8080",
        "--path",
        "/pay",
        "-H",
        "x-user: jane",
    ]);
    same(&answer, "The answer");
    same(&answer["question"], "The question");
    same(&answer["client_sees"], "What the client sees");
    same(&answer["legs"][0], "A leg");
    same(&answer["weights"][0], "A share");
    same(&answer["weights"][0]["endpoints"][0], "An endpoint");
    same(&answer["request_after"], "The request after the proxy");
    same(&answer["retry"], "The retry policy");
    same(&answer["timeouts"], "The time limits");
    same(&answer["because"][0], "A reason");
}

#[test]
fn checks_and_audits_have_the_fields_that_are_documented_and_no_others() {
    let checks = format!("{ROUTES}/checks.yaml");
    same(&printed(&["why", "-f", ROUTES, "--checks", &checks])[0], "A check");
    let audit = printed(&["retries", "-f", "scenarios/questions/03-budget-spent"]);
    same(&audit, "The audit");
    same(&audit["routes"][0], "A route");
    let audit = printed(&["retries", "--scenario", "scenarios/basics/retries.yaml"]);
    same(&audit["paths"][0], "A path");
    same(&audit["calls"][0], "A call");
}

#[test]
fn connections_and_their_differences_have_the_fields_that_are_documented_and_no_others() {
    let folder = "scenarios/questions/32-before-it-is-applied";
    let (today, planned) = (format!("{folder}/today"), format!("{folder}/planned"));
    let reach = printed(&["reach", "-f", &planned]);
    same(&reach, "The connections");
    same(&reach["parties"][0], "A party");
    same(&reach["connections"][0], "A connection");
    let diff = printed(&["reach", "--diff", &today, &planned]);
    same(&diff, "The differences");
    same(&diff["changes"][0], "A change");
}

#[test]
fn a_proxy_has_the_fields_that_are_documented_and_no_others() {
    for (part, heading) in [
        ("listeners", "A listener"),
        ("routes", "A route of a proxy"),
        ("clusters", "A cluster"),
        ("endpoints", "An endpoint of a proxy"),
        ("memory", "A part of a proxy's memory"),
    ] {
        let rows = printed(&["proxy-config", part, "frontend.web", "-f", ROUTES]);
        same(&rows[0], heading);
    }
}

#[test]
fn a_way_has_the_fields_that_are_documented_and_no_others() {
    let ways = printed(&["paths"]);
    same(&ways[0], "A way");
    same(&ways[0]["legs"][0], "A leg of a way");
}

#[test]
fn a_probe_has_the_fields_that_are_documented_and_no_others() {
    let probes = printed(&["probes", "-f", "scenarios/shop/manifests"]);
    same(&probes[0], "A probe");
    same(&probes[0]["asked"], "What a probe asks");
}

#[test]
fn published_figures_have_the_fields_that_are_documented_and_no_others() {
    let checked = printed(&["validate", "published"]);
    let published = &checked["published"];
    same(published, "Published figures");
    same(&published["figures"][0], "A published figure");
    same(&published["orders"][0], "An order among meshes");
}

#[test]
fn a_comparison_has_the_fields_that_are_documented_and_no_others() {
    let comparison = printed(&[
        "compare",
        MIGRATION,
        "--data-paths",
        "none,istio-sidecar",
        "--replications",
        "2",
        "--set",
        "duration=3s",
    ]);
    same(&comparison, "The comparison");
    same(&comparison["precision"], "The precision");
    same(&comparison["data_paths"][0], "A data path");
    same(&comparison["figures"][0], "A figure");
    same(&comparison["figures"][0]["cells"][0], "A value");
    same(&comparison["explanations"][0], "An explanation");
    same(&comparison["objects"][0], "An object");
    same(&comparison["objects"][0]["paths"][0], "What a data path makes of an object");
}

#[test]
fn a_rule_has_a_source_and_a_test() {
    let rules = printed(&["rules", "walk."]);
    let names: BTreeSet<_> =
        ["id", "sentence", "source", "fidelity", "test"].map(str::to_owned).into();
    assert_eq!(keys(&rules[0]), names);
}
