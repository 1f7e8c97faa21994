//! What proxies used and carried.

use crate::stats::{
    BoxCounters, Estimate, Layout, ProxyCounters, ProxyEntry, ProxyResults, ProxyUtilisation,
    RunStatistics,
};

use super::{NS_PER_MS, mean, share};

/// Proxies by kind, and then by owner.
pub(super) fn proxies(layout: &Layout, runs: &[RunStatistics]) -> Vec<ProxyResults> {
    let rows = layout.proxies.iter().enumerate();
    let mut proxies: Vec<_> = rows
        .map(|(row, entry)| {
            let counters = runs.iter().filter_map(|run| run.proxies.get(row)).collect();
            Proxies { entry, counters, runs }.results()
        })
        .collect();
    proxies.sort_by(|a, b| (a.kind, &a.owner).cmp(&(b.kind, &b.owner)));
    proxies
}

/// The proxies of one row, by replication.
struct Proxies<'r> {
    entry: &'r ProxyEntry,
    /// One for each run.
    counters: Vec<&'r ProxyCounters>,
    runs: &'r [RunStatistics],
}

impl Proxies<'_> {
    fn results(&self) -> ProxyResults {
        let mut sum = BoxCounters::default();
        self.counters.iter().for_each(|run| sum.merge(&run.all));
        let instances = self.entry.instances.len();
        let workers = f64::from(self.entry.workers);
        ProxyResults {
            kind: self.entry.kind.name(),
            owner: self.entry.owner.clone(),
            instances: u32::try_from(instances).expect("pods are counted in 32 bits"),
            workers: self.entry.workers,
            cpu_cores: self.share_of_time(1.0, |run| run.all.cpu_ns()),
            utilisation: self.share_of_time(instances as f64 * workers, |run| run.all.cpu_ns()),
            busiest: self.busiest(workers),
            wait_mean_ms: self.wait_mean_ms(),
            requests: sum.requests,
            responses: sum.responses,
            handshakes_as_client: sum.handshakes_as_client,
            handshakes_as_server: sum.handshakes_as_server,
            tunnels_opened: sum.tunnels_opened,
            tunnels_peak: self.largest(|all| all.tunnels_peak),
            streams_opened: sum.streams_opened,
            connections_peak: self.largest(|all| all.connections_peak),
            bytes_in: sum.bytes_in,
            bytes_out: sum.bytes_out,
        }
    }

    /// The largest of the replications' figures.
    fn largest(&self, figure: impl Fn(&BoxCounters) -> u64) -> u64 {
        self.counters.iter().map(|run| figure(&run.all)).max().unwrap_or(0)
    }

    /// The mean over replications of worker time as a share of `capacity` times the measured time.
    fn share_of_time(&self, capacity: f64, ns: impl Fn(&ProxyCounters) -> u64) -> Estimate {
        let shares = self.counters.iter().zip(self.runs).map(|(counters, run)| {
            share(ns(counters) as f64, capacity * run.measured.as_ns() as f64).unwrap_or(0.0)
        });
        mean(shares)
    }

    /// The instance with the highest mean; of equal ones the first.
    fn busiest(&self, workers: f64) -> Option<ProxyUtilisation> {
        let cpu_ns = |place: usize| move |run: &ProxyCounters| run.cpu_ns_by_instance[place];
        let by_instance = self.entry.instances.iter().enumerate();
        let shares = by_instance
            .map(|(place, instance)| (instance, self.share_of_time(workers, cpu_ns(place)).value));
        let busiest = shares.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some(ProxyUtilisation { instance: busiest.0.clone(), utilisation: busiest.1 })
    }

    fn wait_mean_ms(&self) -> Option<Estimate> {
        let waits = self.counters.iter().filter_map(|counters| {
            let all = &counters.all;
            let passed =
                all.requests + all.responses + all.handshakes_as_client + all.handshakes_as_server;
            share(all.wait_ns as f64 / NS_PER_MS, passed as f64)
        });
        Estimate::of(&waits.collect::<Vec<f64>>())
    }
}
