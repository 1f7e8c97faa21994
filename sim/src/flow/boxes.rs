//! The workers of proxies: each box is a queue, first come first served, in front of its workers.
//!
//! Waiting comes from here and from nowhere else. What a proxy decides stands in
//! `meshwalk-models`; which box a message meets next, in `proxy`.

use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::{CounterDraw, mix};
use crate::log::Recorder;

use super::engine::Engine;
use super::plan::{Batching, BoxPlan, NO_BOX, NO_DELAY, Plan, PricePlan};

/// What the draw of a delay is for.
const DELAY: u64 = 0x6465_6C61;

/// What a box has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A request with so many bytes in its body.
    Request(u64),
    /// A message of a response with so many bytes in its body.
    Response(u64),
    /// Its side of a TLS handshake.
    Handshake(Role),
    /// Its side of a stream's beginning in a tunnel (CONNECT), or of a connection that it makes
    /// for another one.
    Stream(Role),
}

/// Which side of a handshake a box is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// What a box did and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// When a worker was free for it.
    pub(super) begun: SimTime,
    /// When the worker was done with what is on the path.
    pub(super) worked: SimTime,
    /// When it left the box.
    pub(super) at: SimTime,
}

/// How many requests a box takes a second, by its own count: those of the latest whole window, and
/// what has come since, in proportion.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    window: u64,
    now: u32,
    before: u32,
    /// Messages so far.
    messages: u64,
}

impl Pace {
    /// Requests in the window under way at `now`, and in the one before it.
    pub(super) fn windows_at(&self, now: SimTime) -> (u32, u32) {
        let window = now.as_ns() / Batching::WINDOW.as_ns();
        match window.checked_sub(self.window) {
            Some(0) => (self.now, self.before),
            Some(1) => (0, self.now),
            _ => (0, 0),
        }
    }

    /// Counts so many requests and tells the rate a second.
    fn rate_with(&mut self, arriving: u32, now: SimTime) -> u64 {
        let window_ns = Batching::WINDOW.as_ns();
        let window = now.as_ns() / window_ns;
        if window != self.window {
            self.before = if window == self.window + 1 { self.now } else { 0 };
            self.now = 0;
            self.window = window;
        }
        self.now += arriving;
        let elapsed_ns = now.as_ns() % window_ns;
        let before = u64::from(self.before) * (window_ns - elapsed_ns) / window_ns;
        (u64::from(self.now) + before) * 1_000_000_000 / window_ns
    }
}

impl PricePlan {
    /// Worker time on the path and after it, in nanoseconds, at so many requests a second.
    fn of(&self, work: Work, rate_per_s: u64) -> (u64, u64) {
        let size = |bytes: u64| bytes.saturating_mul(self.per_kib_ns) / 1_024;
        let message = |full_ns: u64| self.batching.left_of(full_ns, rate_per_s);
        match work {
            Work::Request(bytes) => (message(self.request_ns) + size(bytes), 0),
            Work::Response(bytes) => {
                (message(self.response_ns) + size(bytes), self.after_response_ns)
            }
            Work::Handshake(_) => (self.handshake_ns, 0),
            Work::Stream(_) => (self.stream_ns, 0),
        }
    }
}

impl<R: Recorder> Engine<R> {
    /// The row of a pod's box; [`NO_BOX`] where its traffic passes none.
    pub(super) fn box_of(&self, pod: u32) -> u32 {
        self.plan.pods[pod as usize].proxy
    }

    /// Workers of the proxy beside a pod that has one.
    pub(super) fn workers_beside(&self, pod: u32) -> u32 {
        self.plan.boxes.get(self.box_of(pod) as usize).map_or(1, |it| it.workers)
    }

    /// Gives work to the worker of a box that is free first, and tells when it will be done.
    pub(super) fn box_work(&mut self, row: u32, work: Work) -> Done {
        let now = self.kernel.now();
        if row == NO_BOX {
            return Done { begun: now, worked: now, at: now };
        }
        let BoxPlan { workers, first_worker, prices, key, .. } = self.plan.boxes[row as usize];
        let prices = self.plan.prices[prices as usize];
        let is_message = matches!(work, Work::Request(_) | Work::Response(_));
        let rate_per_s = if is_message && prices.batching.saving_ppm > 0 {
            let arriving = u32::from(matches!(work, Work::Request(_)));
            self.paces[row].rate_with(arriving, now)
        } else {
            0
        };
        let (path_ns, after_ns) = prices.of(work, rate_per_s);
        let worker = (first_worker..first_worker + workers)
            .min_by_key(|worker| self.workers_free_at[*worker])
            .expect("a box has at least one worker");
        let begun = self.workers_free_at[worker].max(now);
        let worked = begun + SimDuration::from_ns(path_ns);
        self.workers_free_at[worker] = worked + SimDuration::from_ns(after_ns);
        self.meter.box_worked(row, now, work, (begun - now, path_ns, after_ns));
        let delay =
            if is_message { self.draw_delay(row, prices.delay, key) } else { SimDuration::ZERO };
        Done { begun, worked, at: worked + delay }
    }

    /// What a message takes in a box beside worker time.
    fn draw_delay(&mut self, row: u32, delay: u32, key: u64) -> SimDuration {
        if delay == NO_DELAY {
            return SimDuration::ZERO;
        }
        let pace = &mut self.paces[row];
        pace.messages += 1;
        let key = mix(mix(self.seed.0, key), pace.messages);
        self.plan.delays[delay as usize].sample(&mut CounterDraw::keyed(key, DELAY))
    }
}

/// When each worker of each box of the plan will be free.
pub(super) fn idle_workers(plan: &Plan) -> impl Iterator<Item = SimTime> {
    let workers: u32 = plan.boxes.iter().map(|it| it.workers).sum();
    std::iter::repeat_n(SimTime::ZERO, workers as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_measures_its_own_rate_over_the_latest_windows() {
        let mut pace = Pace::default();
        let mut rate = 0;
        for ms in 0..1_000 {
            rate = pace.rate_with(1, SimTime::ZERO + SimDuration::from_ms(ms));
        }
        assert!((950..=1_050).contains(&rate), "{rate}");
        let later = pace.rate_with(1, SimTime::ZERO + SimDuration::from_secs(60));
        assert_eq!(later, 2, "after a silence one request is one request a window");
    }
}
