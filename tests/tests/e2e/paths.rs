//! DATAPATHS.md against the binary.

use std::fs;

use meshwalk_tests::workspace;

use super::binary::meshwalk;

#[test]
fn the_page_of_data_paths_is_what_the_command_prints() {
    let printed = meshwalk().args(["paths", "-o", "markdown"]).output().expect("the binary starts");
    let printed = String::from_utf8(printed.stdout).expect("the page is text");
    let page = fs::read_to_string(workspace().join("DATAPATHS.md")).expect("the page is there");
    assert_eq!(page, printed, "run `cargo run -- paths -o markdown > DATAPATHS.md`");
}
