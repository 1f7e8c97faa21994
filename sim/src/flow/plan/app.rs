//! Applications in the plan: capacity, and programs as flat lists of steps.

use meshwalk_models::units::{Probability, SimDuration};

use crate::scenario::file::{RouteMatch, Threads};

/// How the pods of one workload behave.
#[derive(Clone, Debug)]
pub struct AppPlan {
    /// Requests that one pod works on at the same time.
    pub workers: u32,
    /// Requests that may wait in one pod before their first work.
    pub queue_limit: u32,
    /// What a worker does while a call is under way.
    pub threads: Threads,
    /// Connections that one pod opens to one destination over HTTP/1.1.
    pub max_connections: u32,
    /// How long it waits for a connection to be made; `None` as long as the kernel does.
    pub connect_timeout: Option<SimDuration>,
    /// How long an unused connection is kept.
    pub idle_timeout: SimDuration,
    /// Its pods: first and count.
    pub pods: (u32, u32),
    /// What it does for which requests; the first that matches.
    pub routes: Vec<RouteRule>,
}

/// One route.
#[derive(Clone, Debug)]
pub struct RouteRule {
    /// Which requests.
    pub matches: RouteMatch,
    /// The row of the program.
    pub program: u32,
}

impl AppPlan {
    /// The program for a request, or `None`: 404.
    #[must_use]
    pub fn program_for(&self, method: &str, path: &str) -> Option<u32> {
        let rule = self.routes.iter().find(|rule| matches(&rule.matches, method, path))?;
        Some(rule.program)
    }
}

fn matches(rule: &RouteMatch, method: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    rule.method.as_ref().is_none_or(|wanted| wanted == method)
        && rule.path.as_ref().is_none_or(|wanted| wanted == path)
        && rule.path_prefix.as_ref().is_none_or(|prefix| has_prefix(path, prefix))
}

/// Whether `path` begins with the whole elements of `prefix`.
fn has_prefix(path: &str, prefix: &str) -> bool {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What an app does for a request.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its first step.
    pub first_op: u32,
    /// The size of the response body, in bytes.
    pub response_bytes: u64,
    /// The share of requests that it answers with 500 by itself.
    pub error_rate: Probability,
}

/// One step of a program.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Occupy a worker for a draw of this distribution.
    Work(u32),
    /// Make these calls at once (first and count) and wait for all.
    Calls(u32, u32),
    /// Go on at the given step unless the draw succeeds.
    SkipUnless(Probability, u32),
    /// Answer.
    Respond,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_whole_elements_only() {
        for (path, prefix, expected) in [
            ("/cart/items", "/cart", true),
            ("/cart", "/cart", true),
            ("/cart", "/cart/", true),
            ("/cartoon", "/cart", false),
            ("/anything", "/", true),
        ] {
            assert_eq!(has_prefix(path, prefix), expected, "{path} under {prefix}");
        }
    }

    #[test]
    fn the_query_is_no_part_of_the_path() {
        let rule = RouteMatch { path: Some("/search".into()), ..RouteMatch::default() };
        assert!(matches(&rule, "GET", "/search?q=shoes"));
    }
}
