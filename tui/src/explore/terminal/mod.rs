//! The real terminal: keys come in, screens go out, and whatever happens it is given back as it
//! was. What a key does and what a screen shows is the machine's business.
//!
//! Three threads. This one owns the machine: it answers keys, works in slices and draws. One reads
//! keys, one waits for signals. The clock that is read here decides how often a screen is drawn
//! while work goes on, and nothing else.

mod held;
mod pace;
mod painter;
mod person;
mod reader;
mod signals;

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::held::Drawn;
use self::pace::Pace;
use self::painter::Painter;
use self::reader::Happening;
use crate::Exit;
use crate::terminal::Rehearsal;

pub(crate) use self::held::{Mouse, restore};
pub(crate) use self::person::Person;

/// How many keys and the like are answered before the screen is drawn once for all of them.
const AT_ONCE_MAX: usize = 200;

/// What is explored at the terminal.
pub(crate) trait Machine {
    /// It begins; whoever works for it beside the desk calls `notify` when something is done.
    fn begin(&mut self, notify: Box<dyn Fn() + Send>);

    /// Somebody called `notify`.
    fn notified(&mut self);

    /// A key was pressed.
    fn key(&mut self, key: KeyEvent);

    /// The mouse was used on the screen that was drawn last.
    fn mouse(&mut self, mouse: MouseEvent);

    /// Text was pasted.
    fn paste(&mut self, text: &str);

    /// Does one slice of what there is to do: a few milliseconds, so that keys are answered.
    fn work(&mut self) -> Work;

    /// The while of [`Work::After`] is over, and nothing else happened.
    fn waited(&mut self);

    /// What is wanted of the terminal, each once.
    fn wanted(&mut self) -> Option<Wanted>;

    /// The screen.
    fn draw(&mut self, area: Rect) -> Buffer;
}

/// What there is to do without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Nothing.
    Nothing,
    /// More, at once.
    More,
    /// More, after a while.
    After(Duration),
}

/// What a machine wants of the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// To end.
    End(Exit),
    /// To be stopped, as ctrl-z does it.
    Suspend,
    /// To be drawn as a whole, whatever stands there.
    Redraw,
    /// A text on the clipboard of the terminal.
    Copy(String),
}

/// Lets somebody explore `machine` at the terminal behind standard output.
///
/// # Errors
///
/// When the terminal cannot be read from or written to.
pub(crate) fn explore(
    machine: &mut dyn Machine,
    mouse: Mouse,
    rehearsal: Option<Rehearsal>,
) -> io::Result<Exit> {
    let (to, from) = mpsc::channel();
    let notify = to.clone();
    // The desk may have gone when the last answer comes.
    machine.begin(Box::new(move || drop(notify.send(Happening::Notified))));
    held::take(mouse, to.clone())?;
    let started = reader::start(to.clone(), rehearsal).and_then(|()| signals::start(to.clone()));
    let (painter, pace) = (Painter::default(), Pace::default());
    let mut desk = Desk { machine, from, to, painter, pace, rehearsal };
    let exit = started.and_then(|()| desk.run());
    held::restore();
    exit
}

/// The thread that owns the machine.
struct Desk<'a> {
    machine: &'a mut dyn Machine,
    from: Receiver<Happening>,
    to: Sender<Happening>,
    painter: Painter,
    pace: Pace,
    rehearsal: Option<Rehearsal>,
}

impl Desk<'_> {
    fn run(&mut self) -> io::Result<Exit> {
        loop {
            if self.draw()? == Drawn::Never {
                return Ok(Exit::Bug);
            }
            if let Some(exit) = self.until_changed()? {
                return Ok(exit);
            }
        }
    }

    /// Answers keys and works until there is something new to see; `Some` at the end of all.
    fn until_changed(&mut self) -> io::Result<Option<Exit>> {
        let mut is_unseen = false;
        loop {
            let work = self.machine.work();
            if is_unseen && work != Work::More {
                return Ok(None);
            }
            is_unseen = work == Work::More;
            let answered = self.answer(work)?;
            if let Some(exit) = self.fulfil()? {
                return Ok(Some(exit));
            }
            let is_due = match work {
                Work::More => self.pace.is_due(),
                Work::Nothing | Work::After(_) => true,
            };
            if answered > 0 || is_due {
                return Ok(None);
            }
        }
    }

    /// Answers what has happened; waits for it when there is no work.
    fn answer(&mut self, work: Work) -> io::Result<usize> {
        let mut next = match work {
            Work::More => self.waiting()?,
            Work::Nothing => Some(self.from.recv().map_err(|_| nobody())?),
            Work::After(pause) => match self.from.recv_timeout(pause) {
                Ok(happening) => Some(happening),
                Err(RecvTimeoutError::Timeout) => {
                    self.machine.waited();
                    None
                }
                Err(RecvTimeoutError::Disconnected) => return Err(nobody()),
            },
        };
        let mut answered = 0;
        while let Some(happening) = next {
            self.take(happening)?;
            answered += 1;
            next = if answered < AT_ONCE_MAX { self.waiting()? } else { None };
        }
        Ok(answered)
    }

    /// What has happened already.
    fn waiting(&mut self) -> io::Result<Option<Happening>> {
        match self.from.try_recv() {
            Ok(happening) => Ok(Some(happening)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(nobody()),
        }
    }

    fn take(&mut self, happening: Happening) -> io::Result<()> {
        match happening {
            Happening::Key(key) if is_suspend(&key) => signals::suspend(&self.to),
            Happening::Key(key) => {
                rehearse(&key, Rehearsal::Desk, self.rehearsal);
                if reader::is_interrupt(&key) {
                    reader::answered();
                }
                self.machine.key(key);
            }
            Happening::Mouse(mouse) => self.machine.mouse(mouse),
            Happening::Paste(text) => self.machine.paste(&text),
            Happening::Notified => self.machine.notified(),
            Happening::Resize | Happening::Redraw => self.painter.forget(),
            Happening::Lost(error) => return Err(error),
        }
        Ok(())
    }

    fn fulfil(&mut self) -> io::Result<Option<Exit>> {
        while let Some(wanted) = self.machine.wanted() {
            match wanted {
                Wanted::End(exit) => return Ok(Some(exit)),
                Wanted::Suspend => signals::suspend(&self.to),
                Wanted::Redraw => self.painter.forget(),
                Wanted::Copy(text) => painter::copy(&text)?,
            }
        }
        Ok(None)
    }

    fn draw(&mut self) -> io::Result<Drawn> {
        let screen = self.machine.draw(painter::size());
        self.pace.drawn();
        self.painter.paint(screen)
    }
}

fn is_suspend(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Panics on F12, if `here` is where somebody wants to see a bug.
fn rehearse(key: &KeyEvent, here: Rehearsal, wanted: Option<Rehearsal>) {
    assert!(key.code != KeyCode::F(12) || wanted != Some(here), "rehearsed on the {here:?}");
}

/// The desk holds a sender itself, so this cannot happen while it is there.
fn nobody() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
