//! Applications that can be run.

use super::{Findings, duration};
use crate::scenario::file::{Call, Protocol, Route, Step, WorkloadBehaviour};
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::{CONCURRENCY_MAX, MESSAGES_MAX, QUEUE_MAX, STEP_DEPTH_MAX};

pub(super) fn check(workload: &WorkloadBehaviour, at: &KeyPath, findings: &mut Findings) {
    findings.expect_count(at.key("workers"), workload.workers, CONCURRENCY_MAX);
    findings.expect_count(at.key("max_connections"), workload.max_connections, CONCURRENCY_MAX);
    findings.expect_some_time(at.key("idle_timeout"), workload.idle_timeout);
    if workload.queue_limit.is_some_and(|limit| limit > QUEUE_MAX) {
        findings.add(at.key("queue_limit"), format!("expected at most {QUEUE_MAX}"), None);
    }
    for (index, route) in workload.routes.iter().enumerate() {
        check_route(route, &at.key("routes").index(index), findings);
    }
}

fn check_route(route: &Route, at: &KeyPath, findings: &mut Findings) {
    let matches = at.key("match");
    findings.expect_method(matches.key("method"), route.matches.method.as_deref());
    findings.expect_http_path(matches.key("path"), route.matches.path.as_deref());
    findings.expect_http_path(matches.key("path_prefix"), route.matches.path_prefix.as_deref());
    if route.matches.path.is_some() && route.matches.path_prefix.is_some() {
        findings.add(matches, "`path` and `path_prefix` exclude one another", None);
    }
    findings.expect_body(at.key("response_size"), route.response_size);
    check_steps(&route.steps, &at.key("steps"), 1, findings);
}

/// Nested lists of steps are `depth` deep here; the bound also bounds this recursion.
fn check_steps(steps: &[Step], at: &KeyPath, depth: usize, findings: &mut Findings) {
    if depth > STEP_DEPTH_MAX {
        findings.add(at.clone(), format!("steps nest at most {STEP_DEPTH_MAX} deep"), None);
        return;
    }
    for (index, step) in steps.iter().enumerate() {
        let at = at.index(index);
        match step {
            Step::Work(work) => duration::check(work, &at.key("work"), findings),
            Step::Call(call) => check_call(call, &at.key("call"), findings),
            Step::Parallel(calls) => {
                let at = at.key("parallel");
                if calls.is_empty() {
                    findings.add(at.clone(), "expected at least one call", None);
                }
                for (position, call) in calls.iter().enumerate() {
                    check_call(call, &at.index(position), findings);
                }
            }
            Step::Chance(chance) => {
                check_steps(&chance.steps, &at.key("chance").key("steps"), depth + 1, findings);
            }
        }
    }
}

fn check_call(call: &Call, at: &KeyPath, findings: &mut Findings) {
    findings.expect_target(at.key("to"), &call.to);
    findings.expect_method(at.key("method"), call.method.as_deref());
    findings.expect_http_path(at.key("path"), call.path.as_deref());
    findings.expect_body(at.key("request_size"), Some(call.request_size));
    findings.expect_some_time(at.key("timeout"), call.timeout);
    if let Some(streaming) = &call.streaming {
        let at = at.key("streaming");
        findings.expect_count(at.key("messages"), Some(streaming.messages), MESSAGES_MAX);
        if !matches!(call.protocol, Protocol::Grpc | Protocol::Http2) {
            findings.add(
                at,
                "only gRPC and HTTP/2 have streams",
                Some("add `protocol: grpc` to the call"),
            );
        }
    }
}
