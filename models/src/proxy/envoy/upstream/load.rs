//! How load is spread over priorities: availability, spill-over and panic. Pure arithmetic; which
//! host of a priority gets a request is not its business.
//!
//! Source: Envoy, `LoadBalancerBase` in `load_balancer_impl.cc`; whole percentages and integer
//! division as there.

/// How many hosts of one priority count as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LevelCount {
    /// All of them.
    pub hosts: u32,
    /// Those that are left out of the whole (draining ones).
    pub excluded: u32,
    pub healthy: u32,
    pub degraded: u32,
}

/// The limits of a cluster, in whole percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factors {
    pub overprovisioning: u32,
    pub panic_threshold: u32,
}

/// The share of requests that each priority gets, in percent; together 100.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriorityLoads {
    /// For the healthy hosts of each priority.
    pub healthy: Vec<u32>,
    /// For the degraded hosts of each priority.
    pub degraded: Vec<u32>,
}

/// How much of the load each priority could take, in percent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Availability {
    pub healthy: Vec<u32>,
    pub degraded: Vec<u32>,
}

impl Availability {
    /// Source: Envoy, `recalculatePerPriorityState`.
    pub(super) fn of(levels: &[LevelCount], factors: Factors) -> Self {
        let share = |part: u32, level: &LevelCount| {
            let whole = level.hosts - level.excluded;
            if whole == 0 {
                return 0;
            }
            let share = u64::from(factors.overprovisioning) * u64::from(part) / u64::from(whole);
            share.min(100) as u32
        };
        Self {
            healthy: levels.iter().map(|level| share(level.healthy, level)).collect(),
            degraded: levels.iter().map(|level| share(level.degraded, level)).collect(),
        }
    }

    /// Healthy and degraded hosts of all priorities together, at most 100.
    pub(super) fn total(&self) -> u32 {
        self.healthy.iter().chain(&self.degraded).sum::<u32>().min(100)
    }
}

/// Loads, and which priorities are in a panic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    pub loads: PriorityLoads,
    pub panic: Vec<bool>,
    pub availability: Availability,
}

impl Spread {
    pub(super) fn of(levels: &[LevelCount], factors: Factors) -> Self {
        let availability = Availability::of(levels, factors);
        let total = availability.total();
        let panic: Vec<bool> = levels
            .iter()
            .map(|level| total != 100 && in_panic(level, factors.panic_threshold))
            .collect();
        let loads = if panic.iter().all(|&panic| panic) {
            loads_in_total_panic(levels)
        } else if total == 0 {
            // Nobody can take anything; Envoy sends all of it where no host will be found.
            all_to_first(levels.len())
        } else {
            loads_by_availability(&availability, total)
        };
        Self { loads, panic, availability }
    }
}

/// Source: Envoy, `isHostSetInPanic`.
fn in_panic(level: &LevelCount, threshold: u32) -> bool {
    let whole = level.hosts - level.excluded;
    let percent = |part: u32| {
        if whole == 0 { 0.0 } else { 100.0 * f64::from(part) / f64::from(whole) }
    };
    percent(level.healthy) + percent(level.degraded) < f64::from(threshold)
}

fn all_to_first(levels: usize) -> PriorityLoads {
    let mut loads = PriorityLoads { healthy: vec![0; levels], degraded: vec![0; levels] };
    if let Some(first) = loads.healthy.first_mut() {
        *first = 100;
    }
    loads
}

fn loads_by_availability(availability: &Availability, total: u32) -> PriorityLoads {
    let mut left = 100;
    let mut spread = |available: &[u32]| -> Vec<u32> {
        available
            .iter()
            .map(|&share| {
                let load = (share * 100 / total).min(left);
                left -= load;
                load
            })
            .collect()
    };
    let mut loads = PriorityLoads {
        healthy: spread(&availability.healthy),
        degraded: spread(&availability.degraded),
    };
    // What is left is a rounding error.
    let first = |available: &[u32]| available.iter().position(|&share| share > 0);
    if let Some(at) = first(&availability.healthy) {
        loads.healthy[at] += left;
    } else if let Some(at) = first(&availability.degraded) {
        loads.degraded[at] += left;
    }
    loads
}

/// By the number of hosts, whatever their health. Source: Envoy, `recalculateLoadInTotalPanic`.
fn loads_in_total_panic(levels: &[LevelCount]) -> PriorityLoads {
    let hosts: u64 = levels.iter().map(|level| u64::from(level.hosts)).sum();
    if hosts == 0 {
        return all_to_first(levels.len());
    }
    let healthy: Vec<u32> =
        levels.iter().map(|level| (100 * u64::from(level.hosts) / hosts) as u32).collect();
    let mut loads = PriorityLoads { degraded: vec![0; levels.len()], healthy };
    let left = 100 - loads.healthy.iter().sum::<u32>();
    if let Some(at) = levels.iter().position(|level| level.hosts > 0) {
        loads.healthy[at] += left;
    }
    loads
}

/// Which hosts of a priority are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    Healthy,
    Degraded,
}

impl PriorityLoads {
    /// The priority for a request with `hash`. Source: Envoy, `choosePriority`.
    pub(super) fn choose(&self, hash: u64) -> (u32, Tier) {
        let at = (hash % 100) as u32 + 1;
        let mut sum = 0;
        let tiers = [(&self.healthy, Tier::Healthy), (&self.degraded, Tier::Degraded)];
        for (loads, tier) in tiers {
            for (priority, load) in loads.iter().enumerate() {
                sum += load;
                if at <= sum {
                    return (priority as u32, tier);
                }
            }
        }
        (0, Tier::Healthy)
    }

    /// The priority that gets everything, if there is one.
    pub(super) fn sole(&self) -> Option<(u32, Tier)> {
        let whole = |loads: &[u32]| loads.iter().position(|&load| load == 100);
        whole(&self.healthy)
            .map(|at| (at as u32, Tier::Healthy))
            .or_else(|| whole(&self.degraded).map(|at| (at as u32, Tier::Degraded)))
    }
}
