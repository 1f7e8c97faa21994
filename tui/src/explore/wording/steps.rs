//! What each step of the log says, as a fragment whose subject is the box that it happens in.

use meshwalk_models::explain::RuleId;
use meshwalk_models::path::Protection;
use meshwalk_models::proxy::ztunnel::HBONE_PORT;
use meshwalk_sim::flow::plan::{BoxKind, Decision};
use meshwalk_sim::log::Step;
use meshwalk_sim::stats::{Full, RetryReason};

use super::{Happened, Words, ending, rule};

/// Retries are at most a share of what is under way.
const RETRY_BUDGET: RuleId = RuleId("envoy.breaker.retry-budget");

impl Words<'_> {
    /// What happened, without saying where.
    pub(crate) fn summary(&self, happened: Happened) -> String {
        let Happened { step, .. } = happened;
        self.of_calls(happened)
            .or_else(|| self.of_choices(step))
            .or_else(|| self.of_draws(step))
            .or_else(|| self.of_policy(step))
            .or_else(|| self.of_connections(happened))
            .or_else(|| self.of_requests(happened))
            .or_else(|| of_answers(step))
            .unwrap_or_else(|| step.name().replace('_', " "))
    }

    /// Calls as their callers have them.
    fn of_calls(&self, Happened { step, .. }: Happened) -> Option<String> {
        Some(match step {
            Step::CallBegan { edge, .. } => match self.edge(edge) {
                Some((_, to)) => format!("calls {to}"),
                None => "begins a call".to_owned(),
            },
            Step::Retried { .. } => "tries the call again".to_owned(),
            Step::AttemptBegan { .. } => "begins an attempt".to_owned(),
            Step::NotReachable { ending: by } => format!("cannot reach it, {}", ending(by)),
            Step::AttemptReset { reason } => format!("loses the attempt: {reason}"),
            Step::AttemptGivenUp => "gives the attempt up".to_owned(),
            Step::ProxyBacksOff { pause, reason } => {
                format!("pauses {pause} before the next attempt: {}", retry_words(reason))
            }
            Step::BacksOff { pause } => format!("pauses {pause} before the next try"),
            Step::TimedOut => "gives up waiting for the answer".to_owned(),
            Step::ResetAtServer => "hears that its caller has gone".to_owned(),
            Step::CallEnded { ending: by, latency } => {
                format!("has its result after {latency}: {}", ending(by))
            }
            _ => return None,
        })
    }

    /// What proxies choose and apply.
    fn of_choices(&self, step: Step) -> Option<String> {
        Some(match step {
            Step::EndpointChosen { pod, candidates: 1, .. } => {
                format!("picks {}, the only candidate", self.pod(pod))
            }
            Step::EndpointChosen { pod, candidates, .. } => {
                format!("picks {} of {candidates} candidates", self.pod(pod))
            }
            Step::Decided { rule } => self.applied(rule),
            Step::Delayed { pause } => format!("holds the request up for {pause}"),
            Step::Asks { pause } => {
                format!("asks the external authoriser, which takes {pause}")
            }
            Step::Overflowed { of, count, limit, rule, .. } => {
                format!("has no place left: {}", full_words((of, rule), count, limit))
            }
            Step::HostEjected { pod, ejected, hosts, .. } => {
                format!("ejects {}, {ejected} of {hosts} hosts are out now", self.pod(pod))
            }
            Step::HostSpared { pod, ejected, hosts, .. } => {
                format!("spares {}, which fails; {ejected} of {hosts} hosts are out", self.pod(pod))
            }
            Step::HostReturned { pod, ejected, hosts, .. } => {
                format!("takes {} back, {ejected} of {hosts} hosts are out now", self.pod(pod))
            }
            _ => return None,
        })
    }

    /// What policy ends.
    fn of_policy(&self, step: Step) -> Option<String> {
        Some(match step {
            Step::SynDropped { decision } => {
                format!("sends a SYN that is dropped: {}", self.decided(decision))
            }
            Step::SynSentAgain => "sends the SYN again, in vain".to_owned(),
            Step::ConnectionRefused { decision } => {
                format!("is refused the connection: {}", self.decided(decision))
            }
            Step::ConnectionReset { decision } => {
                format!("closes the connection at its first bytes: {}", self.decided(decision))
            }
            Step::AnsweredByServerProxy { status, details, decision } => {
                format!("answers {status} itself ({}): {}", details.name(), self.decided(decision))
            }
            _ => return None,
        })
    }

    /// Connections and tunnels.
    fn of_connections(&self, happened: Happened) -> Option<String> {
        let which = happened.connection.map_or(String::new(), |number| format!(" #{number}"));
        Some(match happened.step {
            Step::ConnectionOpening { server, protection, .. } => {
                let how = if protection == Protection::Plaintext { "in" } else { "with" };
                let to = self.pod(server);
                format!("opens connection{which} to {to}, {how} {}", protection.word())
            }
            Step::ConnectionReused { .. } => format!("uses connection{which}"),
            Step::WaitsForConnection => "waits: no connection is free".to_owned(),
            Step::TcpEstablished => "has TCP established".to_owned(),
            Step::TlsEstablished => "is connected by TLS and may send".to_owned(),
            Step::ConnectionClosed => "closes the connection".to_owned(),
            Step::TunnelOpening { server, .. } => {
                format!("opens a tunnel to {}, port {HBONE_PORT}", self.pod(server))
            }
            Step::TunnelOpened => "has the tunnel and may send".to_owned(),
            Step::TunnelFailed => "cannot open the tunnel".to_owned(),
            Step::TunnelClosed => "closes the tunnel".to_owned(),
            Step::StreamAsked => "asks for a stream in the tunnel (CONNECT)".to_owned(),
            Step::StreamOpened => "has its way open to the server".to_owned(),
            _ => return None,
        })
    }

    /// Requests on their way, and applications at work on them.
    fn of_requests(&self, Happened { step, pod, .. }: Happened) -> Option<String> {
        let onward = match self.proxy(pod) {
            Some(BoxKind::Waypoint) => "is done reading the request",
            _ => "passes the request on to the app",
        };
        Some(match step {
            Step::Relayed { .. } => "takes the request on with a try of its own".to_owned(),
            Step::RequestAtClientProxy | Step::RequestAtServerProxy => {
                "gets the request".to_owned()
            }
            Step::RequestLeftClientProxy => "is done reading the request".to_owned(),
            Step::RequestSent => "sends the request".to_owned(),
            Step::RequestAtClientNodeProxy | Step::RequestAtServerNodeProxy => {
                "gets the bytes of the request".to_owned()
            }
            Step::RequestLeftClientNodeProxy => "passes them on to the server's side".to_owned(),
            Step::RequestLeftServerNodeProxy => "passes them on to the app".to_owned(),
            Step::RequestLeftServerProxy => onward.to_owned(),
            Step::RequestAtApp => "gets the request".to_owned(),
            Step::TurnedAway => "turns the request away: its queue is full".to_owned(),
            Step::WaitsForWorker => "lets the request wait for a worker".to_owned(),
            Step::WorkBegan => "begins to work on it".to_owned(),
            Step::WorkEnded => "is done with this piece of work".to_owned(),
            _ => return None,
        })
    }

    /// A rule as a proxy applies it.
    fn applied(&self, id: RuleId) -> String {
        match rule(id) {
            Some(rule) => {
                let sentence = rule.sentence.trim_end_matches('.');
                format!("applies a rule: {sentence} ({})", id.0)
            }
            None => format!("applies {}", id.0),
        }
    }

    /// What policy went by, as a sentence.
    pub(crate) fn decided(&self, decision: Decision) -> String {
        match self.plan.gates.decisions.get(decision.0 as usize) {
            Some(plan) => plan.sentence.clone(),
            None => "nothing is known of why".to_owned(),
        }
    }

    /// The lines that policy went by, as `file:line`.
    pub(crate) fn decided_by(&self, decision: Decision) -> Vec<String> {
        let plan = self.plan.gates.decisions.get(decision.0 as usize);
        let origins = plan.into_iter().flat_map(|plan| &plan.origins);
        origins.map(|&origin| self.origin(origin)).collect()
    }
}

/// Answers on their way back.
fn of_answers(step: Step) -> Option<String> {
    Some(match step {
        Step::Answered { status } => format!("answers {status}"),
        Step::MessageSent => "sends a message of the answer".to_owned(),
        Step::ResponseAtServerNodeProxy | Step::ResponseAtClientNodeProxy => {
            "gets the bytes of the answer".to_owned()
        }
        Step::ResponseLeftServerNodeProxy => "passes them back to the caller's side".to_owned(),
        Step::ResponseLeftClientNodeProxy => "passes them back to the caller".to_owned(),
        Step::ResponseAtServerProxy | Step::ResponseAtClientProxy => "gets the answer".to_owned(),
        Step::ResponseLeftServerProxy => "passes the answer back".to_owned(),
        Step::ResponseLeftClientProxy => "passes the answer on to the caller".to_owned(),
        Step::ResponseAtCaller => "gets the answer".to_owned(),
        _ => return None,
    })
}

/// Why there is another attempt.
fn retry_words(reason: RetryReason) -> String {
    match reason {
        RetryReason::Application => "the application tries again".to_owned(),
        RetryReason::Status(status) => format!("the answer was {status}"),
        RetryReason::Reset(reason) => reason.to_owned(),
        RetryReason::PerTryTimeout => "the per-try timeout".to_owned(),
    }
}

/// How full a breaker is, and by which of its limits: `3 of 3 waiting requests
/// (max_pending_requests)`.
pub(crate) fn full_words((of, rule): (Full, RuleId), count: u32, limit: u32) -> String {
    let what = match of {
        Full::Connections => "connections (max_connections)",
        Full::Pending => "waiting requests (max_pending_requests)",
        Full::Requests => "requests under way (max_requests)",
        Full::Retries if rule == RETRY_BUDGET => "retries under way (retry budget)",
        Full::Retries => "retries under way (max_retries)",
    };
    format!("{count} of {limit} {what}")
}
