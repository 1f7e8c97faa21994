//! What is told about routes.

use super::*;
use crate::explain::Tree;

fn told(text: &str) -> Vec<(&'static str, String)> {
    let mut tree = Tree::default();
    explain_route(&Asker::sidecar().only(text), &mut tree);
    tree.finish().into_iter().map(|step| (step.rule.0, step.finding)).collect()
}

#[test]
fn a_route_tells_what_of_it_is_istios_own_default() {
    let rules: Vec<_> =
        told("  - {match: [{uri: {exact: /a}}], route: [{destination: {host: web}}]}\n")
            .into_iter()
            .map(|(rule, _)| rule)
            .collect();
    assert_eq!(
        rules,
        [
            "istio.route.destination-port",
            "istio.route.no-timeout",
            "istio.route.retry-attempts",
            "istio.route.retry-conditions",
            "istio.route.retry-other-hosts",
        ]
    );
}

#[test]
fn a_route_tells_what_was_written_and_what_was_kept() {
    let told = told(
        "  - {timeout: 1s, retries: {attempts: 4}, rewrite: {authority: a.b}, route: [{destination: {host: web}}]}\n",
    );
    let finding = |rule: &str| {
        told.iter().find(|(known, _)| *known == rule).map(|(_, finding)| finding.as_str())
    };
    assert_eq!(finding("istio.route.retry-attempts"), Some("5 tries in all"));
    assert_eq!(finding("istio.route.authority-rewrite"), Some("the authority becomes `a.b`"));
    assert!(finding("istio.route.retry-keeps-conditions").is_some());
    assert!(finding("istio.route.catch-all-ends").is_some());
    assert_eq!(finding("istio.route.no-timeout"), None);
}
