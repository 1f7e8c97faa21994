//! External authorisers: which requests they are asked about, and what follows from their answers.
//! They run outside of everything that is modelled, so the answers are given by whoever asks.

use std::collections::BTreeMap;

use crate::explain::{Probe, RuleId};

use super::super::config::{ExtAuthz, OnFailure};
use super::super::flags::ResponseFlag;
use super::super::reply::Reply;
use super::super::request::Connection;
use super::rbac::{Access, Subject, matching};

/// The answers of external authorisers, by the name of their provider; those that are not given are
/// not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalAnswers(BTreeMap<String, ExternalAnswer>);

/// Why words are no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExternalAnswerError {
    /// They are none of the forms.
    #[error("expected a provider and allow, deny, deny:STATUS or fail")]
    Form,
    /// The status is none.
    #[error("expected a status from 200 to 599")]
    Status,
}

/// What an external authoriser answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExternalAnswer {
    /// The request may go on.
    Allow,
    /// It may not.
    Deny {
        /// What the client gets; `None` is the proxy's own.
        status: Option<u16>,
    },
    /// There is no answer: it cannot be reached, fails, or takes too long.
    Fail,
}

impl ExternalAnswers {
    /// Says what a provider answers; the later word counts.
    pub fn give(&mut self, provider: String, answer: ExternalAnswer) {
        self.0.insert(provider, answer);
    }

    /// Takes an answer in words: `PROVIDER=allow`, `=deny`, `=deny:STATUS` or `=fail`.
    ///
    /// # Errors
    /// If it is none of these.
    pub fn take(&mut self, text: &str) -> Result<(), ExternalAnswerError> {
        let (provider, answer) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or(ExternalAnswerError::Form)?;
        let answer = match (answer, answer.strip_prefix("deny:")) {
            ("allow", _) => ExternalAnswer::Allow,
            ("deny", _) => ExternalAnswer::Deny { status: None },
            ("fail", _) => ExternalAnswer::Fail,
            (_, Some(status)) => {
                let is_status = |status: &u16| (200..=599).contains(status);
                let status = status.parse().ok().filter(is_status);
                ExternalAnswer::Deny { status: Some(status.ok_or(ExternalAnswerError::Status)?) }
            }
            _ => return Err(ExternalAnswerError::Form),
        };
        self.give(provider.to_owned(), answer);
        Ok(())
    }

    /// What a provider answers, if it is known.
    #[must_use]
    pub fn of(&self, provider: &str) -> Option<ExternalAnswer> {
        self.0.get(provider).copied()
    }

    /// The providers whose answers are given.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

const RULE: RuleId = RuleId("envoy.filter.ext-authz");
const FAILURE: RuleId = RuleId("envoy.filter.ext-authz-failure");

/// Whether an external authoriser is asked about a request or connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    No,
    Yes,
    /// It cannot be told, and why.
    Unknown(String),
}

/// Whether the authoriser is asked: if any of the policies matches.
///
/// Source: Envoy, ext_authz.proto, `filter_enabled_metadata`, and istio
/// `pilot/pkg/security/authz/builder/builder.go`, which fills it from shadow rules.
pub(super) fn asks(own: &ExtAuthz, subject: Subject<'_>, probe: &mut impl Probe) -> Asks {
    probe.enter();
    let found = matching(&own.asks, subject, probe);
    let asks = match (found.matched, found.doubt) {
        (Some(_), _) => Asks::Yes,
        (None, Some(doubt)) => Asks::Unknown(doubt),
        (None, None) => Asks::No,
    };
    let origin = found.matched.map_or(own.origin, |(_, policy)| policy.origin);
    probe.leave(RULE, Some(origin), || {
        let provider = &own.provider;
        match &asks {
            Asks::Yes => format!("the external authoriser {provider} is asked"),
            Asks::No => {
                format!("the external authoriser {provider} is not asked: no policy of it matches")
            }
            Asks::Unknown(_) => {
                format!("whether the external authoriser {provider} is asked cannot be told")
            }
        }
    });
    asks
}

/// What an answer comes to; silence is what the provider's settings make of it.
///
/// Source: Envoy, source/extensions/filters/http/ext_authz/ext_authz.cc, `Filter::onComplete`.
///
/// # Errors
/// The status of a denial.
pub(super) fn judge(
    own: &ExtAuthz,
    answer: ExternalAnswer,
    probe: &mut impl Probe,
) -> Result<(), Denial> {
    let provider = &own.provider;
    match (answer, own.on_failure.value) {
        (ExternalAnswer::Allow, _) => {
            probe.step(RULE, Some(own.origin), || format!("{provider} allows it"));
            Ok(())
        }
        (ExternalAnswer::Deny { status }, _) => {
            let status = status.unwrap_or(FORBIDDEN);
            probe.step(RULE, Some(own.origin), || format!("{provider} denies it: {status}"));
            Err(Denial { status, details: "ext_authz_denied" })
        }
        (ExternalAnswer::Fail, OnFailure::Allow) => {
            probe.step(FAILURE, Some(own.on_failure.origin), || {
                format!("{provider} fails, and its silence lets requests pass (failOpen)")
            });
            Ok(())
        }
        (ExternalAnswer::Fail, OnFailure::Deny) => {
            let status = own.status_on_error.value;
            probe.step(FAILURE, Some(own.status_on_error.origin), || {
                format!("{provider} fails, and its silence denies: {status}")
            });
            Err(Denial { status, details: "ext_authz_error" })
        }
    }
}

/// The status with which nobody is let in.
const FORBIDDEN: u16 = 403;

/// How a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    status: u16,
    details: &'static str,
}

impl Denial {
    /// The answer to the client.
    pub(super) fn reply(self) -> Reply {
        let mut reply = Reply::new(self.status, self.details);
        reply.flags.set(ResponseFlag::UnauthorizedExternalService);
        reply
    }
}

/// Why an answer that nobody gave leaves the outcome open.
pub(super) fn not_given(provider: &str) -> String {
    format!(
        "the external authoriser {provider} decides, and its answer is not given; say it with \
         --external-authz {provider}=allow|deny|deny:STATUS|fail"
    )
}

/// What an external authoriser says of a connection; one that is denied is closed.
pub fn connection_asked<P: Probe>(
    own: &ExtAuthz,
    connection: &Connection,
    answers: &ExternalAnswers,
    probe: &mut P,
) -> Access {
    match asks(own, Subject { connection, http: None }, probe) {
        Asks::No => Access::Allowed,
        Asks::Unknown(why) => Access::Unknown(why),
        Asks::Yes => match answers.of(&own.provider) {
            None => Access::Unknown(not_given(&own.provider)),
            Some(answer) => match judge(own, answer, probe) {
                Ok(()) => Access::Allowed,
                Err(_) => Access::Denied(Some(format!("external authoriser {}", own.provider))),
            },
        },
    }
}
