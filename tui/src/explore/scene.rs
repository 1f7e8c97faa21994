//! What a screen is drawn from: all of it is given, and a screen adds nothing of its own.

use meshwalk_sim::timeline::{EventId, Log, Timeline};

use super::app::Job;
use super::asking::Asking;
use super::keys::{Bindings, Resolver};
use super::look::Look;
use super::mouse::Targets;
use super::session::Session;
use super::since::Since;
use super::view::View;

/// A view of a session at a moment.
#[derive(Clone, Copy)]
pub(in crate::explore) struct Scene<'a> {
    /// What is explored.
    pub(in crate::explore) session: &'a Session,
    /// What was recorded; it stands at the cursor.
    pub(in crate::explore) timeline: &'a Timeline,
    /// Who answers why.
    pub(in crate::explore) asking: &'a Asking,
    /// What changed since the last stop; it is there on the screens that ask for it.
    pub(in crate::explore) since: Option<&'a Since>,
    /// What is looked at.
    pub(in crate::explore) view: &'a View,
    /// How it looks.
    pub(in crate::explore) look: &'a Look,
    /// The keys.
    pub(in crate::explore) bindings: &'a Bindings,
    /// The keys that are half typed.
    pub(in crate::explore) resolver: &'a Resolver,
    /// Where what can be clicked is noted.
    pub(in crate::explore) targets: &'a Targets,
    /// What is looked for, if anything is.
    pub(in crate::explore) job: Option<&'a Job>,
}

impl<'a> Scene<'a> {
    /// The log as far as it was recorded.
    pub(in crate::explore) fn log(&self) -> &'a Log {
        self.timeline.log()
    }

    /// The entry at the cursor.
    pub(in crate::explore) const fn event(&self) -> EventId {
        self.view.cursor.event
    }
}
