//! What an expectation speaks of, and its counters at one moment.

use meshwalk_models::manifest::nearest;

use crate::cel::Complaint;
use crate::kernel::Histogram;
use crate::stats::{EdgeCounters, EdgeOrigin, Layout, Ruling, RunStatistics};

/// Rows of the statistics that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Rows of `edges`.
    Calls(Vec<usize>),
    /// A row of `traffic`, and the rows of `edges` that its requests are counted in.
    Traffic { row: usize, edges: Vec<usize> },
    /// A row of `workloads`, and its workers in all pods.
    Workload { row: usize, workers: u64 },
    /// Everything.
    Run,
}

/// The counters of a subject, since the start of the measured part or between two moments.
#[derive(Clone, Debug)]
pub(super) enum Counts {
    Calls(CallCounts),
    Workload(WorkloadCounts),
    Run { censored: u64 },
}

#[derive(Clone, Debug, Default)]
pub(super) struct CallCounts {
    pub(super) requests: u64,
    pub(super) successes: u64,
    pub(super) good: u64,
    pub(super) attempts: u64,
    pub(super) originals: u64,
    pub(super) retries: u64,
    pub(super) pending: u64,
    pub(super) overflow: u64,
    pub(super) ejections: u64,
    /// By the number of the ruling.
    pub(super) rulings: [u64; 4],
    pub(super) plaintext_bytes: u64,
    pub(super) latency: Histogram,
}

#[derive(Clone, Debug)]
pub(super) struct WorkloadCounts {
    pub(super) arrived: u64,
    pub(super) rejected: u64,
    pub(super) busy_ns: u128,
    pub(super) wasted_ns: u128,
    pub(super) workers: u64,
    pub(super) wait: Histogram,
}

impl CallCounts {
    fn add_policy(&mut self, edge: &EdgeCounters) {
        for (ruling, count) in edge.rulings.iter() {
            self.rulings[ruling as usize] += count;
        }
        self.plaintext_bytes += edge.wire.plaintext;
    }

    /// What policy ended, of one sort.
    pub(super) const fn ruled(&self, ruling: Ruling) -> u64 {
        self.rulings[ruling as usize]
    }
}

const TRAFFIC: &str = "traffic:";

impl Subject {
    /// The calls of a service (`name`, or `caller, name`), or the requests of `traffic:NAME`.
    pub(super) fn calls(names: &[&str], layout: &Layout) -> Result<Self, Complaint> {
        match names {
            [name] => match name.strip_prefix(TRAFFIC) {
                Some(source) => {
                    let row = traffic_row(source, layout)?;
                    let own = |edge: &usize| layout.edges[*edge].from == EdgeOrigin::Traffic(row);
                    let edges = (0..layout.edges.len()).filter(own).collect();
                    Ok(Self::Traffic { row, edges })
                }
                None => Ok(Self::Calls(layout.services[service_row(name, layout)?].edges.clone())),
            },
            [caller, name] => {
                let origin = match caller.strip_prefix(TRAFFIC) {
                    Some(source) => EdgeOrigin::Traffic(traffic_row(source, layout)?),
                    None => EdgeOrigin::Workload(workload_row(caller, layout)?),
                };
                let edges = &layout.services[service_row(name, layout)?].edges;
                let rows = edges.iter().copied().filter(|row| layout.edges[*row].from == origin);
                let rows: Vec<usize> = rows.collect();
                if rows.is_empty() {
                    return Err(Complaint::new(format!("`{caller}` never calls `{name}`")));
                }
                Ok(Self::Calls(rows))
            }
            _ => {
                Err(Complaint::new("expected the name of a service, or of a caller and a service"))
            }
        }
    }

    pub(super) fn workload(name: &str, layout: &Layout) -> Result<Self, Complaint> {
        let row = workload_row(name, layout)?;
        let entry = &layout.workloads[row];
        let workers = entry.pods.len() as u64 * u64::from(entry.workers);
        Ok(Self::Workload { row, workers })
    }

    /// Its counters now.
    pub(super) fn counts(&self, statistics: &RunStatistics) -> Counts {
        match self {
            Self::Calls(rows) => {
                let mut counts = CallCounts::default();
                for edge in rows.iter().filter_map(|row| statistics.edges.get(*row)) {
                    counts.requests += edge.requests();
                    counts.successes += edge.successes();
                    counts.good += edge.endings.good();
                    counts.attempts += edge.attempts;
                    counts.originals += edge.originals;
                    counts.retries += edge.retries.total();
                    counts.pending += edge.pending;
                    counts.overflow += edge.overflow.total();
                    counts.ejections += edge.ejections;
                    counts.add_policy(edge);
                    counts.latency.merge(&edge.latency);
                }
                Counts::Calls(counts)
            }
            Self::Traffic { row, edges } => {
                let traffic = statistics.traffic.get(*row).cloned().unwrap_or_default();
                let mut counts = CallCounts {
                    requests: traffic.endings.total(),
                    successes: traffic.endings.successes(),
                    good: traffic.endings.good(),
                    attempts: traffic.sent,
                    originals: traffic.sent,
                    latency: traffic.latency,
                    ..CallCounts::default()
                };
                for edge in edges.iter().filter_map(|row| statistics.edges.get(*row)) {
                    counts.add_policy(edge);
                }
                Counts::Calls(counts)
            }
            Self::Workload { row, workers } => {
                let workload = statistics.workloads.get(*row).cloned().unwrap_or_default();
                Counts::Workload(WorkloadCounts {
                    arrived: workload.arrived,
                    rejected: workload.rejected,
                    busy_ns: workload.busy_ns,
                    wasted_ns: workload.wasted_ns,
                    workers: *workers,
                    wait: workload.wait,
                })
            }
            Self::Run => Counts::Run { censored: statistics.censored },
        }
    }
}

impl Counts {
    /// What was added since `earlier`, the same subject's counters at an earlier moment.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        match (self, earlier) {
            (Self::Calls(now), Self::Calls(then)) => Self::Calls(CallCounts {
                requests: now.requests.saturating_sub(then.requests),
                successes: now.successes.saturating_sub(then.successes),
                good: now.good.saturating_sub(then.good),
                attempts: now.attempts.saturating_sub(then.attempts),
                originals: now.originals.saturating_sub(then.originals),
                retries: now.retries.saturating_sub(then.retries),
                pending: now.pending.saturating_sub(then.pending),
                overflow: now.overflow.saturating_sub(then.overflow),
                ejections: now.ejections.saturating_sub(then.ejections),
                rulings: std::array::from_fn(|at| now.rulings[at].saturating_sub(then.rulings[at])),
                plaintext_bytes: now.plaintext_bytes.saturating_sub(then.plaintext_bytes),
                latency: now.latency.since(&then.latency),
            }),
            (Self::Workload(now), Self::Workload(then)) => Self::Workload(WorkloadCounts {
                arrived: now.arrived.saturating_sub(then.arrived),
                rejected: now.rejected.saturating_sub(then.rejected),
                busy_ns: now.busy_ns.saturating_sub(then.busy_ns),
                wasted_ns: now.wasted_ns.saturating_sub(then.wasted_ns),
                workers: now.workers,
                wait: now.wait.since(&then.wait),
            }),
            // Censored requests are counted once, at the end.
            _ => self.clone(),
        }
    }
}

fn service_row(name: &str, layout: &Layout) -> Result<usize, Complaint> {
    let full = (0..layout.services.len()).map(|row| layout.service_name(row));
    row_of(name, "service", &layout.service_by_name, full)
}

fn workload_row(name: &str, layout: &Layout) -> Result<usize, Complaint> {
    let full = (0..layout.workloads.len()).map(|row| layout.workload_name(row));
    row_of(name, "workload", &layout.workload_by_name, full)
}

fn row_of(
    name: &str,
    what: &str,
    by_name: &std::collections::BTreeMap<String, usize>,
    full_names: impl Iterator<Item = String>,
) -> Result<usize, Complaint> {
    if let Some(row) = by_name.get(name) {
        return Ok(*row);
    }
    let suffix = format!("/{name}");
    let candidates: Vec<String> = full_names.filter(|full| full.ends_with(&suffix)).collect();
    if !candidates.is_empty() {
        let message = format!("there are several {what}s `{name}`");
        return Err(Complaint::new(message).help(format!("write {}", candidates.join(" or "))));
    }
    Err(unknown(what, name, by_name.keys().map(String::as_str)))
}

fn traffic_row(name: &str, layout: &Layout) -> Result<usize, Complaint> {
    let names = || layout.traffic.iter().map(|source| source.name.as_str());
    let row = names().position(|other| other == name);
    row.ok_or_else(|| unknown("traffic source", name, names()))
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Complaint {
    let complaint = Complaint::new(format!("there is no {what} `{name}` in this run"));
    match nearest(name, known) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint,
    }
}
