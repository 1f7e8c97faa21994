//! What lies over a screen while somebody types or chooses: the command line, prompts for what
//! an action needs, the list of actions, and lists of breakpoints and marks. All of them are state
//! machines that take keys and say what is to be done; doing it is the machine's business.

mod command;
mod complete;
mod draw;
mod entry;
mod history;
mod line;
mod list;
mod palette;
#[cfg(test)]
mod tests;
mod words;

pub(in crate::explore) use command::parse;
pub(in crate::explore) use draw::{Shown, draw};
pub(in crate::explore) use entry::{Answered, Judgement, Prompt, Purpose};
pub(in crate::explore) use history::History;
pub(in crate::explore) use list::{Chosen, List, Listed};
pub(in crate::explore) use palette::{Chosen as PaletteChosen, Palette};
pub(in crate::explore) use words::Words;

/// What is open.
#[derive(Clone, Debug)]
pub(in crate::explore) enum Overlay {
    /// A line is typed.
    Prompt(Prompt),
    /// All actions.
    Palette(Palette),
    /// Breakpoints or marks.
    List(List),
}
