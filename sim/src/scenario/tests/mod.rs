//! Stories of reading scenario files.

mod defaults;
mod placement;
mod schema;
mod validator;

use meshwalk_models::manifest::{Diagnostic, SourceSet};
use meshwalk_models::units::SimDuration;

use super::file::{Arrivals, DurationSpec, Load, NodesSpec, Step};
use super::{Scenario, read};

const BOOKSHOP: &str = "\
version: 1
name: a small bookshop
seed: 7
duration: 30s
warm_up: 5s
topology:
  clusters:
    - name: main
      zones:
        - {name: a, nodes: 2}
        - {name: b, nodes: [big, small]}
network:
  same_zone: {round_trip: {uniform: {min: 200us, max: 400us}}}
workloads:
  front:
    workers: 8
    routes:
      - match: {path_prefix: /books}
        steps:
          - work: 3ms
          - call: {to: shelf, timeout: 250ms}
          - chance: {probability: 0.1, steps: [{work: {exponential: {mean: 1ms}}}]}
outside:
  rates.example.com: {workers: 100}
traffic:
  - name: readers
    to: front.books
    load: {arrivals: {poisson: {rate: 50/s}}}
    requests:
      - {path: /books/1, weight: 3}
      - {path: /}
expectations:
  - that: success_rate(\"front\") >= 0.99
  - {always: p99(\"front\") < duration(\"50ms\"), window: 5s}
";

fn read_text(text: &str, overrides: &[&str]) -> (SourceSet, Result<Scenario, Vec<Diagnostic>>) {
    let mut sources = SourceSet::new();
    let file = sources.add("shop.yaml", text);
    let overrides: Vec<String> = overrides.iter().map(|it| (*it).to_owned()).collect();
    let result = read(&mut sources, file, &overrides);
    (sources, result)
}

fn read_fine(text: &str, overrides: &[&str]) -> Scenario {
    let (_, result) = read_text(text, overrides);
    result.unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// `line:column message (help)` of every finding.
fn complaints(text: &str, overrides: &[&str]) -> Vec<String> {
    let (_, result) = read_text(text, overrides);
    let errors = result.expect_err("something is wrong with it");
    errors
        .iter()
        .map(|error| {
            let place = error.place().expect("every finding has a place");
            let help = error.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
            format!("{}:{} {}{help}", place.line, place.column, error.message)
        })
        .collect()
}

#[test]
fn a_scenario_is_read_with_everything_in_it() {
    let scenario = read_fine(BOOKSHOP, &[]);
    let file = &scenario.file;
    assert_eq!((file.seed, file.duration), (7, SimDuration::from_secs(30)));
    let zones = &file.topology.clusters[0].zones;
    assert_eq!(zones[0].nodes, NodesSpec::Count(2));
    assert_eq!(zones[1].nodes, NodesSpec::Names(vec!["big".to_owned(), "small".to_owned()]));
    let steps = &file.workloads["front"].routes[0].steps;
    assert_eq!(steps[0], Step::Work(DurationSpec::Constant(SimDuration::from_ms(3))));
    assert!(matches!(&steps[2], Step::Chance(chance) if chance.steps.len() == 1));
    let Load::Arrivals(Arrivals::Poisson { rate }) = &file.traffic[0].load else {
        panic!("{:?}", file.traffic[0].load);
    };
    assert_eq!(rate.per_s(), 50.0);
    assert_eq!(file.traffic[0].requests[1].weight, 1);
}

#[test]
fn every_value_that_does_not_fit_is_told_at_once_with_its_line() {
    let text = "\
version: 1
duration: 30s
workloads:
  front:
    workerz: 8
traffic:
  - name: a
    to: front
    load: {users: {count: many, think_time: 1s}}
  - name: b
    to: front
    load: {arrivals: {poisson: {rate: 200}}}
  - name: c
    to: front
    load: {arrivals: {poison: {rate: 200/s}}}
    timeout: 5
";
    insta::assert_snapshot!(complaints(text, &[]).join("\n"));
}

#[test]
fn checks_beyond_the_types_are_told_at_once_with_their_lines() {
    let text = "\
version: 2
duration: 10s
warm_up: 10s
network:
  same_zone: {round_trip: {lognormal: {p50: 2ms, p99: 1ms}}, loss: 1.0}
workloads:
  front:
    workers: 0
    routes:
      - steps:
          - call: {to: 'http://shelf', streaming: {messages: 0, interval: 1s}}
          - work: {gamma: {mean: 1ms, shape: 0}}
          - parallel: []
traffic:
  - name: a b
    to: front
    start: 20s
    load: {arrivals: {burst: {base: 1/s, peak: 0/s, every: 1s, lasts: 2s}}}
    requests: [{weight: 0, method: get, path: books}]
expectations:
  - {that: 'true', always: 'true'}
  - {that: 'true', window: 1s}
";
    insta::assert_snapshot!(complaints(text, &[]).join("\n"));
}

#[test]
fn a_distribution_is_one_distribution() {
    let with_work = |work: &str| BOOKSHOP.replace("work: 3ms", &format!("work: {work}"));
    for (work, complaint) in [
        ("{constant: 1ms, gamma: {mean: 1ms, shape: 2}}", "got several"),
        ("{}", "an empty mapping"),
        ("{normal: {mean: 1ms}}", "`exponential`"),
        ("[1ms]", "a duration such as `3ms`, or a mapping with one distribution, got a list"),
        ("3", "`3` has no unit"),
        ("{uniform: {min: 2ms, max: 1ms}}", "the range ends at 1ms, before it begins at 2ms"),
        ("{lognormal: {p50: 2ms, p99: 1ms}}", "the p99 of 1ms lies below the p50 of 2ms"),
        ("{gamma: {mean: 1ms, shape: 0}}", "expected a shape"),
        ("{empirical: [{quantile: 0.5, value: 1ms}]}", "from 0 (the minimum) to 1 (the maximum)"),
        ("{exponential: {mean: 200h}}", "168h"),
    ] {
        let found = complaints(&with_work(work), &[]);
        assert!(found.len() == 1 && found[0].contains(complaint), "{work}: {found:#?}");
    }
}

#[test]
fn steps_nest_sixteen_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let (open, close) = ("[{chance: {probability: 1, steps: ", "}}]");
        let steps = format!("{}[]{}", open.repeat(depth - 1), close.repeat(depth - 1));
        BOOKSHOP.replace("- work: 3ms", &format!("- chance: {{probability: 1, steps: {steps}}}"))
    };
    read_fine(&nested(15), &[]);
    assert!(complaints(&nested(16), &[])[0].contains("at most 16 deep"));
    // Far deeper, the tree itself refuses.
    assert_eq!(complaints(&nested(5_000), &[]).len(), 1);
}

#[test]
fn an_override_changes_a_value_and_can_be_quoted() {
    let scenario = read_fine(BOOKSHOP, &["workloads.front.workers=2", "duration=1m"]);
    assert_eq!(scenario.file.workloads["front"].workers, Some(2));
    let (sources, result) = read_text(BOOKSHOP, &["traffic[0].timeout=soon"]);
    let errors = result.unwrap_err();
    let place = errors[0].place().expect("a place");
    assert_eq!(sources.show(place).to_string(), "--set:1:20");
}

#[test]
fn a_breakpoint_that_cannot_be_one_is_found_where_it_stands() {
    let text = format!(
        "{}\nbreakpoints:\n  - {{ name: slow, when: latencyy > duration(\"1s\") }}\n  \
         - {{ name: slow, when: failed }}\n",
        BOOKSHOP.trim_end()
    );
    let first = text.lines().count() - 1;
    let second = first + 1;
    let found = complaints(&text, &[]);
    assert_eq!(
        found,
        [
            format!(
                "{first}:25 breakpoints[0].when: there is no variable `latencyy` (did you mean \
                 `latency`?)"
            ),
            format!("{second}:13 breakpoints[1].name: there is another breakpoint `slow`"),
        ]
    );
    let fine = text.replace("latencyy", "latency").replace("slow, when: f", "bad, when: f");
    assert_eq!(
        read_fine(&fine, &[]).digest(),
        read_fine(BOOKSHOP, &[]).digest(),
        "where one stops does not change the run"
    );
}

#[test]
fn the_digest_follows_the_meaning_and_not_the_layout() {
    let digest = |text: &str, overrides: &[&str]| read_fine(text, overrides).digest();
    let reference = digest(BOOKSHOP, &[]);
    assert_eq!(reference.len(), 64);
    let commented = BOOKSHOP.replace("seed: 7\n", "# the seed\nseed: 8\n");
    assert_eq!(digest(&commented.replace("work: 3ms", "work: {constant: 3000us}"), &[]), reference);
    assert_ne!(digest(BOOKSHOP, &["workloads.front.workers=9"]), reference);
    assert_ne!(digest(BOOKSHOP, &["duration=30000000001ns"]), reference);
}

#[test]
fn a_path_leads_to_its_line_or_to_what_surrounds_it() {
    let scenario = read_fine(BOOKSHOP, &[]);
    let line = |path: &str| scenario.place_of(path).map(|place| place.line);
    let line_of =
        |text: &str| BOOKSHOP.lines().position(|line| line.contains(text)).map(|at| at as u32 + 1);
    assert_eq!(line("traffic[0].to"), line_of("to: front.books"));
    assert_eq!(line("traffic[0].timeout"), line_of("name: readers"));
    assert_eq!(line("outside.\"rates.example.com\".workers"), line_of("rates.example.com"));
    assert_eq!(line("not a [path"), None);
    assert_eq!(Scenario::without_file(scenario.file.clone()).place_of("seed"), None);
}

#[test]
fn files_that_are_no_scenario_are_refused_with_one_finding() {
    for text in ["", "- 1\n", "just words", "version: 1\n---\nversion: 1\n", "a: [", "version: 1\n"]
    {
        assert_eq!(complaints(text, &[]).len(), 1, "{text}");
    }
}

/// The texts of all scenarios in `scenarios/`.
fn scenarios_of_this_repository() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut texts = Vec::new();
    for group in std::fs::read_dir(folder).expect("the scenarios") {
        let group = group.expect("an entry").path();
        for path in std::fs::read_dir(group).into_iter().flatten() {
            let path = path.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push(std::fs::read_to_string(&path).expect("a scenario"));
            }
        }
    }
    assert!(texts.len() > 5, "only {} scenarios were found", texts.len());
    texts
}

#[test]
fn the_scenarios_of_this_repository_are_fine() {
    for text in scenarios_of_this_repository() {
        read_fine(&text, &[]);
    }
}
