//! The variables of conditions: the list that help pages, messages and the checker share, and what
//! each stands for in an entry.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::log::{Step, StepKind, SubjectKind, SubjectRow};
use crate::stats::{Details, Ending};

use super::super::log::columns::KindSet;
use super::super::log::{EventId, Log, is_decision, is_failure, may_fail};
use super::names::{ConditionNames, NameOf};
use VariableType as Type;

/// What sort of value a variable has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableType {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A duration.
    Duration,
    /// True or false.
    Truth,
}

/// One variable.
#[derive(Clone, Copy, Debug)]
pub struct VariableEntry {
    /// Its name in conditions.
    pub name: &'static str,
    /// What sort of value it has.
    pub sort: VariableType,
    /// What it stands for, as a sentence.
    pub sentence: &'static str,
    pub(super) variable: Variable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    Step,
    Kind,
    Pod,
    Workload,
    Namespace,
    Service,
    From,
    To,
    Source,
    Request,
    Hop,
    Try,
    Attempt,
    Connection,
    Status,
    Flags,
    Details,
    Rule,
    Verdict,
    Decision,
    Failed,
    Time,
    Latency,
    Pause,
    Endpoint,
    Reason,
}

const fn entry(
    name: &'static str,
    variable: Variable,
    sort: VariableType,
    sentence: &'static str,
) -> VariableEntry {
    VariableEntry { name, sort, sentence, variable }
}

/// All variables.
pub const VARIABLES: [VariableEntry; 26] = [
    entry("step", Variable::Step, Type::Text, "What happened, such as `call_ended`."),
    entry(
        "kind",
        Variable::Kind,
        Type::Text,
        "What it happened to: `try`, `attempt`, `connection`, `tunnels` or `cluster`.",
    ),
    entry("pod", Variable::Pod, Type::Text, "The pod in or at which it happened."),
    entry("workload", Variable::Workload, Type::Text, "The workload of that pod."),
    entry("namespace", Variable::Namespace, Type::Text, "The namespace of that pod."),
    entry("service", Variable::Service, Type::Text, "What the call asks for."),
    entry("from", Variable::From, Type::Text, "Who makes the call."),
    entry("to", Variable::To, Type::Text, "What the call asks for."),
    entry("source", Variable::Source, Type::Text, "The traffic source of the request."),
    entry("request", Variable::Request, Type::Text, "The request, such as `shoppers#12`."),
    entry("hop", Variable::Hop, Type::Text, "The call's place in the request, such as `0.2`."),
    entry("try", Variable::Try, Type::Number, "Which try of the call, from 0."),
    entry("attempt", Variable::Attempt, Type::Number, "Which attempt of its try, from 0."),
    entry("connection", Variable::Connection, Type::Number, "The number of the connection."),
    entry("status", Variable::Status, Type::Number, "The HTTP status of an answer."),
    entry("flags", Variable::Flags, Type::Text, "Response flags, such as `UF,URX`."),
    entry("details", Variable::Details, Type::Text, "Response details, such as `queue_full`."),
    entry("rule", Variable::Rule, Type::Text, "The rule that somebody chose or ruled by."),
    entry(
        "verdict",
        Variable::Verdict,
        Type::Text,
        "`deny` where a policy ends what a caller began, `allow` where a request reaches its \
         application.",
    ),
    entry("decision", Variable::Decision, Type::Truth, "Whether somebody chose or ruled."),
    entry("failed", Variable::Failed, Type::Truth, "Whether it tells of a failure."),
    entry("time", Variable::Time, Type::Duration, "When, from the beginning of the run."),
    entry("latency", Variable::Latency, Type::Duration, "How long a call took that ended."),
    entry("pause", Variable::Pause, Type::Duration, "For how long somebody waits."),
    entry("endpoint", Variable::Endpoint, Type::Text, "The pod that was chosen or ejected."),
    entry("reason", Variable::Reason, Type::Text, "Why an attempt ended early or is repeated."),
];

impl Variable {
    /// The kinds of entries in which it may have a value.
    pub(super) fn kinds(self) -> KindSet {
        use StepKind as Kind;
        KindSet::of(|kind| match self {
            Self::Status => matches!(
                kind,
                Kind::Answered | Kind::AnsweredByServerProxy | Kind::CallEnded | Kind::NotReachable
            ),
            Self::Flags => matches!(kind, Kind::CallEnded | Kind::NotReachable),
            Self::Details => {
                matches!(kind, Kind::CallEnded | Kind::NotReachable | Kind::AnsweredByServerProxy)
            }
            Self::Rule => matches!(
                kind,
                Kind::RouteDrawn
                    | Kind::DestinationDrawn
                    | Kind::EndpointChosen
                    | Kind::Decided
                    | Kind::Overflowed
                    | Kind::HostEjected
                    | Kind::HostSpared
                    | Kind::HostReturned
            ),
            Self::Verdict => matches!(
                kind,
                Kind::SynDropped
                    | Kind::ConnectionRefused
                    | Kind::ConnectionReset
                    | Kind::AnsweredByServerProxy
                    | Kind::NotReachable
                    | Kind::RequestAtApp
            ),
            Self::Latency => kind == Kind::CallEnded,
            Self::Pause => {
                matches!(kind, Kind::Delayed | Kind::Asks | Kind::ProxyBacksOff | Kind::BacksOff)
            }
            Self::Endpoint => matches!(
                kind,
                Kind::EndpointChosen
                    | Kind::ConnectionOpening
                    | Kind::HostEjected
                    | Kind::HostSpared
                    | Kind::HostReturned
            ),
            Self::Reason => {
                matches!(kind, Kind::AttemptReset | Kind::ProxyBacksOff | Kind::Overflowed)
            }
            _ => true,
        })
    }

    /// The kinds of entries in which it may be true, or may be false.
    pub(super) fn kinds_where(self, wanted: bool) -> KindSet {
        match self {
            Self::Decision => KindSet::of(|kind| is_decision(kind) == wanted),
            Self::Failed if wanted => KindSet::of(may_fail),
            _ => KindSet::ALL,
        }
    }

    /// Whose names it has, where texts are compared with names that the plan knows.
    pub(super) const fn names(self) -> Option<NameOf> {
        match self {
            Self::Pod | Self::Endpoint => Some(NameOf::Pod),
            Self::Workload => Some(NameOf::Workload),
            Self::Namespace => Some(NameOf::Namespace),
            Self::From => Some(NameOf::Caller),
            Self::To | Self::Service => Some(NameOf::Called),
            Self::Source => Some(NameOf::Source),
            _ => None,
        }
    }
}

/// What one entry says.
pub(super) struct Facts<'a> {
    log: &'a Log,
    id: EventId,
    names: &'a ConditionNames,
    step: OnceCell<Step>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(log: &'a Log, id: EventId, names: &'a ConditionNames) -> Self {
        Self { log, id, names, step: OnceCell::new() }
    }

    fn step(&self) -> Step {
        *self.step.get_or_init(|| self.log.step(self.id))
    }

    fn row(&self) -> SubjectRow {
        self.log.subjects().row(self.log.subject(self.id))
    }

    /// How the call or its server's answer ended, where the entry tells of that.
    fn ending(&self) -> Option<Ending> {
        match self.step() {
            Step::CallEnded { ending, .. } | Step::NotReachable { ending } => Some(ending),
            _ => None,
        }
    }

    fn details(&self) -> Option<Details> {
        match self.step() {
            Step::AnsweredByServerProxy { details, .. } => Some(details),
            _ => Some(self.ending()?.details),
        }
    }

    pub(super) fn truth(&self, variable: Variable) -> Option<bool> {
        match variable {
            Variable::Decision => Some(is_decision(self.log.kind(self.id))),
            Variable::Failed => Some(is_failure(self.step())),
            _ => None,
        }
    }

    /// Numbers, and durations in nanoseconds.
    pub(super) fn number(&self, variable: Variable) -> Option<f64> {
        let row = self.row();
        let is_call = matches!(row.kind, SubjectKind::Try | SubjectKind::Attempt);
        match variable {
            Variable::Try if is_call => Some(f64::from(row.try_number)),
            Variable::Attempt if row.kind == SubjectKind::Attempt => Some(f64::from(row.number)),
            Variable::Connection => Some(f64::from(self.log.connection_at(self.id)?.0)),
            Variable::Status => match self.step() {
                Step::Answered { status } | Step::AnsweredByServerProxy { status, .. } => {
                    Some(f64::from(status))
                }
                _ => self.ending().filter(|it| it.is_answer()).map(|it| f64::from(it.status)),
            },
            Variable::Time => Some(self.log.time(self.id).as_ns() as f64),
            Variable::Latency => match self.step() {
                Step::CallEnded { latency, .. } => Some(latency.as_ns() as f64),
                _ => None,
            },
            Variable::Pause => match self.step() {
                Step::Delayed { pause }
                | Step::Asks { pause }
                | Step::BacksOff { pause }
                | Step::ProxyBacksOff { pause, .. } => Some(pause.as_ns() as f64),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn text(&self, variable: Variable) -> Option<Cow<'a, str>> {
        let names = self.names;
        let edge = || names.edges.get(self.row().edge? as usize);
        let pod = |row: u32| names.pods.get(row as usize);
        let here = || pod(self.log.pod(self.id));
        let text = match variable {
            Variable::Step => self.log.kind(self.id).name(),
            Variable::Kind => self.row().kind.name(),
            Variable::Pod => &here()?.pod,
            Variable::Workload => here()?.workload.as_deref()?,
            Variable::Namespace => &here()?.namespace,
            Variable::Service | Variable::To => &edge()?.1,
            Variable::From => &edge()?.0,
            Variable::Source => {
                let request = self.log.request(self.log.request_at(self.id)?)?;
                names.sources.get(usize::from(request.source))?
            }
            Variable::Request => {
                let request = self.log.request_at(self.id)?;
                return Some(self.log.request_name(request).into());
            }
            Variable::Hop => self.log.subjects().hop_text(self.row().hop?),
            Variable::Flags => return Some(self.ending()?.flags.to_string().into()),
            Variable::Details => self.details()?.name(),
            Variable::Rule => self.rule()?,
            Variable::Verdict => self.verdict()?,
            Variable::Endpoint => &pod(self.endpoint()?)?.pod,
            Variable::Reason => return self.reason(),
            _ => return None,
        };
        Some(text.into())
    }

    fn rule(&self) -> Option<&'static str> {
        self.step().rule().map(|rule| rule.0)
    }

    fn endpoint(&self) -> Option<u32> {
        match self.step() {
            Step::EndpointChosen { pod, .. }
            | Step::HostEjected { pod, .. }
            | Step::HostSpared { pod, .. }
            | Step::HostReturned { pod, .. } => Some(pod),
            Step::ConnectionOpening { server, .. } => Some(server),
            _ => None,
        }
    }

    fn reason(&self) -> Option<Cow<'a, str>> {
        match self.step() {
            Step::AttemptReset { reason } => Some(reason.replace(' ', "_").into()),
            Step::ProxyBacksOff { reason, .. } => Some(reason.name().into()),
            Step::Overflowed { of, .. } => Some(of.name().into()),
            _ => None,
        }
    }

    fn verdict(&self) -> Option<&'static str> {
        match self.step() {
            Step::SynDropped { .. }
            | Step::ConnectionRefused { .. }
            | Step::ConnectionReset { .. }
            | Step::AnsweredByServerProxy { .. } => Some("deny"),
            Step::NotReachable { ending } => ending.details.is_of_policy().then_some("deny"),
            Step::RequestAtApp => Some("allow"),
            _ => None,
        }
    }
}
