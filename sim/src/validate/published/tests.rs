//! Shorter runs than those of `validate`: the order among meshes is right all the same, and a wrong
//! one is found out.

use super::{FigureResult, Measured, Mesh, PublishedResults, Setup, compare, measure, setups};

/// An eighth of the full length.
fn short() -> (Vec<Setup>, Vec<Measured>) {
    let setups = setups();
    let run = |setup: &Setup| measure(&setup.shorter(8), None).expect("nothing is overloaded");
    let measured = setups.iter().map(run).collect();
    (setups, measured)
}

fn errors(results: &PublishedResults, group: &str) -> Vec<f64> {
    let of_group = |figure: &&FigureResult| figure.group.starts_with(group);
    results.figures.iter().filter(of_group).map(|figure| figure.relative_error.abs()).collect()
}

#[test]
fn every_pair_of_meshes_has_the_published_order_and_errors_are_within_what_is_stated() {
    let (setups, measured) = short();
    let results = compare(&setups, &measured);
    for order in &results.orders {
        assert_eq!(order.wrong_pairs, [], "{order:#?}");
        assert_eq!(order.published, order.simulated);
    }
    assert!(results.orders.len() >= 10, "each rate and each percentile is a group");
    let within = |group, bound| {
        let found = errors(&results, group);
        assert!(
            !found.is_empty() && found.iter().all(|error| *error <= bound),
            "{group} {found:?}"
        );
    };
    within("pair", 0.4);
    within("CPU of one proxy", 0.35);
    within("CPU of all proxies", 0.2);
    within("five hops", 0.05);
    within("TCP_RR", 0.02);
    within("TCP_CRR", 0.2);
    within("short connections", 0.02);
}

/// The waypoint is cheaper than Linkerd at 240 requests a second and dearer at 1200.
#[test]
fn a_mesh_that_costs_what_another_should_is_told() {
    let (setups, mut measured) = short();
    let row = setups.iter().position(|it| it.mesh == Mesh::Linkerd && it.rate_per_s == 1_200);
    measured[row.expect("Linkerd was measured")].millicores = 6_000.0;
    let results = compare(&setups, &measured);
    let wrong: Vec<_> = results.orders.iter().flat_map(|order| &order.wrong_pairs).collect();
    let dearer = [Mesh::Waypoint, Mesh::IstioSidecar].map(|dearer| (Mesh::Linkerd, dearer));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(dearer.iter().all(|pair| wrong.contains(&pair)), "{wrong:?}");
    assert!(!results.order_holds());
}
