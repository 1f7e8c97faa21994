//! Traffic that comes to an end and can be generated.

use std::collections::BTreeSet;

use super::{Findings, duration};
use crate::scenario::file::{Arrivals, Load, Rate, ScenarioFile, TrafficSource};
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::{RATE_PER_S_MAX, USERS_MAX, WEIGHT_MAX};

pub(super) fn check(file: &ScenarioFile, at: &KeyPath, findings: &mut Findings) {
    let mut names = BTreeSet::new();
    for (index, source) in file.traffic.iter().enumerate() {
        let at = at.index(index);
        check_name(&source.name, &at.key("name"), findings);
        if !names.insert(source.name.as_str()) {
            let message = format!("there are two traffic sources `{}`", source.name);
            findings.add(at.key("name"), message, None);
        }
        check_span(file, source, &at, findings);
        check_requests(source, &at.key("requests"), findings);
        findings.expect_target(at.key("to"), &source.to);
        findings.expect_some_time(at.key("timeout"), source.timeout);
        match &source.load {
            Load::Arrivals(arrivals) => {
                check_arrivals(arrivals, &at.key("load").key("arrivals"), findings);
            }
            Load::Users(users) => {
                let at = at.key("load").key("users");
                findings.expect_count(at.key("count"), Some(users.count), USERS_MAX);
                duration::check(&users.think_time, &at.key("think_time"), findings);
            }
        }
    }
}

/// The name begins the names of the source's requests, such as `shoppers#12`.
fn check_name(name: &str, at: &KeyPath, findings: &mut Findings) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_plain) {
        let message = "expected a name of letters, digits, `-`, `_` and `.`";
        findings.add(at.clone(), message, None);
    }
}

fn check_span(file: &ScenarioFile, source: &TrafficSource, at: &KeyPath, findings: &mut Findings) {
    if source.start >= file.duration {
        let message = format!("the run is over before {}", source.start);
        findings.add(at.key("start"), message, None);
    }
    if source.stop.is_some_and(|stop| stop <= source.start) {
        findings.add(at.key("stop"), "traffic stops after it starts", None);
    }
}

fn check_requests(source: &TrafficSource, at: &KeyPath, findings: &mut Findings) {
    for (index, template) in source.requests.iter().enumerate() {
        let at = at.index(index);
        findings.expect_method(at.key("method"), template.method.as_deref());
        findings.expect_http_path(at.key("path"), template.path.as_deref());
        findings.expect_body(at.key("size"), Some(template.size));
        findings.expect_count(at.key("weight"), Some(template.weight), WEIGHT_MAX);
    }
}

fn check_arrivals(arrivals: &Arrivals, at: &KeyPath, findings: &mut Findings) {
    match arrivals {
        Arrivals::Poisson { rate } => {
            expect_traffic(*rate, &at.key("poisson").key("rate"), findings);
        }
        Arrivals::Constant { rate } => {
            expect_traffic(*rate, &at.key("constant").key("rate"), findings);
        }
        Arrivals::Ramp { from, to, over } => {
            let at = at.key("ramp");
            expect_bounded(*from, &at.key("from"), findings);
            expect_bounded(*to, &at.key("to"), findings);
            if from.per_s() == 0.0 && to.per_s() == 0.0 {
                findings.add(at.clone(), "a ramp from nothing to nothing sends nothing", None);
            }
            findings.expect_some_time(at.key("over"), Some(*over));
        }
        Arrivals::Burst { base, peak, every, lasts } => {
            let at = at.key("burst");
            expect_bounded(*base, &at.key("base"), findings);
            expect_traffic(*peak, &at.key("peak"), findings);
            findings.expect_some_time(at.key("every"), Some(*every));
            findings.expect_some_time(at.key("lasts"), Some(*lasts));
            if lasts > every {
                let message = format!("a burst of {lasts} does not fit into `every` {every}");
                findings.add(at.key("lasts"), message, None);
            }
        }
        Arrivals::Diurnal { mean, peak, period } => {
            let at = at.key("diurnal");
            expect_traffic(*mean, &at.key("mean"), findings);
            expect_bounded(*peak, &at.key("peak"), findings);
            if peak < mean {
                findings.add(at.key("peak"), "the peak is not below the mean", None);
            } else if peak.per_s() > 2.0 * mean.per_s() {
                let message = "a peak above twice the mean would need a negative rate at night";
                findings.add(at.key("peak"), message, None);
            }
            findings.expect_some_time(at.key("period"), Some(*period));
        }
    }
}

fn expect_traffic(rate: Rate, at: &KeyPath, findings: &mut Findings) {
    if rate.per_s() == 0.0 {
        findings.add(at.clone(), "expected a rate above 0", None);
    }
    expect_bounded(rate, at, findings);
}

fn expect_bounded(rate: Rate, at: &KeyPath, findings: &mut Findings) {
    if rate.per_s() > RATE_PER_S_MAX {
        findings.add(at.clone(), format!("expected at most {RATE_PER_S_MAX}/s"), None);
    }
}
