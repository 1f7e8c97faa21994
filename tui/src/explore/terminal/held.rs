//! Who has the terminal: this process, the shell while the process is stopped, or nobody any more.
//!
//! Everything is undone by one function that any thread may call at any time: after a panic, on a
//! signal, and at the end. What is drawn is not decided here.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};

use super::reader::Happening;

/// Whether clicks and the wheel come to us; if not, the terminal selects text with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// They come.
    On,
    /// They stay the terminal's.
    Off,
}

/// Whose the terminal is.
#[derive(Debug)]
enum Hold {
    /// Nobody took it yet, or it was given back for good.
    Free,
    /// Ours.
    Ours(Tty),
    /// The shell's, until we go on.
    Lent(Tty),
}

/// The terminal behind standard output.
#[derive(Debug)]
struct Tty {
    /// A second door to standard output: the lock of the first is held by the command for as long
    /// as it runs, and other threads must be able to restore the terminal.
    out: File,
    mouse: Mouse,
    /// Told when the terminal is given back, so that the desk sees it and ends.
    wake: Sender<Happening>,
}

static HOLD: Mutex<Hold> = Mutex::new(Hold::Free);

/// How long whoever restores the terminal waits for a thread that is drawing.
const TURNS_MAX: u32 = 100;

/// Between two looks at the lock.
const TURN: Duration = Duration::from_millis(5);

/// What became of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// It is on the terminal.
    Shown,
    /// The terminal is lent; what comes back begins with a whole screen.
    Later,
    /// The terminal was given back for good, by a panic on another thread.
    Never,
}

/// Takes the terminal behind standard output.
pub(super) fn take(mouse: Mouse, wake: Sender<Happening>) -> io::Result<()> {
    let out = door()?;
    let mut hold = lock();
    enable_raw_mode()?;
    // From here on `restore` undoes what follows, however far it comes.
    *hold = Hold::Ours(Tty { out, mouse, wake });
    match &mut *hold {
        Hold::Ours(tty) => tty.enter(),
        Hold::Free | Hold::Lent(_) => Ok(()),
    }
}

/// Gives the terminal back for good, as it was before [`take`]. Does nothing when it is not ours.
pub(crate) fn restore() {
    let Some(mut hold) = patient_lock() else {
        // Somebody is stuck while drawing; a terminal that works again matters more than order.
        if let Ok(mut out) = door() {
            leave(&mut out, Mouse::On);
        }
        return;
    };
    if let Hold::Ours(mut tty) = std::mem::replace(&mut *hold, Hold::Free) {
        leave(&mut tty.out, tty.mouse);
        // Nobody listens any more when the end is an orderly one.
        let _ = tty.wake.send(Happening::Redraw);
    }
}

/// Lends the terminal while `away` runs, such as the stop of the whole process.
pub(super) fn lend(away: impl FnOnce()) -> io::Result<()> {
    {
        let mut hold = lock();
        let Hold::Ours(mut tty) = std::mem::replace(&mut *hold, Hold::Free) else { return Ok(()) };
        leave(&mut tty.out, tty.mouse);
        *hold = Hold::Lent(tty);
    }
    away();
    let mut hold = lock();
    let Hold::Lent(mut tty) = std::mem::replace(&mut *hold, Hold::Free) else { return Ok(()) };
    enable_raw_mode()?;
    let entered = tty.enter();
    *hold = Hold::Ours(tty);
    entered
}

/// Takes the terminal again after somebody stopped and continued the process from outside, where
/// nothing of ours could run before.
pub(super) fn retake() -> io::Result<()> {
    let mut hold = lock();
    let Hold::Ours(tty) = &mut *hold else { return Ok(()) };
    disable_raw_mode()?;
    enable_raw_mode()?;
    tty.enter()
}

/// Lets `draw` write to the terminal, if it is ours.
pub(super) fn draw(draw: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Drawn> {
    match &mut *lock() {
        Hold::Ours(tty) => draw(&mut tty.out).map(|()| Drawn::Shown),
        Hold::Lent(_) => Ok(Drawn::Later),
        Hold::Free => Ok(Drawn::Never),
    }
}

impl Tty {
    fn enter(&mut self) -> io::Result<()> {
        queue!(self.out, EnterAlternateScreen, Clear(ClearType::All), Hide, EnableBracketedPaste)?;
        if self.mouse == Mouse::On {
            queue!(self.out, EnableMouseCapture)?;
        }
        self.out.flush()
    }
}

/// As much as still works: there is nobody to tell what does not.
fn leave(out: &mut File, mouse: Mouse) {
    if mouse == Mouse::On {
        let _ = execute!(out, DisableMouseCapture);
    }
    let _ = execute!(out, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

fn door() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

fn lock() -> MutexGuard<'static, Hold> {
    // A thread that broke while drawing left nothing half done that matters.
    HOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock, unless its owner keeps it: it may be the thread that panics.
fn patient_lock() -> Option<MutexGuard<'static, Hold>> {
    for _ in 0..TURNS_MAX {
        match HOLD.try_lock() {
            Ok(hold) => return Some(hold),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(TURN),
        }
    }
    None
}
