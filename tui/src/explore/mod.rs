//! The time machine: one recorded run, one cursor in it, and the screens that show what is true
//! there.
//!
//! Computes no mesh behaviour: it asks the log, the engine's state and the evaluators of
//! `meshwalk-models`. Every cell of a screen follows from the session, the log, the view and the
//! look; the terminal, documents and tests get the same bytes.

mod action;
mod app;
mod asking;
mod beginning;
mod cursor;
mod frame;
mod hop;
pub(crate) mod keys;
mod look;
mod mouse;
pub(crate) mod output;
pub(crate) mod plain;
mod prompt;
mod scene;
mod screen;
mod session;
mod since;
mod sought;
pub(crate) mod terminal;
#[cfg(test)]
mod testing;
mod view;
pub(crate) mod wording;

pub(crate) use app::{App, Effect};
pub(crate) use look::{Depth, Glyphs, Look, Palette};
pub(crate) use screen::Screen;
pub(crate) use session::{Made, Session};
pub(crate) use terminal::restore as restore_terminal;
