//! The laws: which station each is about, and which measured figures it predicts.

use std::sync::Arc;

use meshwalk_models::units::SimDuration;

use crate::flow::Stopped;
use crate::flow::plan::Plan;
use crate::kernel::Histogram;
use crate::run::{replication_seed, run};
use crate::stats::RunStatistics;

use super::closed_form::Station;
use super::stations::{StationSpec, line};

/// The seed of the first replication; fixed, so that the outcome is the same everywhere.
const SEED: u64 = 1_909;

/// The mean service time of every station, in seconds.
const SERVICE_MEAN_S: f64 = 1e-3;

const EXPONENTIAL: &str = "{exponential: {mean: 1ms}}";
const CONSTANT: &str = "1ms";

/// How much is simulated for each law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Independent replications.
    pub replications: u32,
    /// The measured length of a replication is the full one divided by this.
    pub shorter_by: u32,
}

/// A station, and what theory says about it.
#[derive(Clone, Debug)]
pub struct Law {
    name: &'static str,
    replications: u32,
    quantities: Vec<Quantity>,
    plan: Arc<Plan>,
}

/// A figure that a law predicts.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// What it is and its unit, such as `mean wait (ms)`.
    pub name: &'static str,
    /// What theory says.
    pub closed_form: f64,
    measured: Figure,
}

/// Where a run shows a figure.
#[derive(Clone, Copy, Debug)]
enum Figure {
    /// The mean time from sending to the answer, in milliseconds.
    Sojourn,
    /// The mean wait at a station, in milliseconds.
    Wait(&'static str),
    /// The share of a station's server time in use.
    Utilisation(&'static str),
    /// The mean number that wait at a station.
    Waiting(&'static str),
}

/// The laws.
#[must_use]
pub fn laws(effort: Effort) -> Vec<Law> {
    vec![m_m_1(effort), m_m_c(effort), m_d_1(effort), tandem(effort)]
}

impl Effort {
    /// Enough for a relative half-width of 1 % in every check, with something to spare. How long
    /// each law's replications must be follows from the variance of its slowest mean, the wait.
    pub const FULL: Self = Self { replications: 128, shorter_by: 1 };
}

fn m_m_1(effort: Effort) -> Law {
    let station = StationSpec { name: "server", workers: 1, work: EXPONENTIAL };
    let theory = Station::m_m_1(0.7);
    Law::new("M/M/1", &[station], theory, one_station(theory), lasting(180, effort))
}

fn m_m_c(effort: Effort) -> Law {
    let station = StationSpec { name: "server", workers: 4, work: EXPONENTIAL };
    let theory = Station::m_m_c(2.8, 4);
    Law::new("M/M/4", &[station], theory, one_station(theory), lasting(100, effort))
}

fn m_d_1(effort: Effort) -> Law {
    let station = StationSpec { name: "server", workers: 1, work: CONSTANT };
    let theory = Station::m_d_1(0.7);
    Law::new("M/D/1", &[station], theory, one_station(theory), lasting(90, effort))
}

fn one_station(theory: Station) -> Vec<Quantity> {
    vec![
        Quantity::new("mean sojourn (ms)", theory.sojourn(), Figure::Sojourn),
        Quantity::new("mean wait (ms)", theory.wait, Figure::Wait("server")),
        Quantity::new("utilisation", theory.utilisation(), Figure::Utilisation("server")),
        Quantity::new("mean waiting", theory.waiting(), Figure::Waiting("server")),
    ]
}

/// What leaves an M/M/1 station is a Poisson stream again (Burke), so that each station of the
/// line behaves as if it were alone (Jackson).
fn tandem(effort: Effort) -> Law {
    let names = ["station-1", "station-2", "station-3"];
    let stations = names.map(|name| StationSpec { name, workers: 1, work: EXPONENTIAL });
    let theory = Station::m_m_1(0.5);
    let last = names[2];
    let quantities = vec![
        Quantity::new("mean sojourn, all (ms)", 3.0 * theory.sojourn(), Figure::Sojourn),
        Quantity::new("mean wait, first (ms)", theory.wait, Figure::Wait(names[0])),
        Quantity::new("mean wait, second (ms)", theory.wait, Figure::Wait(names[1])),
        Quantity::new("mean wait, third (ms)", theory.wait, Figure::Wait(last)),
        Quantity::new("utilisation, third", theory.utilisation(), Figure::Utilisation(last)),
        Quantity::new("mean waiting, third", theory.waiting(), Figure::Waiting(last)),
    ];
    Law::new("tandem of 3 M/M/1", &stations, theory, quantities, lasting(110, effort))
}

/// The measured length of one replication, and how many there are.
fn lasting(full_s: u64, effort: Effort) -> Length {
    let measured = SimDuration::from_ms(full_s * 1_000 / u64::from(effort.shorter_by));
    Length { replications: effort.replications, measured }
}

#[derive(Clone, Copy)]
struct Length {
    replications: u32,
    measured: SimDuration,
}

impl Law {
    fn new(
        name: &'static str,
        stations: &[StationSpec],
        theory: Station,
        quantities: Vec<Quantity>,
        length: Length,
    ) -> Self {
        let plan = line(stations, theory.load / SERVICE_MEAN_S, length.measured);
        Self { name, replications: length.replications, quantities, plan }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many replications it needs.
    #[must_use]
    pub fn replications(&self) -> u32 {
        self.replications
    }

    /// What it predicts.
    #[must_use]
    pub fn quantities(&self) -> &[Quantity] {
        &self.quantities
    }

    /// Runs one replication and measures every quantity, in the order of [`Law::quantities`].
    ///
    /// # Errors
    /// When the run cannot go on, as with a station that is overloaded by mistake.
    pub fn replicate(&self, replication: u32) -> Result<Vec<f64>, Stopped> {
        let statistics = run(&self.plan, replication_seed(SEED, replication))?;
        let measure = |quantity: &Quantity| quantity.measured.of(&self.plan, &statistics);
        Ok(self.quantities.iter().map(measure).collect())
    }
}

impl Quantity {
    fn new(name: &'static str, closed_form: f64, measured: Figure) -> Self {
        Self { name, closed_form, measured }
    }
}

impl Figure {
    fn of(self, plan: &Plan, statistics: &RunStatistics) -> f64 {
        let measured_ns = statistics.measured.as_ns() as f64;
        let row = |station: &str| plan.layout.workload_by_name[station];
        match self {
            Self::Sojourn => mean_ms(&statistics.traffic[0].latency),
            Self::Wait(station) => mean_ms(&statistics.workloads[row(station)].wait),
            Self::Utilisation(station) => {
                let row = row(station);
                let servers = f64::from(plan.layout.workloads[row].workers);
                statistics.workloads[row].busy_ns as f64 / measured_ns / servers
            }
            Self::Waiting(station) => {
                statistics.workloads[row(station)].queued_request_ns as f64 / measured_ns
            }
        }
    }
}

/// A histogram's mean is exact; it is 0 when nothing was measured, which no law predicts.
fn mean_ms(samples: &Histogram) -> f64 {
    samples.mean_ns().unwrap_or(0.0) / 1e6
}
