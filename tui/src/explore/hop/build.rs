//! Makes a hop of what the log tells of one call.

use meshwalk_models::path::Protection;
use meshwalk_sim::flow::plan::{BoxKind, Plan};
use meshwalk_sim::log::{ConnectionRow, Step, StepKind, SubjectId, SubjectKind};
use meshwalk_sim::stats::Ending;
use meshwalk_sim::timeline::{
    AttemptNode, CallNode, EventId, Log, LogEntry, Track, TryNode, is_decision,
};

use super::role::{Part, Role, Side, Sides, Teller, ToWaypoint, position};
use super::{Decides, Here, Hop, HopLeg, Known, LegFate, Reach, Stop, WAYPOINT, protection};
use crate::explore::wording::{Spot, SpotPart, Words};

/// Makes the hop of the entry at `cursor`; nothing where it belongs to no call.
pub(crate) fn build(words: &Words<'_>, log: &Log, cursor: EventId) -> Option<Hop> {
    let focus = focus(log, cursor)?;
    let request = focus.request?;
    let text = log.subjects().hop_text(focus.hop?);
    let path = text.strip_suffix(WAYPOINT).unwrap_or(text).to_owned();
    let calls = log.calls_of(request);
    let find = |path: &str| calls.iter().find(|it| log.subjects().hop_text(it.hop) == path);
    let call = find(&path)?;
    let outer = Way::of(log, (call, &focus), cursor)?;
    let inner =
        find(&format!("{path}{WAYPOINT}")).and_then(|it| Way::of(log, (it, &focus), cursor));
    let site = call_site(log, call);
    let caller = call.client?;
    let plan = words.plan();
    let is_relayed = inner.is_some()
        || site.is_some_and(|site| plan.calls[site as usize].onward.is_some())
        || outer.server.is_some_and(|pod| words.proxy(pod) == Some(BoxKind::Waypoint));
    let (waypoint, server) = if is_relayed {
        (Some(outer.server), inner.as_ref().and_then(|way| way.server))
    } else {
        (None, outer.server)
    };
    let to_waypoint = if is_relayed { ToWaypoint::Yes } else { ToWaypoint::No };
    let ways = Ways { outer, inner, to_waypoint };
    let likely = server.or_else(|| likely_server(plan, site));
    let sides = Sides { caller: side(words, Some(caller)), server: side(words, likely) };
    let spots = spots(words, (caller, server), waypoint, likely);
    let stops = spots.into_iter().map(|it| stop(&ways, it, sides)).collect();
    let mut hop = Hop {
        request,
        path,
        call: site,
        edge: call.edge,
        caller,
        server,
        try_number: focus.try_number.unwrap_or(0),
        attempt: ways.outer.attempt,
        stops,
        legs: Vec::new(),
        here: None,
        ended: ended(log, call, cursor),
    };
    hop.legs =
        hop.stops.windows(2).map(|pair| leg(words, (&hop, &ways), pair, (log, cursor))).collect();
    hop.here = here(&hop, (&ways, sides), cursor);
    Some(hop)
}

/// The try or attempt that an entry tells of: for a connection, the attempt that opened it.
fn focus(log: &Log, cursor: EventId) -> Option<Track> {
    let track = log.track(log.get(cursor)?.subject);
    match track.kind {
        SubjectKind::Try | SubjectKind::Attempt => Some(track),
        SubjectKind::Connection => Some(log.track(track.parent?)),
        SubjectKind::Tunnels => {
            let uses = |row: ConnectionRow| {
                log.connection(row).is_some_and(|it| it.tunnels == Some(track.subject))
            };
            let calls = log.calls_of(log.request_at(cursor)?);
            let attempts = calls.iter().flat_map(|it| &it.tries).flat_map(|it| &it.attempts);
            let mut users = attempts.filter(|it| it.connection.is_some_and(uses));
            Some(log.track(users.next()?.subject))
        }
        // What outlier detection decides, it decides because of a call.
        SubjectKind::Cluster => focus(log, log.cause(cursor)?),
    }
}

/// The call site in the plan.
fn call_site(log: &Log, call: &CallNode) -> Option<u32> {
    let first = log.events_of(call.tries.first()?.subject).next()?;
    match log.step(first) {
        Step::CallBegan { call, .. } => Some(call),
        _ => None,
    }
}

/// How the call had ended by the cursor, if it had.
fn ended(log: &Log, call: &CallNode, cursor: EventId) -> Option<Ending> {
    let events = call.tries.iter().flat_map(|it| log.events_of(it.subject));
    events.filter(|id| *id <= cursor).find_map(|id| match log.step(id) {
        Step::CallEnded { ending, .. } => Some(ending),
        _ => None,
    })
}

/// What the log tells of one way: from the caller, or on from the waypoint.
struct Way {
    /// The entries of the try and of the attempt that the cursor is in, in their order.
    entries: Vec<LogEntry>,
    /// The attempt, from 0.
    attempt: Option<u8>,
    /// The try that it is made for.
    of_try: SubjectId,
    /// The pod that it is sent to.
    server: Option<u32>,
    /// The connection that carries it, or else the one that it opened.
    connection: Option<ConnectionRow>,
    /// What is told of that connection and its tunnel.
    below: Vec<LogEntry>,
}

/// Both ways.
struct Ways {
    outer: Way,
    inner: Option<Way>,
    to_waypoint: ToWaypoint,
}

impl Way {
    fn of(log: &Log, (call, focus): (&CallNode, &Track), cursor: EventId) -> Option<Self> {
        let number = focus.try_number.unwrap_or(0);
        let of = call.tries.iter().find(|it| it.number == number).or(call.tries.first())?;
        let attempt = attempt_at(of, focus, cursor);
        let mut events: Vec<EventId> = log.events_of(of.subject).collect();
        events.extend(attempt.into_iter().flat_map(|it| log.events_of(it.subject)));
        events.sort_unstable();
        // One that never opens carries nobody, and is on the way all the same.
        let opened = || {
            let mut openings = events.iter().rev().copied();
            openings.find_map(|id| match log.kind(id) {
                StepKind::ConnectionOpening => log.connection_at(id),
                _ => None,
            })
        };
        let connection = attempt.and_then(|it| it.connection).or_else(opened);
        let below = connection.map_or_else(Vec::new, |row| log.events_of_connection(row));
        Some(Self {
            entries: events.into_iter().map(|id| log.entry(id)).collect(),
            attempt: attempt.map(|it| it.number),
            of_try: of.subject,
            server: attempt.and_then(|it| it.server),
            connection,
            below: below.into_iter().map(|id| log.entry(id)).collect(),
        })
    }
}

impl Way {
    /// Its entries, each with whom it tells of.
    fn told(&self, part: Part) -> impl Iterator<Item = (&LogEntry, Part, Teller)> {
        let teller = |entry: &LogEntry| match entry.subject == self.of_try {
            true => Teller::Try,
            false => Teller::Attempt,
        };
        let entries = self.entries.iter().map(move |entry| (entry, part, teller(entry)));
        let below = self.below.iter().map(move |entry| (entry, part, Teller::Connection));
        entries.chain(below)
    }
}

/// The attempt that the cursor is in: the one that is told of, else the last one that had begun,
/// else the first.
fn attempt_at<'a>(of: &'a TryNode, focus: &Track, cursor: EventId) -> Option<&'a AttemptNode> {
    let own = of.attempts.iter().find(|it| it.subject == focus.subject);
    let has_begun = |it: &&AttemptNode| it.began.is_some_and(|began| began <= cursor);
    own.or_else(|| of.attempts.iter().rfind(has_begun)).or(of.attempts.first())
}

/// Some pod that a call site may reach, where the log has not chosen one: what stands at that end
/// is alike for all of them as often as not, and the strip says that it is not chosen.
fn likely_server(plan: &Plan, call: Option<u32>) -> Option<u32> {
    let site = plan.calls.get(call? as usize)?;
    let site = site.onward.map_or(site, |inner| &plan.calls[inner as usize]);
    if site.legs.is_some() {
        return None;
    }
    let (first, count) = plan.targets[site.target as usize].endpoints;
    let pods = &plan.endpoints[first as usize..(first + count) as usize];
    let path = |pod: &u32| plan.pods[*pod as usize].data_path;
    let (one, others) = pods.split_first()?;
    others.iter().all(|other| path(other) == path(one)).then_some(*one)
}

/// The boxes of a hop in the order of the request.
fn spots(
    words: &Words<'_>,
    (caller, server): (u32, Option<u32>),
    waypoint: Option<Option<u32>>,
    likely: Option<u32>,
) -> Vec<(Role, Option<Spot>)> {
    let app = |pod: u32| Spot { part: SpotPart::App, pod };
    let mut spots = vec![(Role::CallerApp, Some(app(caller)))];
    if words.proxy(caller).is_some() {
        spots.push((Role::CallerProxy, Some(words.proxy_spot(caller))));
    }
    if let Some(pod) = waypoint {
        spots.push((Role::Waypoint, pod.map(|pod| words.proxy_spot(pod))));
    }
    if likely.is_some_and(|pod| words.proxy(pod).is_some()) {
        spots.push((Role::ServerProxy, server.map(|pod| words.proxy_spot(pod))));
    }
    spots.push((Role::ServerApp, server.map(app)));
    spots
}

fn side(words: &Words<'_>, pod: Option<u32>) -> Side {
    match pod.and_then(|pod| words.proxy(pod)) {
        None => Side::Bare,
        Some(kind) if kind.takes_connections() => Side::OfNode,
        Some(_) => Side::Beside,
    }
}

impl Ways {
    /// All entries of the hop, each with the part of the way that it belongs to.
    fn told(&self) -> impl Iterator<Item = (&LogEntry, Part, Teller)> {
        let outer = self.outer.told(Part::Outer(self.to_waypoint));
        outer.chain(self.inner.iter().flat_map(|way| way.told(Part::Inner)))
    }

    /// The way over which the leg from `from` to `to` leads, if it is one between pods.
    fn over(&self, from: Role, to: Role) -> Option<&Way> {
        match (from, to) {
            (Role::CallerApp, Role::CallerProxy) | (Role::ServerProxy, Role::ServerApp) => None,
            (Role::Waypoint, _) => self.inner.as_ref(),
            _ => Some(&self.outer),
        }
    }
}
fn stop(ways: &Ways, (role, spot): (Role, Option<Spot>), sides: Sides) -> Stop {
    // What is told of a connection is told at the end that opened it, whoever uses it.
    let own = ways.told().filter(|(.., teller)| *teller != Teller::Connection);
    let here = own
        .filter(|(entry, part, teller)| position(entry.step, (*part, *teller), sides).role == role);
    let mut entries: Option<(EventId, EventId)> = None;
    let mut decides = Decides::No;
    for (entry, ..) in here {
        let (first, last) = entries.unwrap_or((entry.id, entry.id));
        entries = Some((first.min(entry.id), last.max(entry.id)));
        if is_decision(entry.step.kind()) {
            decides = Decides::Yes;
        }
    }
    Stop { role, spot, entries, decides }
}

fn leg(
    words: &Words<'_>,
    (hop, ways): (&Hop, &Ways),
    ends: &[Stop],
    (log, cursor): (&Log, EventId),
) -> HopLeg {
    let (from, to) = (&ends[0], &ends[1]);
    let is_in_pod = matches!(
        (from.role, to.role),
        (Role::CallerApp, Role::CallerProxy) | (Role::ServerProxy, Role::ServerApp)
    );
    if is_in_pod {
        return HopLeg {
            protection: Some(Protection::Plaintext),
            known: Known::InPod,
            connection: None,
            reach: Reach::InPod,
            fate: LegFate::Whole,
        };
    }
    let way = ways.over(from.role, to.role);
    let ends = (from.spot.map(|it| it.pod), to.spot.map(|it| it.pod));
    let opening = way.and_then(|way| opening_of(way, log)).filter(|(opened, _)| *opened <= cursor);
    let (protection, known) = match opening {
        Some((_, protection)) => (Some(protection), Known::Recorded),
        None => planned(words, hop, (from.role, ends)),
    };
    HopLeg {
        protection,
        known,
        connection: way.and_then(|way| way.connection),
        reach: reach(words, ends),
        fate: way.map_or(LegFate::Whole, |way| fate(way, cursor)),
    }
}

/// Where the connection of a way was opened, and with what protection.
fn opening_of(way: &Way, log: &Log) -> Option<(EventId, Protection)> {
    let opened = log.connection(way.connection?)?.opened?;
    match log.step(opened) {
        Step::ConnectionOpening { protection, .. } => Some((opened, protection)),
        _ => None,
    }
}

/// What protects a leg between pods before its connection is opened: what the plan says.
fn planned(
    words: &Words<'_>,
    hop: &Hop,
    (from, ends): (Role, (Option<u32>, Option<u32>)),
) -> (Option<Protection>, Known) {
    let plan = words.plan();
    let site = hop.call.map(|call| match from {
        Role::Waypoint => plan.calls[call as usize].onward.unwrap_or(call),
        _ => call,
    });
    let (Some(call), (Some(client), Some(server))) = (site, ends) else {
        return (None, Known::NotYet);
    };
    match protection(plan, call, client, server) {
        Some(found) => (Some(found), Known::Planned),
        None => (None, Known::NotYet),
    }
}

fn reach(words: &Words<'_>, ends: (Option<u32>, Option<u32>)) -> Reach {
    let (Some(from), Some(to)) = ends else { return Reach::Unknown };
    let node = |pod: u32| words.node(pod).map(|(name, _)| name);
    match (node(from), node(to)) {
        (Some(one), Some(other)) if one == other => Reach::SameNode,
        _ => Reach::Across,
    }
}

fn fate(way: &Way, cursor: EventId) -> LegFate {
    let told = way.entries.iter().chain(&way.below).filter(|entry| entry.id <= cursor);
    told.fold(LegFate::Whole, |fate, entry| match entry.step {
        Step::SynDropped { .. } => LegFate::Dropped,
        Step::ConnectionRefused { .. } | Step::ConnectionReset { .. } => LegFate::Refused,
        _ => fate,
    })
}

/// Where the message is: at the entry of the cursor, or where the last one of this hop left it.
fn here(hop: &Hop, (ways, sides): (&Ways, Sides), cursor: EventId) -> Option<Here> {
    let own = ways.told().filter(|(.., teller)| *teller != Teller::Connection);
    let ids: Vec<EventId> = own.map(|(entry, ..)| entry.id).collect();
    let span = (ids.iter().min().copied(), ids.iter().max().copied());
    // A connection lives before and after the requests that use it.
    let is_in_span = |id: EventId| Some(id) >= span.0 && Some(id) <= span.1;
    let past = ways.told().filter(|(entry, _, teller)| {
        entry.id <= cursor && (*teller != Teller::Connection || is_in_span(entry.id))
    });
    let mut past: Vec<_> = past.collect();
    past.sort_by_key(|(entry, ..)| entry.id);
    let at = |(entry, part, teller): &(&LogEntry, Part, Teller)| {
        position(entry.step, (*part, *teller), sides)
    };
    let last = past.last().map(at)?;
    // A rule is applied to what is in the box: to the request, or to the answer.
    let is_rule =
        |(entry, ..): &&(&LogEntry, Part, Teller)| matches!(entry.step, Step::Decided { .. });
    let told = past.iter().rfind(|it| !is_rule(it)).map(at);
    let heading = told.map_or(last.heading, |at| at.heading);
    let stop = hop.place_of(last.role)?;
    Some(Here { stop, moves: last.moves, heading })
}
