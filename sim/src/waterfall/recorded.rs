//! Waterfalls of requests in a recorded log.

use std::collections::BTreeMap;

use crate::log::{RequestRow, SubjectId, SubjectKind};
use crate::timeline::Log;

use super::strand::{Happening, Strand, StrandKind};
use super::{Waterfall, grow};

/// The waterfall of a request as far as it is recorded; `None` for one that the log does not know.
#[must_use]
pub fn of_log(log: &Log, row: RequestRow) -> Option<Waterfall> {
    let request = log.request(row)?;
    let mut places: BTreeMap<SubjectId, usize> = BTreeMap::new();
    let mut strands = Vec::new();
    for subject in log.subjects().of_request(row) {
        let track = log.track(subject);
        let (kind, number) = match track.kind {
            SubjectKind::Try => (StrandKind::Try, track.try_number),
            SubjectKind::Attempt => (StrandKind::Attempt, track.attempt),
            SubjectKind::Connection | SubjectKind::Tunnels | SubjectKind::Cluster => continue,
        };
        let entries = log.events_of(subject).map(|id| {
            let entry = log.entry(id);
            Happening { id: u64::from(id.0), at: entry.time, pod: entry.pod, step: entry.step }
        });
        places.insert(subject, strands.len());
        strands.push(Strand {
            kind,
            number: number.unwrap_or(0),
            parent: track.parent.and_then(|parent| places.get(&parent).copied()),
            hop: track.hop.map_or(String::new(), |hop| log.subjects().hop_text(hop).to_owned()),
            edge: track.edge,
            entries: entries.collect(),
        });
    }
    grow(request.source, request.number, &strands)
}
