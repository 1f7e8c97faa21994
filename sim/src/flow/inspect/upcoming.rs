//! What is already known to come for one object: the events that wait for it in the kernel.

use meshwalk_models::units::SimTime;

use crate::flow::alarm::Alarm;
use crate::flow::engine::Engine;
use crate::flow::event::Kind;
use crate::kernel::Event;
use crate::log::Recorder;

use super::Object;

/// Something that will happen to an object unless something else comes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upcoming {
    /// When.
    pub at: SimTime,
    /// What, in words.
    pub what: &'static str,
}

impl<R: Recorder> Engine<R> {
    /// What will happen to an object next, the earliest first. It looks at everything that is
    /// pending; timers are told with the try that they belong to.
    #[must_use]
    pub fn upcoming(&self, object: Object) -> Vec<Upcoming> {
        let events = self.kernel.pending_events(|event| self.is_about(event, object));
        let tell = |event: Event| Upcoming {
            at: event.time(),
            what: self.what_comes(Kind::of(event.kind()), event.slot()),
        };
        events.into_iter().map(tell).collect()
    }

    fn is_about(&self, event: Event, object: Object) -> bool {
        let (kind, slot) = (Kind::of(event.kind()), event.slot());
        match (kind, object) {
            (Kind::Arrival, Object::Source(row)) => slot == row,
            (Kind::RequestAtClientProxy | Kind::Try, Object::Try(own)) => slot == own.slot,
            (
                Kind::RequestAtBox
                | Kind::RequestAtApp
                | Kind::StreamMessage
                | Kind::ResponseAtServerProxy
                | Kind::ResponseAtClientProxy
                | Kind::ResponseAtCaller
                | Kind::Reset,
                Object::Attempt(own),
            ) => slot == own.slot,
            (Kind::WorkDone | Kind::TaskReady, Object::Attempt(own)) => {
                self.tasks.get(slot).is_some_and(|task| task.attempt == own.slot)
            }
            (Kind::WorkDone | Kind::TaskReady, Object::Pod(pod)) => {
                self.tasks.get(slot).is_some_and(|task| task.pod == pod)
            }
            (Kind::Connection, Object::Connection(own)) => slot == own.slot,
            (Kind::Alarm, _) => self.is_alarm_about(slot, object),
            _ => false,
        }
    }

    fn is_alarm_about(&self, alarm: u32, object: Object) -> bool {
        match (self.alarms.get(alarm), object) {
            (Some(Alarm::Backoff(slot) | Alarm::Delay(slot)), Object::Try(own)) => {
                *slot == own.slot
            }
            (Some(Alarm::ServerFilters(slot)), Object::Attempt(own)) => *slot == own.slot,
            (Some(Alarm::Cluster(slot)), Object::Cluster(own)) => *slot == own,
            (Some(Alarm::Circuit(slot)), Object::Connection(own)) => {
                self.circuits.get(*slot).is_some_and(|circuit| circuit.connection == own.slot)
            }
            (Some(Alarm::Tunnel(slot)), Object::Tunnels(row)) => {
                self.openings.get(*slot).is_some_and(|opening| opening.tunnels == row)
            }
            (Some(Alarm::TunnelRelease(row)), Object::Tunnels(own)) => *row == own,
            _ => false,
        }
    }

    fn what_comes(&self, kind: Kind, slot: u32) -> &'static str {
        match kind {
            Kind::Arrival => "the next request is sent",
            Kind::UserReady => "a user sends the next request",
            Kind::RequestAtClientProxy => "the request reaches the caller's proxy",
            Kind::RequestAtBox => "the request reaches the next proxy",
            Kind::RequestAtApp => "the request reaches the application",
            Kind::WorkDone => "a piece of work is done",
            Kind::TaskReady => "a worker begins",
            Kind::StreamMessage => "the next message of the answer is sent",
            Kind::ResponseAtServerProxy => "the answer reaches the server's proxy",
            Kind::ResponseAtClientProxy => "the answer reaches the caller's proxy",
            Kind::ResponseAtCaller => "the answer reaches the caller",
            Kind::Connection => "the handshake goes on, or idleness is looked for",
            Kind::Reset => "the server learns that its caller has gone",
            Kind::TimeOut => "a timer rings",
            Kind::Try => "the pause is over, or the answer of its own side arrives",
            Kind::Alarm => match self.alarms.get(slot) {
                Some(Alarm::Backoff(_)) => "the back-off is over",
                Some(Alarm::Delay(_)) => "the delay of a filter is over",
                Some(Alarm::ServerFilters(_)) => "the filters of the server's proxy go on",
                Some(Alarm::Cluster(_)) => "outlier detection looks at the hosts, or workers learn",
                Some(Alarm::Circuit(_)) => "the way below the connection goes on",
                Some(Alarm::Tunnel(_)) => "the handshake of a tunnel goes on",
                Some(Alarm::TunnelRelease(_)) => "a tunnel that nobody asks for is looked for",
                Some(Alarm::Nobody) | None => "nothing",
            },
        }
    }
}
