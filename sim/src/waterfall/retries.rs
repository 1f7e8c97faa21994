//! What a caller's proxy decided about further attempts, read off the rules that it applied.

use meshwalk_models::explain::RuleId;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::log::Step;
use crate::stats::{Full, RetryReason};

use super::strand::Happening;
use super::{Attempt, AttemptEnd, Fullness};

/// One decision about another attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryDecision {
    /// The first entry that tells of it.
    pub entry: u64,
    /// When.
    pub at: SimTime,
    /// The attempt that it is about.
    pub attempt: Option<usize>,
    /// What had happened.
    pub cause: Cause,
    /// The rules that were applied, in order.
    pub rules: Vec<RuleId>,
    /// What was decided.
    pub verdict: Verdict,
    /// Retries that had been made for the try before.
    pub made_before: u32,
}

/// What a decision about another attempt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An answer.
    Status(u16),
    /// A reset, in Envoy's words.
    Reset(&'static str),
    /// The attempt took too long.
    PerTryTimeout,
    /// All attempts together took too long.
    RouteTimeout,
    /// The log does not tell.
    Untold,
}

/// What was decided about another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is another one after a pause.
    Again(SimDuration),
    /// Nothing that asks for another one has happened.
    NoCondition,
    /// All retries that the policy allows are made.
    LimitReached,
    /// Too many retries to the cluster are under way, by `max_retries`.
    BreakerFull(Fullness),
    /// Too large a share of what is under way to the cluster are retries.
    BudgetSpent(Fullness),
    /// The time for all attempts is over.
    OutOfTime,
    /// It was granted, and the pause before it was never over.
    NeverMade {
        /// The pause.
        pause: SimDuration,
        /// When it was broken off.
        at: SimTime,
        /// By what.
        by: CutBy,
    },
    /// Retries were not looked at: there are none, or this request may not be tried again.
    NotConsidered,
}

/// What broke the pause before an attempt off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutBy {
    /// The time limit of the route.
    RouteTimeout,
    /// The caller, who gave up.
    Caller,
}

impl Verdict {
    /// Whether the policy and the cluster grant another attempt.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Again(_) | Self::NeverMade { .. })
    }

    /// Whether there is another attempt.
    #[must_use]
    pub const fn is_made(self) -> bool {
        matches!(self, Self::Again(_))
    }
}

const RESPONSE: &str = "envoy.retry.response";
const RESET: &str = "envoy.retry.reset";
const LIMIT: &str = "envoy.retry.limit";
const ROUTE_TIMEOUT: &str = "envoy.retry.route-timeout";
const PER_TRY_TIMEOUT: &str = "envoy.retry.per-try-timeout";
const HEDGE: &str = "envoy.retry.hedge";
const RESPONSE_STARTED: &str = "envoy.retry.response-started";
const RESET_REPLY: &str = "envoy.retry.reset-reply";
const BUDGET: &str = "envoy.breaker.retry-budget";

/// Rules that were applied at one moment.
struct Group {
    entry: u64,
    at: SimTime,
    rules: Vec<RuleId>,
}

impl Group {
    fn has(&self, rule: &str) -> bool {
        self.rules.iter().any(|it| it.0 == rule)
    }
}

/// The decisions of a try with these entries and attempts.
pub(super) fn read(entries: &[Happening], attempts: &[(usize, &Attempt)]) -> Vec<RetryDecision> {
    let mut groups: Vec<Group> = Vec::new();
    for entry in entries {
        let Step::Decided { rule } = entry.step else { continue };
        match groups.last_mut() {
            Some(last) if last.at == entry.at => last.rules.push(rule),
            _ => groups.push(Group { entry: entry.id, at: entry.at, rules: vec![rule] }),
        }
    }
    let mut made = 0;
    let mut decisions = Vec::new();
    for group in groups {
        if let Some(decision) = decision(group, entries, attempts, made) {
            made += u32::from(decision.verdict.is_allowed());
            decisions.push(decision);
        }
    }
    decisions
}

fn decision(
    group: Group,
    entries: &[Happening],
    attempts: &[(usize, &Attempt)],
    made_before: u32,
) -> Option<RetryDecision> {
    let pause = entries.iter().find_map(|entry| match entry.step {
        Step::ProxyBacksOff { pause, reason } if entry.at == group.at => Some((pause, reason)),
        _ => None,
    });
    let is_about_retries = [RESPONSE, RESET, ROUTE_TIMEOUT, HEDGE].iter().any(|it| group.has(it));
    let ends_unasked = group.has(RESPONSE_STARTED) || group.has(RESET_REPLY);
    if !is_about_retries && !ends_unasked {
        return None;
    }
    let about = attempts.iter().rev().find(|(_, attempt)| {
        attempt.begun < group.at || (attempt.begun == group.at && attempt.left == Some(group.at))
    });
    let cause = cause(&group, pause.map(|(_, reason)| reason), about.map(|(_, attempt)| *attempt));
    // An answer that is good enough is no failure that somebody would ask about.
    if matches!(cause, Cause::Status(status) if status < 400) {
        return None;
    }
    // Where nothing was decided about retries, only a failure that is known is worth telling.
    if !is_about_retries && cause == Cause::Untold {
        return None;
    }
    let full = entries
        .iter()
        .filter(|entry| entry.at == group.at)
        .find_map(|entry| Fullness::told_by(entry.step).filter(|full| full.of == Full::Retries));
    let verdict = match (pause, full) {
        (Some((pause, _)), _) => match broken_off(entries, attempts, (group.at, pause)) {
            Some((at, by)) => Verdict::NeverMade { pause, at, by },
            None => Verdict::Again(pause),
        },
        (None, _) if group.has(ROUTE_TIMEOUT) => Verdict::OutOfTime,
        (None, _) if group.has(LIMIT) => Verdict::LimitReached,
        (None, Some(full)) if full.rule.0 == BUDGET => Verdict::BudgetSpent(full),
        (None, Some(full)) => Verdict::BreakerFull(full),
        (None, None) if is_about_retries => Verdict::NoCondition,
        (None, None) => Verdict::NotConsidered,
    };
    Some(RetryDecision {
        entry: group.entry,
        at: group.at,
        attempt: about.map(|(number, _)| *number),
        cause,
        rules: group.rules,
        verdict,
        made_before,
    })
}

/// What broke a pause off that began at this moment, and when; `None` where an attempt came after
/// it, or may still come.
fn broken_off(
    entries: &[Happening],
    attempts: &[(usize, &Attempt)],
    (from, pause): (SimTime, SimDuration),
) -> Option<(SimTime, CutBy)> {
    let began =
        |attempt: &Attempt| attempt.begun > from || (pause.is_zero() && attempt.begun == from);
    if attempts.iter().any(|(_, attempt)| began(attempt)) {
        return None;
    }
    let within = entries.iter().filter(|entry| entry.at >= from && entry.at <= from + pause);
    within.into_iter().find_map(|entry| match entry.step {
        Step::TimedOut => Some((entry.at, CutBy::Caller)),
        Step::Decided { rule } if rule.0 == ROUTE_TIMEOUT => Some((entry.at, CutBy::RouteTimeout)),
        _ => None,
    })
}

fn cause(group: &Group, reason: Option<RetryReason>, about: Option<&Attempt>) -> Cause {
    if group.has(ROUTE_TIMEOUT) {
        return Cause::RouteTimeout;
    }
    if group.has(PER_TRY_TIMEOUT) {
        return Cause::PerTryTimeout;
    }
    match (reason, about) {
        (Some(RetryReason::Status(status)), _) => Cause::Status(status),
        (Some(RetryReason::Reset(reason)), _) => Cause::Reset(reason),
        (Some(RetryReason::PerTryTimeout), _) => Cause::PerTryTimeout,
        (_, Some(Attempt { end: AttemptEnd::Reset(reason), .. }))
            if group.has(RESET) || group.has(RESET_REPLY) =>
        {
            Cause::Reset(reason)
        }
        (_, Some(Attempt { answered: Some((_, status)), .. }))
            if group.has(RESPONSE) || group.has(RESPONSE_STARTED) =>
        {
            Cause::Status(*status)
        }
        _ => Cause::Untold,
    }
}
