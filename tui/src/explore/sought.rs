//! What entries of the log are looked for: by place, by words, by a condition. Going through the
//! log is not done here.

use std::collections::BTreeSet;

use meshwalk_sim::log::StepKind;
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
    /// Those of any of these.
    Any(Vec<Sought>),
}

impl Sought {
    /// What a search means: a condition where it is one, and words otherwise.
    pub(in crate::explore) fn search(text: &str) -> Self {
        Self::condition(text).unwrap_or_else(|_| {
            Self::Words(text.split_whitespace().map(str::to_lowercase).collect())
        })
    }

    /// What a condition means; the error is what is wrong with it, as a fragment.
    pub(in crate::explore) fn condition(text: &str) -> Result<Self, String> {
        let _ = text;
        Err("conditions cannot be read".to_owned())
    }

    /// Where breakpoints stop.
    pub(in crate::explore) fn stops<'s>(
        stops: impl Iterator<Item = &'s Stop>,
    ) -> Result<Self, String> {
        let mut events = BTreeSet::new();
        let mut any = Vec::new();
        for stop in stops {
            match stop {
                Stop::Event(event, _) => {
                    events.insert(*event);
                }
                Stop::Condition(text) => any.push(Self::condition(text)?),
            }
        }
        any.push(Self::Events(events));
        Ok(Self::Any(any))
    }

    /// Whether an entry is one of them.
    pub(in crate::explore) fn is(&self, session: &Session, log: &Log, event: EventId) -> bool {
        match self {
            Self::Events(events) => events.contains(&event),
            Self::Words(words) => says(words, session, log, event),
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
    Vec::new()
}
