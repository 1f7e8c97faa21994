//! Laws that hold for any set of routes.

use proptest::prelude::*;

use super::*;

/// One of a few routes that compete for the same requests.
fn any_route() -> impl Strategy<Value = String> {
    let path = prop_oneof![Just("/"), Just("/a"), Just("/a/b"), Just("/ab")];
    let host = prop_oneof![Just("a.x"), Just("'*.x'"), Just("'*'"), Just("b.a.x")];
    let year = prop_oneof![Just(None), (2020..2024_u32).prop_map(Some)];
    (0..6_u32, path, host, year, any::<bool>()).prop_map(|(name, path, host, year, method)| {
        let method = if method { ", method: GET" } else { "" };
        // `*` alone is no hostname of the API; it stands for none here.
        let hosts = if host == "'*'" { String::new() } else { format!("  hostnames: [{host}]\n") };
        let spec = format!(
            "{hosts}  rules: [{{matches: [{{path: {{value: {path}}}{method}}}], \
             backendRefs: [{{name: s{name}, port: 80}}]}}]\n"
        );
        let text = route("HTTPRoute", &format!("shop/r{name}"), &spec);
        match year {
            Some(year) => text.replace(
                "metadata: {",
                &format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', "),
            ),
            None => text,
        }
    })
}

/// The tables without places, which depend on the order of files.
fn decisions(rig: &Rig) -> Vec<(String, Vec<String>)> {
    let config = rig.config();
    let mut hosts: Vec<_> = config.route_tables["http.80"]
        .virtual_hosts
        .iter()
        .map(|host| (host.domains[0].clone(), host.routes.iter().map(|it| show(it)).collect()))
        .collect();
    hosts.sort();
    hosts
}

proptest! {
    #[test]
    fn the_order_of_documents_changes_no_decision(
        mut routes in prop::collection::vec(any_route(), 1..6),
        swap in any::<prop::sample::Index>(),
    ) {
        // Of two routes with one name the later one counts, so each name is kept once.
        routes.sort();
        let name = |text: &String| text.split("name: r").nth(1).and_then(|rest| rest.chars().next());
        routes.dedup_by_key(|text| name(text));
        let gateway = format!("{GATEWAY}{OPEN}");
        let mut seen = std::collections::BTreeSet::new();
        routes.retain(|text| seen.insert(name(text)));
        let mut texts: Vec<&str> = routes.iter().map(String::as_str).collect();
        texts.push(&gateway);
        let written = rig(&texts);
        texts.reverse();
        let at = swap.index(texts.len());
        texts.rotate_left(at);
        let shuffled = rig(&texts);
        prop_assert_eq!(decisions(&written), decisions(&shuffled));
    }
}
