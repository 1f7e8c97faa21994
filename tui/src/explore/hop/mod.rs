//! One call as a way from box to box: which boxes it passes, how far it had come at the cursor,
//! and what protected the bytes between them. It reads the log and the plan, and decides nothing.

mod build;
mod protection;
mod role;
mod walked;

use meshwalk_models::path::Protection;
use meshwalk_sim::log::{ConnectionRow, RequestRow};
use meshwalk_sim::stats::Ending;
use meshwalk_sim::timeline::EventId;

use super::wording::Spot;

pub(crate) use build::build;
pub(crate) use protection::protection;
pub(crate) use role::{Heading, Moves, Part, Position, Role, Side, Sides, Teller, ToWaypoint};
pub(crate) use walked::{short_principal, walked_leg};

/// What stands behind the name of a hop that a waypoint makes in turn.
pub(crate) const WAYPOINT: &str = "/waypoint";

/// One attempt of a call, as far as the cursor knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    /// What the call belongs to.
    pub(crate) request: RequestRow,
    /// Its place in the tree of calls, such as `0.2`.
    pub(crate) path: String,
    /// The row of its call site in the plan, if the log says so.
    pub(crate) call: Option<u32>,
    /// The row of the statistics' edges.
    pub(crate) edge: Option<u32>,
    /// The pod that calls.
    pub(crate) caller: u32,
    /// The pod that is called, once it is chosen.
    pub(crate) server: Option<u32>,
    /// Which try of the call, from 0.
    pub(crate) try_number: u8,
    /// Which attempt of the try, from 0, once one has begun.
    pub(crate) attempt: Option<u8>,
    /// The boxes in the order of the request.
    pub(crate) stops: Vec<Stop>,
    /// What lies between each two of them.
    pub(crate) legs: Vec<HopLeg>,
    /// Where the message is at the cursor; nothing before the call begins.
    pub(crate) here: Option<Here>,
    /// How the call had ended by the cursor, if it had.
    pub(crate) ended: Option<Ending>,
}

/// A box on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Its place on the way.
    pub(crate) role: Role,
    /// The box; nothing as long as it is not chosen.
    pub(crate) spot: Option<Spot>,
    /// The entries of the log that tell of this hop there, first and last, the future included.
    pub(crate) entries: Option<(EventId, EventId)>,
    /// Whether something was decided there, by the cursor or after.
    pub(crate) decides: Decides,
}

/// Whether the log holds a decision of a box about this hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decides {
    Yes,
    No,
}

/// What lies between two boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HopLeg {
    /// What protects the bytes; nothing where that is not known yet.
    pub(crate) protection: Option<Protection>,
    /// How that is known.
    pub(crate) known: Known,
    /// The number of the connection, where a connection of the log is this leg.
    pub(crate) connection: Option<ConnectionRow>,
    /// Where the two boxes stand.
    pub(crate) reach: Reach,
    /// Whether something ended here.
    pub(crate) fate: LegFate,
}

/// How the protection of a leg is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The log tells of it where the connection is opened.
    Recorded,
    /// The plan says so, and the log tells nothing else.
    Planned,
    /// It follows from the place: an application and the proxy beside it.
    InPod,
    /// It is not.
    NotYet,
}

/// How far apart two boxes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In the network of one pod.
    InPod,
    /// On one node.
    SameNode,
    /// On two nodes.
    Across,
    /// One of them is not known.
    Unknown,
}

/// Whether a leg was cut, by the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegFate {
    Whole,
    /// SYNs are dropped.
    Dropped,
    /// Its connection was refused, or closed at its first bytes.
    Refused,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Here {
    /// The place of the box among the stops.
    pub(crate) stop: usize,
    /// Whether it has left that box.
    pub(crate) moves: Moves,
    /// In which direction.
    pub(crate) heading: Heading,
}

impl Hop {
    /// The place of a role among the stops.
    pub(crate) fn place_of(&self, role: Role) -> Option<usize> {
        self.stops.iter().position(|stop| stop.role == role)
    }

    /// The leg over which the message came to where it is, and the one over which it leaves, as
    /// places among the legs: in the direction in which it goes.
    pub(crate) fn around(&self) -> (Option<usize>, Option<usize>) {
        let Some(here) = self.here else { return (None, None) };
        let before = here.stop.checked_sub(1);
        let after = (here.stop < self.legs.len()).then_some(here.stop);
        match here.heading {
            Heading::There => (before, after),
            Heading::Back => (after, before),
        }
    }
}
