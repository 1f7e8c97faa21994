//! Brings a buffer onto the terminal: only the cells that differ from what stands there.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::held::{self, Drawn};

/// What stands on the terminal.
#[derive(Debug, Default)]
pub(super) struct Painter {
    /// `None` where that is not known.
    shown: Option<Buffer>,
}

impl Painter {
    /// Forgets what stands there: somebody else wrote on the terminal, or it has another size.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }

    /// Shows `next`.
    pub(super) fn paint(&mut self, next: Buffer) -> io::Result<Drawn> {
        let before = self.shown.take().filter(|shown| shown.area == next.area);
        let drawn = held::draw(|out| match &before {
            Some(before) => write(out, before.diff(&next).into_iter(), Page::Kept),
            None => {
                let blank = Buffer::empty(next.area);
                write(out, blank.diff(&next).into_iter(), Page::New)
            }
        })?;
        if drawn == Drawn::Shown {
            self.shown = Some(next);
        }
        Ok(drawn)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    New,
    Kept,
}

fn write<'a>(
    out: &mut File,
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
    page: Page,
) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    // Terminals that know it show the whole change at once; the others ignore it.
    queue!(out, BeginSynchronizedUpdate)?;
    if page == Page::New {
        queue!(out, Clear(ClearType::All))?;
    }
    CrosstermBackend::new(&mut out).draw(cells)?;
    queue!(out, EndSynchronizedUpdate)?;
    out.flush()
}

/// The size of the terminal. One that does not say is taken for the smallest that works.
pub(super) fn size() -> Rect {
    let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
    Rect::new(0, 0, width, height)
}

/// Puts `text` on the clipboard of the terminal, also of one far away (OSC 52 of xterm).
pub(super) fn copy(text: &str) -> io::Result<()> {
    let text = BASE64_STANDARD.encode(text);
    held::draw(|out| {
        write!(out, "\x1b]52;c;{text}\x07")?;
        out.flush()
    })?;
    Ok(())
}
