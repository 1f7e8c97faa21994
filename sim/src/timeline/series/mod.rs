//! Golden signals of a recorded run: rate, errors by kind, latencies, what is under way and how
//! much of it a workload can bear, retries, connections and their protection, for each edge,
//! service, workload and traffic source, in windows of simulated time and exactly at any moment.
//!
//! It is told every entry of the log once, in order, and keeps what is needed to answer for any
//! moment since; it neither keeps the log nor decides what to show.

mod cell;
mod figures;
mod journal;
#[cfg(test)]
mod laws;
mod live;
mod look;
mod sketch;
mod table;
#[cfg(test)]
mod tests;

pub use cell::{Gauge, Signal};
pub use figures::{Counts, Figures, Share};
pub use look::Look;
pub use sketch::Sketch;

use meshwalk_models::path::Protection;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::plan::Plan;
use crate::log::Step;
use crate::stats::Ending;

use cell::Happening;
use journal::{Journal, Mark};
use live::Live;
use table::Table;

/// Whose figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// A row of the layout's traffic sources.
    Source(usize),
    /// A row of the layout's services: all that call it.
    Service(usize),
    /// A row of the layout's workloads: what reaches its pods.
    Workload(usize),
    /// A row of the layout's edges.
    Edge(usize),
}

/// Where a run is cut for looking at it: everything up to and with one entry of the log counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// When.
    pub time: SimTime,
    /// The number of the entry.
    pub entry: u64,
}

/// What the series need to know of the subject of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// A number that the try, attempt or connection shares with none of the same sort in the run.
    pub subject: u64,
    /// The row of the layout's edges on whose behalf it happens, if that is known.
    pub edge: Option<u32>,
    /// The row of the traffic source that itself waits for the call, for a try that it made.
    pub source: Option<u16>,
    /// The row of the pod in or at which it happened.
    pub pod: u32,
    /// The number of the connection that it happens to or that the step names.
    pub connection: Option<u64>,
}

/// The series of one run.
#[derive(Clone, Debug, Default)]
pub struct Series {
    rows: Rows,
    pods: Vec<PodRow>,
    /// The most that each workload can work on at a time.
    capacities: Vec<u64>,
    table: Table,
    journal: Journal,
    endings: Vec<Ending>,
    live: Live,
    until: Cut,
    /// When the run is meant to end.
    end: SimTime,
}

/// How many rows there are of each sort, and which edges lead to each service.
#[derive(Clone, Debug, Default)]
struct Rows {
    edges: usize,
    workloads: usize,
    sources: usize,
    services: Vec<Vec<usize>>,
}

/// What counts of a pod.
#[derive(Clone, Copy, Debug)]
struct PodRow {
    workload: Option<u32>,
    leaves: Leaves,
}

/// Where requests of a pod's application go out to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    /// From the pod.
    Itself,
    /// From the proxy of its node.
    NodeProxy,
}

impl Rows {
    /// The rows of the table that add up to `row`.
    fn of(&self, row: Row) -> Vec<usize> {
        match row {
            Row::Edge(edge) => vec![edge],
            Row::Workload(workload) => vec![self.edges + workload],
            Row::Source(source) => vec![self.edges + self.workloads + source],
            Row::Service(service) => self.services.get(service).cloned().unwrap_or_default(),
        }
    }

    fn len(&self) -> usize {
        self.edges + self.workloads + self.sources
    }
}

impl Series {
    /// No entry yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let layout = &plan.layout;
        let rows = Rows {
            edges: layout.edges.len(),
            workloads: layout.workloads.len(),
            sources: layout.traffic.len(),
            services: layout.services.iter().map(|service| service.edges.clone()).collect(),
        };
        let pod_row = |pod: &crate::flow::plan::PodPlan| {
            let near = plan.boxes.get(pod.proxy as usize);
            let is_near = near.is_some_and(|place| place.kind.takes_connections());
            PodRow {
                workload: Some(pod.app).filter(|app| (*app as usize) < layout.workloads.len()),
                leaves: if is_near { Leaves::NodeProxy } else { Leaves::Itself },
            }
        };
        let capacity = |workload: &crate::stats::WorkloadEntry| {
            u64::from(workload.workers) * workload.pods.len() as u64
        };
        Self {
            table: Table::new(rows.len(), plan.end),
            journal: Journal::new(rows.len()),
            rows,
            pods: plan.pods.iter().map(pod_row).collect(),
            capacities: layout.workloads.iter().map(capacity).collect(),
            endings: Vec::new(),
            live: Live::default(),
            until: Cut { time: SimTime::ZERO, entry: 0 },
            end: plan.end,
        }
    }

    /// Takes the next entry of the log: its number, when it is, whose, and what happens. Entries
    /// come in order.
    pub fn take(&mut self, entry: u64, time: SimTime, facts: Facts, step: Step) {
        self.until = Cut { time, entry };
        let Facts { subject, edge, connection, .. } = facts;
        match step {
            Step::CallBegan { .. } => self.at_caller(facts, Happening::Began),
            Step::CallEnded { ending, latency } => {
                let happening = self.ended(ending, latency);
                self.at_caller(facts, happening);
            }
            Step::Retried { .. } | Step::ProxyBacksOff { .. } => {
                self.at_caller(facts, Happening::Counted(Signal::Retried));
            }
            Step::TimedOut | Step::AttemptGivenUp => {
                self.at_edge(edge, Happening::Counted(Signal::TimedOut));
            }
            Step::AttemptBegan { .. } => {
                self.at_edge(edge, Happening::Counted(Signal::Attempts));
            }
            Step::Overflowed { .. } => {
                self.at_edge(edge, Happening::Counted(Signal::TurnedAway));
            }
            Step::SynDropped { .. }
            | Step::ConnectionRefused { .. }
            | Step::ConnectionReset { .. }
            | Step::AnsweredByServerProxy { .. } => {
                self.at_edge(edge, Happening::Counted(Signal::Denied));
            }
            Step::HostEjected { pod, .. } => {
                self.at_edge(edge, Happening::Counted(Signal::Ejected));
                self.at_workload(pod, Happening::Counted(Signal::Ejected));
            }
            Step::ConnectionOpening { protection, .. } => {
                self.live.takes_connection(subject, connection);
                self.live.protects(connection, protection);
                self.at_edge(edge, Happening::Counted(Signal::Connections));
            }
            Step::ConnectionReused { .. } => self.live.takes_connection(subject, connection),
            Step::TlsEstablished => {
                self.at_edge(edge, Happening::Counted(Signal::Handshakes));
            }
            Step::ConnectionClosed => self.live.closed(connection),
            Step::RequestSent if self.leaves(facts.pod) == Leaves::Itself => self.goes_out(facts),
            Step::RequestLeftClientNodeProxy => self.goes_out(facts),
            _ => self.at_server(time, facts, step),
        }
    }

    /// What happens in or at the pod of a server.
    fn at_server(&mut self, time: SimTime, facts: Facts, step: Step) {
        let Facts { subject, pod, edge, .. } = facts;
        match step {
            Step::RequestAtApp => {
                self.live.arrived(subject, time);
                self.at_workload(pod, Happening::Began);
            }
            Step::WaitsForWorker => {
                self.live.waits(subject);
                self.at_workload(pod, Happening::Rose(Gauge::Waiting));
            }
            Step::WorkBegan => {
                self.waits_no_more(facts);
                self.at_workload(pod, Happening::Rose(Gauge::Working));
            }
            Step::WorkEnded => self.at_workload(pod, Happening::Fell(Gauge::Working)),
            Step::TurnedAway => {
                self.at_edge(edge, Happening::Counted(Signal::TurnedAway));
                self.at_workload(pod, Happening::Counted(Signal::TurnedAway));
            }
            Step::Answered { status } => {
                self.waits_no_more(facts);
                if let Some(since) = self.live.answered(subject) {
                    let happening = self.ended(Ending::answered(status), time.since(since));
                    self.at_workload(pod, happening);
                }
            }
            _ => {}
        }
    }

    fn waits_no_more(&mut self, facts: Facts) {
        if self.live.waits_no_more(facts.subject) {
            self.at_workload(facts.pod, Happening::Fell(Gauge::Waiting));
        }
    }

    fn goes_out(&mut self, facts: Facts) {
        let signal = match self.live.goes_out(facts.subject) {
            Some(Protection::Plaintext) => Signal::Plaintext,
            Some(Protection::MutualTls) => Signal::MutualTls,
            Some(Protection::Hbone) => Signal::Hbone,
            None => return,
        };
        self.at_edge(facts.edge, Happening::Counted(signal));
    }

    fn leaves(&self, pod: u32) -> Leaves {
        self.pods.get(pod as usize).map_or(Leaves::Itself, |pod| pod.leaves)
    }

    fn ended(&mut self, ending: Ending, latency: SimDuration) -> Happening {
        let known = self.endings.iter().position(|known| *known == ending);
        let row = known.unwrap_or_else(|| {
            self.endings.push(ending);
            self.endings.len() - 1
        });
        Happening::Ended {
            // There are far fewer sorts of endings; beyond, they are counted as the last.
            ending: u16::try_from(row).unwrap_or(u16::MAX),
            is_success: ending.is_success(),
            latency_ns: latency.as_ns(),
        }
    }

    /// Something happens to a call: to its edge, and to its source if that waits for it.
    fn at_caller(&mut self, facts: Facts, happening: Happening) {
        self.at_edge(facts.edge, happening);
        if let Some(source) = facts.source.map(usize::from)
            && source < self.rows.sources
        {
            self.note(self.rows.edges + self.rows.workloads + source, happening);
        }
    }

    fn at_edge(&mut self, edge: Option<u32>, happening: Happening) {
        if let Some(edge) = edge.map(|edge| edge as usize)
            && edge < self.rows.edges
        {
            self.note(edge, happening);
        }
    }

    fn at_workload(&mut self, pod: u32, happening: Happening) {
        if let Some(workload) = self.pods.get(pod as usize).and_then(|pod| pod.workload) {
            self.note(self.rows.edges + workload as usize, happening);
        }
    }

    fn note(&mut self, row: usize, happening: Happening) {
        let at = self.until;
        self.table.take(row, at.time, happening);
        self.journal.keep(row, Mark { at, happening });
    }

    /// The last entry that was taken.
    #[must_use]
    pub fn until(&self) -> Cut {
        self.until
    }

    /// The same cut, or the latest there can be of this run.
    fn within(&self, cut: Cut) -> Cut {
        let latest = self.end.max(self.until.time);
        Cut { time: cut.time.min(latest), entry: cut.entry.min(self.until.entry) }
    }

    /// How wide windows are at present.
    #[must_use]
    pub fn width(&self) -> SimDuration {
        self.table.width()
    }

    /// What is known at a moment; later entries count for nothing.
    #[must_use]
    pub fn upto(&self, moment: Cut) -> Look<'_> {
        Look::new(self, moment)
    }

    /// The whole recording, window by window: one after the other from the beginning, those in
    /// which nothing happened included.
    #[must_use]
    pub fn windows(&self, row: Row) -> Vec<Figures> {
        self.upto(self.until).windows(row)
    }

    /// The first entry after `entry` that counts for a row.
    #[must_use]
    pub fn next_of(&self, row: Row, entry: u64) -> Option<u64> {
        let rows = self.rows.of(row).into_iter();
        rows.filter_map(|row| self.journal.next(row, entry)).min()
    }

    /// The last entry before `entry` that counts for a row.
    #[must_use]
    pub fn previous_of(&self, row: Row, entry: u64) -> Option<u64> {
        let rows = self.rows.of(row).into_iter();
        rows.filter_map(|row| self.journal.previous(row, entry)).max()
    }

    /// The bytes that it takes to answer for every moment, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.journal.bytes() + self.table.bytes()
    }

    /// How many requests a workload can work on at a time.
    fn capacity(&self, row: Row) -> Option<u64> {
        match row {
            Row::Workload(workload) => self.capacities.get(workload).copied(),
            Row::Source(_) | Row::Service(_) | Row::Edge(_) => None,
        }
    }
}
