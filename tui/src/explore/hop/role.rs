//! Which box of a hop a step of the log happens at. A hop is one call: from its caller's
//! application to the server's, and through a waypoint where there is one.

use meshwalk_sim::log::Step;

/// A place on the way of a call, whatever stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The calling application.
    CallerApp,
    /// The proxy of the caller's side.
    CallerProxy,
    /// The waypoint.
    Waypoint,
    /// The proxy of the server's side.
    ServerProxy,
    /// The called application.
    ServerApp,
}

/// Where on the way of the hop an entry belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The way from the caller to the server, or to the waypoint.
    Outer(ToWaypoint),
    /// The way from the waypoint to the server.
    Inner,
}

/// Whether a way ends at a waypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToWaypoint {
    Yes,
    No,
}

/// Which way a message is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    /// To the server.
    There,
    /// Back to the caller.
    Back,
}

/// Where a step leaves what it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// At which box.
    pub(crate) role: Role,
    /// Whether it has left that box.
    pub(crate) moves: Moves,
    /// In which direction.
    pub(crate) heading: Heading,
}

/// Whether a message is in a box or on its way to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moves {
    /// It is in the box.
    Inside,
    /// It has left it.
    Onward,
}

impl Part {
    /// Who makes the requests of this part.
    const fn near_app(self) -> Role {
        match self {
            Self::Outer(_) => Role::CallerApp,
            Self::Inner => Role::Waypoint,
        }
    }

    /// The proxy in which requests of this part are chosen a server.
    const fn near_proxy(self) -> Role {
        match self {
            Self::Outer(_) => Role::CallerProxy,
            Self::Inner => Role::Waypoint,
        }
    }

    /// The proxy at the other end.
    const fn far_proxy(self) -> Role {
        match self {
            Self::Outer(ToWaypoint::Yes) => Role::Waypoint,
            Self::Outer(ToWaypoint::No) | Self::Inner => Role::ServerProxy,
        }
    }

    /// The application at the other end.
    const fn far_app(self) -> Role {
        match self {
            Self::Outer(ToWaypoint::Yes) => Role::Waypoint,
            Self::Outer(ToWaypoint::No) | Self::Inner => Role::ServerApp,
        }
    }
}

/// Who an entry tells of: a try of the call, an attempt on its behalf, or a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Teller {
    /// A try.
    Try,
    /// An attempt.
    Attempt,
    /// A connection or its tunnels.
    Connection,
}

/// What takes the traffic of one end of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Nothing but the kernel.
    Bare,
    /// A proxy beside the application, which speaks for it.
    Beside,
    /// The proxy of its node, which takes the application's own connections.
    OfNode,
}

/// The sides of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    /// The caller's.
    pub(crate) caller: Side,
    /// The server's.
    pub(crate) server: Side,
}

/// Where `step` leaves the request or the answer, as it is told of a try or attempt of `part`.
pub(crate) fn position(step: Step, (part, teller): (Part, Teller), sides: Sides) -> Position {
    let position = on_the_way(step, part, teller);
    let is_own = matches!(
        step,
        Step::RequestSent
            | Step::AttemptBegan { .. }
            | Step::AttemptReset { .. }
            | Step::ConnectionOpening { .. }
            | Step::ConnectionReused { .. }
            | Step::WaitsForConnection
            | Step::TcpEstablished
            | Step::ConnectionClosed
    );
    let role = match (position.role, sides) {
        (Role::CallerProxy, Sides { caller: Side::Bare, .. }) => Role::CallerApp,
        (Role::CallerProxy, Sides { caller: Side::OfNode, .. }) if is_own => Role::CallerApp,
        (Role::ServerProxy, Sides { server: Side::Bare, .. }) => Role::ServerApp,
        (role, _) => role,
    };
    Position { role, ..position }
}

/// The same, as if both sides had a proxy beside them.
const fn on_the_way(step: Step, part: Part, teller: Teller) -> Position {
    use Heading::{Back, There};
    use Moves::{Inside, Onward};
    let (role, moves, heading) = match step {
        Step::CallBegan { .. } | Step::Retried { .. } => (part.near_app(), Inside, There),
        Step::Relayed { .. } => (Role::Waypoint, Inside, There),
        Step::NotReachable { .. }
        | Step::TimedOut
        | Step::BacksOff { .. }
        | Step::CallEnded { .. }
        | Step::ResponseAtCaller => (part.near_app(), Inside, Back),
        Step::Decided { .. } | Step::Delayed { .. } | Step::Asks { .. } => match teller {
            Teller::Attempt => (part.far_proxy(), Inside, There),
            Teller::Try | Teller::Connection => (part.near_proxy(), Inside, There),
        },
        Step::RequestSent | Step::RequestLeftClientNodeProxy => (part.near_proxy(), Onward, There),
        Step::RequestAtServerNodeProxy => (Role::ServerProxy, Inside, There),
        Step::RequestLeftServerNodeProxy => (Role::ServerProxy, Onward, There),
        Step::RequestAtServerProxy => (part.far_proxy(), Inside, There),
        Step::RequestLeftServerProxy => (part.far_proxy(), Onward, There),
        Step::RequestAtApp
        | Step::TurnedAway
        | Step::WaitsForWorker
        | Step::WorkBegan
        | Step::WorkEnded => (part.far_app(), Inside, There),
        Step::ResetAtServer => (part.far_app(), Inside, There),
        Step::Answered { .. } => (part.far_app(), Inside, Back),
        Step::MessageSent => (part.far_app(), Onward, Back),
        Step::ConnectionReset { .. } | Step::AnsweredByServerProxy { .. } => {
            (part.far_proxy(), Inside, Back)
        }
        Step::ResponseAtServerNodeProxy => (Role::ServerProxy, Inside, Back),
        Step::ResponseLeftServerNodeProxy => (Role::ServerProxy, Onward, Back),
        Step::ResponseAtServerProxy => (part.far_proxy(), Inside, Back),
        Step::ResponseLeftServerProxy => (part.far_proxy(), Onward, Back),
        Step::ResponseAtClientNodeProxy => (Role::CallerProxy, Inside, Back),
        Step::ResponseLeftClientNodeProxy => (Role::CallerProxy, Onward, Back),
        Step::ResponseAtClientProxy => (part.near_proxy(), Inside, Back),
        Step::ResponseLeftClientProxy => (part.near_proxy(), Onward, Back),
        Step::AttemptReset { .. }
        | Step::AttemptGivenUp
        | Step::ProxyBacksOff { .. }
        | Step::HostEjected { .. }
        | Step::ConnectionRefused { .. } => (part.near_proxy(), Inside, Back),
        _ => (part.near_proxy(), Inside, There),
    };
    Position { role, moves, heading }
}
