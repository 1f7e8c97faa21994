//! What a caller's proxy decided about further attempts, read off the rules that it applied.

use meshwalk_models::explain::RuleId;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::log::Step;
use crate::stats::RetryReason;

use super::strand::Happening;
use super::{Attempt, AttemptEnd};

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
    /// Too many retries to the cluster are under way.
    BreakerFull,
    /// The time for all attempts is over.
    OutOfTime,
}

impl Verdict {
    /// Whether there is another attempt.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Again(_))
    }
}

const RESPONSE: &str = "envoy.retry.response";
const RESET: &str = "envoy.retry.reset";
const LIMIT: &str = "envoy.retry.limit";
const BREAKER: &str = "envoy.retry.breaker";
const ROUTE_TIMEOUT: &str = "envoy.retry.route-timeout";
const PER_TRY_TIMEOUT: &str = "envoy.retry.per-try-timeout";
const HEDGE: &str = "envoy.retry.hedge";

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
    if !is_about_retries {
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
    let verdict = match pause {
        Some((pause, _)) => Verdict::Again(pause),
        None if group.has(ROUTE_TIMEOUT) => Verdict::OutOfTime,
        None if group.has(LIMIT) => Verdict::LimitReached,
        None if group.has(BREAKER) => Verdict::BreakerFull,
        None => Verdict::NoCondition,
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
        (_, Some(Attempt { end: AttemptEnd::Reset(reason), .. })) if group.has(RESET) => {
            Cause::Reset(reason)
        }
        (_, Some(Attempt { answered: Some((_, status)), .. })) if group.has(RESPONSE) => {
            Cause::Status(*status)
        }
        _ => Cause::Untold,
    }
}
