//! README's commands print what README says.
//!
//! Only `console` blocks are run. When output has changed for a good reason,
//! `TRYCMD=overwrite cargo test -p meshwalk-tests --test readme` writes the new one.

use std::env;
use std::path::Path;

use meshwalk_tests::workspace;

#[test]
fn the_commands_in_readme_print_what_readme_shows() {
    // README's paths start at the root. This is the only test of its process.
    env::set_current_dir(workspace()).expect("the workspace can be entered");
    trycmd::TestCases::new()
        .register_bin("meshwalk", Path::new(env!("CARGO_BIN_EXE_meshwalk-under-test")))
        .env("COLUMNS", "100")
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1")
        .case("README.md");
}
