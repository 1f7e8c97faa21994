//! What a run measured: raw counters while it runs, results with intervals afterwards.
//!
//! Counters are integers and histograms, so that merging never depends on order.

mod counters;
mod ending;
mod estimate;
mod layout;
mod parts;
mod proxies;
mod results;
mod summary;
mod tally;

pub use counters::{EdgeCounters, RunStatistics, TrafficCounters, WorkloadCounters};
pub use ending::{Details, Ending, Endings, Flags};
pub use estimate::{CONFIDENCE, student_t_quantile};
pub use layout::{EdgeEntry, EdgeOrigin, Layout, ServiceEntry, TrafficEntry, WorkloadEntry};
pub use parts::{Part, Parts};
pub use proxies::{BoxCounters, BoxKind, ProxyCounters, ProxyEntry};
pub use results::{
    Assumption, EdgeResults, Estimate, ExpectationResult, FirstBroken, Identity, NotModelled,
    PodUtilisation, ProxyResults, ProxyUtilisation, RunResults, ServiceResults, Totals,
    TrafficResults, WorkloadResults,
};
pub use summary::{RunContext, summarise};
pub use tally::{Full, RetryReason, Ruling, Tally, WireBytes};
