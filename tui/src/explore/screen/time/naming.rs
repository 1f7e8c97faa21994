//! How rows, services and pods of a waterfall are called on the Time screen.

use meshwalk_sim::stats::Ending;
use meshwalk_sim::waterfall::{AttemptEnd, Cause, CutBy, Fullness, Maker, Verdict, Waterfall};

use crate::explore::scene::Scene;
use crate::explore::wording::{self, Words};
use crate::report::places::Places;

use super::rows::{About, Row};

/// The names of a session.
#[derive(Clone, Copy)]
pub(super) struct Naming<'a> {
    pub(super) words: Words<'a>,
}

impl<'a> Naming<'a> {
    pub(super) fn of(scene: &Scene<'a>) -> Self {
        let session = scene.session;
        let places = Places::new(&session.sources);
        Self { words: Words::new(session.world(), session.plan(), places) }
    }

    /// A service by its short name.
    pub(super) fn service(&self, row: usize) -> String {
        let layout = &self.words.plan().layout;
        layout.services.get(row).map_or_else(|| "?".to_owned(), |service| service.name.clone())
    }

    /// What a call is made to.
    pub(super) fn called(&self, waterfall: &Waterfall, call: usize) -> String {
        let edges = &self.words.plan().layout.edges;
        let edge = edges.get(waterfall.calls[call].edge as usize);
        edge.map_or_else(|| "?".to_owned(), |edge| self.service(edge.to))
    }

    /// Who makes a call.
    pub(super) fn caller(&self, waterfall: &Waterfall, call: usize) -> String {
        let row = waterfall.calls[call].client;
        let workload = self.words.workload(row);
        workload.rsplit('/').next().unwrap_or(&workload).to_owned()
    }

    /// Who calls whom.
    pub(super) fn call(&self, waterfall: &Waterfall, call: usize) -> String {
        format!("{} -> {}", self.caller(waterfall, call), self.called(waterfall, call))
    }

    /// What stands at the left of a row.
    pub(super) fn label(&self, waterfall: &Waterfall, row: &Row) -> String {
        let server =
            |attempt: usize| waterfall.attempts[attempt].server.map(|pod| self.words.pod(pod));
        let to = |attempt: Option<usize>| match attempt.and_then(server) {
            Some(pod) => format!(" ({pod})"),
            None => String::new(),
        };
        match row.about {
            About::Whole(call, attempt) => {
                format!("{}{}", self.beginning(waterfall, call), to(attempt))
            }
            About::Call(call) => self.beginning(waterfall, call),
            About::Try(number) => {
                let it = &waterfall.tries[number];
                let only = it.attempts.first().copied().filter(|_| it.attempts.len() == 1);
                format!("try {}{}", it.number + 1, to(only))
            }
            About::Attempt(number) => {
                let attempt = &waterfall.attempts[number];
                format!("attempt {}{}", attempt.number + 1, to(Some(number)))
            }
        }
    }

    fn beginning(&self, waterfall: &Waterfall, call: usize) -> String {
        match waterfall.calls[call].maker {
            Maker::Source => self.call(waterfall, call),
            Maker::Application(_) => format!("-> {}", self.called(waterfall, call)),
            Maker::Waypoint(_) => format!("waypoint -> {}", self.called(waterfall, call)),
        }
    }

    /// What stands at the right of a row: how it ended, and after how long.
    pub(super) fn note(&self, waterfall: &Waterfall, row: &Row) -> String {
        match row.about {
            About::Whole(call, Some(attempt)) if waterfall.calls[call].ending.is_none() => {
                attempt_note(waterfall, attempt)
            }
            About::Whole(call, attempt) => {
                let late = attempt.map_or(String::new(), |attempt| works_on(waterfall, attempt));
                format!("{}{late}", call_note(waterfall, call))
            }
            About::Call(call) => call_note(waterfall, call),
            About::Try(number) => {
                let it = &waterfall.tries[number];
                let late =
                    it.attempts.last().map_or(String::new(), |&last| works_on(waterfall, last));
                match (it.timed_out, it.attempts.last(), it.ended) {
                    (Some(at), ..) => format!("gave up in {}{late}", at - it.begun),
                    (None, Some(&last), _) => attempt_note(waterfall, last),
                    (None, None, Some(ended)) => format!("ended in {}", ended - it.begun),
                    (None, None, None) => "under way".to_owned(),
                }
            }
            About::Attempt(number) => attempt_note(waterfall, number),
        }
    }
}

/// How a call ended.
fn call_note(waterfall: &Waterfall, call: usize) -> String {
    let it = &waterfall.calls[call];
    match (it.ending, it.ended) {
        (Some(by), Some(ended)) => format!("{} in {}", shortly(by), ended - it.begun),
        (None, Some(ended)) => format!("in {}", ended - it.begun),
        _ => "under way".to_owned(),
    }
}

/// How an attempt ended.
pub(super) fn attempt_note(waterfall: &Waterfall, number: usize) -> String {
    let attempt = &waterfall.attempts[number];
    let after = attempt.left.map_or(String::new(), |left| format!(" in {}", left - attempt.begun));
    let status = attempt.answered.map(|(_, status)| status.to_string());
    let how = match attempt.end {
        AttemptEnd::Open => "under way".to_owned(),
        AttemptEnd::Delivered => status.unwrap_or_else(|| "answered".to_owned()),
        AttemptEnd::ThrownAway => {
            format!("{} thrown away", status.unwrap_or_else(|| "answer".to_owned()))
        }
        AttemptEnd::GivenUp => "given up".to_owned(),
        AttemptEnd::CallerGone => "caller gone".to_owned(),
        AttemptEnd::Reset(reason) => reason.to_owned(),
        AttemptEnd::NoPlace(full) => fullness(full),
    };
    format!("{how}{after}{}", works_on(waterfall, number))
}

/// How full a breaker was, in a few letters: `pending 3 of 3`.
fn fullness(full: Fullness) -> String {
    format!("{} {} of {}", full.of.name(), full.count, full.limit)
}

/// For how long a server works on for nobody.
fn works_on(waterfall: &Waterfall, number: usize) -> String {
    let attempt = &waterfall.attempts[number];
    let end = attempt.answered.map_or(attempt.last(), |(at, _)| at);
    match attempt.unwanted {
        Some(gone) if end > gone && attempt.at_app.is_some() => {
            format!(", works {} for nobody", end - gone)
        }
        _ => String::new(),
    }
}

/// An ending in a word or two.
fn shortly(by: Ending) -> String {
    if by.is_answer() {
        return by.status.to_string();
    }
    by.details.name().replace('_', " ")
}

/// What had happened before a decision about another attempt.
pub(super) fn cause(cause: Cause) -> String {
    match cause {
        Cause::Status(status) => format!("the answer was {status}"),
        Cause::Reset(reason) => format!("reset: {reason}"),
        Cause::PerTryTimeout => "per-try timeout".to_owned(),
        Cause::RouteTimeout => "route timeout".to_owned(),
        Cause::Untold => "something that the log does not name".to_owned(),
    }
}

/// What was decided about another attempt.
pub(super) fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Again(pause) => format!("allowed: another attempt after {pause}"),
        Verdict::NoCondition => "refused: retry_on names nothing of this sort".to_owned(),
        Verdict::LimitReached => "refused: all retries are made".to_owned(),
        Verdict::BreakerFull(full) => {
            format!("refused: the retry breaker is full, {} of {}", full.count, full.limit)
        }
        Verdict::BudgetSpent(full) => {
            format!("refused: the retry budget is spent, {} of {}", full.count, full.limit)
        }
        Verdict::OutOfTime => "refused: the time for all attempts is over".to_owned(),
        Verdict::NeverMade { pause, by: CutBy::RouteTimeout, .. } => {
            format!("granted after {pause}, and never made: the route timeout came first")
        }
        Verdict::NeverMade { pause, by: CutBy::Caller, .. } => {
            format!("granted after {pause}, and never made: its caller gave up first")
        }
        Verdict::NotConsidered => "no other attempt: none is made of such a request".to_owned(),
    }
}

/// An ending in full.
pub(super) fn ending(by: Ending) -> String {
    wording::ending(by)
}
