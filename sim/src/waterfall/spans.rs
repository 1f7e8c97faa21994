//! From the steps of one attempt or try to what its time was spent on.

use meshwalk_models::units::SimTime;

use crate::log::Step;

use super::strand::Happening;
use super::{Span, Spent};

/// Stretches of time under construction: each begins where the one before ends.
#[derive(Clone, Debug)]
struct Stretches {
    spans: Vec<Span>,
    open: Span,
}

impl Stretches {
    fn begin(from: SimTime, spent: Spent, entry: u64) -> Self {
        Self { spans: Vec::new(), open: Span { from, to: from, spent, entry } }
    }

    /// From `at` on time is spent on something else. What is told late counts from now.
    fn turn(&mut self, at: SimTime, spent: Spent, entry: u64) {
        let at = at.max(self.open.from);
        if self.open.spent == spent {
            return;
        }
        self.close_at(at);
        self.open = Span { from: at, to: at, spent, entry };
    }

    /// What time is spent on now.
    fn now(&self) -> Spent {
        self.open.spent
    }

    /// What was taken for the time after `at` is `spent` instead.
    fn cut_back(&mut self, at: SimTime, spent: Spent, entry: u64) {
        while self.open.from > at {
            let Some(before) = self.spans.pop() else { break };
            self.open = before;
        }
        self.turn(at, spent, entry);
    }

    fn close_at(&mut self, at: SimTime) {
        self.open.to = at;
        if self.open.to > self.open.from {
            self.spans.push(self.open);
        }
    }

    /// All of it up to `at`.
    fn finish(mut self, at: SimTime) -> Vec<Span> {
        let at = at.max(self.open.from);
        self.close_at(at);
        self.spans
    }
}

/// What the time of an attempt is spent on after a step; `None` where the step changes nothing.
/// `next` is the step after it.
fn after(step: Step, next: Option<Step>) -> Option<Spent> {
    let spent = match step {
        Step::AttemptBegan { .. } | Step::ConnectionOpening { .. } | Step::WaitsForConnection => {
            Spent::Connection
        }
        Step::RequestSent if matches!(next, Some(Step::RequestAtClientNodeProxy)) => {
            Spent::NodeProxy
        }
        Step::RequestAtClientNodeProxy
        | Step::RequestAtServerNodeProxy
        | Step::RequestAtServerProxy
        | Step::ResponseAtServerNodeProxy
        | Step::ResponseAtClientNodeProxy
        | Step::ResponseAtServerProxy
        | Step::ResponseAtClientProxy => Spent::Proxy,
        Step::RequestSent
        | Step::RequestLeftClientNodeProxy
        | Step::ResponseLeftServerProxy
        | Step::ResponseLeftServerNodeProxy
        | Step::AnsweredByServerProxy { .. } => Spent::Network,
        Step::RequestLeftServerProxy
        | Step::RequestLeftServerNodeProxy
        | Step::ResponseLeftClientProxy
        | Step::ResponseLeftClientNodeProxy => Spent::Loopback,
        Step::Asks { .. } | Step::Delayed { .. } => Spent::Filter,
        Step::RequestAtApp | Step::WorkEnded | Step::Answered { .. } | Step::TurnedAway => {
            Spent::Calls
        }
        Step::WaitsForWorker => Spent::Queue,
        Step::WorkBegan => Spent::Work,
        Step::MessageSent => match next {
            Some(Step::ResponseAtServerProxy | Step::ResponseAtServerNodeProxy) => Spent::Loopback,
            _ => Spent::Network,
        },
        Step::ResponseAtCaller => Spent::Stream,
        _ => return None,
    };
    Some(spent)
}

/// Something that happens to an attempt from outside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Nudge {
    /// Its application begins a call.
    CallBegan(SimTime, u64),
    /// The waypoint that it reached makes a try of its own.
    Taken(SimTime, u64),
    /// That has an answer.
    Relayed(SimTime, u64),
}

impl Nudge {
    pub(super) fn at(self) -> SimTime {
        match self {
            Self::CallBegan(at, _) | Self::Taken(at, _) | Self::Relayed(at, _) => at,
        }
    }
}

/// The stretches of an attempt, until `least` at least. `nudges` are in the order of time.
pub(super) fn of_attempt(entries: &[Happening], nudges: &[Nudge], least: SimTime) -> Vec<Span> {
    let Some(first) = entries.first() else { return Vec::new() };
    let mut stretches = Stretches::begin(first.at, Spent::Connection, first.id);
    let mut nudges = nudges.iter().copied().peekable();
    let mut last = first.at.max(least);
    let mut is_sent = false;
    for (place, entry) in entries.iter().enumerate() {
        while let Some(nudge) = nudges.next_if(|nudge| nudge.at() < entry.at) {
            last = last.max(nudge.at());
            apply(&mut stretches, nudge);
        }
        last = last.max(entry.at);
        let next =
            entries[place + 1..].iter().map(|it| it.step).find(|it| after(*it, None).is_some());
        is_sent |= entry.step == Step::RequestSent;
        // A proxy may find a connection before it is done with the request, and is told to wait
        // for one only then.
        let spent = after(entry.step, next).filter(|it| !is_sent || *it != Spent::Connection);
        if let Some(spent) = spent {
            stretches.turn(entry.at, spent, entry.id);
        }
    }
    for nudge in nudges {
        last = last.max(nudge.at());
        apply(&mut stretches, nudge);
    }
    stretches.finish(last)
}

fn apply(stretches: &mut Stretches, nudge: Nudge) {
    match nudge {
        // A thread that waited for a worker has one when it makes a call.
        Nudge::CallBegan(at, id) if stretches.now() == Spent::Queue => {
            stretches.turn(at, Spent::Calls, id);
        }
        Nudge::CallBegan(..) => {}
        Nudge::Taken(at, id) => stretches.turn(at, Spent::Calls, id),
        Nudge::Relayed(at, id) => stretches.turn(at, Spent::Network, id),
    }
}

/// The stretches of a try outside its attempts: `gaps`, in order, each from when to when.
pub(super) fn of_try(entries: &[Happening], gaps: &[(SimTime, SimTime)]) -> Vec<Span> {
    let Some(first) = entries.first() else { return Vec::new() };
    let has_proxy = entries.iter().any(|it| it.step == Step::RequestAtClientProxy);
    let start = match first.step {
        Step::Relayed { .. } => Spent::Proxy,
        _ if has_proxy => Spent::Loopback,
        _ => Spent::OwnSide,
    };
    let mut whole = Stretches::begin(first.at, start, first.id);
    let mut latest = first.at;
    for entry in entries {
        match entry.step {
            Step::RequestAtClientProxy => whole.turn(entry.at, Spent::Proxy, entry.id),
            Step::Delayed { pause } | Step::Asks { pause } => {
                whole.turn(entry.at, Spent::Filter, entry.id);
                whole.turn(entry.at + pause, Spent::Proxy, entry.id);
            }
            Step::ProxyBacksOff { pause, .. } => {
                whole.turn(entry.at, Spent::BackOff, entry.id);
                whole.turn(entry.at + pause, Spent::Proxy, entry.id);
            }
            // An answer of the caller's own side: since the last thing that was decided.
            Step::NotReachable { .. } => whole.cut_back(latest, Spent::OwnSide, entry.id),
            _ => {}
        }
        latest = latest.max(entry.at);
    }
    let end = gaps.last().map_or(first.at, |(_, to)| *to);
    let whole = whole.finish(end.max(latest));
    gaps.iter().flat_map(|&(from, to)| clipped(&whole, from, to)).collect()
}

/// The parts of `spans` between two moments.
pub(super) fn clipped(spans: &[Span], from: SimTime, to: SimTime) -> impl Iterator<Item = Span> {
    spans
        .iter()
        .map(move |span| Span { from: span.from.max(from), to: span.to.min(to), ..*span })
        .filter(|span| span.to > span.from)
}
