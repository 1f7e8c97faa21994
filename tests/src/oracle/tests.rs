//! Small cases of our own, among them some that must fail.

use std::fs;

use super::check;

/// A case with one cluster of one endpoint, a request, and what was recorded of it.
fn case(extra: &str, script: &str, request: &str) -> String {
    format!(
        r#"{{"name": "own", "routes": [{{"match": {{"prefix": "/"}}, "cluster": "a",
            "timeout_ms": 0, "retry": {{"on": "5xx", "num": 1}}}}],
            "clusters": {{"a": {{"endpoints": [{{"name": "a1", "script": {script}}}]}}}},
            "steps": [{{"path": "/"}}], {extra}
            "observed": {{"requests": [{request}], "snapshots": [], "final_hosts": {{}},
            "stats": {{"a.upstream_rq_completed": 1, "a.upstream_rq_total": 1}}}}}}"#
    )
}

/// A request that the first attempt answered.
fn answered(status: u16, elapsed_class: u32) -> String {
    format!(
        r#"{{"id": "q1", "req": "GET /", "status": {status}, "elapsed_class": {elapsed_class},
            "flags": "-", "details": "via_upstream", "log_attempts": 1, "cluster": "a",
            "route": null, "resp_headers": [["x-envoy-attempt-count", "1"]], "complete": true,
            "attempts": [{{"ep": "a1", "n": "1", "t_class": 0}}]}}"#
    )
}

const OK: &str = r#"[{"status": 200}]"#;

#[test]
fn a_case_that_agrees_passes() {
    assert_eq!(check(&case("", OK, &answered(200, 0))), Ok(()));
}

#[test]
fn another_status_is_a_difference_and_is_shown_with_both() {
    let error = check(&case("", OK, &answered(201, 0))).unwrap_err();
    assert_eq!(error, "requests[0].status: recorded 201, the model has 200");
}

#[test]
fn time_counts_up_to_the_tolerance_of_the_case() {
    let slow = r#"[{"status": 200, "delay_ms": 200}]"#;
    assert_eq!(check(&case("", slow, &answered(200, 200))), Ok(()));
    assert!(check(&case("", slow, &answered(200, 100))).is_err());
    assert_eq!(check(&case(r#""tol_ms": 100,"#, slow, &answered(200, 100))), Ok(()));
}

#[test]
fn a_counter_that_was_not_recorded_is_a_difference() {
    let failing = r#"[{"status": 503}, {"status": 200}]"#;
    let recorded = answered(200, 0)
        .replace(r#""log_attempts": 1"#, r#""log_attempts": 2"#)
        .replace(r#"count", "1"]"#, r#"count", "2"]"#)
        .replace(r#""t_class": 0}"#, r#""t_class": 0}, {"ep": "a1", "n": "2", "t_class": 0}"#);
    let error = check(&case("", failing, &recorded)).unwrap_err();
    assert!(error.starts_with("stats."), "{error}");
}

#[test]
fn a_key_that_is_not_known_fails_the_case_with_its_place() {
    for (extra, place) in [
        (r#""speed": 1,"#, "case: the key `speed`"),
        (r#""hcm": {"speed": 1},"#, "case.hcm: the key `speed`"),
        (r#""filters": [{"type": "rbac", "speed": 1}],"#, "case.filters[0]: the key `speed`"),
        (r#""filters": [{"type": "speed"}],"#, "case.filters[0].type: `speed`"),
        (r#""runtime": {"speed": 1},"#, "case.runtime.speed"),
    ] {
        let error = check(&case(extra, OK, &answered(200, 0))).unwrap_err();
        assert!(error.starts_with(place), "{error}");
    }
    let script = r#"[{"status": 200, "speed": 1}]"#;
    let error = check(&case("", script, &answered(200, 0))).unwrap_err();
    assert_eq!(error, "case.clusters.a.endpoints[0].script[0]: the key `speed` is not known");
}

#[test]
fn what_is_no_case_is_an_error_and_no_panic() {
    for text in ["", "[]", "{}", "{\"steps\": 1}", &"[".repeat(100_000)] {
        assert!(check(text).is_err());
    }
}

#[test]
fn samples_of_chance_are_compared_by_an_interval() {
    let sampled = |first: u32, second: u32| {
        format!(
            r#"{{"stat": true, "routes": [{{"cluster": "a", "timeout_ms": 0}}],
                "clusters": {{"a": {{"lb": "RANDOM", "endpoints": [{{"name": "a1"}},
                {{"name": "a2"}}]}}}}, "steps": [{{"path": "/", "repeat": 200}}],
                "observed": {{"runs": [{{"per_endpoint": {{"a1": {first}, "a2": {second}}},
                "status": {{"200": 200}}, "flags": {{"-": 200}}}}]}}}}"#
        )
    };
    assert_eq!(check(&sampled(108, 92)), Ok(()));
    let error = check(&sampled(150, 50)).unwrap_err();
    assert!(error.starts_with("per_endpoint.a1: recorded [150.0]"), "{error}");
}

#[test]
fn a_folder_yields_a_line_for_each_case_and_a_total() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("b.json", case("", OK, &answered(500, 0)));
    write("a.json", case("", OK, &answered(200, 0)));
    write("c.json", "{".to_owned());
    write("readme.txt", String::new());
    let report = super::replay(folder.path()).unwrap();
    assert_eq!(report.total(), "1 of 3 cases as recorded");
    assert_eq!(report.lines[0], "ok    a");
    assert!(report.lines[1].starts_with("FAIL  b: requests[0].status"), "{:?}", report.lines);
    assert!(report.lines[2].starts_with("FAIL  c: "), "{:?}", report.lines);
    assert!(super::replay(&folder.path().join("none")).is_err());
}
