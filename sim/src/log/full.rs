//! The recorder that hands every entry on, in the order of time and with its stable name.

use std::rc::Rc;

use meshwalk_models::units::SimTime;

use super::subjects::{HopId, SubjectKind, Subjects};
use super::tracker::{Told, Tracker};
use super::{Entry, EntryName, Recorder, Step, Subject};

/// Hands every entry to `sink`, in the order of time and then of recording.
///
/// Call [`FullRecorder::finish`] at the end.
pub struct FullRecorder<S: FnMut(&Entry)> {
    tracker: Tracker,
    subjects: Subjects,
    names: Names,
    sink: S,
}

impl<S: FnMut(&Entry)> FullRecorder<S> {
    /// Records into `sink`.
    pub fn new(sink: S) -> Self {
        Self {
            tracker: Tracker::default(),
            subjects: Subjects::default(),
            names: Names::default(),
            sink,
        }
    }

    /// Hands on what happens before `now`: nothing earlier can come any more.
    pub fn advance(&mut self, now: SimTime) {
        let Self { tracker, subjects, names, sink } = self;
        tracker.advance(now, |told| sink(&names.entry(subjects, told)));
    }

    /// Hands on the rest and gives the sink back.
    pub fn finish(mut self) -> S {
        let Self { tracker, subjects, names, sink } = &mut self;
        tracker.finish(|told| sink(&names.entry(subjects, told)));
        self.sink
    }
}

impl<S: FnMut(&Entry)> Recorder for FullRecorder<S> {
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step) {
        self.tracker.record(&mut self.subjects, (at, subject, pod), step);
    }
}

/// The texts of hops, for those who want them one by one.
#[derive(Clone, Debug, Default)]
struct Names {
    hops: Vec<Rc<str>>,
}

impl Names {
    fn entry(&mut self, subjects: &Subjects, told: Told) -> Entry {
        let Told { id, time, pod, step, cause, .. } = told;
        let name = self.name(subjects, told);
        Entry { id: u64::from(id), name, time, pod, step, cause: cause.map(u64::from) }
    }

    fn name(&mut self, subjects: &Subjects, told: Told) -> EntryName {
        let row = subjects.row(told.subject);
        let (number, step) = (row.number, told.number);
        let attempt = match row.kind {
            SubjectKind::Connection => {
                let number = if number == u32::MAX { u64::MAX } else { u64::from(number) };
                return EntryName::Connection { number, step };
            }
            SubjectKind::Tunnels => return EntryName::Tunnels { number, step },
            SubjectKind::Cluster => return EntryName::Cluster { number, step },
            SubjectKind::Try => None,
            SubjectKind::Attempt => Some(number as u8),
        };
        let hop = self.hop(subjects, row.hop.unwrap_or(HopId::UNKNOWN));
        EntryName::Call { request: subjects.request_name(&row), hop, attempt, step }
    }

    fn hop(&mut self, subjects: &Subjects, hop: HopId) -> Rc<str> {
        for next in self.hops.len()..=hop.0 as usize {
            self.hops.push(subjects.hop_text(HopId(next as u32)).into());
        }
        self.hops[hop.0 as usize].clone()
    }
}
