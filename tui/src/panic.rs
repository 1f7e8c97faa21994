//! What a panic looks like to the user: a bug of ours, said once, with what a report needs.
//!
//! Bad input is never a panic; it is a diagnostic or a `Failure`.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Exit, explore};

/// Makes every panic of the process print a report.
pub fn install_hook() {
    panic::set_hook(Box::new(report));
}

/// Runs `body`; a panic in it, on this thread or on a worker it waits for, is a bug.
pub fn guard(body: impl FnOnce() -> Exit) -> Exit {
    // Nothing of `body` is looked at after a panic.
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or(Exit::Bug)
}

fn report(info: &PanicHookInfo<'_>) {
    // Several workers may hit one bug at the same time; one report is enough.
    static REPORTED: AtomicBool = AtomicBool::new(false);
    if REPORTED.swap(true, Ordering::Relaxed) {
        return;
    }
    // Nobody could read it on the screen that is being left.
    explore::restore_terminal();
    let place = info.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let message = info.payload_as_str().unwrap_or("no message");
    let arguments: Vec<_> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    // There is nobody left to tell when standard error is gone too.
    let _ = write!(io::stderr().lock(), "{}", text_of(message, &place, &arguments.join(" ")));
}

fn text_of(message: &str, place: &str, command: &str) -> String {
    format!(
        "\nerror: this is a bug in meshwalk, not in your input\n\n\
         Please report it with these lines and, if you can, the files that lead to it:\n\
         \x20 message  {message}\n\
         \x20 place    {place}\n\
         \x20 version  {version}\n\
         \x20 command  {command}\n",
        version = crate::VERSION,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_report_has_what_is_needed_to_repeat_it() {
        let text = text_of("index out of bounds", "sim/src/x.rs:1:2", "meshwalk run shop.yaml");
        for part in ["bug in meshwalk", "index out of bounds", "x.rs:1:2", "run shop.yaml"] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn a_panic_ends_as_a_bug_and_a_verdict_passes_through() {
        assert_eq!(guard(|| Exit::Failed), Exit::Failed);
        assert_eq!(guard(|| panic!("on purpose")), Exit::Bug);
    }
}
