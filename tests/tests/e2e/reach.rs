//! Who reaches whom, through the real binary.

use super::binary::meshwalk;

const TODAY: &str = "scenarios/questions/32-before-it-is-applied/today";
const PLANNED: &str = "scenarios/questions/32-before-it-is-applied/planned";

/// The exit code and what is printed.
fn reach(arguments: &[&str]) -> (Option<i32>, String) {
    let output = meshwalk().arg("reach").args(arguments).output().expect("the binary starts");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_policy_shows_what_it_will_block_before_it_is_applied() {
    let (code, out) = reach(&["--diff", TODAY, PLANNED]);
    assert_eq!(code, Some(1));
    let reports = out.lines().find(|line| line.contains("office/deploy/reports"));
    let reports = reports.unwrap_or_else(|| panic!("the reports are lost: {out}"));
    assert!(reports.starts_with("lost"), "{reports}");
    assert!(reports.contains("db-policy.yaml:4"), "{reports}");
    assert!(!out.contains("gained  "), "{out}");
}

#[test]
fn a_configuration_does_not_differ_from_itself_and_what_was_lost_is_gained_back() {
    assert_eq!(reach(&["--diff", PLANNED, PLANNED]).0, Some(0));
    let (code, out) = reach(&["--diff", PLANNED, TODAY]);
    assert_eq!(code, Some(1));
    assert!(
        out.lines().any(|line| line.starts_with("gained") && line.contains("db-policy.yaml:4"))
    );
    assert!(!out.lines().any(|line| line.starts_with("lost")), "{out}");
}

#[test]
fn the_same_files_give_the_same_bytes_in_every_form() {
    for form in ["table", "wide", "matrix", "json", "dot"] {
        let once = reach(&["-f", PLANNED, "-o", form]);
        assert_eq!(once.0, Some(0), "{form}");
        assert_eq!(once, reach(&["-f", PLANNED, "-o", form]), "{form}");
    }
}
