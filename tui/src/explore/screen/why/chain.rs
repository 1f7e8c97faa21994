//! Where the identity came from that the deciding box goes by: backwards through the connections
//! that the request came over, each with the entry at which its ends proved who they are.

use meshwalk_models::walk::{Answer, Crossing, Leg, LegEncryption};
use meshwalk_sim::log::{ConnectionRow, Step};
use meshwalk_sim::timeline::{CallNode, EventId, Log};

use crate::explore::look::{Role, Sign};
use crate::explore::wording::Words;
use crate::report::why::words::end;

use super::about::About;
use super::item::Item;

/// The chain, from the decision back to the caller.
pub(super) fn chain(log: &Log, words: &Words<'_>, about: &About, answer: &Answer) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(identity) = &answer.identity {
        let who = identity.principal.as_deref().map_or("nobody", bare);
        let item = Item::new(Role::Text, format!("the client is taken for {who}"));
        items.push(match about.decision {
            Some(event) => item.about(event),
            None => item,
        });
        items.push(Item::new(Role::Dim, format!("source: {}", identity.source)));
    }
    let wires: Vec<&Leg> =
        answer.legs.iter().filter(|leg| leg.crosses_node == Crossing::May).collect();
    let until = about.decision.unwrap_or(about.call.began);
    // The innermost hop came over the last leg.
    for (hop, leg) in about.hops.iter().rev().zip(wires.iter().rev()) {
        items.extend(wire(log, words, hop, leg, until));
    }
    if items.is_empty() {
        items.push(Item::new(Role::Dim, "nobody looks at who it is on this way"));
    }
    items
}

/// An identity as policies write it.
fn bare(principal: &str) -> &str {
    principal.strip_prefix("spiffe://").unwrap_or(principal)
}

/// One leg between nodes, with the connection of the log that it was.
fn wire(log: &Log, words: &Words<'_>, hop: &CallNode, leg: &Leg, until: EventId) -> Vec<Item> {
    let is_encrypted = !matches!(leg.encryption, LegEncryption::Plaintext);
    let proves = leg.from.believed.principal.as_deref().map_or("nobody", bare);
    let text = format!(
        "{} to {}: {}, proves {proves}",
        end(&leg.from),
        end(&leg.to),
        leg.encryption.words()
    );
    let sign = if is_encrypted { Sign::Encrypted } else { Sign::Plain };
    let item = Item::new(Role::Text, text).signed(sign).from(leg.origin);
    let Some(row) = connection_of(hop, log, until) else { return vec![item] };
    let mut items = Vec::new();
    let proved = proof(log, row, until);
    items.push(match proved {
        Some(event) => item.about(event),
        None => item,
    });
    if let Some(connection) = log.connection(row)
        && let Some(opened) = connection.opened
    {
        let own = hop.tries.iter().flat_map(|it| &it.attempts).map(|it| it.subject);
        let is_own = connection.opener.is_some_and(|opener| own.into_iter().any(|it| it == opener));
        let by = log.request_at(opened).map(|row| log.request_name(row)).unwrap_or_default();
        let server = words.pod_in_full(connection.server);
        let text = if is_own {
            format!("connection #{} to {server} was opened for it", row.0)
        } else {
            format!("connection #{} to {server} was there: {by} had it opened", row.0)
        };
        items.push(Item::new(Role::Dim, text).signed(Sign::Up).about(opened));
    }
    items
}

/// The connection that the last attempt of a hop used up to an entry.
fn connection_of(hop: &CallNode, log: &Log, until: EventId) -> Option<ConnectionRow> {
    let attempts = hop.tries.iter().flat_map(|it| &it.attempts);
    let began = |event: Option<EventId>| event.is_some_and(|event| event <= until);
    let before = attempts.filter(|attempt| began(attempt.began));
    let mut used = before.filter_map(|attempt| attempt.connection);
    used.rfind(|row| log.connection(*row).is_some())
}

/// Where the ends of a connection, or of the tunnel below it, proved who they are.
fn proof(log: &Log, row: ConnectionRow, until: EventId) -> Option<EventId> {
    let connection = log.connection(row)?;
    let is_proof = |id: &EventId| {
        *id <= until && matches!(log.step(*id), Step::TlsEstablished | Step::TunnelOpened)
    };
    let own = log.events_of(connection.subject).filter(is_proof).last();
    let below = connection.tunnels.and_then(|it| log.events_of(it).filter(is_proof).last());
    own.or(below)
}
