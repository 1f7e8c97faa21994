//! JSON.md against the steps of the log.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names that [`super::StepKind::name`] gives, as its source lists them.
fn names() -> BTreeSet<String> {
    let (_, names) = include_str!("kind.rs").split_once("fn name(self)").expect("it has names");
    let (names, _) = names.split_once("\n    }\n").expect("it ends");
    let rows = names.lines().filter_map(|line| line.split_once("=> \"")?.1.split_once('"'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_step_is_documented_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../JSON.md");
    let page = fs::read_to_string(page).expect("JSON.md is text");
    let (_, steps) = page.split_once("\n### The steps\n").expect("it has a table of steps");
    let steps = steps.split("\n#").next().unwrap_or_default();
    let rows = steps.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    assert!(documented.len() > 50, "{documented:?}");
    assert_eq!(documented, names());
}
