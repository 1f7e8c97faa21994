//! What holds for every set of VirtualServices.

use proptest::prelude::*;

use super::tables::{host_clusters, object, service};
use super::*;

/// An object: its namespace, its age, its host and where it leads.
fn objects() -> impl Strategy<Value = Vec<String>> {
    let namespace = prop::sample::select(vec!["shop", "bank"]);
    let created = prop::sample::select(vec!["", "2024", "2025", "2026"]);
    let host = prop::sample::select(vec![
        "web.shop.svc.cluster.local",
        "db.shop.svc.cluster.local",
        "'*.shop.svc.cluster.local'",
        "'*.local'",
        "other.example",
    ]);
    let parts = prop::collection::vec((namespace, created, host), 1..7);
    parts.prop_map(|parts| {
        let numbered = parts.into_iter().enumerate();
        numbered
            .map(|(at, (namespace, created, host))| {
                object(&format!("vs{at}"), namespace, created, host, &format!("to{at}.example"))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_documents_never_changes_where_requests_go(
        (given, shuffled) in objects().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        let services =
            [service("web.shop", 80, "10.0.0.1"), service("db.shop", 80, "10.0.0.2")];
        prop_assert_eq!(
            host_clusters(&given.concat(), &services),
            host_clusters(&shuffled.concat(), &services)
        );
    }

    #[test]
    fn no_route_stands_behind_one_that_takes_every_request(
        paths in prop::collection::vec(prop::sample::select(vec!["/", "/a", "/a/b"]), 1..6),
    ) {
        let rule = |path: &str| {
            format!("  - {{match: [{{uri: {{prefix: {path}}}}}], route: [{{destination: {{host: web}}}}]}}\n")
        };
        let text: String = paths.iter().map(|path| rule(path)).collect();
        let routes = Asker::sidecar().routes(&rules(&text));
        let ends = routes.iter().position(|route| takes_every_request(&route.matches));
        prop_assert!(ends.is_none_or(|at| at + 1 == routes.len()));
        let written = paths.iter().position(|path| *path == "/");
        prop_assert_eq!(routes.len(), written.map_or(paths.len(), |at| at + 1));
    }

    #[test]
    fn text_that_is_no_retry_condition_never_becomes_one(text in "[a-z0-9, -]{0,40}") {
        let words = super::super::retry::words(&text);
        let count = text.split(',').filter(|word| !word.trim().is_empty()).count();
        prop_assert!(words.status_codes.len() + words.unknown.len() <= count);
        prop_assert!(words.status_codes.iter().all(|code| (100..=511).contains(code)));
    }
}
