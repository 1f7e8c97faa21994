//! What a request's time went into, and what its services were asked for and did.

use std::collections::BTreeMap;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::plan::Plan;
use crate::scenario::file::Threads;

use super::{AttemptEnd, Call, Maker, Spent, Vain, Waterfall, course};

/// The account of one request up to a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The time since the request began, until it ended or to the moment in question.
    pub whole: SimDuration,
    /// What it went into; the parts add up to the whole. Those without time are left out.
    pub parts: Vec<PartOfTime>,
    /// The services that were called for it, in the order of their rows.
    pub services: Vec<ServiceAccount>,
}

/// One part of a request's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOfTime {
    /// What it was spent on.
    pub spent: Spent,
    /// How much.
    pub total: SimDuration,
    /// How much of it on attempts and tries whose place others took.
    pub replaced: SimDuration,
}

/// What one service was asked for and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its row in the layout.
    pub service: usize,
    /// Calls that would have been made without any retry, of an application or a proxy, here or
    /// above.
    pub wanted: u64,
    /// Attempts that were made.
    pub made: u64,
    /// Time of its workers.
    pub busy: Busy,
}

/// Time that workers were held, whether they worked or waited for calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Busy {
    /// For an answer that was used, all the way up to the request.
    pub useful: SimDuration,
    /// While somebody waited, for an answer that was of no use.
    pub vain: SimDuration,
    /// When nobody waited any more.
    pub wasted: SimDuration,
}

impl Busy {
    /// All of it.
    #[must_use]
    pub fn all(&self) -> SimDuration {
        self.useful + self.vain + self.wasted
    }
}

/// The account of a request up to `until`.
#[must_use]
pub fn account(plan: &Plan, waterfall: &Waterfall, until: SimTime) -> Account {
    let mut totals: BTreeMap<Spent, PartOfTime> = BTreeMap::new();
    let mut whole = SimDuration::ZERO;
    for segment in course(waterfall, 0, until) {
        let none = SimDuration::ZERO;
        let spent = segment.spent;
        let part = totals.entry(spent).or_insert(PartOfTime { spent, total: none, replaced: none });
        part.total = part.total + segment.length();
        if segment.vain == Vain::Replaced {
            part.replaced = part.replaced + segment.length();
        }
        whole = whole + segment.length();
    }
    Account {
        whole,
        parts: totals.into_values().collect(),
        services: Counting { plan, waterfall, until }.services(),
    }
}

/// A request up to a moment, whose calls are counted.
struct Counting<'a> {
    plan: &'a Plan,
    waterfall: &'a Waterfall,
    until: SimTime,
}

impl Counting<'_> {
    fn services(&self) -> Vec<ServiceAccount> {
        let mut services: BTreeMap<usize, ServiceAccount> = BTreeMap::new();
        for (number, call) in self.waterfall.calls.iter().enumerate() {
            if call.begun > self.until {
                continue;
            }
            let Some(edge) = self.plan.layout.edges.get(call.edge as usize) else { continue };
            let service = services.entry(edge.to).or_insert(ServiceAccount {
                service: edge.to,
                wanted: 0,
                made: 0,
                busy: Busy::default(),
            });
            service.wanted += u64::from(is_wanted(self.waterfall, number));
            self.count_attempts(call, service);
        }
        services.into_values().collect()
    }

    fn count_attempts(&self, call: &Call, service: &mut ServiceAccount) {
        let is_relayed = matches!(call.maker, Maker::Waypoint(_));
        let tries = call.tries.iter().map(|&number| &self.waterfall.tries[number]);
        for number in tries.filter(|it| it.begun <= self.until).flat_map(|it| &it.attempts) {
            let attempt = &self.waterfall.attempts[*number];
            if attempt.begun > self.until {
                continue;
            }
            // The first attempt of a waypoint is that of its caller.
            let has_place = !matches!(attempt.end, AttemptEnd::NoPlace(_));
            let counts = has_place && !(is_relayed && attempt.number == 0);
            service.made += u64::from(counts);
            self.add_busy(*number, &mut service.busy);
        }
    }

    /// Adds the time that a worker was held for an attempt.
    fn add_busy(&self, number: usize, busy: &mut Busy) {
        let attempt = &self.waterfall.attempts[number];
        let Some(at_app) = attempt.at_app else { return };
        let threads = attempt
            .server
            .and_then(|pod| self.plan.pods.get(pod as usize))
            .and_then(|pod| self.plan.apps.get(pod.app as usize))
            .map_or(Threads::Async, |app| app.threads);
        let answered = attempt.answered.map_or(SimTime::MAX, |(at, _)| at);
        let is_useful = is_useful(self.waterfall, number);
        for span in &attempt.spans {
            let holds = span.spent == Spent::Work
                || (threads == Threads::Blocking && span.spent == Spent::Calls);
            let (from, to) = (span.from.max(at_app), span.to.min(answered).min(self.until));
            if !holds || to <= from {
                continue;
            }
            let gone = attempt.unwanted.unwrap_or(SimTime::MAX).clamp(from, to);
            if is_useful {
                busy.useful = busy.useful + (gone - from);
            } else {
                busy.vain = busy.vain + (gone - from);
            }
            busy.wasted = busy.wasted + (to - gone);
        }
    }
}

/// Whether a call would be made without any retry. What a waypoint does for a call is no other one.
fn is_wanted(waterfall: &Waterfall, call: usize) -> bool {
    match waterfall.calls[call].maker {
        Maker::Source => true,
        Maker::Waypoint(_) => false,
        Maker::Application(_) => is_original(waterfall, call),
    }
}

/// Whether everything above a call is a first try and a first attempt.
fn is_original(waterfall: &Waterfall, call: usize) -> bool {
    let mut call = call;
    while let Some(above) = waterfall.above(call) {
        let attempt = &waterfall.attempts[above];
        if attempt.number > 0 || waterfall.tries[attempt.of].number > 0 {
            return false;
        }
        call = waterfall.tries[attempt.of].call;
    }
    true
}

/// Whether the answer to an attempt was used, and everything above it as well.
fn is_useful(waterfall: &Waterfall, number: usize) -> bool {
    let mut number = number;
    loop {
        let attempt = &waterfall.attempts[number];
        let call = waterfall.call_of(number);
        let it = &waterfall.calls[call];
        let is_last = it.tries.last() == Some(&attempt.of);
        let well = it.ending.is_none_or(|ending| ending.is_success()) && it.ended.is_some();
        if attempt.end != AttemptEnd::Delivered || !is_last || !well {
            return false;
        }
        match waterfall.above(call) {
            Some(above) => number = above,
            None => return true,
        }
    }
}
