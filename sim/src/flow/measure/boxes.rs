//! What boxes do and hold: worker time, connections, streams, tunnels, bytes.

use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::boxes::{Role, Work};
use crate::flow::plan::NO_BOX;

use super::Meter;

impl Meter {
    /// A box was given work: how long that waited, and its worker time on the path and after it.
    #[inline]
    pub(in crate::flow) fn box_worked(
        &mut self,
        row: u32,
        now: SimTime,
        work: Work,
        (wait, path_ns, after_ns): (SimDuration, u64, u64),
    ) {
        if !self.counts(now) {
            return;
        }
        let counters = &mut self.boxes[row];
        counters.wait_ns += wait.as_ns();
        counters.after_ns += after_ns;
        match work {
            Work::Request(_) => {
                counters.path_ns += path_ns;
                counters.requests += 1;
            }
            Work::Response(_) => {
                counters.path_ns += path_ns;
                counters.responses += 1;
            }
            Work::Stream(role) => {
                counters.set_up_ns += path_ns;
                if role == Role::Server {
                    counters.streams_accepted += 1;
                }
            }
            Work::Handshake(role) => {
                counters.set_up_ns += path_ns;
                match role {
                    Role::Client => counters.handshakes_as_client += 1,
                    Role::Server => counters.handshakes_as_server += 1,
                }
            }
        }
    }

    /// A connection begins at a box.
    #[inline]
    pub(in crate::flow) fn box_connected(&mut self, row: u32, at: SimTime) {
        if row == NO_BOX {
            return;
        }
        self.gauges[row].connections += 1;
        if self.counts(at) {
            let held = u64::from(self.gauges[row].connections);
            let counters = &mut self.boxes[row];
            counters.connections_peak = counters.connections_peak.max(held);
        }
    }

    /// A connection is gone from a box.
    #[inline]
    pub(in crate::flow) fn box_left(&mut self, row: u32) {
        if row != NO_BOX {
            self.gauges[row].connections -= 1;
        }
    }

    /// A box asks for a stream in a tunnel.
    pub(in crate::flow) fn stream_began(&mut self, row: u32, at: SimTime) {
        if self.counts(at) && row != NO_BOX {
            self.boxes[row].streams_opened += 1;
        }
    }

    /// A stream that a box asked for has ended.
    pub(in crate::flow) fn stream_ended(&mut self, row: u32, at: SimTime) {
        if self.counts(at) && row != NO_BOX {
            self.boxes[row].streams_closed += 1;
        }
    }

    /// A tunnel that a box opened stands.
    pub(in crate::flow) fn tunnel_stands(&mut self, row: u32, at: SimTime) {
        if row == NO_BOX {
            return;
        }
        self.gauges[row].tunnels += 1;
        if self.counts(at) {
            let held = u64::from(self.gauges[row].tunnels);
            let counters = &mut self.boxes[row];
            counters.tunnels_opened += 1;
            counters.tunnels_peak = counters.tunnels_peak.max(held);
        }
    }

    /// A tunnel that a box opened is closed.
    pub(in crate::flow) fn tunnel_closed(&mut self, row: u32, at: SimTime) {
        if row == NO_BOX {
            return;
        }
        self.gauges[row].tunnels -= 1;
        if self.counts(at) {
            self.boxes[row].tunnels_closed += 1;
        }
    }

    /// Bytes of a message came into a box.
    #[inline]
    pub(in crate::flow) fn box_took(&mut self, row: u32, at: SimTime, bytes: u64) {
        if self.counts(at) && row != NO_BOX {
            self.boxes[row].bytes_in += bytes;
        }
    }

    /// Bytes of a message left a box.
    #[inline]
    pub(in crate::flow) fn box_gave(&mut self, row: u32, at: SimTime, bytes: u64) {
        if self.counts(at) && row != NO_BOX {
            self.boxes[row].bytes_out += bytes;
        }
    }
}
