//! Published measurements beside what the engine simulates: how far off each figure is, and whether
//! the order among meshes is right. Where prices come from is said in the cost profile; nothing is
//! fitted here.
//!
//! Each figure is read off runs of a small world that is built like the one that was measured, as
//! far as its publishers say.

mod figures;
mod order;
mod setup;
mod worlds;

#[cfg(test)]
mod tests;

use serde::Serialize;

use meshwalk_models::cost::CostProfile;

use crate::flow::Stopped;

pub use order::OrderResult;
pub use setup::{Measured, Mesh, Setup};

use self::figures::FIGURES;
use self::order::orders;

/// What is known not to fit, to be told wherever the figures are shown.
pub const KNOWN_MISFITS: &[&str] = &[
    "from the lab to n2-standard-8 the whole latency of a ztunnel grows 0.96 times and that of a \
     sidecar 4.2 times, so no single k_lat fits both; here worker time follows k_cpu and only the \
     rest follows k_lat, which leaves the lab's tail of two ztunnels too short",
    "from the lab to e2-standard-8 the CPU of a traversal grows 3.2 times (waypoint), 3.5 times \
     (sidecar) and 5.9 times (ztunnel); one k_cpu stands for all of them",
    "e2-standard-8 has no published latency and n2-standard-8 no published CPU: their k_lat and \
     k_cpu are assumed",
];

/// How the runs were made where meshwalk has no data path for a mesh, or the publishers are silent.
pub const NOTES: &[&str] = &[
    "proxies of Linkerd, which has no data path yet, and ztunnels and waypoints stand in the \
     places of sidecars here, with their own prices: what is compared is the prices",
    "CPU against rate: nine namespaces of three pods, three hops and two traversals a hop; the \
     publishers give the number of proxies and hops, not who calls whom",
    "five hops: the work of the applications is set so that the run without a mesh meets its \
     published median",
    "CPU includes what proxies use when idle",
];

/// A published figure beside the simulated one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureResult {
    /// What was measured, such as `p99 added`; figures of one group are ordered among meshes.
    pub group: &'static str,
    /// The mesh.
    pub mesh: Mesh,
    /// The unit of both values.
    pub unit: &'static str,
    /// What the publishers measured.
    pub published: f64,
    /// What a run shows.
    pub simulated: f64,
    /// By how much the simulated value is larger, relative to the published one.
    pub relative_error: f64,
    /// Who published it.
    pub source: &'static str,
}

/// All figures, and the order among meshes in each group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishedResults {
    /// The figures.
    pub figures: Vec<FigureResult>,
    /// One row for each group with several meshes.
    pub orders: Vec<OrderResult>,
}

impl PublishedResults {
    /// Whether every pair of meshes has the published order.
    #[must_use]
    pub fn order_holds(&self) -> bool {
        self.orders.iter().all(|order| order.wrong_pairs.is_empty())
    }
}

/// The runs that the figures need, each once.
#[must_use]
pub fn setups() -> Vec<Setup> {
    let mut setups: Vec<Setup> = Vec::new();
    for figure in FIGURES {
        for setup in figure.setups() {
            if !setups.contains(&setup) {
                setups.push(setup);
            }
        }
    }
    setups
}

/// Reads the figures off `measured`, which holds what each of [`setups`] showed.
#[must_use]
pub fn compare(setups: &[Setup], measured: &[Measured]) -> PublishedResults {
    let find = |setup: &Setup| {
        let row = setups.iter().position(|other| other == setup);
        &measured[row.expect("every figure's runs are among the setups")]
    };
    let figures: Vec<FigureResult> = FIGURES.iter().map(|figure| figure.result(find)).collect();
    let orders = orders(&figures);
    PublishedResults { figures, orders }
}

/// Runs one of [`setups`], with a user's prices in place of the built-in ones if there are any. The
/// factors are those of the machine that was measured in any case.
///
/// # Errors
/// When the run cannot go on.
pub fn measure(setup: &Setup, costs: Option<&CostProfile>) -> Result<Measured, Stopped> {
    let of_machine = CostProfile::of_machine(setup.machine);
    let costs = match costs {
        None => of_machine,
        Some(costs) => CostProfile { machine: of_machine.machine, ..costs.clone() },
    };
    setup.measure(&costs)
}
