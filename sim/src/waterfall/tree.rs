//! From the strands of a request to its tree of calls, tries and attempts.

use meshwalk_models::units::SimTime;

use crate::log::Step;
use crate::stats::Full;

use super::spans::{self, Nudge};
use super::strand::{Happening, Strand, StrandKind};
use super::{Attempt, AttemptEnd, Call, Drawn, Fullness, Maker, Try, Waterfall, retries};

/// What a strand became.
#[derive(Clone, Copy, Debug)]
enum Node {
    Try(usize),
    Attempt(usize),
    /// It came from nothing that is known.
    Lost,
}

/// The waterfall of the request whose strands these are, each behind what it was begun for; `None`
/// where they do not begin with a request.
#[must_use]
pub fn grow(source: u16, number: u32, strands: &[Strand]) -> Option<Waterfall> {
    let mut grower = Grower::default();
    for strand in strands {
        let node = grower.add(strand);
        grower.nodes.push(node);
    }
    let first = grower.calls.first().filter(|call| call.maker == Maker::Source)?;
    let begun = first.begun;
    grower.end_tries(strands);
    grower.end_attempts(strands);
    grower.end_relays(strands);
    grower.close_left_open();
    grower.lay_spans(strands);
    grower.find_unwanted();
    grower.read_decisions(strands);
    let entries = strands.iter().flat_map(|strand| &strand.entries);
    let last = entries.map(|entry| entry.at).max().unwrap_or(begun);
    let Grower { calls, tries, attempts, .. } = grower;
    Some(Waterfall { source, number, begun, ended: calls[0].ended, last, calls, tries, attempts })
}

#[derive(Default)]
struct Grower {
    nodes: Vec<Node>,
    calls: Vec<Call>,
    tries: Vec<Try>,
    attempts: Vec<Attempt>,
    /// The strand of each try and of each attempt.
    strand_of_try: Vec<usize>,
    strand_of_attempt: Vec<usize>,
}

/// When a strand begins: the first entry that says so. What is told of it may lie before.
fn beginning(strand: &Strand) -> Option<&Happening> {
    strand.entries.iter().find(|entry| {
        matches!(
            entry.step,
            Step::CallBegan { .. }
                | Step::Relayed { .. }
                | Step::Retried { .. }
                | Step::AttemptBegan { .. }
        )
    })
}

impl Grower {
    fn node(&self, strand: Option<usize>) -> Node {
        strand.and_then(|place| self.nodes.get(place)).copied().unwrap_or(Node::Lost)
    }

    fn add(&mut self, strand: &Strand) -> Node {
        let Some(first) = beginning(strand) else { return Node::Lost };
        let above = self.node(strand.parent);
        match (strand.kind, first.step, above) {
            (StrandKind::Try, Step::CallBegan { parent: None, .. }, _) if self.calls.is_empty() => {
                self.add_call(strand, first, Maker::Source)
            }
            (StrandKind::Try, Step::CallBegan { .. }, Node::Attempt(attempt)) => {
                self.add_call(strand, first, Maker::Application(attempt))
            }
            (StrandKind::Try, Step::Relayed { .. }, Node::Attempt(attempt)) => {
                self.add_call(strand, first, Maker::Waypoint(attempt))
            }
            (StrandKind::Try, Step::Retried { .. }, Node::Try(before)) => {
                self.add_try(strand, first, self.tries[before].call)
            }
            (StrandKind::Attempt, Step::AttemptBegan { .. }, Node::Try(of)) => {
                self.add_attempt(strand, first, of)
            }
            _ => Node::Lost,
        }
    }

    fn add_call(&mut self, strand: &Strand, first: &Happening, maker: Maker) -> Node {
        let above = maker.above();
        let inherited =
            above.map(|attempt| self.calls[self.tries[self.attempts[attempt].of].call].edge);
        let call = self.calls.len();
        self.calls.push(Call {
            maker,
            hop: strand.hop.clone(),
            edge: strand.edge.or(inherited).unwrap_or_default(),
            site: match first.step {
                Step::CallBegan { call, .. } => Some(call),
                _ => None,
            },
            client: first.pod,
            begun: first.at,
            ended: None,
            ending: None,
            tries: Vec::new(),
        });
        if let Some(attempt) = above {
            self.attempts[attempt].calls.push(call);
        }
        self.add_try(strand, first, call)
    }

    fn add_try(&mut self, strand: &Strand, first: &Happening, call: usize) -> Node {
        let place = self.tries.len();
        self.tries.push(Try {
            call,
            number: strand.number,
            begun: first.at,
            ended: None,
            timed_out: None,
            pause_after: None,
            attempts: Vec::new(),
            own: Vec::new(),
            drawn: Drawn::default(),
            retries: Vec::new(),
            entry: first.id,
        });
        self.strand_of_try.push(self.nodes.len());
        self.calls[call].tries.push(place);
        Node::Try(place)
    }

    fn add_attempt(&mut self, strand: &Strand, first: &Happening, of: usize) -> Node {
        let place = self.attempts.len();
        self.attempts.push(Attempt {
            of,
            number: strand.number,
            server: None,
            begun: first.at,
            left: None,
            connected: None,
            at_app: None,
            end: AttemptEnd::Open,
            answered: None,
            spans: Vec::new(),
            calls: Vec::new(),
            unwanted: None,
            entry: first.id,
        });
        self.strand_of_attempt.push(self.nodes.len());
        self.tries[of].attempts.push(place);
        Node::Attempt(place)
    }

    /// What ends tries and which way they went, as their own entries tell it.
    fn end_tries(&mut self, strands: &[Strand]) {
        for (place, strand) in self.strand_of_try.iter().enumerate() {
            let it = &mut self.tries[place];
            for entry in &strands[*strand].entries {
                match entry.step {
                    Step::TimedOut => it.timed_out = Some(entry.at),
                    Step::RouteDrawn { route } => it.drawn.route = Some(route),
                    Step::DestinationDrawn { route, destination } => {
                        it.drawn = Drawn { route: Some(route), destination: Some(destination) };
                    }
                    Step::BacksOff { pause } => {
                        it.ended = Some(entry.at);
                        it.pause_after = Some(pause);
                    }
                    Step::CallEnded { ending, .. } => {
                        it.ended = Some(entry.at);
                        let call = &mut self.calls[it.call];
                        call.ended = Some(entry.at);
                        call.ending = Some(ending);
                    }
                    _ => {}
                }
            }
        }
    }

    /// What ends attempts, as their own entries tell it.
    fn end_attempts(&mut self, strands: &[Strand]) {
        for place in 0..self.attempts.len() {
            let of = self.attempts[place].of;
            let entries = &strands[self.strand_of_attempt[place]].entries;
            let maker = self.calls[self.tries[of].call].maker;
            let tried = &strands[self.strand_of_try[of]].entries;
            let attempt = &mut self.attempts[place];
            attempt.server = server_of(entries, tried, attempt.begun);
            for entry in entries {
                match entry.step {
                    Step::ConnectionReused { .. } => attempt.connected = Some(entry.at),
                    Step::RequestAtApp => attempt.at_app = Some(entry.at),
                    Step::Answered { status } | Step::AnsweredByServerProxy { status, .. } => {
                        attempt.answered = Some((entry.at, status));
                    }
                    _ => {}
                }
            }
            if let Some(connected) = attempt.connected {
                attempt.begun = attempt.begun.min(connected);
            }
            if let Some((at, end)) = end_of_attempt(entries, maker) {
                attempt.left = Some(at);
                attempt.end = end;
            }
        }
    }

    /// When the tries of waypoints end, which tell nobody.
    fn end_relays(&mut self, strands: &[Strand]) {
        for place in (0..self.tries.len()).rev() {
            let call = self.tries[place].call;
            if self.tries[place].ended.is_some()
                || !matches!(self.calls[call].maker, Maker::Waypoint(_))
            {
                continue;
            }
            let own = &strands[self.strand_of_try[place]].entries;
            let answered = own.iter().rev().find_map(|entry| match entry.step {
                Step::NotReachable { ending } => Some((entry.at, Some(ending))),
                _ => None,
            });
            let latest = self.tries[place].attempts.last().map(|last| &self.attempts[*last]);
            let delivered = latest
                .filter(|last| last.end != AttemptEnd::ThrownAway)
                .and_then(|last| last.left.map(|at| (at, None)));
            if let Some((at, ending)) = answered.or(delivered) {
                self.tries[place].ended = Some(at);
                self.calls[call].ended = Some(at);
                self.calls[call].ending = ending;
            }
        }
    }

    /// Attempts that were under way when their try ended.
    fn close_left_open(&mut self) {
        for attempt in &mut self.attempts {
            let of = &self.tries[attempt.of];
            let gave_up = attempt.left.is_some() && attempt.left == of.timed_out;
            if gave_up && attempt.end == AttemptEnd::GivenUp {
                attempt.end = AttemptEnd::CallerGone;
            }
            // A stream that was cut off has delivered a part.
            let is_cut = attempt.end == AttemptEnd::Delivered && of.timed_out.is_some();
            if (attempt.end == AttemptEnd::Open || is_cut) && of.ended.is_some() {
                attempt.end = AttemptEnd::CallerGone;
                attempt.left = of.ended;
            }
            if let Some(left) = attempt.left {
                attempt.begun = attempt.begun.min(left);
            }
        }
    }

    /// What every attempt and try was spent on.
    fn lay_spans(&mut self, strands: &[Strand]) {
        for place in 0..self.attempts.len() {
            let attempt = &self.attempts[place];
            let mut nudges: Vec<Nudge> = Vec::new();
            for &call in &attempt.calls {
                let call = &self.calls[call];
                let entry = self.tries[call.tries[0]].entry;
                if let Maker::Waypoint(_) = call.maker {
                    nudges.push(Nudge::Taken(call.begun, entry));
                    nudges.extend(call.ended.map(|at| Nudge::Relayed(at, entry)));
                } else {
                    nudges.push(Nudge::CallBegan(call.begun, entry));
                }
            }
            nudges.sort_by_key(|nudge| nudge.at());
            let entries = &strands[self.strand_of_attempt[place]].entries;
            let least = attempt.left.unwrap_or(attempt.begun);
            self.attempts[place].spans = spans::of_attempt(entries, &nudges, least);
        }
        for place in 0..self.tries.len() {
            let gaps = self.gaps(place);
            let entries = &strands[self.strand_of_try[place]].entries;
            self.tries[place].own = spans::of_try(entries, &gaps);
        }
    }

    /// The times of a try at which none of its attempts was under way.
    fn gaps(&self, place: usize) -> Vec<(SimTime, SimTime)> {
        let it = &self.tries[place];
        let attempts = it.attempts.iter().map(|&attempt| &self.attempts[attempt]);
        let latest = attempts.clone().map(|attempt| attempt.left.unwrap_or(attempt.last())).max();
        let end = it.ended.or(latest).unwrap_or(it.begun);
        let mut gaps = Vec::new();
        let mut upto = it.begun;
        for attempt in attempts {
            if attempt.begun > upto {
                gaps.push((upto, attempt.begun.min(end)));
            }
            upto = upto.max(attempt.left.unwrap_or(end));
        }
        if end > upto {
            gaps.push((upto, end));
        }
        gaps
    }

    fn read_decisions(&mut self, strands: &[Strand]) {
        for (place, strand) in self.strand_of_try.iter().enumerate() {
            let numbers = &self.tries[place].attempts;
            let attempts: Vec<(usize, &Attempt)> =
                numbers.iter().map(|&number| (number, &self.attempts[number])).collect();
            self.tries[place].retries = retries::read(&strands[*strand].entries, &attempts);
        }
    }

    /// Since when nobody waits for attempts: callers stand before those whom they call.
    fn find_unwanted(&mut self) {
        for place in 0..self.attempts.len() {
            let attempt = &self.attempts[place];
            let own = match attempt.end {
                AttemptEnd::GivenUp
                | AttemptEnd::CallerGone
                | AttemptEnd::Reset(_)
                | AttemptEnd::ThrownAway => attempt.left,
                AttemptEnd::Open | AttemptEnd::Delivered | AttemptEnd::NoPlace(_) => None,
            };
            let above = self.calls[self.tries[attempt.of].call].maker.above();
            let above = above.and_then(|above| self.attempts[above].unwanted);
            self.attempts[place].unwanted = match (own, above) {
                (Some(own), Some(above)) => Some(own.min(above)),
                (own, above) => own.or(above),
            };
        }
    }
}

/// Where an attempt goes: as far as it came, or else as it was decided.
fn server_of(entries: &[Happening], tried: &[Happening], begun: SimTime) -> Option<u32> {
    let reached = entries.iter().find(|entry| {
        matches!(
            entry.step,
            Step::RequestAtApp | Step::RequestAtServerProxy | Step::RequestAtServerNodeProxy
        )
    });
    let chosen = |entry: &Happening| match entry.step {
        Step::EndpointChosen { pod, .. } => Some(pod),
        _ => None,
    };
    let by_proxy = || tried.iter().rev().filter(|entry| entry.at <= begun).find_map(chosen);
    reached
        .map(|entry| entry.pod)
        .or_else(|| entries.iter().rev().find_map(chosen))
        .or_else(by_proxy)
}

/// When and how an attempt ended for its caller; `None` where its own entries do not tell. For a
/// waypoint it ends where its answer leaves for the proxy that asked.
fn end_of_attempt(entries: &[Happening], maker: Maker) -> Option<(SimTime, AttemptEnd)> {
    let mut delivered = None;
    let mut heard = None;
    let mut overflowed = None;
    for entry in entries {
        match entry.step {
            Step::AttemptGivenUp => return Some((entry.at, AttemptEnd::GivenUp)),
            Step::AttemptReset { reason } => return Some((entry.at, AttemptEnd::Reset(reason))),
            // Where only connections are too many, the attempt waits for one.
            Step::Overflowed { of: Full::Pending | Full::Requests, .. } => {
                overflowed = Fullness::told_by(entry.step).map(|full| (entry.at, full));
            }
            Step::ResponseAtClientProxy => heard = Some(entry.at),
            Step::ResponseLeftClientProxy => {
                heard = None;
                if let Maker::Waypoint(_) = maker {
                    delivered = Some(entry.at);
                }
            }
            Step::ResponseAtCaller => delivered = Some(entry.at),
            Step::RequestSent => overflowed = None,
            _ => {}
        }
    }
    let thrown_away = || heard.map(|at| (at, AttemptEnd::ThrownAway));
    let no_place = || overflowed.map(|(at, full)| (at, AttemptEnd::NoPlace(full)));
    delivered.map(|at| (at, AttemptEnd::Delivered)).or_else(thrown_away).or_else(no_place)
}
