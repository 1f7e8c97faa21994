//! Reads what happens at the terminal, on a thread of its own, so that a key is never waited for
//! by work and work never by a key.

use std::io;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};

use super::held;
use crate::Exit;
use crate::terminal::Rehearsal;

/// What comes to the loop from the other threads.
#[derive(Debug)]
pub(super) enum Happening {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size now.
    Resize,
    /// Somebody who works beside the desk is done with something.
    Notified,
    /// Nothing of what was drawn before is on the terminal any more.
    Redraw,
    /// Nothing will ever come again.
    Lost(io::Error),
}

/// Presses of ctrl-c that nobody answered yet.
static UNANSWERED: AtomicU32 = AtomicU32::new(0);

/// With so many presses of ctrl-c nobody is home: the process ends at once.
const PRESSES_MAX: u32 = 3;

/// Starts to read.
pub(super) fn start(to: Sender<Happening>, rehearsal: Option<Rehearsal>) -> io::Result<()> {
    // Threads bring events in the order in which they happened; a run of the engine sees none.
    thread::Builder::new().name("reader".to_owned()).spawn(move || read(&to, rehearsal))?;
    Ok(())
}

/// Somebody answered the presses of ctrl-c.
pub(super) fn answered() {
    UNANSWERED.store(0, Ordering::Relaxed);
}

/// Whether `key` is ctrl-c.
pub(super) fn is_interrupt(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn read(to: &Sender<Happening>, rehearsal: Option<Rehearsal>) {
    loop {
        let happening = match event::read() {
            Ok(event) => happening(event),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let _ = to.send(Happening::Lost(error));
                return;
            }
        };
        let Some(happening) = happening else { continue };
        if let Happening::Key(key) = &happening {
            super::rehearse(key, Rehearsal::Reader, rehearsal);
            if is_interrupt(key) {
                interrupt();
            }
        }
        if to.send(happening).is_err() {
            return;
        }
    }
}

fn happening(event: Event) -> Option<Happening> {
    match event {
        // Some terminals tell of released keys too.
        Event::Key(key) if key.kind == KeyEventKind::Release => None,
        Event::Key(key) => Some(Happening::Key(key)),
        Event::Mouse(mouse) => Some(Happening::Mouse(mouse)),
        Event::Paste(text) => Some(Happening::Paste(text)),
        Event::Resize(..) => Some(Happening::Resize),
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn interrupt() {
    let presses = UNANSWERED.fetch_add(1, Ordering::Relaxed) + 1;
    if presses >= PRESSES_MAX {
        held::restore();
        process::exit(i32::from(Exit::Interrupted.code()));
    }
}
