//! The router of each request: its events, its timers, and what it asks for. What its answers look
//! like to a client is the business of `answer`.

use meshwalk_models::explain::{Probe, Silent};
use meshwalk_models::proxy::envoy::config::HostPredicate;
use meshwalk_models::proxy::envoy::pool::Opened;
use meshwalk_models::proxy::envoy::router::{
    Admission, Attempt, AttemptResult, Counter, Effects, LocalReply, RequestEnd, Retriable, Router,
    Started, Timer,
};
use meshwalk_models::proxy::envoy::upstream::{PickContext, Resource, UpstreamResult};
use meshwalk_models::proxy::envoy::{Dice, HeaderMap, Purpose};
use meshwalk_models::units::{SimDuration, SimTime};

use super::pools::{Notice, Stream};
use super::server::Progress;
use super::{Drive, Happening, TIMER_LAG};

/// What the router of one request asks for.
pub(super) struct Desk<'d, 'w> {
    drive: &'d mut Drive<'w>,
    call: usize,
}

impl<'w> Drive<'w> {
    /// Puts an event into the router's hands.
    pub(super) fn with_router(
        &mut self,
        call: usize,
        act: impl FnOnce(&mut Router<'_, Desk<'_, 'w>, Silent>),
    ) {
        let Some(plan) = self.calls[call].plan.clone() else { return };
        let (mut state, now) = (self.calls[call].state, self.now());
        let mut desk = Desk { drive: self, call };
        act(&mut Router::new(&mut state, &plan, now, &mut desk, &mut Silent));
        self.calls[call].state = state;
        self.after_router(call);
    }

    pub(super) fn begin_router(&mut self, call: usize, retriable: Retriable) {
        let body = self.calls[call].spec.body_bytes.filter(|bytes| *bytes > 0);
        let Some(bytes) = body else {
            self.with_router(call, |router| router.begin(RequestEnd::Complete, retriable));
            return;
        };
        self.with_router(call, |router| router.begin(RequestEnd::Open, retriable));
        self.with_router(call, |router| router.request_data(bytes));
        self.with_router(call, |router| router.request_complete());
    }

    /// Tells routers what pools told, until there is nothing left to tell.
    pub(super) fn settle_notices(&mut self) {
        while let Some(notice) = self.notices.pop_front() {
            let (Notice::Attached(id) | Notice::Failed(id, _)) = notice;
            let (call, attempt) = (self.stream(id).call, self.stream(id).attempt);
            match notice {
                Notice::Attached(_) => {
                    self.with_router(call, |router| router.connected(attempt));
                }
                Notice::Failed(_, reason) => {
                    self.with_router(call, |router| router.reset(attempt, reason));
                }
            }
        }
    }

    pub(super) fn start_timer(&mut self, call: usize, timer: Timer, after: SimDuration) {
        self.timers_started += 1;
        let number = self.timers_started;
        self.calls[call].timers.insert(timer, number);
        self.after(after + TIMER_LAG, Happening::Rings(call, timer, number));
    }

    pub(super) fn rings(&mut self, call: usize, timer: Timer, number: u64) {
        let own = &mut self.calls[call];
        if own.timers.get(&timer) != Some(&number) {
            return;
        }
        own.timers.remove(&timer);
        match timer {
            Timer::StreamIdle => self.count("http.in.downstream_rq_idle_timeout".to_owned()),
            Timer::MaxDuration => {
                self.count("http.in.downstream_rq_max_duration_reached".to_owned());
            }
            _ => {}
        }
        self.with_router(call, |router| router.timer(timer));
    }

    /// The place of the cluster that a request goes to.
    fn cluster_of(&self, call: usize) -> Option<usize> {
        let forward = self.calls[call].forward.as_deref()?;
        let name = &forward.cluster.name;
        self.clusters.iter().position(|cluster| cluster.name == *name)
    }

    fn count_of_cluster(&mut self, call: usize, counter: &str) {
        if let Some(cluster) = self.cluster_of(call) {
            let name = format!("{}.{counter}", self.clusters[cluster].name);
            self.count(name);
        }
    }

    /// The headers that an attempt carries.
    pub(super) fn attempt_headers(&self, stream: &Stream) -> HeaderMap {
        let call = &self.calls[stream.call];
        let (Some(forward), Some(plan)) = (&call.forward, &call.plan) else {
            return HeaderMap::new();
        };
        let mut headers = forward.headers.clone();
        if forward.taken.host.attempt_count_in_request {
            headers.set("x-envoy-attempt-count", stream.attempt.0.to_string());
        }
        let elapsed = match stream.attempt {
            Attempt::FIRST => SimDuration::ZERO,
            _ => stream.started - call.state.completed_at(),
        };
        if let Some(ms) = plan.expected_timeout_ms(elapsed) {
            headers.set("x-envoy-expected-rq-timeout-ms", ms.to_string());
        }
        headers
    }

    /// Picks a host and asks its pool for a connection.
    fn start(&mut self, call: usize, attempt: Attempt) -> Started {
        let now = self.now();
        let Some(cluster) = self.cluster_of(call) else { return Started::NoHost };
        let own = &mut self.calls[call];
        let Some((forward, plan)) = own.forward.as_deref().zip(own.plan.as_deref()) else {
            return Started::NoHost;
        };
        let state = &mut self.clusters[cluster].state;
        state.advance(now, &mut self.draws);
        let retry = plan.retry.as_deref().filter(|_| attempt != Attempt::FIRST);
        let predicates: &[HostPredicate] =
            retry.map(|policy| policy.host_predicates.as_slice()).unwrap_or_default();
        let loads = match retry {
            Some(_) => own.priorities.as_mut().and_then(|it| it.loads(state)).cloned(),
            None => None,
        };
        let context = PickContext {
            hash: forward.hash,
            subset: Some(&*forward.subset),
            predicates,
            tried: &own.tried,
            host_selection_attempts: retry.map_or(1, |policy| policy.host_selection_attempts),
            loads: loads.as_ref(),
        };
        let Ok(host) = state.pick(0, &context, now, &mut self.draws, &mut Silent) else {
            self.count_of_cluster(call, "upstream_cx_none_healthy");
            return Started::NoHost;
        };
        own.tried.push(host);
        if let Some(priorities) = &mut own.priorities {
            priorities.attempted(state, host);
        }
        let stream = Stream {
            call,
            attempt,
            cluster,
            host,
            link: None,
            started: now,
            progress: Progress::default(),
            last_on_link: false,
        };
        let (id, opened) = self.open(stream);
        self.calls[call].attempts.insert(attempt, id);
        match opened {
            Opened::Attached(_) => Started::Connected,
            Opened::Waiting => Started::Pending,
            Opened::Overflow => Started::Overflow,
        }
    }

    fn outlier(&mut self, call: usize, attempt: Attempt, result: AttemptResult, now: SimTime) {
        let Some(&id) = self.calls[call].attempts.get(&attempt) else { return };
        let (cluster, host) = (self.stream(id).cluster, self.stream(id).host);
        let result = UpstreamResult::from(result);
        self.clusters[cluster].state.report(host, result, now, &mut self.draws);
    }
}

impl Effects for Desk<'_, '_> {
    fn start_attempt(&mut self, attempt: Attempt, _: &mut impl Probe) -> Started {
        self.drive.start(self.call, attempt)
    }

    fn reset_attempt(&mut self, attempt: Attempt) {
        if let Some(&id) = self.drive.calls[self.call].attempts.get(&attempt) {
            self.drive.give_up(id);
        }
    }

    fn arm(&mut self, timer: Timer, after: SimDuration) {
        self.drive.start_timer(self.call, timer, after);
    }

    fn disarm(&mut self, timer: Timer) {
        self.drive.calls[self.call].timers.remove(&timer);
    }

    fn admit_retry(&mut self, probe: &mut impl Probe) -> Admission {
        let call = &self.drive.calls[self.call];
        let Some(priority) = call.plan.as_ref().map(|plan| plan.priority) else {
            return Admission::Overflow;
        };
        let Some(cluster) = self.drive.cluster_of(self.call) else { return Admission::Overflow };
        let mut breakers = self.drive.clusters[cluster].state.breakers(priority);
        match breakers.try_take(Resource::Retries, probe) {
            Ok(()) => Admission::Granted,
            Err(_) => Admission::Overflow,
        }
    }

    fn release_retry(&mut self) {
        let priority = self.drive.calls[self.call].plan.as_ref().map(|plan| plan.priority);
        let cluster = self.drive.cluster_of(self.call);
        if let Some((priority, cluster)) = priority.zip(cluster) {
            self.drive.clusters[cluster].state.breakers(priority).release(Resource::Retries);
        }
    }

    fn roll_backoff(&mut self) -> u64 {
        self.drive.draws.roll(Purpose::Backoff)
    }

    fn report(&mut self, attempt: Attempt, result: AttemptResult) {
        let now = self.drive.now();
        self.drive.outlier(self.call, attempt, result, now);
    }

    fn count(&mut self, counter: Counter) {
        self.drive.count_of_cluster(self.call, counter.name());
    }

    fn forward(&mut self, attempt: Attempt) {
        self.drive.calls[self.call].answer.asked_to_forward(attempt);
    }

    fn reply(&mut self, reply: &LocalReply) {
        self.drive.calls[self.call].answer.asked_to_reply(*reply);
    }

    fn cut_off(&mut self, reply: &LocalReply) {
        self.drive.calls[self.call].answer.asked_to_cut_off(*reply);
    }
}
