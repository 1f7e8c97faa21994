//! What entries of the log are looked for: by place, by words, by a condition. Going through the
//! log is not done here.

use std::collections::BTreeSet;
use std::sync::Arc;

use meshwalk_sim::log::StepKind;
use meshwalk_sim::timeline::condition::{Condition, ConditionNames, VARIABLES};
use meshwalk_sim::timeline::{EventId, Log};

use super::session::Session;
use super::view::Stop;
use super::wording::Happened;

/// Which entries.
#[derive(Clone, Debug)]
pub(in crate::explore) enum Sought {
    /// These.
    Events(BTreeSet<EventId>),
    /// Those whose name or sentence has all of these words, in small letters.
    Words(Vec<String>),
    /// Those where a condition holds.
    Condition(Box<Condition>, Arc<ConditionNames>),
    /// Those of any of these.
    Any(Vec<Sought>),
}

impl Sought {
    /// What a search means: a condition where it is one, and words otherwise.
    pub(in crate::explore) fn search(text: &str, names: &Arc<ConditionNames>) -> Self {
        Self::condition(text, names).unwrap_or_else(|_| {
            Self::Words(text.split_whitespace().map(str::to_lowercase).collect())
        })
    }

    /// The words, where it is words.
    pub(in crate::explore) fn words(&self) -> Option<&[String]> {
        match self {
            Self::Words(words) => Some(words),
            _ => None,
        }
    }

    /// What a condition means; the error is what is wrong with it, as a fragment.
    pub(in crate::explore) fn condition(
        text: &str,
        names: &Arc<ConditionNames>,
    ) -> Result<Self, String> {
        match Condition::compile(text, names) {
            Ok(condition) => Ok(Self::Condition(Box::new(condition), Arc::clone(names))),
            Err(error) => Err(match error.help {
                Some(help) => format!("{}; {help}", error.message),
                None => error.message,
            }),
        }
    }

    /// Where breakpoints stop.
    pub(in crate::explore) fn stops<'s>(
        stops: impl Iterator<Item = &'s Stop>,
        names: &Arc<ConditionNames>,
    ) -> Result<Self, String> {
        let mut events = BTreeSet::new();
        let mut any = Vec::new();
        for stop in stops {
            match stop {
                Stop::Event(event, _) => {
                    events.insert(*event);
                }
                Stop::Condition(text) => any.push(Self::condition(text, names)?),
            }
        }
        any.push(Self::Events(events));
        Ok(Self::Any(any))
    }

    /// About how many entries can be looked at in ten milliseconds.
    pub(in crate::explore) const fn entries_in_a_slice(&self) -> u32 {
        match self {
            // A sentence is made for each of them.
            Self::Words(_) => 1_000,
            Self::Events(_) | Self::Condition(..) | Self::Any(_) => 20_000,
        }
    }

    /// Whether an entry is one of them.
    pub(in crate::explore) fn is(&self, session: &Session, log: &Log, event: EventId) -> bool {
        match self {
            Self::Events(events) => events.contains(&event),
            Self::Words(words) => says(words, session, log, event),
            Self::Condition(condition, names) => condition.holds(log, event, names),
            Self::Any(any) => any.iter().any(|it| it.is(session, log, event)),
        }
    }
}

fn says(words: &[String], session: &Session, log: &Log, event: EventId) -> bool {
    let happened = Happened { step: log.step(event), pod: log.pod(event), connection: None };
    let sentence = session.words().sentence(happened);
    let text = format!("{} {} {sentence}", log.name(event), log.kind(event).name());
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// The names of steps.
pub(in crate::explore) fn steps() -> Vec<&'static str> {
    StepKind::ALL.into_iter().map(StepKind::name).collect()
}

/// What conditions may name, each with what it is.
pub(in crate::explore) fn variables() -> Vec<(&'static str, &'static str)> {
    VARIABLES.iter().map(|entry| (entry.name, entry.sentence)).collect()
}
