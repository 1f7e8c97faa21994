//! The command line as text: from words to an action. Names and conditions are held against the
//! run by what the caller gives.

use meshwalk_models::manifest::nearest;

use super::words::Words;
use crate::explore::action::{self, Action, Argument, Expected, Id, Row, Takes, rows};

/// Reads a command. The error is what is wrong, as a fragment.
pub(in crate::explore) fn parse(text: &str, words: &Words<'_>) -> Result<Action, String> {
    let text = text.trim().trim_start_matches(':').trim_start();
    if text.is_empty() {
        return Err("type a command; `help` lists all of them".to_owned());
    }
    let mut problem = None;
    for (command, rest) in readings(text) {
        match with_argument(&command, rest, words) {
            Ok(action) => return Ok(action),
            // What the longest reading says is the most precise.
            Err(message) => problem = Some(problem.unwrap_or(message)),
        }
    }
    if let Some(problem) = problem {
        return Err(problem);
    }
    match action::place(text) {
        Some(place @ Argument::Time(_)) => Ok(Action::with(Id::GoToTime, place)),
        Some(place) => Ok(Action::with(Id::GoToEvent, place)),
        None => Err(unknown(text)),
    }
}

/// Each way to split a text into a known command and its argument, the longest command first:
/// the hyphens of names may be written as blanks.
fn readings(text: &str) -> Vec<(String, &str)> {
    const WORDS_MAX: usize = 4;
    let mut readings = Vec::new();
    let mut name = String::new();
    let mut rest = text;
    for _ in 0..WORDS_MAX {
        rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.push_str(&rest[..end]);
        rest = &rest[end..];
        if called(&name).next().is_some() {
            readings.push((name.clone(), rest.trim()));
        }
    }
    readings.reverse();
    readings
}

/// The actions of this word or name.
pub(super) fn called(word: &str) -> impl Iterator<Item = &'static Row> {
    rows().filter(move |row| row.name == word || row.words.contains(&word))
}

fn with_argument(command: &str, rest: &str, words: &Words<'_>) -> Result<Action, String> {
    if rest.is_empty() {
        let can_do_without = called(command).find(|row| !matches!(row.takes, Takes::Must(_)));
        let row = can_do_without.or_else(|| called(command).next());
        return row.map(|row| Action::of(row.id)).ok_or_else(|| unknown(command));
    }
    let mut problem = format!("`{command}` takes nothing behind it");
    for row in called(command) {
        let Some(expected) = row.takes.expected() else { continue };
        match read(row.id, expected, rest, words) {
            Ok(action) => return Ok(action),
            Err(message) => problem = message,
        }
    }
    Err(problem)
}

/// Reads what an action expects, and holds it against the run.
pub(in crate::explore) fn read(
    id: Id,
    expected: Expected,
    text: &str,
    words: &Words<'_>,
) -> Result<Action, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("expected {} such as `{}`", expected.noun(), expected.example()));
    }
    if expected == Expected::Count {
        return Ok(Action::counted(id, action::count(text)?));
    }
    let argument = expected.read(text)?;
    match &argument {
        Argument::Condition(condition) => (words.check)(condition)?,
        Argument::Search(search) => (words.check_search)(search)?,
        Argument::Step(step) if !words.steps.contains(&step.as_str()) => {
            let near = nearest(step, words.steps.iter().copied());
            let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(format!("no event is called `{step}`{meant}"));
        }
        _ => {}
    }
    Ok(Action::with(id, argument))
}

fn unknown(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let known = rows().flat_map(|row| row.words.iter().copied().chain([row.name]));
    match nearest(word, known) {
        Some(near) => format!("`{word}` is no command; did you mean `{near}`?"),
        None => format!("`{word}` is no command; `help` lists all of them"),
    }
}
