//! The engine's state: what changes during a run, in slabs and paged tables.
//!
//! Sizes matter here: an attempt fits one cache line, a pod half of one. Cold counters stand in
//! `measure`.

use meshwalk_models::path::Protection;
use meshwalk_models::units::SimTime;

use crate::stats::Ending;

/// The status of an attempt that has no answer: word of a connection's end travels as a message.
pub(super) const NO_STATUS: u16 = 0;

/// No slot: ends an intrusive list, or says that there is none.
pub(super) const NONE: u32 = u32::MAX;

/// A pod's workers and the tasks that wait for one, as an intrusive FIFO.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pod {
    pub(super) first_waiting: u32,
    pub(super) last_waiting: u32,
    pub(super) waiting: u32,
    pub(super) busy: u32,
}

impl Pod {
    pub(super) const IDLE: Self =
        Self { first_waiting: NONE, last_waiting: NONE, waiting: 0, busy: 0 };
}

/// A request that an application works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// The key of its draws.
    pub(super) key: u64,
    /// Since when it waits for a worker, or holds it.
    pub(super) since: SimTime,
    /// The attempt it answers.
    pub(super) attempt: u32,
    pub(super) pod: u32,
    pub(super) program: u32,
    /// The step in progress.
    pub(super) op: u32,
    /// The next task that waits in this pod.
    pub(super) next: u32,
    /// Calls under way.
    pub(super) pending: u16,
    pub(super) worker: Worker,
    pub(super) fate: Fate,
}

/// Whether a task holds a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worker {
    /// Not yet: the task may still be turned away.
    NeverHeld,
    Held,
    Released,
}

/// Whether a task can still succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// A call that it needs has failed.
    Failed,
}

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A task, by slot.
    Task(u32),
    /// An open-loop source.
    Source,
    /// A closed-loop user, by row.
    User(u32),
    /// A waypoint, on behalf of the attempt that reached it, by slot.
    Relay(u32),
}

/// One try of a call, as the application that makes it has it. Beside a proxy it is one stream
/// through the proxy, which may make several attempts for it. It ends when its caller has an
/// answer or gives up, which may be before its attempts end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Try {
    /// The key of its draws: the same in every run in which this try of this call is made.
    pub(super) key: u64,
    /// When the call began, its earlier tries included.
    pub(super) called_at: SimTime,
    pub(super) caller: Caller,
    /// How it ends, once that is known.
    pub(super) ending: Ending,
    /// The root request's number within its source.
    pub(super) request: u32,
    pub(super) call: u32,
    pub(super) client: u32,
    /// The latest attempt, while it is wanted.
    pub(super) attempt: u32,
    /// The root request's source.
    pub(super) source: u16,
    /// Which try this is, from 0.
    pub(super) number: u8,
    pub(super) lineage: Lineage,
    pub(super) stage: TryStage,
}

/// Whether a call would be made without any retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lineage {
    /// It, and every call above it, is a first try.
    Original,
    /// It is a retry, or serves one.
    Repeated,
}

/// What a try waits for, as far as an event of its own depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TryStage {
    /// The caller's pause before this try.
    Pausing,
    /// To reach the caller's proxy.
    ToProxy,
    /// An attempt.
    Underway,
    /// An answer from the caller's own side.
    Answered,
    /// Nothing: the caller has given up, and an event still refers to it.
    GivenUp,
}

/// One message exchange with a server on behalf of a try. It ends when nothing refers to it any
/// more, which may be after its caller has gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// The key of its draws.
    pub(super) key: u64,
    /// Since when nobody waits: when its caller went, or somebody above it before;
    /// [`SimTime::MAX`] as long as its own caller waits.
    pub(super) gone_at: SimTime,
    /// The try that it is made for. Another one may have that slot once the caller has gone.
    pub(super) of: u32,
    /// The root request's number within its source.
    pub(super) request: u32,
    pub(super) call: u32,
    pub(super) client: u32,
    pub(super) server: u32,
    pub(super) connection: u32,
    /// The pool that it uses or waits in.
    pub(super) pool: u32,
    /// The next attempt that waits in this pool.
    pub(super) next: u32,
    /// The status that the application answered with; zero before.
    pub(super) status: u16,
    /// Messages on their way back, and a reset on its way to the server.
    pub(super) messages_under_way: u16,
    /// Messages that the server has still to send.
    pub(super) messages_left: u16,
    /// The root request's source.
    pub(super) source: u16,
    pub(super) try_number: u8,
    /// Which attempt of its try this is, from 0.
    pub(super) number: u8,
    pub(super) lineage: Lineage,
    pub(super) stage: Stage,
    pub(super) server_knows: ServerKnows,
    /// What protects its messages on the wire.
    pub(super) protection: Protection,
    /// Which box its request meets next.
    pub(super) next_box: NextBox,
}

/// Which box between the applications a request meets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextBox {
    /// The one of its caller's node.
    Near,
    /// The one of its server's side.
    Far,
}

/// How far an attempt has come, as far as its end depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for a connection.
    Waiting,
    /// The request is on its way or being served: the server's side refers to it.
    Served,
    /// The server has done its part; messages may be under way.
    Done,
}

/// Whether the server has learned that the caller has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerKnows {
    Nothing,
    CallerGone,
}

impl Attempt {
    /// Whether somebody waits for its answer.
    pub(super) fn is_wanted(&self) -> bool {
        self.gone_at == SimTime::MAX
    }

    /// Whether nothing refers to it any more.
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Done && self.messages_under_way == 0 && self.messages_left == 0
    }
}

/// Connections from one pod to one destination or, where each request is balanced, to one
/// endpoint of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pool {
    /// The connection used last among those that have room.
    pub(super) free: u32,
    pub(super) first_waiting: u32,
    pub(super) last_waiting: u32,
    /// Requests that wait and are wanted.
    pub(super) waiting: u32,
    /// Connections that are open or being opened.
    pub(super) connections: u32,
    /// Of these, the ones being opened.
    pub(super) opening: u32,
    /// Requests at a time on one connection; 1 is exclusive use, as of HTTP/1.1.
    pub(super) concurrent: u32,
    /// The cluster of the caller's proxy that it belongs to; [`NONE`] without a proxy.
    pub(super) cluster: u32,
}

impl Pool {
    pub(super) const fn new(concurrent: u32, cluster: u32) -> Self {
        Self {
            free: NONE,
            first_waiting: NONE,
            last_waiting: NONE,
            waiting: 0,
            connections: 0,
            opening: 0,
            concurrent,
            cluster,
        }
    }

    /// Whether a request that ends early takes its connection along.
    pub(super) const fn is_exclusive(&self) -> bool {
        self.concurrent == 1
    }
}

/// A connection, from the caller's side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    /// The key of its draws.
    pub(super) key: u64,
    /// When it became free.
    pub(super) free_since: SimTime,
    pub(super) pool: u32,
    pub(super) client: u32,
    pub(super) server: u32,
    /// The call site that had it opened; decides on the edge that it counts for.
    pub(super) call: u32,
    /// The host in the cluster of the caller's proxy, where connections are balanced.
    pub(super) endpoint: u32,
    /// Neighbours in the pool's list of free connections.
    pub(super) previous: u32,
    pub(super) next: u32,
    /// Requests on it.
    pub(super) streams: u32,
    /// Requests that it took so far.
    pub(super) served: u32,
    pub(super) phase: Phase,
    pub(super) idle_check: IdleCheck,
    /// What protects its bytes.
    pub(super) protection: Protection,
    /// The row of the gate that it meets; [`NONE`] where nothing is in the way.
    pub(super) gate: u32,
    /// What carries it below its own protocol; [`NONE`] where nothing does.
    pub(super) circuit: u32,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// SYN sent; the answer comes next.
    Connecting,
    /// The client hello is on its way to the server's proxy.
    Greeting,
    /// The server's flight is on its way back.
    Finishing,
    /// The client's proxy checks it and proves who it is.
    Proving,
    /// Nobody answers the SYN.
    Unanswered,
    /// Word is on its way that the server's side does not take it.
    Refusing,
    /// It takes too long; when the caller has waited long enough, it is given up.
    TimingOut,
    /// Ready.
    Open,
    /// It takes no more requests, and closes with the last of them.
    Draining,
    /// Closed, and an idle check still refers to it.
    Closed,
}

/// Whether an event that looks for idleness is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdleCheck {
    Armed,
    NotArmed,
}

const _: () = assert!(size_of::<Pool>() == 32);
const _: () = assert!(size_of::<Option<Try>>() <= 64);
const _: () = assert!(size_of::<Option<Attempt>>() <= 64);
const _: () = assert!(size_of::<Task>() <= 48);
const _: () = assert!(size_of::<Pod>() == 16);
