//! What an entry of the log says.

use std::fmt;

use meshwalk_models::explain::RuleId;
use meshwalk_models::path::Protection;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::plan::Decision;
use crate::stats::{Details, Ending, Full, RetryReason};

/// What something happens to, by the engine's slots, which are reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One try of a call, as the caller has it.
    Try {
        /// Its slot.
        slot: u32,
        /// What it belongs to.
        request: RequestName,
    },
    /// An attempt at a server on behalf of a try.
    Attempt {
        /// Its slot.
        slot: u32,
        /// The slot of the try, as long as the answer is wanted.
        of: Option<u32>,
        /// Which attempt of its try, from 0.
        number: u8,
        /// What it belongs to.
        request: RequestName,
    },
    /// A connection.
    Connection {
        /// Its slot.
        slot: u32,
    },
    /// A cluster in the proxy of a caller.
    Cluster {
        /// Its slot: the how-manieth cluster that was used in the run.
        slot: u32,
        /// The slot of the try whose attempt made it happen; `None` for what time brings.
        by: Option<u32>,
    },
    /// The tunnels from one pod to another.
    Tunnels {
        /// Their row: the how-manieth pair of pods that had one.
        row: u32,
    },
}

/// What a try belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestName {
    /// The row of the root request's source.
    pub source: u16,
    /// The root request's number within its source.
    pub request: u32,
    /// Which try of the call, from 0.
    pub try_number: u8,
}

/// What happens. Every name is stable: it is part of `--events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A call begins; `parent` is the attempt that its caller answers, if it has one.
    CallBegan {
        /// The slot of that attempt.
        parent: Option<u32>,
        /// The row of the statistics' edges.
        edge: u32,
        /// The row of the call site in the plan.
        call: u32,
    },
    /// The caller tries again; `previous` is the try that failed.
    Retried {
        /// The slot of that try.
        previous: u32,
    },
    /// An attempt at a server begins.
    AttemptBegan {
        /// The slot of the try that it is made for.
        of: u32,
    },
    /// A waypoint takes a request on, and makes a try of its own for it.
    Relayed {
        /// The slot of the attempt that brought it.
        outer: u32,
    },
    /// The name does not resolve, or nobody is there to call.
    NotReachable {
        /// Which of the two.
        ending: Ending,
    },
    /// Of several routes that requests take by their shares, one is drawn.
    RouteDrawn {
        /// Its row in the plan.
        route: u32,
    },
    /// Of the weighted destinations of a route, one is drawn.
    DestinationDrawn {
        /// The row of the route in the plan.
        route: u32,
        /// Its place among the route's destinations.
        destination: u32,
    },
    /// An endpoint was chosen.
    EndpointChosen {
        /// Its pod.
        pod: u32,
        /// Among how many.
        candidates: u32,
        /// By which rule.
        rule: RuleId,
    },
    /// A connection is opened.
    ConnectionOpening {
        /// Its slot.
        connection: u32,
        /// The pod that it leads to.
        server: u32,
        /// What will protect what it carries.
        protection: Protection,
    },
    /// A connection that was open is used.
    ConnectionReused {
        /// Its slot.
        connection: u32,
    },
    /// No connection is free.
    WaitsForConnection,
    /// The caller's proxy applied a rule.
    Decided {
        /// Which.
        rule: RuleId,
    },
    /// A filter of the caller's proxy holds the request up.
    Delayed {
        /// For how long.
        pause: SimDuration,
    },
    /// A filter of the server's proxy asks an external authoriser.
    Asks {
        /// How long that takes.
        pause: SimDuration,
    },
    /// A circuit breaker of the caller's proxy has no place.
    Overflowed {
        /// What there is too much of.
        of: Full,
        /// How many there are.
        count: u32,
        /// How many there may be at this moment.
        limit: u32,
        /// The row of the cluster in the plan.
        cluster: u32,
        /// By which rule.
        rule: RuleId,
    },
    /// An attempt ended before its answer.
    AttemptReset {
        /// Why, in the words of Envoy's reset reasons.
        reason: &'static str,
    },
    /// The caller's proxy gives an attempt up.
    AttemptGivenUp,
    /// The caller's proxy pauses before it makes another attempt.
    ProxyBacksOff {
        /// For how long.
        pause: SimDuration,
        /// Why there is another attempt.
        reason: RetryReason,
    },
    /// Outlier detection ejects a host.
    HostEjected {
        /// Its pod.
        pod: u32,
        /// How many hosts of the cluster are ejected afterwards.
        ejected: u32,
        /// Out of how many.
        hosts: u32,
        /// The rule that found it.
        rule: RuleId,
    },
    /// A host fails and is not ejected.
    HostSpared {
        /// Its pod.
        pod: u32,
        /// How many hosts of the cluster are ejected afterwards.
        ejected: u32,
        /// Out of how many.
        hosts: u32,
        /// The rule that spares it.
        rule: RuleId,
    },
    /// An ejected host is back.
    HostReturned {
        /// Its pod.
        pod: u32,
        /// How many hosts of the cluster are ejected afterwards.
        ejected: u32,
        /// Out of how many.
        hosts: u32,
        /// By which rule.
        rule: RuleId,
    },
    /// Network policy drops the SYN of a connection.
    SynDropped {
        /// The row of the decision.
        decision: Decision,
    },
    /// The SYN is sent again, in vain.
    SynSentAgain,
    /// The server's side does not take a connection.
    ConnectionRefused {
        /// The row of the decision.
        decision: Decision,
    },
    /// The server's side closes a connection at its first bytes.
    ConnectionReset {
        /// The row of the decision.
        decision: Decision,
    },
    /// The server's proxy answers in place of the application.
    AnsweredByServerProxy {
        /// With what HTTP status.
        status: u16,
        /// In the words of its access log.
        details: Details,
        /// The row of the decision.
        decision: Decision,
    },
    /// TCP is established.
    TcpEstablished,
    /// TLS is established; both sides have proved who they are.
    TlsEstablished,
    /// The connection was closed.
    ConnectionClosed,
    /// The request reaches the caller's proxy.
    RequestAtClientProxy,
    /// The request leaves the caller's proxy.
    RequestLeftClientProxy,
    /// The request is on its way to the server.
    RequestSent,
    /// The request reaches the proxy of the caller's node.
    RequestAtClientNodeProxy,
    /// The request leaves the proxy of the caller's node.
    RequestLeftClientNodeProxy,
    /// The request reaches the proxy of the server's node.
    RequestAtServerNodeProxy,
    /// The request leaves the proxy of the server's node for the application.
    RequestLeftServerNodeProxy,
    /// A message reaches the proxy of the server's node on the way back.
    ResponseAtServerNodeProxy,
    /// A message leaves the proxy of the server's node.
    ResponseLeftServerNodeProxy,
    /// A message reaches the proxy of the caller's node.
    ResponseAtClientNodeProxy,
    /// A message leaves the proxy of the caller's node for the caller.
    ResponseLeftClientNodeProxy,
    /// A tunnel is opened.
    TunnelOpening {
        /// The pod that it leads to.
        server: u32,
        /// The slot of the connection that needs it, if that is not closed yet.
        connection: Option<u32>,
    },
    /// A tunnel stands; both sides have proved who they are.
    TunnelOpened,
    /// A tunnel could not be opened.
    TunnelFailed,
    /// A tunnel was closed.
    TunnelClosed,
    /// A stream is asked for in a tunnel (CONNECT).
    StreamAsked,
    /// The way below the connection is open: as a stream in a tunnel, or as a plain connection.
    StreamOpened,
    /// The request reaches the server's proxy.
    RequestAtServerProxy,
    /// The request leaves the server's proxy for the application.
    RequestLeftServerProxy,
    /// The request reaches the application.
    RequestAtApp,
    /// The queue is full: the request is turned away.
    TurnedAway,
    /// The request waits for a worker.
    WaitsForWorker,
    /// A worker begins a piece of work.
    WorkBegan,
    /// The piece of work is done.
    WorkEnded,
    /// The application answers.
    Answered {
        /// With what HTTP status.
        status: u16,
    },
    /// The application sends a message of its answer.
    MessageSent,
    /// A message reaches the server's proxy on the way back.
    ResponseAtServerProxy,
    /// A message leaves the server's proxy.
    ResponseLeftServerProxy,
    /// A message reaches the caller's proxy.
    ResponseAtClientProxy,
    /// A message leaves the caller's proxy for the caller.
    ResponseLeftClientProxy,
    /// A message reaches the caller.
    ResponseAtCaller,
    /// The caller gives up.
    TimedOut,
    /// Word reaches the server that the caller has gone.
    ResetAtServer,
    /// The try failed; the caller pauses before the next.
    BacksOff {
        /// For how long.
        pause: SimDuration,
    },
    /// The call ended.
    CallEnded {
        /// How.
        ending: Ending,
        /// How long after it began.
        latency: SimDuration,
    },
}

impl Step {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.kind().name()
    }
}

/// The stable name of an entry: it points at the same thing after an edit of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryName {
    /// Something that happened to a try of a call, `shoppers#1042/0.2/try1/step3`, or to an
    /// attempt on its behalf, `shoppers#1042/0.2/try1/attempt0/step5`. What a waypoint does for it
    /// is `shoppers#1042/0.2/waypoint/try1/attempt0/step5`.
    Call {
        /// What it belongs to.
        request: RequestName,
        /// The call's place in the tree of calls: `0` for the root's, `0.2` for its third call,
        /// `0.2/waypoint` for what a waypoint does for that.
        hop: std::rc::Rc<str>,
        /// Which attempt of the try, from 0; none for what happens to the try itself.
        attempt: Option<u8>,
        /// The how-manieth entry of this try or attempt, from 0.
        step: u32,
    },
    /// Something that happened to a connection.
    Connection {
        /// The how-manieth connection of the run.
        number: u64,
        /// The how-manieth entry of this connection, from 0.
        step: u32,
    },
    /// Something that happened to the tunnels from one pod to another.
    Tunnels {
        /// The how-manieth pair of pods that had tunnels in the run.
        number: u32,
        /// The how-manieth entry of these tunnels, from 0.
        step: u32,
    },
    /// Something that happened to a cluster in the proxy of a caller.
    Cluster {
        /// The how-manieth cluster that was used in the run.
        number: u32,
        /// The how-manieth entry of this cluster, from 0.
        step: u32,
    },
}

impl EntryName {
    /// The name as text; `sources` are the names of the traffic sources.
    pub fn write(&self, f: &mut impl fmt::Write, sources: &[String]) -> fmt::Result {
        match self {
            Self::Call { request, hop, attempt, step } => {
                let source = sources.get(usize::from(request.source)).map_or("?", String::as_str);
                write!(f, "{source}#{}/{hop}/try{}", request.request, request.try_number)?;
                if let Some(attempt) = attempt {
                    write!(f, "/attempt{attempt}")?;
                }
                write!(f, "/step{step}")
            }
            Self::Connection { number, step } => write!(f, "connection#{number}/step{step}"),
            Self::Tunnels { number, step } => write!(f, "tunnels#{number}/step{step}"),
            Self::Cluster { number, step } => write!(f, "cluster#{number}/step{step}"),
        }
    }
}

/// One entry of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Dense, from 0, in the order of time.
    pub id: u64,
    /// The stable name.
    pub name: EntryName,
    /// When.
    pub time: SimTime,
    /// The row of the pod in or at which it happened.
    pub pod: u32,
    /// What.
    pub step: Step,
    /// The entry without which this one would not be.
    pub cause: Option<u64>,
}
