//! The screens at a real terminal: whatever ends or interrupts them, the terminal is afterwards as
//! it was before. What the screens say is theirs to tell.

use super::pty::{Size, Terminal};

/// Three policies that turn callers away; cut short, since no test here is about numbers.
pub(crate) const POLICIES: [&str; 4] =
    ["open", "scenarios/basics/policies.yaml", "--set", "duration=4s"];

const FULL: Size = Size(120, 36);
const SMALLEST: Size = Size(80, 24);

/// Stands on every screen, in the row of tabs.
const TABS: &str = "2 Step";

fn opened(size: Size, environment: &[(&str, &str)]) -> Terminal {
    let terminal = Terminal::start(&POLICIES, size, environment);
    terminal.wait_for(TABS);
    assert!(terminal.is_raw(), "keys come one by one");
    terminal.wait_until("the other screen", vt100::Screen::alternate_screen);
    terminal
}

#[test]
fn q_leaves_the_terminal_as_it_was() {
    let mut terminal = opened(SMALLEST, &[]);
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let mut terminal = opened(SMALLEST, &[]);
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end().exit_code(), 130);
    terminal.assert_clean();
}

#[test]
fn an_interrupt_from_outside_leaves_the_terminal_as_it_was() {
    let terminal = opened(SMALLEST, &[]);
    terminal.signal("INT");
    assert_eq!(terminal.wait_for_end().exit_code(), 130);
    terminal.assert_clean();
}

#[test]
fn a_request_to_end_leaves_the_terminal_as_it_was_and_is_seen_by_whoever_sent_it() {
    let terminal = opened(SMALLEST, &[]);
    terminal.signal("TERM");
    let end = terminal.wait_for_end();
    assert_eq!(end.signal(), Some("Terminated"), "{end:?}");
    terminal.assert_clean();
}

/// The bug is made by a variable that only debug builds know.
#[cfg(debug_assertions)]
#[test]
fn a_bug_on_any_thread_is_reported_on_a_terminal_as_it_was() {
    for thread in ["desk", "reader"] {
        let mut terminal = opened(FULL, &[("MESHWALK_REHEARSE_BUG", thread)]);
        // F12.
        terminal.press("\x1b[24~");
        assert_eq!(terminal.wait_for_end().exit_code(), 70, "{thread}");
        terminal.assert_clean();
        terminal.wait_for("this is a bug in meshwalk");
        terminal.wait_for("rehearsed");
    }
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_the_screen_comes_back() {
    let mut terminal = opened(SMALLEST, &[]);
    terminal.press("\x1a");
    terminal.wait_until_stopped();
    terminal.assert_clean();
    terminal.signal("CONT");
    terminal.wait_until("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains(TABS)
    });
    assert!(terminal.is_raw());
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_stop_from_outside_does_the_same() {
    let mut terminal = opened(SMALLEST, &[]);
    terminal.signal("TSTP");
    terminal.wait_until_stopped();
    terminal.assert_clean();
    terminal.signal("CONT");
    terminal.wait_until("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains(TABS)
    });
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_terminal_that_gets_too_small_says_so_and_grows_back() {
    let mut terminal = opened(FULL, &[]);
    terminal.resize(Size(60, 15));
    terminal.wait_until("what to do", |screen| {
        let text = screen.contents();
        !text.contains(TABS) && text.contains("80x24")
    });
    terminal.resize(FULL);
    terminal.wait_for(TABS);
    // A storm: only the last size counts.
    for width in 80..120 {
        terminal.resize(Size(width, 30));
    }
    terminal.resize(SMALLEST);
    terminal.wait_until("a screen of 24 rows", |screen| {
        let last = screen.rows(0, SMALLEST.0).nth(usize::from(SMALLEST.1) - 1);
        screen.contents().contains(TABS) && last.is_some_and(|row| row.contains("? hel"))
    });
    terminal.press("q");
    terminal.wait_for_end();
    terminal.assert_clean();
}

#[test]
fn no_color_leaves_no_colour_in_any_byte() {
    let mut terminal = opened(FULL, &[("NO_COLOR", "1")]);
    terminal.press("4");
    terminal.wait_for("[4 Why]");
    terminal.press("q");
    terminal.wait_for_end();
    let text = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    for sequence in text.split("\x1b[").skip(1) {
        let Some((numbers, _)) = sequence.split_once('m') else { continue };
        if numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') {
            for number in numbers.split(';') {
                // 39 and 49 are the terminal's own.
                let is_colour = matches!(number.parse(), Ok(30..=38 | 40..=48 | 90..=107));
                assert!(!is_colour, "{numbers}");
            }
        }
    }
}

#[test]
fn a_terminal_of_many_colours_gets_them() {
    let terminal = opened(FULL, &[("COLORTERM", "truecolor")]);
    terminal.wait_for_bytes("a colour of red, green and blue", |bytes| {
        String::from_utf8_lossy(bytes).contains("38;2;")
    });
}

#[test]
fn a_click_on_a_tab_shows_its_screen_and_a_mouse_that_is_left_alone_is_not_asked_for() {
    let mut terminal = opened(FULL, &[]);
    let column = terminal.column_of("4 Why", 1);
    // A press and a release of the first button, as SGR mice report them, counted from 1.
    terminal.press(&format!("\x1b[<0;{};2M\x1b[<0;{};2m", column + 2, column + 2));
    terminal.wait_for("[4 Why]");
    let arguments = POLICIES.iter().copied().chain(["--no-mouse"]).collect::<Vec<_>>();
    let quiet = Terminal::start(&arguments, FULL, &[]);
    quiet.wait_for(TABS);
    quiet.wait_until("no mouse", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
}

#[test]
fn the_first_screen_says_how_to_go_on_and_the_first_key_takes_that_away() {
    let mut terminal = opened(SMALLEST, &[]);
    terminal.wait_for("? finds all that can be done, ) goes to the next failure, w says why");
    terminal.press("l");
    terminal.wait_for("e2 of ");
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit_code(), 0);
}
