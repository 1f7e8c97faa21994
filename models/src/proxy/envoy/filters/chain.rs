//! Runs the filters of a connection manager over a request, in their order.

use std::sync::Arc;

use crate::explain::Probe;
use crate::profile::RepeatedHeaders;
use crate::token::ClaimValues;
use crate::units::{Ppm, SimDuration, SimTime};

use super::super::config::{Bootstrap, ExtAuthz, Fault, HttpFilter, LocalRateLimit, Rbac};
use super::super::dice::{Dice, Purpose};
use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};
use super::super::routing::Taken;
use super::external::{Asks, ExternalAnswer};
use super::jwt::{Passed, Ruling};
use super::rate_limit::{Bucket, BucketKey, RATE_LIMIT};
use super::rbac::{Access, Force, Http, Subject, access, shadow_access};
use super::settings::{InForce, Settings};
use super::state::FilterState;
use super::{cors, external, fault, jwt, rate_limit, rbac};

/// The filters that a request meets.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'c> {
    /// The filters of the connection manager.
    pub filters: &'c [HttpFilter],
    /// Where other settings for them may stand.
    pub settings: Settings<'c>,
    /// What holds for the whole proxy.
    pub bootstrap: &'c Bootstrap,
}

/// How far a request has come. It begins with the default, and is kept until the answer is sent:
/// then [`Progress::end`] gives back what it holds.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The filter that is next.
    next: usize,
    /// Whether that filter has made it wait already.
    waited: bool,
    /// Whether that filter holds a place among the active faults.
    charged: bool,
    /// Places among the active faults that filters hold.
    active_faults: u32,
    /// The claims of the token that somebody vouches for.
    claims: Option<Arc<ClaimValues>>,
    /// The request as filters left it, if they changed it.
    rewritten: Option<Arc<Request>>,
    /// The answer to what that filter has asked.
    told: Option<ExternalAnswer>,
    /// Flags of the request so far, such as `DI`.
    pub flags: ResponseFlags,
    /// Headers that filters add to the answer of the upstream.
    pub response_headers: HeaderMap,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Step {
    /// It has come through, and the router is next.
    Through,
    /// It waits; then [`Chain::run`] goes on with it.
    Wait(SimDuration),
    /// An external authoriser is asked; [`Progress::tell`] takes its answer, and then
    /// [`Chain::run`] goes on with it.
    Ask(Ask),
    /// It is answered.
    Answer(Box<Reply>),
    /// It cannot be told: access rules ask for what is not known.
    Unknown,
}

/// A question to an external authoriser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The name of its provider.
    pub provider: String,
    /// Without an answer by then, it counts as failed.
    pub timeout: SimDuration,
}

impl Progress {
    /// Gives back what the request holds, when its answer is complete or its client gone.
    pub fn end(&mut self, state: &mut FilterState) {
        state.active_faults -= self.active_faults;
        self.active_faults = 0;
    }

    /// The answer of the external authoriser that was asked.
    pub fn tell(&mut self, answer: ExternalAnswer) {
        self.told = Some(answer);
    }

    fn pass(&mut self) {
        self.told = None;
        self.next += 1;
        self.waited = false;
        self.charged = false;
    }

    /// The request as filters left it, if they changed it.
    #[must_use]
    pub fn rewritten(&self) -> Option<Arc<Request>> {
        self.rewritten.clone()
    }

    pub(super) fn accept(&mut self, passed: Passed) {
        // A later filter that needs no token does not undo an earlier one.
        self.claims = passed.claims.or_else(|| self.claims.take());
        self.rewritten = passed.rewritten.or_else(|| self.rewritten.take());
    }
}

impl<'c> Chain<'c> {
    /// Lets the filters look at a request, from where it stands.
    pub fn run<P: Probe>(
        &self,
        request: &Request,
        progress: &mut Progress,
        state: &mut FilterState,
        now: SimTime,
        dice: &mut impl Dice,
        probe: &mut P,
    ) -> Step {
        while let Some(filter) = self.filters.get(progress.next) {
            let rewritten = progress.rewritten();
            let request = rewritten.as_deref().unwrap_or(request);
            let step = match self.settings.of(filter) {
                InForce::Off => None,
                InForce::Cors(own) => match cors::decide(own, request, probe) {
                    cors::Verdict::Continue(headers) => {
                        for (name, value) in headers.iter() {
                            progress.response_headers.append(name, value);
                        }
                        None
                    }
                    cors::Verdict::Respond(reply) => Some(Step::Answer(reply)),
                },
                InForce::Fault(own) => self.fault(own, request, progress, state, dice, probe),
                InForce::Rbac(own) => self.rbac(own, request, progress, state, probe),
                InForce::ExtAuthz(own) => self.ask(own, request, progress, state, probe),
                InForce::Jwt(own) => match jwt::decide(own, request, probe) {
                    Ruling::Pass(passed) => {
                        progress.accept(passed);
                        None
                    }
                    Ruling::Answer(reply) => Some(Step::Answer(reply)),
                    Ruling::Unknown(_) => Some(Step::Unknown),
                },
                InForce::RateLimit(own) => {
                    let key = self.bucket_key(progress.next, filter);
                    let bucket = state.buckets.entry(key).or_insert_with(|| Bucket::full(own, now));
                    let verdict = limited(own, bucket, now, dice, probe);
                    state.counts.rate_limited += u64::from(verdict != Limited::No);
                    state.counts.rate_limit_enforced += u64::from(verdict == Limited::Enforced);
                    let reply = || Box::new(rate_limit::reply(own, progress.flags));
                    (verdict == Limited::Enforced).then(|| Step::Answer(reply()))
                }
            };
            match step {
                Some(mut step) => {
                    if let Step::Answer(reply) = &mut step {
                        let mut flags = progress.flags;
                        flags.extend(reply.flags);
                        reply.flags = flags;
                    }
                    return step;
                }
                None => progress.pass(),
            }
        }
        Step::Through
    }

    fn rbac(
        &self,
        own: &Rbac,
        request: &Request,
        progress: &Progress,
        state: &mut FilterState,
        probe: &mut impl Probe,
    ) -> Option<Step> {
        let subject = subject(request, progress, self.bootstrap.repeated_headers);
        match shadow_access(own, subject, probe) {
            Some(Access::Allowed) => state.counts.rbac_shadow_allowed += 1,
            Some(Access::Denied(_)) => state.counts.rbac_shadow_denied += 1,
            Some(Access::Unknown(_)) | None => {}
        }
        own.rules.as_ref()?;
        match access(own.rules.as_ref(), subject, Force::Real, probe) {
            Access::Allowed => {
                state.counts.rbac_allowed += 1;
                None
            }
            Access::Denied(policy) => {
                state.counts.rbac_denied += 1;
                Some(Step::Answer(Box::new(rbac::reply(policy.as_deref()))))
            }
            Access::Unknown(_) => Some(Step::Unknown),
        }
    }

    fn ask(
        &self,
        own: &ExtAuthz,
        request: &Request,
        progress: &Progress,
        state: &mut FilterState,
        probe: &mut impl Probe,
    ) -> Option<Step> {
        let Some(answer) = progress.told else {
            let subject = subject(request, progress, self.bootstrap.repeated_headers);
            return match external::asks(own, subject, probe) {
                Asks::No => None,
                Asks::Unknown(_) => Some(Step::Unknown),
                Asks::Yes => {
                    let timeout = own.timeout.value;
                    Some(Step::Ask(Ask { provider: own.provider.clone(), timeout }))
                }
            };
        };
        let denial = external::judge(own, answer, probe).err();
        state.counts.ext_authz_error += u64::from(answer == ExternalAnswer::Fail);
        state.counts.ext_authz_denied += u64::from(matches!(answer, ExternalAnswer::Deny { .. }));
        state.counts.ext_authz_ok += u64::from(answer == ExternalAnswer::Allow);
        denial.map(|denial| Step::Answer(Box::new(denial.reply())))
    }

    fn fault(
        &self,
        own: &Fault,
        request: &Request,
        progress: &mut Progress,
        state: &mut FilterState,
        dice: &mut impl Dice,
        probe: &mut impl Probe,
    ) -> Option<Step> {
        let due = fault::due(own, request, self.bootstrap, probe);
        if let Some(delay) = due.delay.filter(|_| !progress.waited) {
            let (share, pause) = delay.value;
            if share.happens(dice.roll(Purpose::Fault)) && admit(own, progress, state, probe) {
                state.counts.delays_injected += 1;
                progress.waited = true;
                progress.flags.set(ResponseFlag::DelayInjected);
                probe.step(fault::DELAY, Some(delay.origin), || {
                    format!("the request waits for {pause}")
                });
                return Some(Step::Wait(pause));
            }
            // No second draw when the request comes back after a later filter has made it wait.
            progress.waited = true;
        }
        let abort = due.abort?;
        let (share, answer) = abort.value;
        if share.happens(dice.roll(Purpose::Fault)) && admit(own, progress, state, probe) {
            state.counts.aborts_injected += 1;
            probe.step(fault::ABORT, Some(abort.origin), || {
                format!("the request is aborted with {answer}")
            });
            return Some(Step::Answer(Box::new(fault::reply(answer, progress.flags))));
        }
        None
    }

    /// Settings of a host, route or cluster have a bucket of their own.
    fn bucket_key(&self, at: usize, filter: &HttpFilter) -> BucketKey {
        let name = &filter.name;
        let own = self.settings.taken.map_or_else(String::new, |Taken { host, route }| {
            let place = host.routes.iter().position(|one| Arc::ptr_eq(one, route));
            let place = place.unwrap_or_default();
            match self.settings.weighted {
                Some(cluster) if cluster.filters.contains_key(name) => {
                    format!("{}/{place}/{}", host.name, cluster.cluster.value)
                }
                _ if route.filters.contains_key(name) => format!("{}/{place}", host.name),
                _ if host.filters.contains_key(name) => host.name.clone(),
                _ => String::new(),
            }
        });
        BucketKey { filter: at, own }
    }
}

/// What access rules see of a request.
pub(super) fn subject<'a>(
    request: &'a Request,
    progress: &'a Progress,
    repeated: RepeatedHeaders,
) -> Subject<'a> {
    let http = Http { request, claims: progress.claims.as_deref(), repeated };
    Subject { connection: &request.connection, http: Some(http) }
}

/// Takes a place among the active faults, if there is one. A filter needs one place for all that
/// it does to a request.
///
/// Source: Envoy, `FaultFilter::tryIncActiveFaults`; held to Envoy 1.40.
fn admit(
    own: &Fault,
    progress: &mut Progress,
    state: &mut FilterState,
    probe: &mut impl Probe,
) -> bool {
    if progress.charged {
        return true;
    }
    if own.max_active.is_some_and(|max| state.active_faults >= max) {
        state.counts.faults_overflow += 1;
        probe.step(fault::OVERFLOW, None, || {
            format!("no fault: {} are active already", state.active_faults)
        });
        return false;
    }
    state.active_faults += 1;
    progress.active_faults += 1;
    progress.charged = true;
    true
}

/// What a rate limit does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limited {
    /// There was a token, or the limit does not count this request.
    No,
    /// There was no token, but the limit is not enforced on this request.
    Recorded,
    /// The request is answered.
    Enforced,
}

fn limited(
    own: &LocalRateLimit,
    bucket: &mut Bucket,
    now: SimTime,
    dice: &mut impl Dice,
    probe: &mut impl Probe,
) -> Limited {
    if !happens(own.enabled, dice) || bucket.take(own, now) {
        return Limited::No;
    }
    let limited = if happens(own.enforced, dice) { Limited::Enforced } else { Limited::Recorded };
    probe.step(RATE_LIMIT, Some(own.origin), || match limited {
        Limited::Enforced => format!("no token is left: status {}", own.status),
        Limited::No | Limited::Recorded => {
            "no token is left, but the limit is not enforced on this request".to_owned()
        }
    });
    limited
}

/// Certainty needs no draw.
fn happens(share: Ppm, dice: &mut impl Dice) -> bool {
    share >= Ppm::ONE || (share > Ppm::ZERO && share.happens(dice.roll(Purpose::RateLimit)))
}
