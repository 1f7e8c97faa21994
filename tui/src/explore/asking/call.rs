//! Which call of a run an entry of the log belongs to.

use meshwalk_models::units::SimTime;
use meshwalk_sim::log::{HopId, Step, SubjectId, SubjectKind};
use meshwalk_sim::timeline::{EventId, Log};

/// A call as its caller made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallAt {
    /// The row of the call site in the plan.
    pub(crate) call: u32,
    /// The row of the pod that calls.
    pub(crate) pod: u32,
    /// Where it began.
    pub(crate) began: EventId,
    /// When that was.
    pub(crate) at: SimTime,
    /// Its place in the tree of calls of the request.
    pub(crate) hop: HopId,
}

/// How many subjects stand between an entry and its call at most: tries and attempts are bytes.
const STEPS_MAX: usize = 1_024;

/// The call that an entry belongs to: for what a waypoint does, the call that it does it for; for
/// entries of connections and clusters, the one that brought them about.
pub(crate) fn call_at(log: &Log, event: EventId) -> Option<CallAt> {
    let mut subject = first_subject(log, event)?;
    for _ in 0..STEPS_MAX {
        let track = log.track(subject);
        let first = track.first.filter(|_| track.kind == SubjectKind::Try);
        if let Some(began) = first
            && let Step::CallBegan { call, .. } = log.step(began)
        {
            let (pod, at) = (log.pod(began), log.time(began));
            return Some(CallAt { call, pod, began, at, hop: track.hop? });
        }
        subject = track.parent?;
    }
    None
}

/// What an entry is about, or else what the entry that led to it is about.
fn first_subject(log: &Log, event: EventId) -> Option<SubjectId> {
    let mut at = event;
    loop {
        let subject = log.subject(at);
        let track = log.track(subject);
        match track.kind {
            SubjectKind::Try | SubjectKind::Attempt => return Some(subject),
            SubjectKind::Connection if track.parent.is_some() => return Some(subject),
            _ => {}
        }
        // Causes come before what they cause, so this ends.
        match log.cause(at) {
            Some(cause) => at = cause,
            None => break,
        }
    }
    let request = log.request(log.request_at(event)?)?;
    Some(log.subject(request.began))
}
