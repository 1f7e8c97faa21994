//! Who can talk to whom on which port, over all layers: network policy at both ends, what the
//! server's sidecar demands, and whom access rules admit to which requests. One request, with its
//! proof, is the business of `walk`.
//!
//! What cannot be decided is unknown, and never counts as allowed.

mod access;
mod compute;
mod diff;
mod entrance;
mod filters;
mod link;
mod mesh;
mod party;
mod ports;
mod summary;
#[cfg(test)]
mod tests;
mod ztunnel;

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::control::ControlPlanes;
use crate::world::World;

pub use access::{Admission, Condition};
pub use diff::{Change, Sort, differences};
pub use entrance::{Entrance, entrances};
pub use link::{Fate, How, Link, Requests};
pub use party::{Party, PartyKind};
pub use summary::{Row, names, rows};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Ranges of addresses outside; without any, everything outside.
    pub external: &'a [IpNet],
    /// Ranges that are told apart from what is around them, though no policy names them.
    pub cuts: &'a [IpNet],
    /// Ports of Services that something serves to clients outside.
    pub entrances: &'a [Entrance],
    /// Whether it is found out why connections are refused.
    pub refusals: Refusals,
    /// The callers that count; `None` is all.
    pub from: Option<&'a Wanted>,
    /// The servers that count; `None` is all.
    pub to: Option<&'a Wanted>,
}

/// Whether it is found out why connections are refused, which costs time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusals {
    /// They are given with their reasons.
    Given,
    /// They are left out.
    LeftOut,
}

/// The names of parties that count.
pub type Wanted = BTreeSet<String>;

/// Who can talk to whom.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Everybody: workloads by name, then ranges outside, then the ingress controller.
    parties: Vec<Party>,
    classes: usize,
    /// Which of them count as callers, and which as servers.
    counts: [Vec<bool>; 2],
    /// The number of the links of each pair, by the class of the client, then of the server.
    cells: Vec<u32>,
    links: Vec<Vec<Link>>,
    left_out: usize,
}

/// Finds out who can talk to whom. `step` is told how many of how many steps are done.
#[must_use]
pub fn reach(
    world: &World,
    planes: &ControlPlanes,
    ask: &Ask<'_>,
    step: &mut dyn FnMut(usize, usize),
) -> Reach {
    compute::compute(world, planes, ask, step)
}

/// The parties of a world, as an ask without filters names them.
#[must_use]
pub fn parties(world: &World, planes: &ControlPlanes, ask: &Ask<'_>) -> Vec<Party> {
    compute::everybody(world, planes, ask).parties
}

impl Reach {
    /// Everybody who was asked about.
    #[must_use]
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// How many parts of what is outside were too many to be looked at.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many classes they fall into.
    #[must_use]
    pub const fn class_count(&self) -> usize {
        self.classes
    }

    /// What is found out of a pair of parties, by their positions; nothing where the pair does not
    /// count.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> &[Link] {
        &self.links[self.number_between(from, to) as usize]
    }

    fn number_between(&self, from: usize, to: usize) -> u32 {
        let (client, server) = (&self.parties[from], &self.parties[to]);
        // A pod that talks to itself needs nobody's leave.
        let counts = self.counts[0][from] && self.counts[1][to];
        if !counts || (from == to && client.pods == 1) {
            return 0;
        }
        self.cells[client.class * self.classes + server.class]
    }

    fn of_classes(&self, from: usize, to: usize) -> &[Link] {
        &self.links[self.cells[from * self.classes + to] as usize]
    }
}
