//! What Ctrl-C does: the process ends at once and leaves the terminal as it found it.

use std::io::{self, Write};
use std::process;

use crate::{Environment, Exit, explore};

/// Clears the line of a progress bar and shows the cursor.
const RESTORE_TERMINAL: &[u8] = b"\r\x1b[2K\x1b[?25h";

/// From now on, Ctrl-C ends the process with [`Exit::Interrupted`].
pub fn exit_on_ctrl_c(environment: &Environment) {
    let is_terminal = environment.stderr_terminal_width.is_some();
    let handler = move || {
        explore::restore_terminal();
        if is_terminal {
            // The process ends either way.
            let _ = io::stderr().write_all(RESTORE_TERMINAL);
        }
        process::exit(i32::from(Exit::Interrupted.code()));
    };
    // Without a handler Ctrl-C still ends the process, only less tidily.
    let _ = ctrlc::set_handler(handler);
}
