//! The same exploration in words: a command a line, answered in sentences. For screen readers,
//! pipes and tests. The commands are those of the table of actions, and what a screen says is the
//! screen's own business; here nothing is drawn and nothing is decided.

mod answer;
mod lines;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Write};

use super::App;
use super::app::Effect;
use answer::Answer;

/// Whether somebody is asked for each command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// With a sign before each.
    Yes,
    /// The commands come from a pipe or a file.
    No,
}

/// What is done about a command that cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnRefusal {
    /// It is said, and the next command comes.
    GoOn,
    /// It ends the exploration.
    Stop,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There are no more commands, or one said so.
    Well,
    /// A command could not be carried out: its line, from 1, and what was wrong.
    Refused(u64, String),
}

/// What stands before a command that somebody types.
const PROMPT: &str = "> ";

/// Carries out commands until there are no more.
///
/// # Errors
/// When the answers cannot be written or the commands cannot be read.
pub(crate) fn explore(
    app: &mut App,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    (asks, on_refusal): (Asks, OnRefusal),
) -> io::Result<Ended> {
    // What was recorded must not depend on how fast somebody types.
    while app.timeline.record(SLICE_EVENTS).complete.is_none() {}
    for sentence in answer::greeting(app) {
        writeln!(out, "{sentence}")?;
    }
    let mut number = 0;
    loop {
        if asks == Asks::Yes {
            write!(out, "{PROMPT}")?;
        }
        out.flush()?;
        let Some(line) = lines::next(input)? else { break };
        number += 1;
        let command = line.trim();
        if command.is_empty() || command.starts_with(COMMENT) {
            continue;
        }
        let Answer { sentences, effect, refused } = answer::answer(app, command);
        for sentence in sentences {
            writeln!(out, "{sentence}")?;
        }
        if let Some(why) = refused {
            writeln!(out, "Not done: {}", answer::sentence(&why))?;
            if on_refusal == OnRefusal::Stop {
                out.flush()?;
                return Ok(Ended::Refused(number, why));
            }
        }
        match effect {
            Some(Effect::Quit) => return Ok(Ended::Well),
            Some(Effect::Copy(line)) => writeln!(out, "{line}")?,
            Some(Effect::Suspend | Effect::Redraw) | None => {}
        }
    }
    if asks == Asks::Yes {
        writeln!(out)?;
    }
    out.flush()?;
    Ok(Ended::Well)
}

/// Events of the kernel that are recorded at a time.
const SLICE_EVENTS: u64 = 100_000;

/// What a line begins with that is no command.
const COMMENT: char = '#';
