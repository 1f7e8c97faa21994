//! Where somebody is: in which branch of a run, at which entry of its log.

use meshwalk_sim::timeline::EventId;

/// A branch: the run as it was recorded, or, one day, what an edit would have made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BranchId(pub(crate) u16);

impl BranchId {
    /// The run without edits.
    pub(crate) const MAIN: Self = Self(0);

    /// What it is called.
    pub(crate) fn name(self) -> String {
        if self == Self::MAIN { "main".to_owned() } else { format!("branch {}", self.0) }
    }
}

/// The one place of navigation: every pane follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// In which branch.
    pub(crate) branch: BranchId,
    /// At which entry of its log.
    pub(crate) event: EventId,
}

impl Cursor {
    /// At an entry of the run without edits.
    pub(crate) const fn on_main(event: EventId) -> Self {
        Self { branch: BranchId::MAIN, event }
    }
}
