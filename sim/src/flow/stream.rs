//! A try of a call beside its caller's proxy: filters, the route, and the router that makes
//! attempts for it. Everything is decided in `meshwalk-models`; here the router is told what
//! happened, and what it asks for is done (`effects`).

use meshwalk_models::explain::{Probe, Silent};
use meshwalk_models::proxy::envoy::router::{
    Attempt as Number, More, Phase, RequestEnd, ResetReason, ResponseHead, Router, RouterState,
    Timer, http_status_of,
};
use meshwalk_models::units::SimTime;

use crate::kernel::random::{CounterDraw, Draws, mix};
use crate::log::{Recorder, Step};
use crate::stats::{Details, Ending, Flags, Part, RetryReason, Ruling};

use super::effects::Desk;
use super::engine::Engine;
use super::plan::{Carries, DestinationEnd, LegPlan, RouteAction, Terms};
use super::rules::Rules;
use super::state::{Attempt, NONE, Try, TryStage};

/// What a draw is for.
mod purpose {
    pub(super) const FRACTION: u64 = 0x6672_6163;
    pub(super) const WEIGHT: u64 = 0x7765_6967;
}

/// One try in the hands of its caller's proxy, by the slot of the try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) router: RouterState,
    /// The row of its route.
    pub(super) route: u32,
    /// Which of the route's destinations.
    pub(super) destination: u32,
    /// The state of the cluster; [`NONE`] before the first attempt.
    pub(super) cluster: u32,
}

/// What happens to a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum RouterEvent<'h> {
    /// The request has come through the filters.
    Begin,
    /// An attempt has got a connection.
    Connected(Number),
    /// The head of a response has come.
    Headers(Number, ResponseHead<'h>, More),
    /// More of a response has come.
    Data(Number, More),
    /// An attempt has ended early.
    Reset(Number, ResetReason),
    /// A timer rings.
    Timer(Timer),
    /// The caller has gone.
    CallerGone,
}

/// What became of a stream in one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing that the caller sees yet.
    Quiet,
    /// The response of the attempt in question goes to the caller.
    Forwarded,
}

/// Something that happened to an attempt while another stream was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deferred {
    slot: u32,
    generation: u32,
    /// `None`: it has got a connection.
    failed: Option<ResetReason>,
}

impl RouterEvent<'_> {
    /// The reason of a retry that follows.
    fn reason(&self) -> RetryReason {
        match self {
            Self::Headers(_, head, _) => {
                RetryReason::Status(head.grpc_status().map_or(head.status, http_status_of))
            }
            Self::Reset(_, reason) => RetryReason::Reset(reason.words()),
            _ => RetryReason::PerTryTimeout,
        }
    }

    /// The attempt that it is about.
    fn about(&self) -> Option<Number> {
        match self {
            Self::Connected(number)
            | Self::Headers(number, ..)
            | Self::Data(number, _)
            | Self::Reset(number, _)
            | Self::Timer(
                Timer::PerTry(number) | Timer::PerTryIdle(number) | Timer::AttemptDuration(number),
            ) => Some(*number),
            Self::Begin | Self::CallerGone | Self::Timer(_) => None,
        }
    }
}

fn handle<R: Recorder, P: Probe>(
    router: &mut Router<'_, Desk<'_, R>, P>,
    terms: &Terms,
    event: RouterEvent<'_>,
) {
    match event {
        RouterEvent::Begin => {
            if has_stream_timers(terms) {
                router.open_stream();
            }
            router.begin(RequestEnd::Complete, terms.retriable);
        }
        RouterEvent::Connected(number) => router.connected(number),
        RouterEvent::Headers(number, head, more) => router.headers(number, &head, more),
        RouterEvent::Data(number, more) => router.data(number, more),
        RouterEvent::Reset(number, reason) => router.reset(number, reason),
        RouterEvent::Timer(timer) => router.timer(timer),
        RouterEvent::CallerGone => router.client_gone(),
    }
    let moves = matches!(event, RouterEvent::Headers(..) | RouterEvent::Data(..));
    if moves && has_stream_timers(terms) {
        router.touch_stream();
    }
}

fn has_stream_timers(terms: &Terms) -> bool {
    terms.lanes.stream_idle.is_some() || terms.lanes.max_duration.is_some()
}

impl<R: Recorder> Engine<R> {
    /// A request has been read by the caller's proxy, which is done with it at `done`.
    pub(super) fn begin_stream(&mut self, slot: u32, first_leg: u32, done: SimTime) {
        let Try { client, key, .. } = self.tries[slot];
        let leg = first_leg + self.plan.pods[client as usize].class;
        let route = match &self.plan.mesh.legs[leg as usize] {
            LegPlan::Sole(route) => *route,
            LegPlan::Split(shares) => {
                let draw = CounterDraw::keyed(key, purpose::FRACTION).next_u64();
                let taken = shares.iter().find(|(upto, _)| upto.happens(draw));
                let route = taken.or(shares.last()).map_or(0, |(_, route)| *route);
                self.tell_try(done, slot, Step::RouteDrawn { route });
                route
            }
        };
        let plan = &self.plan.mesh.routes[route as usize];
        let destination = match &plan.action {
            RouteAction::Forward(terms) => {
                terms.destination(|| CounterDraw::keyed(key, purpose::WEIGHT).next_u64())
            }
            RouteAction::Answer(_) => 0,
        };
        let has_filters = plan.filters.is_some();
        let is_drawn = plan.terms().is_some_and(|terms| terms.destinations.len() > 1);
        let destination = destination as u32;
        if is_drawn {
            self.tell_try(done, slot, Step::DestinationDrawn { route, destination });
        }
        while self.streams.len() <= slot as usize {
            self.streams.push(Stream::NEW);
        }
        self.streams[slot] = Stream { route, destination, ..Stream::NEW };
        if has_filters {
            self.meet_filters(slot, done);
        } else {
            self.route_stream(slot, done);
        }
    }

    /// A request has come through the filters.
    pub(super) fn route_stream(&mut self, slot: u32, from: SimTime) {
        self.charge_try(slot, Part::Filters, from);
        let Stream { route, destination, .. } = self.streams[slot];
        let answer = match &self.plan.mesh.routes[route as usize].action {
            RouteAction::Answer(ending) => Some(*ending),
            RouteAction::Forward(terms) => match terms.destinations.get(destination as usize) {
                Some(it) => match &it.end {
                    DestinationEnd::Missing(ending) => Some(*ending),
                    DestinationEnd::Cluster { .. } => None,
                },
                None => Some(Ending::without_answer(Details::OTHER)),
            },
        };
        match answer {
            Some(ending) => {
                let denied = Details::of_name("rbac_access_denied");
                if self.outer_of(slot).is_some() && ending.details == denied {
                    let edge = self.plan.calls[self.tries[slot].call as usize].edge;
                    self.meter.ruled(edge, from, Ruling::Reset);
                }
                self.proxy_answers(slot, ending, from);
            }
            None => {
                self.drive(slot, from, RouterEvent::Begin);
            }
        }
    }

    /// The caller's proxy answers in place of a server.
    pub(super) fn proxy_answers(&mut self, slot: u32, ending: Ending, from: SimTime) {
        let call = &self.plan.calls[self.tries[slot].call as usize];
        // Bytes have no status: the connection is closed.
        let status = if call.carries == Carries::Bytes { 0 } else { ending.status };
        let travel = self.local_answer_travel(slot);
        self.answer_try(slot, Ending { status, ..ending }, from + travel);
    }

    /// Tells the router of a stream what happened at this moment; what follows from it leaves the
    /// proxy at `from`.
    pub(super) fn drive(&mut self, slot: u32, from: SimTime, event: RouterEvent<'_>) -> Turn {
        let plan = self.plan.clone();
        let Stream { mut router, route, .. } = self.streams[slot];
        let RouteAction::Forward(terms) = &plan.mesh.routes[route as usize].action else {
            return Turn::Quiet;
        };
        let now = self.kernel.now();
        let mut desk = Desk {
            engine: self,
            clusters: &plan.mesh.clusters,
            terms,
            slot,
            from,
            reason: event.reason(),
            turn: Turn::Quiet,
            about: event.about(),
            given_up: None,
        };
        let turn = if R::LISTENS {
            let mut rules = Rules::default();
            let mut machine = Router::new(&mut router, &terms.router, now, &mut desk, &mut rules);
            handle(&mut machine, terms, event);
            let turn = desk.turn;
            for rule in rules.0 {
                self.tell_try(now.max(from), slot, Step::Decided { rule });
            }
            turn
        } else {
            let mut silent = Silent;
            let mut machine = Router::new(&mut router, &terms.router, now, &mut desk, &mut silent);
            handle(&mut machine, terms, event);
            desk.turn
        };
        self.streams[slot].router = router;
        if router.phase() == Phase::Done && has_stream_timers(terms) {
            self.disarm_timer(slot, &terms.lanes, Timer::StreamIdle);
            self.disarm_timer(slot, &terms.lanes, Timer::MaxDuration);
        }
        turn
    }

    /// The number that the router knows an attempt by. Only the latest 32 can be under way.
    pub(super) fn number_of(&self, attempt: &Attempt) -> Number {
        let latest = self.streams[attempt.of].router.attempts();
        let behind = (latest.wrapping_sub(1) as u8).wrapping_sub(attempt.number);
        Number(latest.wrapping_sub(u32::from(behind)))
    }

    /// A message of an answer that is wanted reaches the caller's proxy; tells whether it goes on
    /// to the caller.
    pub(super) fn hear_response(&mut self, slot: u32, more: More, done: SimTime) -> Turn {
        let attempt = self.attempts[slot];
        let number = self.number_of(&attempt);
        let of = attempt.of;
        if self.streams[of].router.phase() != Phase::Waiting {
            self.drive(of, done, RouterEvent::Data(number, more));
            return Turn::Forwarded;
        }
        let turn = if self.plan.calls[attempt.call as usize].carries == Carries::Grpc {
            let plan = self.plan.clone();
            let head = plan.mesh.heads.of(Carries::Grpc, attempt.status);
            self.drive(of, done, RouterEvent::Headers(number, head, more))
        } else {
            let head = ResponseHead::bare(attempt.status);
            self.drive(of, done, RouterEvent::Headers(number, head, more))
        };
        if turn == Turn::Forwarded {
            let flags = Flags::from(self.streams[of].router.flags());
            let status = attempt.status;
            self.tries[of].ending = Ending { status, details: Details::VIA_UPSTREAM, flags };
        }
        turn
    }

    /// Nobody waits for a stream any more, or it has ended.
    pub(super) fn close_stream(&mut self, slot: u32) {
        // A retry may have been decided on and never begun.
        if !self.memories.is_empty() {
            self.memories.remove(&slot);
        }
        if !self.hedges.is_empty() {
            let own = self.hedges.range((slot, 0)..=(slot, u32::MAX)).map(|(key, _)| *key);
            for key in own.collect::<Vec<_>>() {
                self.hedges.remove(&key);
            }
        }
        self.leave_filters(slot);
    }

    /// The key of an attempt's draws.
    pub(super) fn attempt_key(&self, of: u32, number: Number) -> u64 {
        let key = self.tries[of].key;
        if number == Number::FIRST { key } else { mix(key, u64::from(number.0) << 32) }
    }

    /// What is done about an attempt once the stream in question is done with.
    pub(super) fn defer_connected(&mut self, slot: u32) {
        let generation = self.attempts.generation(slot);
        self.deferred.push(Deferred { slot, generation, failed: None });
    }

    /// The same for an attempt that fails.
    pub(super) fn defer_failure(&mut self, slot: u32, reason: ResetReason) {
        let generation = self.attempts.generation(slot);
        self.deferred.push(Deferred { slot, generation, failed: Some(reason) });
    }

    /// Tells streams what happened to their attempts while others were looked at.
    pub(super) fn settle_deferred(&mut self) {
        let now = self.kernel.now();
        let mut next = 0;
        while let Some(&Deferred { slot, generation, failed }) = self.deferred.get(next) {
            next += 1;
            let Some(&attempt) = self.attempts.get_if(slot, generation) else { continue };
            let Some(reason) = failed else {
                if attempt.is_wanted() {
                    let number = self.number_of(&attempt);
                    self.drive(attempt.of, now, RouterEvent::Connected(number));
                }
                continue;
            };
            if attempt.is_wanted() && self.pools[attempt.pool].cluster == NONE {
                self.fail_without_proxy(slot, reason);
                continue;
            }
            if attempt.is_wanted() {
                self.fail_at_proxy(slot, reason);
            }
            self.attempts.remove(slot);
        }
        self.deferred.clear();
    }

    /// Whether a try is in the hands of its caller's proxy.
    pub(super) fn is_streaming(&self, slot: u32) -> bool {
        let it = &self.tries[slot];
        it.stage == TryStage::Underway && self.plan.calls[it.call as usize].legs.is_some()
    }
}

impl Stream {
    const NEW: Self = Self { router: RouterState::NEW, route: 0, destination: 0, cluster: NONE };
}
