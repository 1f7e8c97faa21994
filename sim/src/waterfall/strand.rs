//! Entries by the try or attempt that they happened to, as a waterfall takes them. Who keeps the
//! entries, and how, is told elsewhere.

use meshwalk_models::units::SimTime;

use crate::log::Step;

/// One entry of the log, as far as a waterfall needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The entry's id.
    pub id: u64,
    /// When.
    pub at: SimTime,
    /// In or at which pod.
    pub pod: u32,
    /// What.
    pub step: Step,
}

/// Everything that happened to one try or attempt of a request.
#[derive(Clone, Debug)]
pub struct Strand {
    /// Which of the two.
    pub kind: StrandKind,
    /// Which try of its call, or which attempt of its try, from 0.
    pub number: u8,
    /// The place of what it was begun for among the request's strands, which is before its own:
    /// of a call, the attempt that its caller answers; of a further try, the one before; of an
    /// attempt, its try.
    pub parent: Option<usize>,
    /// Its call's place in the tree of calls, such as `0.2`.
    pub hop: String,
    /// The row of the statistics' edges.
    pub edge: Option<u32>,
    /// In the order of time.
    pub entries: Vec<Happening>,
}

/// What a strand is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrandKind {
    /// A try of a call.
    Try,
    /// An attempt for a try.
    Attempt,
}
