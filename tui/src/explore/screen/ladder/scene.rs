//! Which connection the Ladder screen shows at the cursor, and everything about it as plain data.

use meshwalk_models::walk::LegEnd;
use meshwalk_sim::log::ConnectionRow;
use meshwalk_sim::timeline::{EventId, is_decision};

use crate::explore::hop::{self, Hop};
use crate::explore::scene::Scene;
use crate::explore::wording::Words;

use super::beliefs::{Belief, Identities, beliefs};
use super::build::build;
use super::model::Ladder;

/// What is shown.
pub(super) struct Shown<'a> {
    /// Names.
    pub(super) words: Words<'a>,
    /// The connection's life.
    pub(super) ladder: Ladder,
    /// The row at the cursor.
    pub(super) at: Option<usize>,
    /// What each end believes there.
    pub(super) beliefs: Vec<Belief>,
    /// The last decision about this connection up to the cursor.
    pub(super) decision: Option<EventId>,
}

impl<'a> Shown<'a> {
    /// Of a scene; nothing where no connection is near.
    pub(super) fn of(scene: &Scene<'a>) -> Option<Self> {
        let words = Words::of(scene.session);
        let (log, cursor) = (scene.log(), scene.event());
        let row = connection(scene)?;
        let ladder = build(&words, log, row, cursor)?;
        let opened = log.connection(row)?.opened;
        let hop = opened.and_then(|event| hop::build(&words, log, event));
        let identities = identities(scene, hop.as_ref(), row);
        let beliefs = beliefs(&words, log, (&ladder, &identities), cursor);
        let about = log.events_of_connection(row).into_iter();
        let used = ladder.rungs.iter().map(|rung| rung.anchor);
        let past = about.chain(used).filter(|id| *id <= cursor && is_decision(log.kind(*id)));
        let decision = past.max();
        Some(Self { at: ladder.row_at(cursor), words, ladder, beliefs, decision })
    }
}

/// The connection at the cursor: what the entry is about, or its attempt uses; else the first that
/// the request uses from there on, or the last that it used.
fn connection(scene: &Scene<'_>) -> Option<ConnectionRow> {
    let (log, cursor) = (scene.log(), scene.event());
    if let Some(row) = log.connection_near(cursor) {
        return Some(row);
    }
    let request = log.request_at(cursor)?;
    let mut used = Vec::new();
    for id in log.events_of_request(request) {
        if let Some(row) = log.connection_at(id) {
            used.push((id, row));
        }
    }
    let next = used.iter().find(|(id, _)| *id >= cursor).or(used.last());
    next.map(|(_, row)| *row)
}

/// Who the ends are, by the walk of the call that had the connection opened.
fn identities(scene: &Scene<'_>, hop: Option<&Hop>, row: ConnectionRow) -> Identities {
    let unknown = |why: &str| {
        let text = format!("not known: {why}");
        Identities { client: text.clone(), server: text }
    };
    let Some((hop, call)) = hop.and_then(|hop| Some((hop, hop.call?))) else {
        return unknown("the log does not tell which call had it opened");
    };
    let at = scene.log().time(scene.event());
    let answered = match scene.asking.answer(call, hop.caller, at) {
        Ok(answered) => answered,
        Err(why) => return unknown(&why.to_string()),
    };
    let place = hop.legs.iter().position(|leg| leg.connection == Some(row));
    let leg = place.and_then(|place| hop::walked_leg(hop, &answered.answer, place));
    let Some(leg) = leg else { return unknown("the walk does not come by here") };
    let name = |end: &LegEnd| match &end.believed.principal {
        Some(principal) => hop::short_principal(principal),
        None => format!("nobody: {}", end.believed.source),
    };
    Identities { client: name(&leg.from), server: name(&leg.to) }
}
