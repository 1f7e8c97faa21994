//! Signals from outside: to stop, to go on and to end. The terminal is given back first.
//!
//! Ctrl-C and ctrl-z at the keyboard are keys, not signals, while the terminal is ours; SIGINT
//! from outside is the business of `crate::interrupt`.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::held;
use super::reader::Happening;

/// Starts to listen.
pub(super) fn start(to: Sender<Happening>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT])?;
    let listen = move || {
        for signal in &mut signals {
            match signal {
                SIGTSTP => suspend(&to),
                // Nothing is lost when the terminal cannot be had again: drawing will tell.
                SIGCONT => {
                    let _ = held::retake();
                    let _ = to.send(Happening::Redraw);
                }
                signal => end(signal),
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
    Ok(())
}

/// Stops the process as ctrl-z does, with the terminal as the shell knows it, until it goes on.
pub(super) fn suspend(to: &Sender<Happening>) {
    let lent = held::lend(|| {
        // Without it the process just goes on.
        let _ = emulate_default_handler(SIGTSTP);
    });
    let _ = to.send(match lent {
        Ok(()) => Happening::Redraw,
        Err(error) => Happening::Lost(error),
    });
}

/// Ends as the signal ends processes that do not know it, so that whoever sent it sees that.
fn end(signal: i32) {
    held::restore();
    let _ = emulate_default_handler(signal);
}
