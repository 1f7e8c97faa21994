//! The house rules that no compiler checks, and whether the documents still describe the house.

use std::fs;
use std::path::PathBuf;

use meshwalk_tests::{files_below, relative, workspace};

const LINES_MAX: usize = 500;

fn rust_files() -> Vec<PathBuf> {
    let mut files: Vec<_> = ["models", "sim", "tui", "tests"]
        .iter()
        .flat_map(|room| files_below(&workspace().join(room)))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn read(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_module_fits_in_a_head_and_says_what_it_is() {
    let mut broken = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        if text.lines().count() > LINES_MAX {
            broken.push(format!("{} has more than {LINES_MAX} lines", relative(&path)));
        }
        // `tests.rs` has said it with its name.
        if !text.starts_with("//!") && !path.ends_with("tests.rs") {
            broken.push(format!("{} does not begin with a sentence on itself", relative(&path)));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn lints_are_expected_with_a_reason_and_nothing_is_left_to_do() {
    // Put together here, so that this file does not find itself.
    let banned = [["#[", "allow("], ["#![", "allow("], ["to", "do!("], ["unimple", "mented!("]];
    let mut found = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        for word in banned.map(|parts| parts.concat()) {
            if text.contains(&word) {
                found.push(format!("{} says {word}", relative(&path)));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Words in backquotes that look like paths of this repository.
fn paths_in(document: &str) -> Vec<String> {
    let is_path = |word: &&str| {
        let mut parts = word.split('/');
        let root = parts.next().unwrap_or_default();
        parts.next().is_some() && workspace().join(root).exists() && !word.contains([' ', '*'])
    };
    document.split('`').skip(1).step_by(2).filter(is_path).map(str::to_owned).collect()
}

#[test]
fn paths_in_the_documents_exist() {
    let mut seen = 0;
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "JSON.md"] {
        for path in paths_in(&read(&workspace().join(name))) {
            assert!(workspace().join(&path).exists(), "{name} speaks of {path}");
            seen += 1;
        }
    }
    assert!(seen > 20, "the documents name only {seen} paths");
}

#[test]
fn every_room_stands_in_the_architecture() {
    let architecture = read(&workspace().join("ARCHITECTURE.md"));
    for krate in ["models", "sim", "tui"] {
        let folder = workspace().join(krate).join("src");
        for entry in fs::read_dir(&folder).expect("a crate has sources") {
            let path = entry.expect("an entry of a readable folder").path();
            if path.is_dir() {
                let room = format!("`{}/`", relative(&path));
                assert!(architecture.contains(&room), "ARCHITECTURE.md does not know {room}");
            }
        }
    }
}
