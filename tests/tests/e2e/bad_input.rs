//! Input as nobody should have it: findings with a line, the rest still read, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

use super::binary::{in_workspace, meshwalk};

/// What `meshwalk lint` said, both streams together.
struct Lint {
    code: Option<i32>,
    text: String,
}

impl Lint {
    #[track_caller]
    fn says(&self, part: &str) -> &Self {
        assert!(self.text.contains(part), "`{part}` is not said:\n{}", self.text);
        self
    }

    #[track_caller]
    fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }
}

fn lint_path(path: &Path) -> Lint {
    lint_by(meshwalk().arg("lint"), path)
}

fn lint_by(command: &mut Command, path: &Path) -> Lint {
    let output = command.arg(path).output().expect("the binary starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(!text.contains("bug in meshwalk"), "{}: {text}", path.display());
    Lint { code: output.status.code(), text }
}

fn lint(content: impl AsRef<[u8]>) -> Lint {
    let folder = tempfile::tempdir().expect("a temporary folder");
    lint_path(&written(folder.path(), "input.yaml", content))
}

fn written(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).expect("the temporary folder can be written");
    path
}

fn service(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector: {{app: a}}\n  \
         ports:\n    - port: 80\n"
    )
}

#[test]
fn an_empty_file_is_fine() {
    for text in ["", "\n\n", "# nothing\n", "---\n---\n", "\u{feff}"] {
        lint(text).ends_with(0);
    }
}

#[test]
fn a_binary_file_is_named() {
    let junk: Vec<u8> =
        (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    lint(junk).ends_with(1).says("input.yaml");
    lint(b"\x7fELF\x02\x01\x01\x00\x00\x00").ends_with(1).says("input.yaml");
}

#[test]
fn a_broken_document_does_not_hide_its_neighbours() {
    let broken = "apiVersion: v1\nkind: Service\nmetadata: {name: [unclosed\n";
    let bad_port = service("third").replace("80", "eighty");
    lint([&service("first"), "---\n", broken, "---\n", &bad_port].concat())
        .ends_with(1)
        // The broken document and, after it, the wrong type in the last one.
        .says("input.yaml:1")
        .says("eighty");
}

#[test]
fn one_bad_file_does_not_hide_the_findings_of_another() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    written(folder.path(), "a.yaml", [0, 159, 146, 150]);
    written(folder.path(), "b.yaml", service("b").replace("80", "99999"));
    lint_path(folder.path()).ends_with(1).says("a.yaml").says("b.yaml").says("99999");
}

#[test]
fn aliases_that_unfold_to_billions_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{below}]\n");
    }
    lint(bomb).ends_with(1).says("alias");
}

#[test]
fn nesting_without_end_is_refused() {
    for text in ["[".repeat(200_000), "{a: ".repeat(200_000), "- ".repeat(100_000)] {
        lint(text).ends_with(1);
    }
    let mut stairs = String::new();
    for depth in 0..3_000 {
        stairs += &format!("{}a:\n", " ".repeat(depth));
    }
    lint(stairs).ends_with(1);
}

#[test]
fn a_wrong_type_shows_the_line_and_what_was_expected() {
    lint(service("a").replace("80", "[80]")).ends_with(1).says(":8:").says("expected");
}

#[test]
fn a_missing_name_is_an_error() {
    lint(service("a").replace("  name: a", "  labels: {a: b}"))
        .ends_with(1)
        .says("`metadata.name`");
    lint("apiVersion: v1\nkind: Service\n").ends_with(1).says("`metadata`");
}

#[test]
fn an_object_that_is_there_twice_is_found_with_both_places() {
    let lint = lint([service("twin"), service("twin")].join("---\n"));
    lint.says("twin").says("this one is overwritten").says("this one counts");
}

#[test]
fn a_misspelt_field_is_reported_with_the_near_name() {
    lint(service("a").replace("selector", "selectr")).says("selectr").says("selector");
}

#[test]
fn a_helm_template_is_recognised() {
    lint("apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n")
        .ends_with(1)
        .says("helm template");
}

#[test]
fn standard_input_is_read_and_named() {
    let output = meshwalk()
        .args(["lint", "-"])
        .write_stdin(service("a").replace("80", "eighty"))
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(text.contains("stdin") || text.contains("standard input"), "{text}");
}

/// `meshwalk lint` in a process that may not have more memory than this.
#[cfg(target_os = "linux")]
fn lint_within_kib(limit: u64) -> Command {
    let mut command = meshwalk();
    let binary = command.get_program().to_owned();
    command = in_workspace("sh");
    command.args(["-c", &format!("ulimit -v {limit} && exec \"$0\" lint \"$1\"")]).arg(binary);
    command
}

/// Tens of thousands of objects of kinds that nobody models, as a dump of a cluster has them,
/// and a Service at the very end that must be found. In a gigabyte; the text alone is 50 MB.
#[test]
fn fifty_megabytes_are_read_to_the_end() {
    const SIZE: usize = 50 << 20;
    let mut text = String::with_capacity(SIZE + 4096);
    let mut number = 0;
    while text.len() < SIZE {
        number += 1;
        text += &format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: map-{number}}}\ndata:\n"
        );
        for key in 0..40 {
            text += &format!("  key-{key}: a value that says nothing about any traffic\n");
        }
    }
    text += "---\n";
    text += &service("last").replace("80", "eighty");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = written(folder.path(), "dump.yaml", text);
    #[cfg(target_os = "linux")]
    let lint = lint_by(&mut lint_within_kib(1 << 20), &path);
    #[cfg(not(target_os = "linux"))]
    let lint = lint_path(&path);
    lint.ends_with(1).says("ConfigMap").says("eighty");
}

/// A scenario is input too.
#[test]
fn a_broken_scenario_is_refused_with_its_lines() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broken = [
        ("version: 2\nduration: 1s\n", ":1:"),
        ("version: 1\n", "duration"),
        ("version: 1\nduration: 1s\nwarm_up: 2s\n", "warm_up"),
        ("version: 1\nduration: 1s\ntrafic: []\n", "traffic"),
        (
            "version: 1\nduration: 1s\ntraffic:\n  - {name: a, to: b, load: {arrivals: {poisson: {rate: fast}}}}\n",
            ":4:",
        ),
        ("version: 1\nduration: 1s\nexpectations:\n  - {that: 'p99('}\n", ":4:"),
        ("version: 1\nduration: 1s\nmanifests: [nowhere]\n", "nowhere"),
        ("version: 1\nduration: [", ":2:"),
    ];
    for (text, part) in broken {
        let path = written(folder.path(), "scenario.yaml", text);
        let output = meshwalk().arg("run").arg(&path).output().expect("the binary starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}\n{stderr}");
        assert!(stderr.contains(part), "`{part}` is not said of\n{text}\n{stderr}");
    }
}
