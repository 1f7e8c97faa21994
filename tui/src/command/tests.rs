//! Whole command lines, in this process, with streams in memory.

use std::ffi::OsString;

use crate::{Environment, Exit, Streams};

struct Printed {
    exit: Exit,
    out: String,
    err: String,
}

fn meshwalk(arguments: &[&str]) -> Printed {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { input: &mut std::io::empty(), out: &mut out, err: &mut err };
    let arguments = std::iter::once("meshwalk").chain(arguments.iter().copied());
    let exit = crate::run(arguments.map(OsString::from), &Environment::default(), &mut streams);
    let text = |bytes| String::from_utf8(bytes).expect("reports are UTF-8");
    Printed { exit, out: text(out), err: text(err) }
}

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory;
    crate::cli::Cli::command().debug_assert();
}

#[test]
fn help_is_a_result_and_lists_the_exit_codes() {
    let printed = meshwalk(&["--help"]);
    assert_eq!(printed.exit, Exit::Fine);
    assert!(printed.out.contains("70  a bug in meshwalk"), "{}", printed.out);
    assert_eq!(printed.err, "");
}

#[test]
fn the_version_is_the_workspace_version() {
    assert_eq!(meshwalk(&["--version"]).out, format!("meshwalk {}\n", crate::VERSION));
}

#[test]
fn an_unknown_command_is_a_usage_error_that_offers_the_near_one() {
    let printed = meshwalk(&["completion", "bash"]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("'completions'"), "{}", printed.err);
    assert_eq!(printed.out, "");
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let printed = meshwalk(&["completions", shell]);
        assert_eq!(printed.exit, Exit::Fine, "{shell}");
        assert!(printed.out.contains("meshwalk"), "{shell}");
    }
}

#[test]
fn the_manual_is_one_page_on_standard_output_or_one_a_command_in_a_folder() {
    let page = meshwalk(&["man"]).out;
    assert!(page.contains(".TH meshwalk 1"), "{page}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("man1");
    let printed = meshwalk(&["man", "--dir", dir.to_str().expect("a plain path")]);
    assert_eq!((printed.exit, printed.out.as_str()), (Exit::Fine, ""));
    for name in ["meshwalk.1", "meshwalk-man.1", "meshwalk-completions.1"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_a_failure_that_names_it() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let printed = meshwalk(&["man", "--dir", file.path().to_str().expect("a plain path")]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.starts_with("error: cannot write manual pages to"), "{}", printed.err);
}
