//! What the applications say to each other on a leg, and what a box makes of requests.

use meshwalk_models::walk::{Answer, RequestAfter};
use meshwalk_models::world::Origin;
use meshwalk_sim::log::{Step, SubjectKind};
use meshwalk_sim::timeline::{EventId, LogEntry};

use crate::explore::hop::{Heading, Role};
use crate::explore::wording::{Happened, SpotPart, ending, rule};

use super::{Cell, Edge, Facts, Field, NOT_KNOWN, field, unknown};

/// How many headers are listed.
const HEADERS_MAX: usize = 40;

/// The application's message on a leg.
pub(super) fn application(facts: Facts<'_>, leg: usize) -> Cell {
    match facts.hop.here.map(|here| here.heading) {
        Some(Heading::Back) => answer(facts),
        _ => request(facts, leg),
    }
}

/// The request: as the caller sends it, and as it is after the proxy that routes it.
fn request(facts: Facts<'_>, leg: usize) -> Cell {
    let Some(asked) = facts.asked else {
        return Cell::new(NOT_KNOWN, vec![unknown("request", "its call site is not known")]);
    };
    let written = format!("scenario {}", asked.written);
    let head = format!("{} {}", asked.method, asked.path);
    let changed = facts.walked.ok().and_then(|answer| answer.request_after.as_ref());
    let changed = changed.filter(|_| is_routed(facts, leg));
    let mut fields = vec![
        field("method", asked.method.clone(), "", written.clone()),
        field("path", asked.path.clone(), "", written.clone()),
    ];
    let headers = asked.headers.iter().take(HEADERS_MAX);
    fields.extend(headers.map(|(name, value)| {
        field(name.clone(), value.clone(), "set by the caller", written.clone())
    }));
    let Some(after) = changed.filter(|after| !after.changes.is_empty()) else {
        return Cell::new(head, fields);
    };
    fields.extend(changes(facts, after));
    let path = after.changes.iter().find(|it| it.name == ":path");
    let text = match path.and_then(|it| it.value.as_ref()) {
        Some(path) => format!("{} {path}", asked.method),
        None => format!("{head} +{} headers", after.changes.len()),
    };
    Cell::new(text, fields)
}

/// What the proxy that routes a request changes.
fn changes(facts: Facts<'_>, after: &RequestAfter) -> Vec<Field> {
    let by = |origin: Option<Origin>| match origin {
        Some(origin) => facts.words.origin(origin),
        None => "the proxy by itself".to_owned(),
    };
    let changes = after.changes.iter().take(HEADERS_MAX);
    let fields = changes.map(|it| match &it.value {
        Some(value) => field(it.name.clone(), value.clone(), "set on the way", by(it.origin)),
        None => field(it.name.clone(), "removed", "taken off on the way", by(it.origin)),
    });
    fields.collect()
}

/// Whether a leg lies behind the proxy that routes requests.
fn is_routed(facts: Facts<'_>, leg: usize) -> bool {
    let stops = &facts.hop.stops[..=leg];
    stops.iter().any(|stop| reads_requests(stop.spot.map(|spot| spot.part)))
}

/// Whether a box reads requests rather than bytes.
const fn reads_requests(part: Option<SpotPart>) -> bool {
    matches!(part, Some(SpotPart::Sidecar | SpotPart::Waypoint | SpotPart::Gateway))
}

/// The answer, as far as it has come.
fn answer(facts: Facts<'_>) -> Cell {
    if let Some(by) = facts.hop.ended {
        let text = by.status_text();
        let fields = vec![field("status", text.clone(), ending(by), "as the caller has it")];
        return Cell::new(if by.is_answer() { text } else { "no answer".to_owned() }, fields);
    }
    let told = past(facts).filter_map(|entry| match entry.step {
        Step::Answered { status } => Some((entry.id, status, "the application".to_owned())),
        Step::AnsweredByServerProxy { status, decision, .. } => {
            Some((entry.id, status, facts.words.decided(decision)))
        }
        _ => None,
    });
    match told.last() {
        Some((id, status, by)) => Cell::new(
            status.to_string(),
            vec![field("status", status.to_string(), by, id.dense_name())],
        ),
        None => Cell::new("no answer yet", vec![unknown("status", "nobody has answered")]),
    }
}

/// The entries of the hop up to the cursor.
fn past(facts: Facts<'_>) -> impl Iterator<Item = LogEntry> + '_ {
    let events = facts.log.events_of_request(facts.hop.request);
    let past = events.into_iter().take_while(move |id| *id <= facts.cursor);
    past.map(move |id| facts.log.entry(id)).filter(move |entry| {
        let track = facts.log.track(entry.subject);
        let text = track.hop.map(|hop| facts.log.subjects().hop_text(hop));
        let is_here = text.is_some_and(|text| {
            text.strip_suffix(crate::explore::hop::WAYPOINT).unwrap_or(text) == facts.hop.path
        });
        is_here && matches!(track.kind, SubjectKind::Try | SubjectKind::Attempt)
    })
}

/// What the box at the cursor makes of requests.
pub(super) fn mesh(facts: Facts<'_>, edge: Edge) -> Cell {
    let Some(stop) = facts.hop.here.and_then(|here| facts.hop.stops.get(here.stop)) else {
        return Cell::default();
    };
    let part = stop.spot.map(|spot| spot.part);
    if stop.role == Role::CallerApp || stop.role == Role::ServerApp {
        return Cell::new("none: the application", Vec::new());
    }
    if !reads_requests(part) {
        let why = "it passes bytes on, and sees connections only";
        return Cell::new("none: bytes only", vec![field("requests", "not read", why, "")]);
    }
    match edge {
        Edge::In => applied(facts, stop.role),
        Edge::Out if routes(facts, stop.role) => terms(facts),
        Edge::Out => Cell::new("passed to the app", Vec::new()),
    }
}

/// Whether a box of this role chooses where requests go.
fn routes(facts: Facts<'_>, role: Role) -> bool {
    let has_waypoint = facts.hop.place_of(Role::Waypoint).is_some();
    role == Role::Waypoint || (role == Role::CallerProxy && !has_waypoint)
}

/// The rules that the box has applied by the cursor.
fn applied(facts: Facts<'_>, role: Role) -> Cell {
    let spot = facts.hop.place_of(role).and_then(|place| facts.hop.stops[place].spot);
    let here = past(facts).filter(|entry| Some(facts.words.spot(entry.step, entry.pod)) == spot);
    let mut fields = Vec::new();
    for entry in here {
        let (id, name) = match entry.step {
            Step::Decided { rule } => (rule, "rule"),
            Step::RouteDrawn { .. } => {
                fields.extend(with_line(facts, ("route", entry.step), entry.id));
                continue;
            }
            Step::DestinationDrawn { .. } => {
                fields.extend(with_line(facts, ("destination", entry.step), entry.id));
                continue;
            }
            Step::Overflowed { .. } => {
                fields.extend(with_line(facts, ("breaker", entry.step), entry.id));
                continue;
            }
            Step::EndpointChosen { rule, .. } => (rule, "balancer"),
            Step::AnsweredByServerProxy { decision, .. } => {
                let why = facts.words.decided(decision);
                let lines = facts.words.decided_by(decision).join(", ");
                fields.push(field("policy", "answers itself", why, lines));
                continue;
            }
            _ => continue,
        };
        let sentence = rule(id).map_or("", |rule| rule.sentence);
        fields.push(field(name, id.0, sentence, entry.id.dense_name()).by(Some(id)));
    }
    let text = match fields.len() {
        0 => "reads it".to_owned(),
        1 => "1 rule applied".to_owned(),
        count => format!("{count} rules applied"),
    };
    Cell::new(text, fields)
}

/// What a proxy drew with its chance, or a breaker with its limit, and the line that sets it.
fn with_line(facts: Facts<'_>, (name, step): (&str, Step), event: EventId) -> Option<Field> {
    let rule = step.rule()?;
    let said = facts.words.summary(Happened { step, pod: facts.hop.caller, connection: None });
    let set_by = match facts.words.set_by(step) {
        Some(origin) => facts.words.origin(origin),
        None => event.dense_name(),
    };
    Some(field(name, event.dense_name(), said, set_by).by(Some(rule)))
}

/// What holds for the request from here on: retries and time limits.
fn terms(facts: Facts<'_>) -> Cell {
    let Ok(answer) = facts.walked else {
        let why = facts.walked.err().unwrap_or_default();
        return Cell::new(NOT_KNOWN, vec![unknown("settings", why)]);
    };
    let (mut short, mut fields) = (Vec::new(), Vec::new());
    retries(facts, answer, &mut short, &mut fields);
    limits(facts, answer, &mut short, &mut fields);
    let text = if short.is_empty() { "no limits".to_owned() } else { short.join(", ") };
    Cell::new(text, fields)
}

fn retries(facts: Facts<'_>, answer: &Answer, short: &mut Vec<String>, fields: &mut Vec<Field>) {
    let Some(retry) = &answer.retry else { return };
    let count = retry.attempts_max() - 1;
    if count > 0 {
        short.push(format!("retries {count}"));
    }
    let words: Vec<&str> = retry.retry_on.words().collect();
    let on = format!("after the first attempt, on {}", words.join(", "));
    fields.push(field(
        "retries",
        retry.retries.value.to_string(),
        on,
        facts.words.origin(retry.retries.origin),
    ));
}

fn limits(facts: Facts<'_>, answer: &Answer, short: &mut Vec<String>, fields: &mut Vec<Field>) {
    let limits = &answer.timeouts;
    let all = [
        ("per try", limits.per_try, "one attempt"),
        ("timeout", limits.request, "the whole request, retries included"),
        ("per try idle", limits.per_try_idle, "the silence of one attempt"),
        ("idle", limits.idle, "the silence of the stream"),
        ("connect", limits.connect, "making a connection"),
    ];
    for (place, (name, limit, meaning)) in all.into_iter().enumerate() {
        let Some(limit) = limit else { continue };
        let value = match limit.value.is_zero() {
            true => "none".to_owned(),
            false => limit.value.to_string(),
        };
        if place < 2 && !limit.value.is_zero() {
            short.push(format!("{name} {value}"));
        }
        fields.push(field(name, value, meaning, facts.words.origin(limit.origin)));
    }
}
