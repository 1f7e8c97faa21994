//! What the router of a caller's proxy asks for, done by the engine.

use meshwalk_models::explain::{Probe, RuleId, Silent};
use meshwalk_models::proxy::envoy::config::RoutingPriority;
use meshwalk_models::proxy::envoy::router::{
    Admission, Attempt as Number, AttemptResult, Counter, Effects, Hedging, LocalReply, Started,
    Timer,
};
use meshwalk_models::proxy::envoy::upstream::{HostId, NoHost, PickContext, Resource};
use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::{CounterDraw, Draws, mix};
use crate::log::{Recorder, Step};
use crate::stats::{Details, Ending, Flags, RetryReason};

use super::attempt::Beginning;
use super::engine::Engine;
use super::plan::{ClusterPlan, DestinationEnd, Picks, Terms};
use super::pool::Joined;
use super::rules::Rules;
use super::state::{Lineage, NONE, Try};
use super::stream::Turn;
use super::upstream::{Wish, full};

/// Too few hosts are healthy, so that all of them are used.
const PANIC: RuleId = RuleId("envoy.balance.panic");
/// What the draw before a retry is for.
const BACKOFF: u64 = 0x6261_636B;

/// Whether there is somebody to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prepared {
    Somebody,
    Nobody,
}

/// One stream while its router looks at one event.
pub(super) struct Desk<'e, R: Recorder> {
    pub(super) engine: &'e mut Engine<R>,
    /// The clusters of the plan.
    pub(super) clusters: &'e [ClusterPlan],
    pub(super) terms: &'e Terms,
    /// The try.
    pub(super) slot: u32,
    /// When what follows from the event leaves the proxy.
    pub(super) from: SimTime,
    /// Why there is a retry, if there is one.
    pub(super) reason: RetryReason,
    pub(super) turn: Turn,
    /// The attempt that the event is about.
    pub(super) about: Option<Number>,
    /// The attempt that was given up last, and its host.
    pub(super) given_up: Option<(Number, (u32, HostId))>,
}

impl<R: Recorder> Desk<'_, R> {
    /// The slot of an attempt that is under way.
    fn slot_of(&self, number: Number) -> Option<u32> {
        let latest = self.engine.tries[self.slot].attempt;
        let wanted = number.0.wrapping_sub(1) as u8;
        if latest != NONE && self.engine.attempts[latest].number == wanted {
            return Some(latest);
        }
        self.engine.hedges.get(&(self.slot, number.0)).copied()
    }

    /// The cluster and host that an attempt went to, also when it was given up in this event.
    fn host_of(&self, number: Number) -> Option<(u32, HostId)> {
        let given_up = self.given_up.filter(|(it, _)| *it == number).map(|(_, host)| host);
        given_up.or_else(|| self.engine.host_of_attempt(self.slot_of(number)?))
    }
}

impl<R: Recorder> Effects for Desk<'_, R> {
    fn start_attempt(&mut self, number: Number, _: &mut impl Probe) -> Started {
        let engine = &mut *self.engine;
        if number != Number::FIRST {
            // The request is written once more.
            self.from = engine.write_request(self.slot);
        }
        engine.start_upstream(self.slot, (self.terms, self.clusters), number, self.from)
    }

    fn reset_attempt(&mut self, number: Number) {
        let Some(slot) = self.slot_of(number) else { return };
        self.given_up = self.host_of(number).map(|host| (number, host));
        let engine = &mut *self.engine;
        if engine.tries[self.slot].attempt == slot {
            engine.tries[self.slot].attempt = NONE;
        }
        engine.hedges.remove(&(self.slot, number.0));
        let client = engine.attempts[slot].client;
        engine.tell(engine.kernel.now(), slot, client, Step::AttemptGivenUp);
        engine.abandon_attempt(slot);
    }

    fn arm(&mut self, timer: Timer, after: SimDuration) {
        if timer == Timer::Backoff {
            let step = Step::ProxyBacksOff { pause: after, reason: self.reason };
            self.engine.tell_try(self.from, self.slot, step);
        }
        self.engine.arm_timer(self.slot, &self.terms.lanes, timer, (after, self.from));
    }

    fn disarm(&mut self, timer: Timer) {
        self.engine.disarm_timer(self.slot, &self.terms.lanes, timer);
    }

    fn admit_retry(&mut self, probe: &mut impl Probe) -> Admission {
        let engine = &mut *self.engine;
        let cluster = engine.streams[self.slot].cluster;
        let Try { call, called_at, .. } = engine.tries[self.slot];
        let edge = engine.plan.calls[call as usize].edge;
        let mut breakers = engine.clusters[cluster].state.breakers(RoutingPriority::Default);
        if let Err(overflow) = breakers.try_take(Resource::Retries, probe) {
            engine.meter.overflowed(edge, called_at, full(overflow.resource));
            let step = engine.overflowed(cluster, &overflow);
            engine.tell_try(self.from, self.slot, step);
            return Admission::Overflow;
        }
        engine.meter.retried(edge, called_at, self.reason);
        if let Some((cluster, host)) = self.about.and_then(|number| self.host_of(number)) {
            let every = self.terms.router.retry.as_ref().and_then(|it| it.previous_priorities);
            self.engine.remember_host(self.slot, (cluster, host), every);
        }
        Admission::Granted
    }

    fn release_retry(&mut self) {
        let cluster = self.engine.streams[self.slot].cluster;
        let state = &mut self.engine.clusters[cluster].state;
        state.breakers(RoutingPriority::Default).release(Resource::Retries);
    }

    fn roll_backoff(&mut self) -> u64 {
        let key = self.engine.tries[self.slot].key;
        let attempts = u64::from(self.engine.streams[self.slot].router.attempts());
        CounterDraw::keyed(mix(key, attempts), BACKOFF).next_u64()
    }

    fn report(&mut self, number: Number, result: AttemptResult) {
        if let Some((cluster, host)) = self.host_of(number) {
            self.engine.report(self.slot, (cluster, host), result.into());
        }
    }

    fn count(&mut self, _: Counter) {}

    fn forward(&mut self, number: Number) {
        if let Some(slot) = self.slot_of(number) {
            self.engine.tries[self.slot].attempt = slot;
        }
        self.turn = Turn::Forwarded;
    }

    fn reply(&mut self, reply: &LocalReply) {
        let ending = Ending { status: reply.status, ..ending_of(reply) };
        self.engine.proxy_answers(self.slot, ending, self.from);
    }

    fn cut_off(&mut self, reply: &LocalReply) {
        self.engine.proxy_answers(self.slot, ending_of(reply), self.from);
    }
}

/// How a call ends that the proxy ends, its status apart.
fn ending_of(reply: &LocalReply) -> Ending {
    let details = Details::of_name(&reply.details.to_string());
    Ending { status: 0, details, flags: Flags::from(reply.flags) }
}

impl<R: Recorder> Engine<R> {
    /// Sends an attempt on its way to a host of its cluster.
    fn start_upstream(
        &mut self,
        of: u32,
        (terms, clusters): (&Terms, &[ClusterPlan]),
        number: Number,
        from: SimTime,
    ) -> Started {
        let Try { client, call, .. } = self.tries[of];
        let destination = self.streams[of].destination;
        let DestinationEnd::Cluster { cluster: row, table, subset, hash, .. } =
            &terms.destinations[destination as usize].end
        else {
            return Started::NoHost;
        };
        let (edge, sharing) = {
            let call = &self.plan.calls[call as usize];
            (call.edge, call.sharing)
        };
        let cluster = self.proxy_cluster(client, *table, *row, edge);
        self.streams[of].cluster = cluster;
        let first = self.pools_of_cluster(cluster, sharing);
        let about = &clusters[*row as usize];
        let key = self.attempt_key(of, number);
        let picked = if about.picks == Picks::PerRequest {
            let retry = terms.router.retry.as_deref().filter(|_| number != Number::FIRST);
            let context = PickContext {
                hash: self.hash_of(hash, of),
                subset: subset.as_ref(),
                predicates: retry.map_or(&[], |retry| retry.host_predicates.as_slice()),
                host_selection_attempts: retry.map_or(0, |retry| retry.host_selection_attempts),
                ..PickContext::default()
            };
            let wish = Wish { cluster, of, key, context };
            match self.pick_and_tell(&wish, about, from) {
                Ok(host) => Some(host),
                Err(_) => return Started::NoHost,
            }
        } else {
            if self.prepare_connection(about, cluster, first, key) == Prepared::Nobody {
                return Started::NoHost;
            }
            None
        };
        let is_first = number == Number::FIRST;
        let lineage = if is_first { self.tries[of].lineage } else { Lineage::Repeated };
        let beginning =
            Beginning { key, call: terms.call, number: (number.0 - 1) as u8, lineage, at: from };
        let slot = self.insert_attempt(of, beginning);
        let attempt = &mut self.attempts[slot];
        attempt.pool = first + picked.map_or(0, |host| host.index() as u32);
        if let Some(host) = picked {
            attempt.server = about.hosts[host.index()];
        }
        if terms.router.hedging == Hedging::OnPerTryTimeout {
            self.hedges.insert((of, number.0), slot);
        }
        let joined = self.join_pool(slot, from);
        if joined == Joined::Overflow {
            self.attempts.remove(slot);
            self.tries[of].attempt = NONE;
            return Started::Overflow;
        }
        // The first attempt of a waypoint is that of its caller, which is counted already.
        if !is_first || self.outer_of(of).is_none() {
            let call = &self.plan.calls[call as usize];
            self.meter.attempt(call.edge, self.tries[of].called_at, call.request_bytes);
        }
        if joined == Joined::Attached { Started::Connected } else { Started::Pending }
    }

    /// Where connections are balanced: picks a host for the connection that an attempt may need.
    fn prepare_connection(
        &mut self,
        about: &ClusterPlan,
        cluster: u32,
        pool: u32,
        key: u64,
    ) -> Prepared {
        if let Some(target) = about.dialled {
            let nobody = self.plan.targets[target as usize].endpoints.1 == 0;
            return if nobody { Prepared::Nobody } else { Prepared::Somebody };
        }
        if self.pools[pool].free == NONE {
            let wish = Wish { cluster, of: NONE, key, context: PickContext::default() };
            self.picked = self.pick_host(&wish, &mut Silent).ok();
            if self.picked.is_none() {
                return Prepared::Nobody;
            }
        }
        Prepared::Somebody
    }

    fn pick_and_tell(
        &mut self,
        wish: &Wish<'_>,
        plan: &ClusterPlan,
        from: SimTime,
    ) -> Result<HostId, NoHost> {
        if !R::LISTENS {
            return self.pick_host(wish, &mut Silent);
        }
        let mut rules = Rules::default();
        let picked = self.pick_host(wish, &mut rules);
        let candidates = plan.hosts.len() as u32;
        if rules.0.contains(&PANIC) {
            self.tell_try(from, wish.of, Step::Decided { rule: PANIC });
        }
        if let (Ok(host), Some(rule)) = (picked, rules.0.last()) {
            let pod = plan.hosts[host.index()];
            let step = Step::EndpointChosen { pod, candidates, rule: *rule };
            self.tell_try(from, wish.of, step);
        }
        picked
    }
}
