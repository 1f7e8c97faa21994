//! The last decision in a few lines: what was decided, by which rule, where that is written. The
//! whole tree of reasons is the Why screen's business.

use meshwalk_models::explain::RuleId;
use meshwalk_sim::log::{Step, SubjectKind};
use meshwalk_sim::timeline::{EventId, Log, is_decision};

use crate::explore::scene::Scene;
use crate::explore::wording::{Happened, Words, rule_note};

/// The last entry of the request, up to the cursor, at which somebody chose or ruled.
pub(super) fn last_decision(scene: &Scene<'_>) -> Option<EventId> {
    let log = scene.log();
    let cursor = scene.event();
    if is_decision(log.get(cursor)?.step.kind()) {
        return Some(cursor);
    }
    let events = log.events_of_request(log.request_at(cursor)?);
    events.into_iter().rev().find(|id| *id <= cursor && is_decision(log.kind(*id)))
}

/// What made outlier detection decide.
fn caused_by(words: &Words<'_>, log: &Log, event: EventId) -> Option<String> {
    if log.track(log.subject(event)).kind != SubjectKind::Cluster {
        return None;
    }
    let Some(cause) = log.cause(event) else {
        return Some("found by a sweep over all hosts, not by one call".to_owned());
    };
    let entry = log.entry(cause);
    let connection = log.connection_at(cause).map(|row| u64::from(row.0));
    let said = words.sentence(Happened { step: entry.step, pod: entry.pod, connection });
    let request =
        log.request_at(cause).map_or(String::new(), |row| format!(" of {}", log.request_name(row)));
    Some(format!("because of {}{request}: {said}", cause.dense_name()))
}

/// A decision in a few lines.
pub(in crate::explore::screen) fn lines(
    words: &Words<'_>,
    log: &Log,
    event: EventId,
) -> Vec<String> {
    let entry = log.entry(event);
    let connection = log.connection_at(event).map(|row| u64::from(row.0));
    let happened = Happened { step: entry.step, pod: entry.pod, connection };
    let sentence = match entry.step {
        // What the rule says comes on the next line.
        Step::Decided { .. } => {
            let spot = words.spot(entry.step, entry.pod);
            format!("{} applies a rule", words.spot_in_full(spot))
        }
        _ => words.sentence(happened),
    };
    let set_by = words.set_by(entry.step);
    let set_by = set_by.map_or(String::new(), |origin| format!(" [{}]", words.origin(origin)));
    let mut lines = vec![format!("{}: {sentence}{set_by}.", event.dense_name())];
    lines.extend(caused_by(words, log, event));
    match (entry.step.rule(), entry.step.ruling()) {
        (Some(rule), _) => lines.extend(rule_note(rule)),
        (None, Some(decision)) => {
            let origins = words.decided_by(decision);
            if origins.is_empty() {
                lines.push("no line of the manifests is named for it".to_owned());
            } else {
                lines.push(format!("set by {}", origins.join(", ")));
            }
        }
        (None, None) => lines.push("the log names no rule for it; w asks the walk".to_owned()),
    }
    lines
}
