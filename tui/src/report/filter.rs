//! Leaves out what does not concern one namespace; sums and expectations stay as they are.

use meshwalk_sim::stats::RunResults;

/// Keeps the services and workloads of `namespace`, and the edges that begin or end in it.
pub(crate) fn only_namespace(results: &mut RunResults, namespace: &str) {
    results.services.retain(|service| service.namespace == namespace);
    results.workloads.retain(|workload| workload.namespace == namespace);
    results.edges.retain(|edge| {
        [&edge.from, &edge.to].into_iter().any(|end| namespace_of(end) == Some(namespace))
    });
}

/// The namespace of `namespace/name`; traffic sources and hosts outside have none.
fn namespace_of(name: &str) -> Option<&str> {
    if name.starts_with("traffic:") {
        return None;
    }
    name.split_once('/').map(|(namespace, _)| namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_slash_have_a_namespace_unless_they_are_traffic() {
        assert_eq!(namespace_of("shop/web"), Some("shop"));
        assert_eq!(namespace_of("pay.example.com"), None);
        assert_eq!(namespace_of("traffic:shop/nightly"), None);
    }
}
