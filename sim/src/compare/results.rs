//! A comparison as `-o json` prints it; field names and names of figures are stable.
//!
//! A cell says a value, a text, or that nothing is known, with the reason: an absence is never
//! read as a zero.

use serde::Serialize;

use crate::stats::{Assumption, Estimate, Identity, NotModelled};

/// Everything that `meshwalk compare` reports.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What makes this comparison this one.
    pub identity: Identity,
    /// The data path that the others are measured against.
    pub baseline: String,
    /// The simulated time that was measured in each replication, in seconds.
    pub measured_s: f64,
    /// How many replications of each data path were run.
    pub replications: u32,
    /// How well the differences are known.
    pub precision: Precision,
    /// The data paths, in the order asked for; cells have this order too.
    pub data_paths: Vec<PathResults>,
    /// Workloads that the scenario keeps out of every mesh.
    pub kept_out: Vec<String>,
    /// What was found, figure by figure.
    pub figures: Vec<Figure>,
    /// Where the difference of each data path from the baseline comes from.
    pub explanations: Vec<Explanation>,
    /// The user's objects, with what each data path makes of them.
    pub objects: Vec<ObjectResults>,
    /// What was assumed because nothing said it.
    pub assumptions: Vec<Assumption>,
    /// What was read and has no effect.
    pub not_modelled: Vec<NotModelled>,
}

/// How well the differences of latency had to be known, and are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Precision {
    /// The half-width that is good enough, as a share of a difference; `null` where the number of
    /// replications was fixed.
    pub relative: Option<f64>,
    /// The half-width in milliseconds that is good enough for every difference; `null` likewise.
    pub floor_ms: Option<f64>,
    /// Whether every difference is known so well; `null` likewise.
    pub reached: Option<bool>,
    /// A difference that is not known so well, as a sentence; `null` where there is none.
    pub missed: Option<String>,
}

/// One data path.
#[derive(Clone, Debug, Serialize)]
pub struct PathResults {
    /// Its name.
    pub name: String,
    /// Why it could not be run; `null` where it was.
    pub not_modelled: Option<String>,
    /// The rolling hash of all its replications in order, 16 hexadecimal digits; `null` where it
    /// was not run.
    pub state_hash: Option<String>,
}

/// Where the difference of a data path from the baseline comes from: means of paired differences,
/// for one request of any source.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The data path.
    pub data_path: String,
    /// What it adds to the mean latency, in milliseconds.
    pub added_ms: Estimate,
    /// What each part adds, the largest first.
    pub parts: Vec<ExplainedPart>,
    /// What the parts do not explain, in milliseconds: calls that go on at the same time hide each
    /// other's.
    pub overlap_ms: Estimate,
}

/// A part of a difference.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedPart {
    /// The edge, as `caller to service`, or the workload.
    pub at: String,
    /// A part of a call's latency, or `application_queue`.
    pub part: &'static str,
    /// What the path adds there for one request, in milliseconds.
    pub added_ms: Estimate,
}

/// An object of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectResults {
    /// Such as `VirtualService`.
    pub kind: String,
    /// `namespace/name`.
    pub name: String,
    /// Where it begins, as `file:line`.
    pub line: String,
    /// What each data path makes of it, in their order.
    pub paths: Vec<ObjectSupport>,
}

/// What a data path makes of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectSupport {
    /// `honoured`, `partly`, `ignored`, `rejected` or `unknown`.
    pub support: &'static str,
    /// Why, as a sentence without its full stop.
    pub reason: String,
    /// The rule that says so.
    pub rule: &'static str,
}

/// One figure on all data paths.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its stable name, such as `latency_p50`.
    pub name: &'static str,
    /// The traffic source that it is about; `null` where it is about everything.
    pub of: Option<String>,
    /// What its values are.
    pub unit: Unit,
    /// One for each data path, in their order.
    pub cells: Vec<Cell>,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// From 0 to 1.
    Share,
    /// Processor cores in use.
    Cores,
    /// Bytes.
    Bytes,
    /// Bytes for each second.
    BytesPerS,
    /// So many each second.
    PerS,
    /// So many.
    Count,
    /// Words.
    Text,
}

/// A figure on one data path.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// It was measured or follows from the placement.
    Value(Value),
    /// It is said in words.
    Text {
        /// The words.
        text: String,
    },
    /// The path has no such thing: there are no tunnels without a tunnelling proxy.
    None {
        /// Always `true`.
        none: bool,
    },
    /// It is not known.
    NotModelled {
        /// Why.
        not_modelled: String,
    },
}

/// A value, and what it is more than on the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Value {
    /// The mean over replications.
    pub value: f64,
    /// Half the width of its 95 % confidence interval; `null` with a single replication.
    pub half_width: Option<f64>,
    /// The mean of the paired differences from the baseline; `null` at the baseline and for
    /// figures of which no difference is told.
    pub added: Option<Estimate>,
}

impl Cell {
    /// The path has no such thing.
    pub const NONE: Self = Self::None { none: true };

    /// A value of which no difference is told.
    #[must_use]
    pub const fn of(estimate: Estimate) -> Self {
        let Estimate { value, half_width } = estimate;
        Self::Value(Value { value, half_width, added: None })
    }

    /// It is not known, and why.
    #[must_use]
    pub fn not_modelled(reason: impl Into<String>) -> Self {
        Self::NotModelled { not_modelled: reason.into() }
    }
}
