//! Stories of folders as people have them.

use std::fs;
use std::path::{Path, PathBuf};

use meshwalk_models::manifest::SourceSet;
use tempfile::TempDir;

use super::collect::Input;
use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a writable folder");
        fs::write(path, text).expect("a writable folder");
    }
    folder
}

fn names_in(folder: &Path, inputs: &[Input]) -> Vec<String> {
    let name = |input: &Input| match input {
        Input::Stdin => "-".to_owned(),
        Input::File(path) => {
            path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned()
        }
    };
    inputs.iter().map(name).collect()
}

fn reason_of<'s>(skipped: &'s [Skipped], ending: &str) -> &'s str {
    let found = skipped.iter().find(|skipped| skipped.path.ends_with(ending));
    found.unwrap_or_else(|| panic!("{ending} is not in {skipped:?}")).reason
}

#[test]
fn a_folder_is_read_recursively_in_the_order_of_names() {
    let folder = folder(&[
        ("web.yml", ""),
        ("base/b.yaml", ""),
        ("base/a.JSON", ""),
        ("README.md", ""),
        (".git/config.yaml", ""),
    ]);
    let found = collect(&[folder.path().to_owned()], &Limits::DEFAULT);
    assert_eq!(names_in(folder.path(), &found.inputs), ["base/a.JSON", "base/b.yaml", "web.yml"]);
    assert_eq!(reason_of(&found.skipped, ".git"), "hidden");
    assert_eq!(reason_of(&found.skipped, "README.md"), "not a .yaml, .yml or .json file");
    assert!(found.findings.is_empty());
}

#[test]
fn a_file_that_is_named_may_have_any_ending_and_is_read_once() {
    let folder = folder(&[("manifests.txt", ""), ("web.yaml", "")]);
    let paths = ["manifests.txt", "web.yaml", "./web.yaml"].map(|name| folder.path().join(name));
    let found = collect(&paths, &Limits::DEFAULT);
    assert_eq!(names_in(folder.path(), &found.inputs), ["manifests.txt", "web.yaml"]);
    assert_eq!(reason_of(&found.skipped, "web.yaml"), "already read under another path");
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_never_in_a_circle() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("real/web.yaml", "")]);
    symlink(folder.path(), folder.path().join("real/up")).expect("a link");
    symlink("nowhere", folder.path().join("real/dangling.yaml")).expect("a link");
    let found = collect(&[folder.path().to_owned()], &Limits::DEFAULT);
    assert_eq!(names_in(folder.path(), &found.inputs), ["real/web.yaml"]);
    assert_eq!(reason_of(&found.skipped, "real/up"), "already read under another path");
    assert_eq!(reason_of(&found.skipped, "dangling.yaml"), "a link to nothing");
}

#[test]
fn deep_folders_and_endless_lists_of_files_have_a_limit() {
    let folder = folder(&[("1/2/3/deep.yaml", ""), ("a.yaml", ""), ("b.yaml", "")]);
    let limits = Limits { files_max: 1, depth_max: 1, ..Limits::DEFAULT };
    let found = collect(&[folder.path().to_owned()], &limits);
    assert_eq!(names_in(folder.path(), &found.inputs), ["a.yaml"]);
    assert_eq!(reason_of(&found.skipped, "1/2"), "nested too deeply");
    assert_eq!(found.findings[0].code, "input.too-many-files");
}

#[test]
fn one_absent_file_does_not_hide_the_others() {
    let folder = folder(&[("a.yaml", "kind: Pod\n")]);
    let paths = ["absent.yaml", "a.yaml"].map(|name| folder.path().join(name));
    let mut sources = Sources::default();
    let found = collect(&paths, &Limits::DEFAULT);
    let ids = read_all(found, &mut std::io::empty(), &Limits::DEFAULT, &mut sources);
    assert_eq!(ids.len(), 1);
    assert_eq!(sources.set.text(ids[0]), "kind: Pod\n");
    assert_eq!(sources.findings.len(), 1);
    assert!(sources.findings[0].message.contains("absent.yaml"), "{:?}", sources.findings);
}

#[test]
fn standard_input_is_read_once() {
    let found = collect(&[PathBuf::from("-"), PathBuf::from("-")], &Limits::DEFAULT);
    assert_eq!((found.inputs.len(), found.skipped.len()), (1, 1));
    let mut sources = Sources::default();
    let ids = read_all(found, &mut "kind: Pod".as_bytes(), &Limits::DEFAULT, &mut sources);
    assert_eq!(sources.set.name(ids[0]), "<stdin>");
}

#[test]
fn a_file_over_the_limit_is_refused_and_the_next_one_read() {
    let folder = folder(&[("a.yaml", "12345"), ("b.yaml", "1234"), ("c.yaml", "1")]);
    let limits = Limits { file_bytes_max: 4, ..Limits::DEFAULT };
    let mut sources = Sources::default();
    let found = collect(&[folder.path().to_owned()], &limits);
    let ids = read_all(found, &mut std::io::empty(), &limits, &mut sources);
    assert_eq!(ids.len(), 2);
    assert!(sources.findings[0].message.contains("a.yaml is larger than 4"));
}

#[test]
fn all_files_together_have_a_limit_too() {
    let folder = folder(&[("a.yaml", "123"), ("b.yaml", "123"), ("c.yaml", "1")]);
    let limits = Limits { total_bytes_max: 5, ..Limits::DEFAULT };
    let mut sources = Sources::default();
    let found = collect(&[folder.path().to_owned()], &limits);
    let ids = read_all(found, &mut std::io::empty(), &limits, &mut sources);
    assert_eq!(ids.len(), 1);
    assert!(sources.findings[0].message.contains("b.yaml and what follows"));
}

#[test]
fn a_scenario_has_a_version_and_no_kind() {
    for (text, kind) in [
        ("version: 1\nduration: 10s\n", SourceKind::Scenario),
        ("# a comment\n---\nversion: 1\n", SourceKind::Scenario),
        ("apiVersion: v1\nkind: Pod\nversion: 1\n", SourceKind::Manifest),
        ("apiVersion: v1\nkind: Pod\n", SourceKind::Manifest),
        ("- version: 1\n", SourceKind::Manifest),
        ("version: [\n", SourceKind::Manifest),
        ("", SourceKind::Manifest),
    ] {
        let mut sources = SourceSet::new();
        let id = sources.add("x.yaml", text);
        assert_eq!(kind_of(&sources, id), kind, "{text}");
    }
}
