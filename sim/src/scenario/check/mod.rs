//! What a scenario must satisfy beyond its types; names are resolved against the world later, by
//! the flow engine.

mod behaviour;
mod breakpoint;
mod duration;
mod expectation;
mod network;
mod policy;
mod topology;
mod traffic;

use meshwalk_models::manifest::kinds::Timestamp;
use meshwalk_models::units::{Bytes, SimDuration};

use super::file::ScenarioFile;
use super::key_path::KeyPath;
use super::limits::{BODY_BYTES_MAX, DURATION_MAX};

/// Something that does not fit, and the value that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which value.
    pub path: KeyPath,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<&'static str>,
}

/// Checks a whole file and reports everything that does not fit.
#[must_use]
pub fn check(file: &ScenarioFile) -> Vec<Finding> {
    let mut findings = Findings::default();
    let root = KeyPath::root();
    check_run(file, &mut findings);
    topology::check(&file.topology, &root.key("topology"), &mut findings);
    network::check(&file.network, &root.key("network"), &mut findings);
    for (name, workload) in &file.workloads {
        behaviour::check(workload, &root.key("workloads").key(name), &mut findings);
    }
    for (name, host) in &file.outside {
        behaviour::check(host, &root.key("outside").key(name), &mut findings);
    }
    traffic::check(file, &root.key("traffic"), &mut findings);
    for (provider, authorizer) in &file.external_authorizers {
        policy::check(authorizer, &root.key("external_authorizers").key(provider), &mut findings);
    }
    expectation::check(file, &root.key("expectations"), &mut findings);
    breakpoint::check(&file.breakpoints, &root.key("breakpoints"), &mut findings);
    findings.found
}

fn check_run(file: &ScenarioFile, findings: &mut Findings) {
    let root = KeyPath::root();
    if file.version != 1 {
        findings.add(
            root.key("version"),
            format!("version {} of the scenario format is not known", file.version),
            Some("this meshwalk reads version 1"),
        );
    }
    let duration = root.key("duration");
    if file.duration == SimDuration::ZERO {
        findings.add(duration, "a run must last some time", None);
    } else if file.duration > DURATION_MAX {
        findings.add(duration, "a run lasts 168h (7 days) at most", None);
    } else if file.warm_up >= file.duration {
        findings.add(
            root.key("warm_up"),
            format!("nothing is left to measure after a warm-up of {}", file.warm_up),
            Some("`warm_up` is the beginning of `duration`"),
        );
    }
    if file.starts_at.as_ref().is_some_and(|text| text.parse::<Timestamp>().is_err()) {
        let message = "expected a time such as `2026-05-01T09:30:00Z`";
        findings.add(root.key("starts_at"), message, None);
    }
    if file.default_namespace.is_empty() {
        findings.add(root.key("default_namespace"), "a namespace has a name", None);
    }
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, path: KeyPath, message: impl Into<String>, help: Option<&'static str>) {
        self.found.push(Finding { path, message: message.into(), help });
    }

    /// A whole number from 1 to `max`, if given.
    fn expect_count(&mut self, path: KeyPath, count: Option<u32>, max: u32) {
        if let Some(count) = count.filter(|count| !(1..=max).contains(count)) {
            self.add(path, format!("expected 1 to {max}, got {count}"), None);
        }
    }

    /// A duration above zero, if given.
    fn expect_some_time(&mut self, path: KeyPath, span: Option<SimDuration>) {
        match span {
            Some(SimDuration::ZERO) => self.add(path, "expected more than no time", None),
            Some(span) if span > DURATION_MAX => {
                self.add(path, "expected 168h (7 days) at most", None);
            }
            _ => {}
        }
    }

    fn expect_body(&mut self, path: KeyPath, size: Option<Bytes>) {
        if size.is_some_and(|size| size.0 > BODY_BYTES_MAX) {
            self.add(path, "expected at most 1GiB", None);
        }
    }

    /// An absolute path, if given.
    fn expect_http_path(&mut self, path: KeyPath, http_path: Option<&str>) {
        if http_path.is_some_and(|it| !it.starts_with('/') || it.contains(char::is_whitespace)) {
            self.add(path, "expected a path that begins with `/` and has no spaces", None);
        }
    }

    /// A method, if given.
    fn expect_method(&mut self, path: KeyPath, method: Option<&str>) {
        let is_method =
            |method: &str| !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
        if method.is_some_and(|method| !is_method(method)) {
            self.add(path, "expected a method in capitals, such as `GET`", None);
        }
    }

    /// A name to call. Whether anybody has it is found out later.
    fn expect_target(&mut self, path: KeyPath, target: &str) {
        if target.is_empty() || target.contains(char::is_whitespace) {
            self.add(path, "expected a name to call, such as `payments` or `db.data:5432`", None);
        } else if target.contains("://") {
            self.add(path, "expected a name without a scheme", Some("write `payments:8080`"));
        }
    }
}
