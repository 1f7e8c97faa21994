//! One forwarded request in the hands of the router: its timers, its attempts, and the echo server
//! behind it. Which route and cluster it takes was decided before.

use std::collections::BTreeMap;

use meshwalk_models::explain::{Probe, Silent};
use meshwalk_models::proxy::envoy::config::{Endpoint, ProxyConfig};
use meshwalk_models::proxy::envoy::router::{
    Admission, Attempt, AttemptResult, Caller, Counter, Effects, LocalReply, More, RequestEnd,
    ResponseHead, Retriable, Router, RouterPlan, RouterState, Started, Timer,
};
use meshwalk_models::proxy::envoy::routing::ForwardPlan;
use meshwalk_models::proxy::envoy::upstream::Roster;
use meshwalk_models::proxy::envoy::{Dice, HeaderMap, Purpose};
use meshwalk_models::units::{SimDuration, SimTime};

use super::draws::Draws;

/// Events after which a request counts as stuck; no route of the suite comes near.
const EVENTS_MAX: usize = 10_000;

/// How a forwarded request ended.
pub(super) enum Ended<'c> {
    /// This endpoint answered.
    Served(&'c Endpoint),
    /// The proxy answered in its place.
    Replied(LocalReply),
}

/// Sends a request to the hosts of its cluster.
pub(super) fn serve<'c>(
    config: &'c ProxyConfig,
    plan: &ForwardPlan<'_>,
    terms: RouterPlan,
    draws: &mut Draws,
) -> Result<Ended<'c>, String> {
    let terms = terms.for_request(&plan.headers, Caller::Untrusted).unwrap_or(terms);
    let hosts = hosts(config, plan);
    let mut driver = Driver {
        now: SimTime::ZERO,
        queue: BTreeMap::new(),
        events: 0,
        hosts: &hosts,
        sent: BTreeMap::new(),
        delay: delay(plan.headers.get(":path").unwrap_or_default())?,
        draws,
        ended: None,
    };
    let mut state = RouterState::new();
    let mut probe = Silent;
    Router::new(&mut state, &terms, SimTime::ZERO, &mut driver, &mut probe)
        .begin(RequestEnd::Complete, Retriable::Yes);
    while driver.ended.is_none() {
        let Some(((now, _), event)) = driver.queue.pop_first() else {
            return Err("the request is never answered".to_owned());
        };
        if driver.events > EVENTS_MAX {
            return Err("the request is tried without end".to_owned());
        }
        driver.now = now;
        let mut router = Router::new(&mut state, &terms, now, &mut driver, &mut probe);
        match event {
            Event::Answer(attempt) => {
                router.headers(attempt, &ResponseHead::bare(200), More::End);
            }
            Event::Timer(timer) => router.timer(timer),
        }
    }
    driver.ended.ok_or_else(|| "the request is never answered".to_owned())
}

/// The hosts that may get the request, each with its share.
fn hosts<'c>(config: &'c ProxyConfig, plan: &ForwardPlan<'_>) -> Vec<(&'c Endpoint, f64)> {
    let Some(assignment) = config.assignments.get(&plan.cluster.name) else { return Vec::new() };
    let local = &config.bootstrap.locality;
    let roster = Roster::new(plan.cluster.clone(), assignment.clone(), local);
    let labels = (!plan.subset.is_empty()).then_some(&*plan.subset);
    let shares = roster.shares(labels).unwrap_or_default();
    let endpoints = assignment.localities.iter().flat_map(|group| &group.endpoints);
    endpoints.zip(shares).filter(|(_, share)| *share > 0.0).collect()
}

/// How long the echo server waits: `delay` in the query, as Go writes durations.
fn delay(path: &str) -> Result<SimDuration, String> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("delay="));
    match asked {
        None => Ok(SimDuration::ZERO),
        Some(text) => text.parse().map_err(|_| format!("`{text}` is no delay")),
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Answer(Attempt),
    Timer(Timer),
}

/// The world around the router of one request.
struct Driver<'d, 'c> {
    now: SimTime,
    /// By time, then in the order in which they were made.
    queue: BTreeMap<(SimTime, usize), Event>,
    events: usize,
    hosts: &'d [(&'c Endpoint, f64)],
    sent: BTreeMap<u32, &'c Endpoint>,
    delay: SimDuration,
    draws: &'d mut Draws,
    ended: Option<Ended<'c>>,
}

impl Driver<'_, '_> {
    fn push(&mut self, after: SimDuration, event: Event) {
        self.events += 1;
        self.queue.insert((self.now + after, self.events), event);
    }
}

impl Effects for Driver<'_, '_> {
    fn start_attempt(&mut self, attempt: Attempt, _: &mut impl Probe) -> Started {
        let Some((last, _)) = self.hosts.last() else { return Started::NoHost };
        let mut at = self.draws.roll(Purpose::Balance) as f64 / u64::MAX as f64;
        let found = self.hosts.iter().find(|(_, share)| {
            at -= share;
            at < 0.0
        });
        self.sent.insert(attempt.0, found.map_or(last, |(endpoint, _)| endpoint));
        self.push(self.delay, Event::Answer(attempt));
        Started::Connected
    }

    fn reset_attempt(&mut self, attempt: Attempt) {
        self.queue.retain(|_, event| !matches!(event, Event::Answer(it) if *it == attempt));
    }

    fn arm(&mut self, timer: Timer, after: SimDuration) {
        self.disarm(timer);
        self.push(after, Event::Timer(timer));
    }

    fn disarm(&mut self, timer: Timer) {
        self.queue.retain(|_, event| !matches!(event, Event::Timer(it) if *it == timer));
    }

    fn admit_retry(&mut self, _: &mut impl Probe) -> Admission {
        Admission::Granted
    }

    fn release_retry(&mut self) {}

    fn roll_backoff(&mut self) -> u64 {
        self.draws.roll(Purpose::Backoff)
    }

    fn report(&mut self, _: Attempt, _: AttemptResult) {}

    fn count(&mut self, _: Counter) {}

    fn forward(&mut self, attempt: Attempt) {
        self.ended = self.sent.get(&attempt.0).map(|endpoint| Ended::Served(endpoint));
    }

    fn reply(&mut self, reply: &LocalReply) {
        self.ended = Some(Ended::Replied(*reply));
    }

    fn cut_off(&mut self, reply: &LocalReply) {
        self.reply(reply);
    }
}

/// The headers of the echo server's answer.
pub(super) fn echo_headers(set: &BTreeMap<String, String>) -> HeaderMap {
    set.iter().map(|(name, value)| (name, value.as_str())).collect()
}
