//! What holds for every sidecar.

use proptest::prelude::*;

use super::*;
use crate::control::istio::IstioControlPlane;
use crate::manifest::{SourceSet, load};
use crate::path::Placement;
use crate::profile::Profile;
use crate::world::{ClusterManifests, Topology, build};

/// Objects of all kinds that sidecars are made of, no two with one name.
fn objects() -> impl Strategy<Value = Vec<String>> {
    let host = || prop::sample::select(vec!["a.example", "b.example", "*.example"]);
    let port = prop::sample::select(vec![HTTP, TCP, TLS, "{number: 80, name: web}"]);
    let more = prop::sample::select(vec!["", ", addresses: [198.51.100.1]", ", resolution: DNS"]);
    let year = prop::sample::select(vec!["", ", creationTimestamp: '2025-01-01T00:00:00Z'"]);
    let entry = (host(), port, more, year.clone()).prop_map(|(host, port, more, year)| {
        ("ServiceEntry", year, format!("{{hosts: ['{host}'], ports: [{port}]{more}}}"))
    });
    let rule = (host(), host(), year.clone()).prop_map(|(host, to, year)| {
        let to = to.trim_start_matches("*.");
        let http = format!("http: [{{route: [{{destination: {{host: {to}}}}}]}}]");
        ("VirtualService", year, format!("{{hosts: ['{host}'], {http}}}"))
    });
    let policy = (host(), year.clone()).prop_map(|(host, year)| {
        ("DestinationRule", year, format!("{{host: '{host}', subsets: [{{name: v1}}]}}"))
    });
    let scope = (host(), year).prop_map(|(host, year)| {
        ("Sidecar", year, format!("{{egress: [{{hosts: ['./{host}']}}]}}"))
    });
    prop::collection::vec(prop_oneof![entry, rule, policy, scope], 1..8).prop_map(|all| {
        let named = all.into_iter().enumerate().map(|(at, (kind, year, spec))| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: {kind}\n\
                 metadata: {{name: o{at}, namespace: shop{year}}}\nspec: {spec}\n"
            )
        });
        named.collect()
    })
}

/// The proxy where the files are read in this order; their names and places stay.
fn proxy_of(files: &[String], order: &[usize]) -> Arc<ProxyConfig> {
    let mut sources = SourceSet::new();
    let ids: Vec<_> =
        files.iter().enumerate().map(|(at, it)| sources.add(format!("{at}.yaml"), &**it)).collect();
    let manifests = load(&sources, order.iter().map(|&at| ids[at]));
    let resources = &manifests.resources[..];
    let cluster = ClusterManifests { name: "east", default_namespace: "default", resources };
    let world = build(&[cluster], &Topology::default(), &[]).world;
    let profile = Profile::built_in();
    let (plane, _) = IstioControlPlane::new(&world, &[cluster], profile, Placement::default());
    let push = &plane.pushes()[0];
    let workload = Workload::at(push, "shop", Labels::new(), vec![[192, 0, 2, 1].into()]);
    Memo::default().config(push, &workload, &NoMeshRoutes)
}

proptest! {
    #[test]
    fn the_order_of_files_never_changes_a_sidecar(
        (files, order) in objects().prop_flat_map(|files| {
            let order: Vec<usize> = (0..files.len()).collect();
            (Just(files), Just(order).prop_shuffle())
        }),
    ) {
        let sorted: Vec<usize> = (0..files.len()).collect();
        prop_assert_eq!(proxy_of(&files, &order), proxy_of(&files, &sorted));
    }

    #[test]
    fn no_two_chains_of_a_listener_take_the_same_connections(files in objects()) {
        let sorted: Vec<usize> = (0..files.len()).collect();
        for listener in &proxy_of(&files, &sorted).listeners {
            for (at, chain) in listener.chains.iter().enumerate() {
                let same = listener.chains[..at].iter().find(|it| it.matches == chain.matches);
                prop_assert!(same.is_none(), "{} has two chains alike", listener.name);
            }
        }
    }
}
