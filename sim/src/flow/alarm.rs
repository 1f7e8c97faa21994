//! What proxies wait for: timers of constant length in lanes, everything else as alarms.

use meshwalk_models::proxy::envoy::router::{Attempt as Number, Timer};
use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::TimerHandle;
use crate::log::Recorder;

use super::engine::Engine;
use super::event::Kind;
use super::plan::{Rings, RouterLanes};
use super::state::NONE;
use super::stream::RouterEvent;

/// What an event is for that cannot be taken back; one that is not wanted any more rings for
/// nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Nobody waits for it any more.
    Nobody,
    /// The pause before a retry of a proxy, by try.
    Backoff(u32),
    /// The delay that a fault filter put in, by try.
    Delay(u32),
    /// The time for which filters beside a server hold a request up, by attempt.
    ServerFilters(u32),
    /// A cluster has something to do.
    Cluster(u32),
    /// What a circuit waits for.
    Circuit(u32),
    /// The next flight of the handshake of a tunnel that is being opened.
    Tunnel(u32),
    /// A tunnel may not have been asked for in a long time, by the row of its tunnels.
    TunnelRelease(u32),
}

/// The timers of one stream that are running.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamTimers {
    lanes: [Option<TimerHandle>; 6],
    /// The attempt that the timers of attempts belong to.
    attempt: u32,
    /// The alarm for the pause before a retry, or for a delay.
    alarm: u32,
}

impl StreamTimers {
    pub(super) const NONE: Self = Self { lanes: [None; 6], attempt: 0, alarm: NONE };

    /// The running timers: route, per try, per-try idle, stream idle, longest life of the stream
    /// and of the attempt.
    pub(super) const fn lanes(&self) -> [Option<TimerHandle>; 6] {
        self.lanes
    }
}

/// The place of a timer's handle, and the lane it runs in.
fn place(timer: Timer, lanes: &RouterLanes) -> Option<(usize, u32)> {
    let (place, lane) = match timer {
        Timer::Route => (0, lanes.route),
        Timer::PerTry(_) => (1, lanes.per_try),
        Timer::PerTryIdle(_) => (2, lanes.per_try_idle),
        Timer::StreamIdle => (3, lanes.stream_idle),
        Timer::MaxDuration => (4, lanes.max_duration),
        Timer::AttemptDuration(_) => (5, lanes.attempt_duration),
        Timer::Backoff => return None,
    };
    Some((place, lane?))
}

/// The attempt that a timer belongs to.
fn of_attempt(timer: Timer) -> Option<u32> {
    match timer {
        Timer::PerTry(Number(number))
        | Timer::PerTryIdle(Number(number))
        | Timer::AttemptDuration(Number(number)) => Some(number),
        Timer::Route | Timer::Backoff | Timer::StreamIdle | Timer::MaxDuration => None,
    }
}

impl<R: Recorder> Engine<R> {
    fn timers_mut(&mut self, slot: u32) -> &mut StreamTimers {
        while self.stream_timers.len() <= slot as usize {
            self.stream_timers.push(StreamTimers::NONE);
        }
        &mut self.stream_timers[slot]
    }

    /// Starts a timer of a stream, in place of one of the same kind.
    pub(super) fn arm_timer(
        &mut self,
        slot: u32,
        lanes: &RouterLanes,
        timer: Timer,
        (after, from): (SimDuration, SimTime),
    ) {
        if timer == Timer::Backoff {
            let alarm = self.alarms.insert(Alarm::Backoff(slot));
            self.timers_mut(slot).alarm = alarm;
            self.schedule(from + after, Kind::Alarm, alarm);
            return;
        }
        self.disarm_timer(slot, lanes, timer);
        let Some((place, lane)) = place(timer, lanes) else { return };
        let handle = self.lanes[lane as usize].start(&mut self.kernel, slot);
        let timers = self.timers_mut(slot);
        timers.lanes[place] = Some(handle);
        if let Some(number) = of_attempt(timer) {
            timers.attempt = number;
        }
    }

    /// Stops a timer of a stream, if it runs.
    pub(super) fn disarm_timer(&mut self, slot: u32, lanes: &RouterLanes, timer: Timer) {
        if timer == Timer::Backoff {
            self.silence_alarm(slot);
            return;
        }
        let Some((place, lane)) = place(timer, lanes) else { return };
        let Some(timers) = self.stream_timers.get(slot).copied() else { return };
        if of_attempt(timer).is_some_and(|number| timers.attempt != number) {
            return;
        }
        if let Some(handle) = timers.lanes[place] {
            self.lanes[lane as usize].cancel(handle);
            self.stream_timers[slot].lanes[place] = None;
        }
    }

    /// Lets a stream wait for `until`, with a fault filter's delay.
    pub(super) fn delay_stream(&mut self, slot: u32, until: SimTime) {
        let alarm = self.alarms.insert(Alarm::Delay(slot));
        self.timers_mut(slot).alarm = alarm;
        self.schedule(until, Kind::Alarm, alarm);
    }

    /// The alarm of a stream will ring for nobody.
    pub(super) fn silence_alarm(&mut self, slot: u32) {
        let Some(timers) = self.stream_timers.get(slot) else { return };
        let alarm = timers.alarm;
        if alarm != NONE {
            self.alarms[alarm] = Alarm::Nobody;
            self.stream_timers[slot].alarm = NONE;
        }
    }

    /// An alarm rings.
    pub(super) fn alarm_rings(&mut self, alarm: u32) {
        let Some(what) = self.alarms.remove(alarm) else { return };
        match what {
            Alarm::Nobody => {}
            Alarm::Cluster(cluster) => self.cluster_due(cluster),
            Alarm::Circuit(slot) => self.circuit_goes_on(slot),
            Alarm::Tunnel(slot) => self.tunnel_goes_on(slot),
            Alarm::TunnelRelease(row) => self.release_tunnels(row),
            Alarm::ServerFilters(slot) => self.server_filters_go_on(slot),
            Alarm::Backoff(slot) => {
                self.stream_timers[slot].alarm = NONE;
                self.drive(slot, self.kernel.now(), RouterEvent::Timer(Timer::Backoff));
            }
            Alarm::Delay(slot) => {
                self.stream_timers[slot].alarm = NONE;
                self.meet_filters(slot, self.kernel.now());
            }
        }
    }

    /// A lane's event has come: all timers ring whose time is up.
    pub(super) fn expire_lane(&mut self, lane: u32) {
        let rings = self.plan.lanes[lane as usize].rings;
        while let Some(slot) = self.lanes[lane as usize].expire(&mut self.kernel) {
            if rings == Rings::CallerTimeOut {
                self.time_out(slot);
                continue;
            }
            let number = Number(self.stream_timers[slot].attempt);
            let (place, timer) = match rings {
                Rings::Route | Rings::CallerTimeOut => (0, Timer::Route),
                Rings::PerTry => (1, Timer::PerTry(number)),
                Rings::PerTryIdle => (2, Timer::PerTryIdle(number)),
                Rings::StreamIdle => (3, Timer::StreamIdle),
                Rings::MaxDuration => (4, Timer::MaxDuration),
                Rings::AttemptDuration => (5, Timer::AttemptDuration(number)),
            };
            self.stream_timers[slot].lanes[place] = None;
            self.drive(slot, self.kernel.now(), RouterEvent::Timer(timer));
        }
    }
}
