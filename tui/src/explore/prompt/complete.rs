//! What a half-typed command can go on with: words, then what their arguments name.

use super::command::called;
use super::words::Words;
use crate::explore::action::{Expected, rows};

/// How many candidates are offered; whoever wants others types a letter more.
const CANDIDATES_MAX: usize = 200;

/// What can stand in the place of the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) struct Candidate {
    /// It.
    pub(in crate::explore) text: String,
    /// What it is.
    pub(in crate::explore) note: String,
}

/// Candidates, and the byte from which they stand in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct Candidates {
    /// Where the last word begins.
    pub(in crate::explore) from: usize,
    /// In the order in which they are offered.
    pub(in crate::explore) all: Vec<Candidate>,
}

impl Candidates {
    fn new(from: usize, all: impl IntoIterator<Item = Candidate>) -> Self {
        Self { from, all: all.into_iter().take(CANDIDATES_MAX).collect() }
    }
}

/// What `text`, a command as far as it is typed, can go on with.
pub(in crate::explore) fn of_command(text: &str, words: &Words<'_>) -> Candidates {
    let blank = text.find(char::is_whitespace);
    let Some(blank) = blank else { return Candidates::new(0, commands(text)) };
    let rest = text[blank..].trim_start();
    let from = text.len() - rest.len();
    let mut all = Candidates::new(from, []);
    for row in called(&text[..blank]) {
        if let Some(expected) = row.takes.expected() {
            let own = of_argument(expected, rest, words);
            if !own.all.is_empty() {
                all = Candidates { from: from + own.from, all: own.all };
            }
        }
    }
    all
}

fn commands(prefix: &str) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for row in rows() {
        let names = row.words.iter().copied().chain([row.name]);
        // The shortest word that is a word, not a letter.
        let Some(word) = names.filter(|it| it.len() > 1).find(|it| it.starts_with(prefix)) else {
            continue;
        };
        if found.iter().any(|other| other.text == word) {
            continue;
        }
        found.push(Candidate { text: word.to_owned(), note: row.sentence.to_owned() });
    }
    found
}

/// What an argument can go on with.
pub(in crate::explore) fn of_argument(
    expected: Expected,
    text: &str,
    words: &Words<'_>,
) -> Candidates {
    match expected {
        Expected::Mark => {
            let marks = words.marks.iter().map(char::to_string);
            Candidates::new(0, beginning(text, marks, "a mark"))
        }
        Expected::Step => {
            let steps = words.steps.iter().map(|step| (*step).to_owned());
            Candidates::new(0, beginning(text, steps, "a kind of event"))
        }
        Expected::Event | Expected::Name => {
            Candidates::new(0, beginning(text, words.events.iter().cloned(), "an event"))
        }
        Expected::Condition | Expected::Search => of_condition(text, words),
        Expected::Count | Expected::Time => Candidates::default(),
    }
}

/// Inside quotes names of the run, outside what conditions may name.
fn of_condition(text: &str, words: &Words<'_>) -> Candidates {
    let quotes = text.matches('"').count();
    if quotes % 2 == 1 {
        let from = text.rfind('"').map_or(0, |at| at + 1);
        let prefix = &text[from..];
        let close = |name: &String| format!("{name}\"");
        let services = words.services.iter().map(close);
        let pods = words.pods.iter().map(close);
        let steps = words.steps.iter().map(|step| format!("{step}\""));
        let all = beginning(prefix, services, "a service")
            .chain(beginning(prefix, pods, "a pod"))
            .chain(beginning(prefix, steps, "a kind of event"));
        return Candidates::new(from, all);
    }
    let from = text
        .rfind(|it: char| !it.is_alphanumeric() && it != '_')
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let prefix = &text[from..];
    let known = words.variables.iter().filter(|(name, _)| name.starts_with(prefix));
    let candidate = |(name, note): &(&str, &str)| Candidate {
        text: (*name).to_owned(),
        note: (*note).to_owned(),
    };
    Candidates::new(from, known.map(candidate))
}

fn beginning<'a>(
    prefix: &'a str,
    names: impl Iterator<Item = String> + 'a,
    note: &'a str,
) -> impl Iterator<Item = Candidate> + 'a {
    names
        .filter(move |name| name.starts_with(prefix))
        .map(move |text| Candidate { text, note: note.to_owned() })
}
