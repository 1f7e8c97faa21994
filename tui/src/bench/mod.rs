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

/// Hears what a workload is at.
pub type Tell<'t> = &'t dyn Fn(&str);

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Benchmark {
    /// What it is.
    pub name: &'static str,
    /// Runs it; where it takes long it tells how far it is.
    pub run: fn(Size, Tell<'_>) -> Vec<Measurement>,
}

/// All workloads; the large one comes last, because the peak of memory is that of the process.
pub const BENCHMARKS: [Benchmark; 10] = [
    Benchmark { name: "kernel, M/M/1", run: |size, _| mm1::measure(size) },
    Benchmark { name: "flow engine, 7-call graph", run: |size, _| graph::measure(size) },
    Benchmark { name: "hops on each data path, small world", run: |size, _| paths::measure(size) },
    Benchmark {
        name: "compare, the shop on four data paths",
        run: |size, _| comparison::measure(size),
    },
    Benchmark { name: "why, many objects", run: |size, _| asking::measure(size) },
    Benchmark { name: "reach, many pods", run: |size, _| reach::measure(size) },
    Benchmark { name: "sidecar hop, many routes", run: |size, _| routes::measure(size) },
    Benchmark { name: "timeline, recording and jumps", run: |size, _| timeline::measure(size) },
    Benchmark { name: "screens, from a key to what is drawn", run: screens::measure },
    Benchmark { name: "sidecar hop, large world", run: |size, _| large::measure(size) },
];
