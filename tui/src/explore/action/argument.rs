//! What stands behind the word of an action on the command line, and how it is read. Whether a
//! name or a condition means anything in this run is asked of whoever knows the run.

use meshwalk_models::units::{SimDuration, SimTime};

/// What an action is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::explore) enum Argument {
    /// Nothing.
    #[default]
    None,
    /// A mark's letter, `a` to `z`.
    Mark(char),
    /// An entry by its number, from 1.
    Event(u64),
    /// An entry by its stable name.
    Name(String),
    /// A moment of the run.
    Time(SimTime),
    /// A condition in CEL.
    Condition(String),
    /// The name of a step of the log.
    Step(String),
    /// What to search for, as it was typed.
    Search(String),
}

/// What an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Expected {
    /// How often.
    Count,
    /// A letter.
    Mark,
    /// A number or a stable name.
    Event,
    /// A moment.
    Time,
    /// A stable name.
    Name,
    /// A condition.
    Condition,
    /// A step.
    Step,
    /// A text or a condition.
    Search,
}

impl Expected {
    /// How it is written in a usage line.
    pub(in crate::explore) const fn placeholder(self) -> &'static str {
        match self {
            Self::Count => "TIMES",
            Self::Mark => "LETTER",
            Self::Event => "EVENT",
            Self::Time => "TIME",
            Self::Name => "NAME",
            Self::Condition => "CONDITION",
            Self::Step => "STEP",
            Self::Search => "TEXT",
        }
    }

    /// What it is, in a sentence.
    pub(in crate::explore) const fn noun(self) -> &'static str {
        match self {
            Self::Count => "a number of times",
            Self::Mark => "a letter",
            Self::Event => "an event",
            Self::Time => "a moment",
            Self::Name => "a stable name",
            Self::Condition => "a condition",
            Self::Step => "a kind of event",
            Self::Search => "a text or a condition",
        }
    }

    /// An example of it.
    pub(in crate::explore) const fn example(self) -> &'static str {
        match self {
            Self::Count => "5",
            Self::Mark => "a",
            Self::Event => "e25",
            Self::Time => "412ms",
            Self::Name => "shoppers#1042/0.2/try1/step3",
            Self::Condition => "decision && verdict == \"deny\"",
            Self::Step => "timed_out",
            Self::Search => "reviews",
        }
    }

    /// Reads an argument that is not empty. A count is read by [`count`]. The error is what is
    /// wrong, as a fragment.
    pub(in crate::explore) fn read(self, text: &str) -> Result<Argument, String> {
        let owned = || text.to_owned();
        match self {
            Self::Count => count(text).map(|_| Argument::None),
            Self::Mark => mark(text).map(Argument::Mark),
            Self::Event => match event(text) {
                Some(number) => Ok(Argument::Event(number)),
                None if looks_like_a_name(text) => Ok(Argument::Name(owned())),
                None => Err(format!(
                    "an entry is a number such as `e25`, or a name such as `{}`",
                    Self::Name.example()
                )),
            },
            Self::Time => time(text).map(Argument::Time),
            Self::Name => Ok(Argument::Name(owned())),
            Self::Condition => Ok(Argument::Condition(owned())),
            Self::Step => Ok(Argument::Step(owned())),
            Self::Search => Ok(Argument::Search(owned())),
        }
    }
}

/// Reads how often something is to be done.
pub(in crate::explore) fn count(text: &str) -> Result<u32, String> {
    let number: Result<u64, _> = text.parse();
    match number {
        Ok(0) => Err("nothing is done 0 times".to_owned()),
        Ok(number) => {
            Ok(u32::try_from(number).map_or(super::TIMES_MAX, |it| it.min(super::TIMES_MAX)))
        }
        Err(_) => Err("a count is a whole number".to_owned()),
    }
}

fn mark(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(letter @ 'a'..='z'), None) => Ok(letter),
        _ => Err("a mark is one letter from `a` to `z`".to_owned()),
    }
}

/// The number of an entry: `25` or `e25`, from 1.
fn event(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('e').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Further than any run: its end.
    let number = digits.parse().unwrap_or(u64::MAX);
    (number > 0).then_some(number)
}

/// Stable names have a number after `#`.
fn looks_like_a_name(text: &str) -> bool {
    text.split_once('#').is_some_and(|(_, rest)| rest.starts_with(|it: char| it.is_ascii_digit()))
}

fn time(text: &str) -> Result<SimTime, String> {
    let span: SimDuration = text.parse().map_err(|error| format!("{error}"))?;
    Ok(SimTime::from_ns(span.as_ns()))
}

/// The action that a place alone stands for: `:25`, `:e25`, `:412ms`, `:shoppers#3/0/try0/step1`.
pub(in crate::explore) fn place(text: &str) -> Option<Argument> {
    if let Ok(place) = Expected::Event.read(text) {
        return Some(place);
    }
    time(text).ok().map(Argument::Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_number_a_moment_or_a_name() {
        assert_eq!(place("25"), Some(Argument::Event(25)));
        assert_eq!(place("e25"), Some(Argument::Event(25)));
        assert_eq!(place("99999999999999999999"), Some(Argument::Event(u64::MAX)));
        assert_eq!(place("1.5s"), Some(Argument::Time(SimTime::from_ns(1_500_000_000))));
        assert_eq!(place("web#3/0"), Some(Argument::Name("web#3/0".to_owned())));
        for none in ["", "e", "e0", "web", "#", "web#", "-1"] {
            assert_eq!(place(none), None, "{none}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_is_expected() {
        assert!(Expected::Mark.read("aa").is_err());
        assert!(Expected::Mark.read("A").is_err());
        assert!(Expected::Count.read("0").is_err());
        assert_eq!(count("99999999999"), Ok(super::super::TIMES_MAX));
        assert!(Expected::Time.read("12").unwrap_err().contains("12ms"));
        assert!(Expected::Event.read("web").unwrap_err().contains("e25"));
    }

    #[test]
    fn every_example_can_be_read() {
        for expected in [
            Expected::Count,
            Expected::Mark,
            Expected::Event,
            Expected::Time,
            Expected::Name,
            Expected::Condition,
            Expected::Step,
            Expected::Search,
        ] {
            assert!(expected.read(expected.example()).is_ok(), "{expected:?}");
        }
    }
}
