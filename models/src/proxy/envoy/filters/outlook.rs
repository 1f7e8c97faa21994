//! What the filters may make of a request, with shares instead of draws. It plays nothing: what
//! depends on other requests, such as tokens and active faults, is told as a possibility.

use std::sync::Arc;

use crate::explain::{Probe, Sourced};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::super::config::ExtAuthz;
use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};
use super::chain::{Chain, Progress, subject};
use super::external::{self, Asks, ExternalAnswers};
use super::rate_limit::RATE_LIMIT;
use super::rbac::{Access, Force, access, shadow_access};
use super::settings::InForce;
use super::{cors, fault, jwt, rate_limit, rbac};

/// What the filters may make of a request.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// The answer that every such request gets, if it does not come through.
    pub answer: Option<Box<Reply>>,
    /// What cannot be told, so that nothing after it can be either.
    pub unknown: Option<Undecided>,
    /// What happens to some of the requests only.
    pub possible: Vec<Possible>,
    /// Headers that filters add to the answer of the upstream.
    pub response_headers: HeaderMap,
    /// The request as it leaves the filters, if it is another one than came.
    pub rewritten: Option<Arc<Request>>,
}

/// Why it cannot be told what becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The id of the finding.
    pub id: &'static str,
    /// What is missing, in one sentence.
    pub sentence: String,
    /// What asks for it.
    pub origins: Vec<Origin>,
}

impl Undecided {
    /// Access rules ask for what is not known, or an external authoriser decides.
    pub(super) const fn policy(sentence: String) -> Self {
        Self { id: "policy.undecided", sentence, origins: Vec::new() }
    }
}

/// What happens to some of the requests.
#[derive(Clone, Debug)]
pub enum Possible {
    /// This share of them waits.
    Delay {
        /// The share.
        share: Ppm,
        /// The pause.
        pause: Sourced<SimDuration>,
    },
    /// This share of them is answered.
    Abort {
        /// The share.
        share: Ppm,
        /// The answer.
        reply: Sourced<Box<Reply>>,
    },
    /// Those over the limit are answered.
    RateLimit {
        /// The answer.
        reply: Sourced<Box<Reply>>,
    },
}

impl Chain<'_> {
    /// What may become of a request, with the answers of external authorisers.
    pub fn outlook<P: Probe>(
        &self,
        request: &Request,
        external: &ExternalAnswers,
        probe: &mut P,
    ) -> Outlook {
        let mut outlook = Outlook::default();
        let mut progress = Progress::default();
        for filter in self.filters {
            let settings = self.settings.of(filter);
            let rewritten = progress.rewritten();
            let request = rewritten.as_deref().unwrap_or(request);
            outlook.look(self, settings, (request, external), &mut progress, probe);
            if outlook.answer.is_some() || outlook.unknown.is_some() {
                break;
            }
        }
        outlook.rewritten = progress.rewritten();
        outlook
    }
}

impl Outlook {
    fn look(
        &mut self,
        chain: &Chain<'_>,
        settings: InForce<'_>,
        (request, external): (&Request, &ExternalAnswers),
        progress: &mut Progress,
        probe: &mut impl Probe,
    ) {
        match settings {
            InForce::Off => {}
            InForce::Cors(own) => match cors::decide(own, request, probe) {
                cors::Verdict::Continue(headers) => {
                    headers.iter().for_each(|(name, value)| {
                        self.response_headers.append(name, value);
                    });
                }
                cors::Verdict::Respond(reply) => self.answer = Some(reply),
            },
            InForce::Jwt(own) => match jwt::decide(own, request, probe) {
                jwt::Ruling::Pass(passed) => progress.accept(passed),
                jwt::Ruling::Answer(reply) => self.answer = Some(reply),
                jwt::Ruling::Unknown(undecided) => self.unknown = Some(undecided),
            },
            InForce::Rbac(own) => {
                let subject = subject(request, progress, chain.bootstrap.repeated_headers);
                shadow_access(own, subject, probe);
                match access(own.rules.as_ref(), subject, Force::Real, probe) {
                    Access::Allowed => {}
                    Access::Denied(policy) => {
                        self.answer = Some(Box::new(rbac::reply(policy.as_deref())));
                    }
                    Access::Unknown(why) => self.unknown = Some(Undecided::policy(why)),
                }
            }
            InForce::ExtAuthz(own) => self.ask(chain, own, (request, external), progress, probe),
            InForce::Fault(own) => {
                self.fault(fault::due(own, request, chain.bootstrap, probe), probe);
            }
            InForce::RateLimit(own) => {
                if own.enabled > Ppm::ZERO && own.enforced > Ppm::ZERO {
                    probe.step(RATE_LIMIT, Some(own.origin), || {
                        let (tokens, status) = (own.max_tokens, own.status);
                        format!("a bucket of {tokens} tokens; without one: status {status}")
                    });
                    let reply = Box::new(rate_limit::reply(own, ResponseFlags::NONE));
                    let reply = Sourced::new(reply, own.origin);
                    self.possible.push(Possible::RateLimit { reply });
                }
            }
        }
    }

    fn ask(
        &mut self,
        chain: &Chain<'_>,
        own: &ExtAuthz,
        (request, external): (&Request, &ExternalAnswers),
        progress: &Progress,
        probe: &mut impl Probe,
    ) {
        let subject = subject(request, progress, chain.bootstrap.repeated_headers);
        match external::asks(own, subject, probe) {
            Asks::No => {}
            Asks::Unknown(why) => self.unknown = Some(Undecided::policy(why)),
            Asks::Yes => match external.of(&own.provider) {
                None => {
                    let why = external::not_given(&own.provider);
                    self.unknown = Some(Undecided::policy(why));
                }
                Some(answer) => {
                    let denial = external::judge(own, answer, probe).err();
                    self.answer = denial.map(|denial| Box::new(denial.reply()));
                }
            },
        }
    }

    fn fault(&mut self, due: fault::Due, probe: &mut impl Probe) {
        let mut flags = ResponseFlags::NONE;
        if let Some(delay) = due.delay {
            let (share, pause) = delay.value;
            probe.step(fault::DELAY, Some(delay.origin), || {
                format!("{} % of such requests wait for {pause}", share.as_percent_f64())
            });
            if share >= Ppm::ONE {
                flags.set(ResponseFlag::DelayInjected);
            }
            let pause = delay.map(|(_, pause)| pause);
            self.possible.push(Possible::Delay { share, pause });
        }
        if let Some(abort) = due.abort {
            let (share, answer) = abort.value;
            probe.step(fault::ABORT, Some(abort.origin), || {
                let percent = share.as_percent_f64();
                format!("{percent} % of such requests are aborted with {answer}")
            });
            let reply = Box::new(fault::reply(answer, flags));
            if share >= Ppm::ONE {
                self.answer = Some(reply);
            } else {
                let reply = Sourced::new(reply, abort.origin);
                self.possible.push(Possible::Abort { share, reply });
            }
        }
    }
}
