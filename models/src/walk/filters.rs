//! The HTTP filters of a connection manager, in their order. What each decides is the business of
//! `filters` in the proxy's room.

use std::sync::Arc;

use crate::explain::Tree;
use crate::proxy::envoy::config::{HttpManager, WeightedCluster};
use crate::proxy::envoy::filters::{Chain, ExternalAnswers, Possible, Settings};
use crate::proxy::envoy::routing::{Context, Pick, Taken, finish_reply};
use crate::proxy::envoy::{HeaderMap, Reply, Request};
use crate::units::Ppm;

use super::answer::{Answer, Finding, HeaderChange, Outcome};

/// What the filters made of a request.
#[derive(Default)]
pub(super) struct Filtered {
    /// The answer, if one of them gave it.
    pub(super) answer: Option<Answer>,
    /// What is worth knowing about requests that go on.
    pub(super) findings: Vec<Finding>,
    /// Headers that filters add to the response.
    response_headers: HeaderMap,
    /// The request as it leaves the filters, if it is another one than came.
    pub(super) rewritten: Option<Arc<Request>>,
}

impl Filtered {
    /// Adds to the answer of a request that came through; `sent` is how it came.
    pub(super) fn add_to(self, sent: &Request, answer: &mut Answer) {
        if let (Some(rewritten), Some(after)) = (&self.rewritten, &mut answer.request_after) {
            let changes = changes(&sent.headers, &rewritten.headers);
            after.changes.splice(0..0, changes);
            after.tokens = Arc::clone(&rewritten.tokens);
        }
        answer.findings.extend(self.findings);
        let added = self.response_headers.iter().map(|(name, value)| HeaderChange {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            origin: None,
        });
        answer.response_headers.extend(added);
    }
}

/// Lets the filters of `manager` look at a request. Settings of a weighted cluster count for the
/// requests that it gets: those of the cluster with the greatest share are looked at.
pub(super) fn walk(
    manager: &HttpManager,
    taken: Option<Taken<'_>>,
    picks: &[(Ppm, Pick<'_>)],
    (request, context): (&Request, Context<'_>),
    external: &ExternalAnswers,
    tree: &mut Tree,
) -> Filtered {
    let most = picks.iter().max_by_key(|(share, _)| *share);
    let weighted: Option<&WeightedCluster> = most.and_then(|(_, pick)| pick.weighted);
    let settings = Settings { taken, weighted };
    let chain = Chain { filters: &manager.filters, settings, bootstrap: context.bootstrap };
    let outlook = chain.outlook(request, external, tree);
    let answer = match outlook.answer {
        Some(mut reply) => {
            if let Some(taken) = taken {
                let pick = most.map(|(_, pick)| pick);
                finish_reply(context, taken, pick, request, &mut reply, tree);
            }
            Some(answered(*reply))
        }
        None => outlook.unknown.map(|undecided| {
            let mut answer = Answer::new(Outcome::Unknown);
            answer.tell(undecided.id, undecided.sentence, undecided.origins);
            answer
        }),
    };
    Filtered {
        answer,
        findings: outlook.possible.into_iter().map(finding).collect(),
        response_headers: outlook.response_headers,
        rewritten: outlook.rewritten,
    }
}

/// What filters took out of a request and put into it.
fn changes(sent: &HeaderMap, rewritten: &HeaderMap) -> Vec<HeaderChange> {
    let change = |name: &str, value| HeaderChange { name: name.to_owned(), value, origin: None };
    let gone = sent.iter().filter(|(name, _)| rewritten.get(name).is_none());
    let is_new = |name: &str, value: &str| !sent.all(name).any(|known| known == value);
    let new = rewritten.iter().filter(|(name, value)| is_new(name, value));
    let gone = gone.map(|(name, _)| change(name, None));
    gone.chain(new.map(|(name, value)| change(name, Some(value.to_owned())))).collect()
}

/// An answer of a filter: access rules and tokens deny, other filters answer as configured.
fn answered(reply: Reply) -> Answer {
    let denies = reply.details.starts_with("rbac_access_denied")
        || reply.details.starts_with("jwt_authn_access_denied")
        || reply.details.starts_with("ext_authz_");
    let outcome = if denies { Outcome::Denied } else { Outcome::DirectResponse };
    let mut answer = Answer::new(outcome);
    answer.reply_with(reply);
    answer
}

/// What happens to some of the requests only.
fn finding(possible: Possible) -> Finding {
    match possible {
        Possible::Delay { share, pause } => Finding {
            id: "fault.delay",
            sentence: format!(
                "{} % of such requests wait for {} first; the timeout of the route begins after \
                 that",
                share.as_percent_f64(),
                pause.value
            ),
            origins: vec![pause.origin],
        },
        Possible::Abort { share, reply } => Finding {
            id: "fault.not-retried",
            sentence: format!(
                "{} % of such requests are answered {} by the fault filter, which stands before \
                 the router: they are not retried, and no timeout counts for them",
                share.as_percent_f64(),
                reply.value.status
            ),
            origins: vec![reply.origin],
        },
        Possible::RateLimit { reply } => Finding {
            id: "limits.rate",
            sentence: format!(
                "requests over the rate limit of this proxy are answered {}",
                reply.value.status
            ),
            origins: vec![reply.origin],
        },
    }
}
