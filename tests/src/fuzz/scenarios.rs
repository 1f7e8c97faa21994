//! Scenario files with their expectations. Nothing is run.

use std::fs;

use meshwalk_models::manifest::SourceSet;
use meshwalk_sim::scenario;

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "scenarios",
    words: &[
        "duration: ",
        "expectations: ",
        "that: ",
        "always: ",
        "eventually: ",
        "success_rate(\"web\")",
        "p99(\"web\") < duration(\"1s\")",
        "&&",
        "((((((((",
        "seed: ",
        "traffic: ",
        "rps: ",
        "10s",
        "1e9h",
        "services: ",
    ],
    seeds: || crate::scenarios().iter().filter_map(|file| fs::read(file).ok()).collect(),
    read: |input| {
        let mut sources = SourceSet::new();
        let file = sources.add_bytes("fuzz.yaml", input.to_vec());
        match scenario::read(&mut sources, file, &[]) {
            Ok(scenario) => drop(scenario),
            Err(findings) => assert!(!findings.is_empty(), "a refusal says why"),
        }
    },
};
