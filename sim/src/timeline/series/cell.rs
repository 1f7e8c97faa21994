//! What one row counted in one window. All of it adds up: two windows that follow each other merge
//! into one as if it had been one from the beginning. Which window a moment falls into is the
//! table's business.

use meshwalk_models::units::SimDuration;

use super::sketch::Sketch;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Calls that began; at a workload, requests that reached it.
    Begun,
    /// Calls that ended; at a workload, requests that it answered.
    Ended,
    /// Of these, those that count as failures: no answer, or 500 and above.
    Failed,
    /// Tries and attempts after the first, by whoever made them.
    Retried,
    /// Attempts at servers.
    Attempts,
    /// Calls that their callers gave up, and attempts that proxies did.
    TimedOut,
    /// What a circuit breaker or the queue of a pod had no place for.
    TurnedAway,
    /// What policy ended: SYNs dropped, connections refused or reset, requests denied.
    Denied,
    /// Hosts that were ejected.
    Ejected,
    /// Connections that were opened.
    Connections,
    /// TLS handshakes that were finished, those of tunnels apart.
    Handshakes,
    /// Requests that went out in plaintext.
    Plaintext,
    /// Requests that went out in mutual TLS.
    MutualTls,
    /// Requests that went out as a stream in a tunnel (HBONE).
    Hbone,
}

/// How many signals there are.
pub(super) const SIGNALS: usize = Signal::Hbone as usize + 1;

/// What there is at every moment, such as requests under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// Calls, or requests at a workload, that have begun and not ended.
    InFlight,
    /// Requests that a worker works on.
    Working,
    /// Requests that wait for a worker.
    Waiting,
}

/// How many gauges there are.
pub(super) const GAUGES: usize = Gauge::Waiting as usize + 1;

/// How a gauge moved in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Motion {
    /// Rises less falls.
    net: i64,
    /// The sum over all rises, less all falls, of the time from there to the end of the window, in
    /// nanoseconds: what the gauge adds up to over the window if it began at nothing.
    area_ns: i128,
}

/// One thing that happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// Something was counted.
    Counted(Signal),
    /// A gauge rose by one.
    Rose(Gauge),
    /// A gauge fell by one.
    Fell(Gauge),
    /// A call or a request began.
    Began,
    /// It ended: the row of its ending and how long it took.
    Ended { ending: u16, is_success: bool, latency_ns: u64 },
}

/// The counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    counts: [u32; SIGNALS],
    motions: [Motion; GAUGES],
    /// How often each ending occurred, in the order of rows.
    endings: Vec<(u16, u32)>,
    latency: Sketch,
}

impl Cell {
    /// Counts what happened `before_end` before the end of the window.
    pub(super) fn take(&mut self, happening: Happening, before_end: SimDuration) {
        match happening {
            Happening::Counted(signal) => self.count(signal, 1),
            Happening::Rose(gauge) => self.moved(gauge, 1, before_end),
            Happening::Fell(gauge) => self.moved(gauge, -1, before_end),
            Happening::Began => {
                self.count(Signal::Begun, 1);
                self.moved(Gauge::InFlight, 1, before_end);
            }
            Happening::Ended { ending, is_success, latency_ns } => {
                self.count(Signal::Ended, 1);
                self.count(Signal::Failed, u32::from(!is_success));
                self.moved(Gauge::InFlight, -1, before_end);
                self.latency.record(SimDuration::from_ns(latency_ns));
                self.ended(ending, 1);
            }
        }
    }

    fn count(&mut self, signal: Signal, more: u32) {
        let count = &mut self.counts[signal as usize];
        *count = count.saturating_add(more);
    }

    fn moved(&mut self, gauge: Gauge, by: i64, before_end: SimDuration) {
        let motion = &mut self.motions[gauge as usize];
        motion.net += by;
        motion.area_ns += i128::from(by) * i128::from(before_end.as_ns());
    }

    fn ended(&mut self, ending: u16, count: u32) {
        match self.endings.binary_search_by_key(&ending, |(known, _)| *known) {
            Ok(place) => self.endings[place].1 = self.endings[place].1.saturating_add(count),
            Err(place) => self.endings.insert(place, (ending, count)),
        }
    }

    /// Appends the window that follows, which is `width` wide.
    pub(super) fn append(&mut self, next: &Self, width: SimDuration) {
        self.pass(width);
        self.merge(next);
    }

    /// Makes the window longer by a time in which nothing happened.
    pub(super) fn pass(&mut self, width: SimDuration) {
        for motion in &mut self.motions {
            motion.area_ns += i128::from(motion.net) * i128::from(width.as_ns());
        }
    }

    /// Adds what another row counted in the same window.
    pub(super) fn merge(&mut self, other: &Self) {
        self.merge_before(other, SimDuration::ZERO);
    }

    /// Adds what was counted in a window that ends `width` before the end of this one.
    pub(super) fn merge_before(&mut self, other: &Self, width: SimDuration) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
        for (motion, more) in self.motions.iter_mut().zip(other.motions) {
            motion.net += more.net;
            motion.area_ns += more.area_ns + i128::from(more.net) * i128::from(width.as_ns());
        }
        for (ending, count) in &other.endings {
            self.ended(*ending, *count);
        }
        self.latency.merge(&other.latency);
    }

    pub(super) fn counted(&self, signal: Signal) -> u64 {
        u64::from(self.counts[signal as usize])
    }

    /// How often everything was counted.
    pub(super) const fn counts(&self) -> &[u32; SIGNALS] {
        &self.counts
    }

    /// By how much a gauge rose over the window.
    pub(super) fn net(&self, gauge: Gauge) -> i64 {
        self.motions[gauge as usize].net
    }

    /// By how much each gauge rose over the window.
    pub(super) fn nets(&self) -> [i64; GAUGES] {
        self.motions.map(|motion| motion.net)
    }

    /// The mean of a gauge that began the window at `level`.
    pub(super) fn mean(&self, gauge: Gauge, level: i64, width: SimDuration) -> f64 {
        if width.is_zero() {
            return (level + self.net(gauge)) as f64;
        }
        let whole_ns = i128::from(level) * i128::from(width.as_ns());
        (whole_ns + self.motions[gauge as usize].area_ns) as f64 / width.as_ns() as f64
    }

    pub(super) fn endings(&self) -> &[(u16, u32)] {
        &self.endings
    }

    pub(super) fn latency(&self) -> &Sketch {
        &self.latency
    }

    /// What it takes of memory, in entries of its lists and one for itself.
    pub(super) fn weight(&self) -> usize {
        8 + self.endings.len() + self.latency.width()
    }
}
