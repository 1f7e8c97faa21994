//! The one place that says steps, their subjects and pods in words: screens, `step --plain` and
//! the search speak alike. It knows names and sentences, and nothing of what happened.

mod endings;
mod kind;
mod places;
mod routes;
mod rules;
mod steps;
#[cfg(test)]
mod tests;

use meshwalk_models::world::World;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::log::Step;

use crate::explore::Session;
use crate::report::places::Places;

pub(crate) use endings::ending;
pub(crate) use kind::Kind;
pub(crate) use places::{AddressSaid, NodeSaid, Part as SpotPart, Spot};
pub(crate) use routes::{destination_words, route_words};
pub(crate) use rules::{fidelity_word, rule, rule_note};

/// The names of one world and its plan.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    world: &'a World,
    plan: &'a Plan,
    places: Places<'a>,
}

/// One entry of the log, as far as words need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened {
    /// What.
    pub(crate) step: Step,
    /// The row of the pod in or at which it happened.
    pub(crate) pod: u32,
    /// The how-manieth connection of the run it speaks of, where that is known.
    pub(crate) connection: Option<u64>,
}

/// An entry in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Which layer or part of the mesh it belongs to.
    pub(crate) kind: Kind,
    /// In which box.
    pub(crate) spot: Spot,
    /// What happened, as a fragment that the box is the subject of: `picks pricing-2 of 3`.
    pub(crate) summary: String,
}

impl<'a> Words<'a> {
    /// The words of `plan` in `world`.
    pub(crate) const fn new(world: &'a World, plan: &'a Plan, places: Places<'a>) -> Self {
        Self { world, plan, places }
    }

    /// The words of a session.
    pub(crate) fn of(session: &'a Session) -> Self {
        Self::new(session.world(), session.plan(), Places::new(&session.sources))
    }

    /// The plan that the words are about.
    pub(crate) const fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The world that they are about.
    pub(crate) const fn world(&self) -> &'a World {
        self.world
    }

    /// Says one entry.
    pub(crate) fn say(&self, happened: Happened) -> Said {
        Said {
            kind: Kind::of(happened.step),
            spot: self.spot(happened.step, happened.pod),
            summary: self.summary(happened),
        }
    }

    /// Says one entry as a sentence: `ztunnel of node-1 asks for a stream in the tunnel`.
    pub(crate) fn sentence(&self, happened: Happened) -> String {
        let said = self.say(happened);
        format!("{} {}", self.spot_in_full(said.spot), said.summary)
    }

    /// `file:line`, `default NAME` or `assumed: SENTENCE`.
    pub(crate) fn origin(&self, origin: meshwalk_models::world::Origin) -> String {
        self.places.show(origin)
    }
}
