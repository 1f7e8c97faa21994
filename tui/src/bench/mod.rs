//! How fast meshwalk is on this machine: workloads that are measured, beside their aims.
//!
//! Here alone the wall clock counts. `meshwalk bench` and `cargo bench -p meshwalk` run the same
//! workloads.

mod asking;
mod clock;
mod comparison;
mod graph;
mod large;
mod measurement;
mod mm1;
mod paths;
mod reach;
mod routes;
mod screens;
mod texts;
mod timeline;

pub use measurement::{Aim, Measurement};

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Seconds in all: shows that it works, and roughly how fast.
    Quick,
    /// What the aims are about.
    Full,
}

impl Size {
    /// One of two figures.
    fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Benchmark {
    /// What it is.
    pub name: &'static str,
    /// Runs it.
    pub run: fn(Size) -> Vec<Measurement>,
}

/// All workloads; the large one comes last, because the peak of memory is that of the process.
pub const BENCHMARKS: [Benchmark; 10] = [
    Benchmark { name: "kernel, M/M/1", run: mm1::measure },
    Benchmark { name: "flow engine, 7-call graph", run: graph::measure },
    Benchmark { name: "hops on each data path, small world", run: paths::measure },
    Benchmark { name: "compare, the shop on four data paths", run: comparison::measure },
    Benchmark { name: "why, many objects", run: asking::measure },
    Benchmark { name: "reach, many pods", run: reach::measure },
    Benchmark { name: "sidecar hop, many routes", run: routes::measure },
    Benchmark { name: "timeline, recording and jumps", run: timeline::measure },
    Benchmark { name: "screens, from a key to what is drawn", run: screens::measure },
    Benchmark { name: "sidecar hop, large world", run: large::measure },
];
