//! What holds for any input and any order of it.

use proptest::prelude::*;

use super::*;

/// A small file: distinct objects, some with fields that are not modelled or unknown.
fn small_file() -> impl Strategy<Value = String> {
    let extra =
        prop::sample::select(vec!["", "  sessionAffinity: ClientIP\n", "  sesionAffinty: x\n"]);
    prop::collection::vec(extra, 0..4).prop_map(|extras| {
        let services = extras.iter().enumerate().map(|(at, extra)| {
            format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{at}, namespace: NS}}\nspec:\n  type: ClusterIP\n{extra}")
        });
        services.collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_files_changes_neither_report_nor_digest(
        files in prop::collection::vec(small_file(), 1..5),
        turn in 0usize..5,
    ) {
        let named: Vec<(String, String)> = files
            .iter()
            .enumerate()
            .map(|(at, text)| (format!("f{at}.yaml"), text.replace("NS", &format!("ns{at}"))))
            .collect();
        let load_in = |files: &[(String, String)]| {
            let mut sources = SourceSet::new();
            for (name, text) in files {
                sources.add(name.clone(), text.clone());
            }
            load(&sources, sources.ids())
        };
        let mut turned = named.clone();
        turned.rotate_left(turn % named.len());
        turned.reverse();
        let (one, two) = (load_in(&named), load_in(&turned));
        prop_assert_eq!(one.report, two.report);
        prop_assert_eq!(one.digest, two.digest);
    }

    #[test]
    fn mutated_manifests_never_panic_and_places_lie_inside(
        edits in prop::collection::vec((0usize..10_000, any::<u8>()), 1..8),
    ) {
        let mut bytes = format!("{SERVICE}---\n{DEPLOYMENT}").into_bytes();
        for (at, byte) in edits {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let mut sources = SourceSet::new();
        sources.add_bytes("mutated.yaml", bytes);
        let manifests = load(&sources, sources.ids());
        for label in manifests.diagnostics.iter().flat_map(|finding| &finding.labels) {
            let source = sources.get(label.place.source);
            prop_assert!(label.place.line as usize <= source.line_count());
            let length = source.line_text(label.place.line).chars().count();
            prop_assert!(label.place.column as usize <= length + 2);
        }
    }
}
