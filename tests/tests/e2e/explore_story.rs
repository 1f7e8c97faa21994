//! The story that the screens are for, at a real terminal: somebody is denied, asks why, reads
//! what would change it, and goes back to where the request began.

use super::explore_terminal::POLICIES;
use super::pty::{Size, Terminal};

#[test]
fn somebody_finds_out_why_a_request_is_denied() {
    let mut terminal = Terminal::start(&POLICIES, Size(120, 36), &[]);
    terminal.wait_for("[2 Step]");
    // To the first request that a policy answers.
    terminal.press("/answers 403\r");
    terminal.wait_until("the denied request", |screen| {
        let status = screen.rows(0, 120).nth(34).unwrap_or_default();
        status.contains("audit#0/") && status.contains("attempt0")
    });
    // Why?
    terminal.press("w");
    terminal.wait_for("[4 Why]");
    terminal.wait_for("DENIED 403");
    terminal.wait_for("decided at:");
    // What would change it is looked for beside the keys.
    terminal.wait_until("a flip", |screen| {
        let text = screen.contents();
        text.contains("What would change it") && text.contains("-> allowed")
    });
    // Back to its first packet; the screen stays.
    terminal.press("<");
    terminal.wait_until("the first entry of the request", |screen| {
        let status = screen.rows(0, 120).nth(34).unwrap_or_default();
        status.contains("/try0/step0") && !status.contains("attempt")
    });
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit_code(), 0);
    terminal.assert_clean();
}
