//! What each end of a connection believes at the cursor. True to TLS 1.3: the client is connected
//! before the server has checked its certificate (RFC 8446, section 2).

use meshwalk_models::path::Protection;
use meshwalk_sim::log::Step;
use meshwalk_sim::timeline::{EventId, Log};

use crate::explore::wording::{SpotPart, Words};

use super::model::Ladder;

/// One thing that both ends have a belief on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Belief {
    /// On what.
    pub(super) about: &'static str,
    /// What the client's end believes.
    pub(super) client: String,
    /// What the server's end believes.
    pub(super) server: String,
}

/// Who the ends are, as certificates would say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identities {
    /// Whom the server takes the client for, once it has checked it.
    pub(super) client: String,
    /// Whom the client takes the server for.
    pub(super) server: String,
}

/// The moments of a connection's life that have come by the cursor.
#[derive(Default)]
struct Past {
    opening: Option<EventId>,
    tunnel: Option<EventId>,
    tcp: Option<EventId>,
    tls: Option<EventId>,
    asked: Option<EventId>,
    stream: Option<EventId>,
    /// The server's end has had something that came with or after the client's proof.
    heard: Option<EventId>,
    dropped: Option<EventId>,
    /// Why the server's end turns the client away.
    turned_away: Option<String>,
    /// When the client hears of it.
    refused: Option<EventId>,
    closed: Option<EventId>,
}

impl Past {
    fn of(words: &Words<'_>, log: &Log, ladder: &Ladder, cursor: EventId) -> Self {
        let mut past = Self::default();
        let own = log.events_of_connection(ladder.row).into_iter();
        for id in own.filter(|id| *id <= cursor) {
            let first = |slot: &mut Option<EventId>| {
                slot.get_or_insert(id);
            };
            match log.step(id) {
                Step::ConnectionOpening { .. } => first(&mut past.opening),
                Step::TunnelOpening { .. } => first(&mut past.tunnel),
                Step::TcpEstablished => first(&mut past.tcp),
                Step::TlsEstablished | Step::TunnelOpened => first(&mut past.tls),
                Step::StreamAsked => first(&mut past.asked),
                Step::StreamOpened => first(&mut past.stream),
                Step::SynDropped { .. } => first(&mut past.dropped),
                Step::ConnectionRefused { decision } => {
                    past.turned_away = Some(words.decided(decision));
                    past.refused = Some(id);
                }
                Step::ConnectionClosed => first(&mut past.closed),
                _ => {}
            }
        }
        for user in log.users_of(ladder.row) {
            for id in log.events_of(user).take_while(|id| *id <= cursor) {
                match log.step(id) {
                    Step::RequestAtServerProxy
                    | Step::RequestAtServerNodeProxy
                    | Step::RequestAtApp => {
                        past.heard.get_or_insert(id);
                    }
                    // Word of it is on its way: the client hears of it when it loses the attempt.
                    Step::ConnectionReset { decision } => {
                        past.turned_away = Some(words.decided(decision));
                    }
                    Step::AttemptReset { .. } if past.turned_away.is_some() => {
                        past.refused = Some(id);
                    }
                    _ => {}
                }
            }
            // One request is enough to know that the server's end has heard of the client.
            if past.heard.is_some() {
                break;
            }
        }
        past
    }

    /// Whether the server's end has checked what the client proved.
    fn is_checked(&self) -> bool {
        self.heard.is_some() || self.stream.is_some()
    }
}

/// The beliefs of both ends.
pub(super) fn beliefs(
    words: &Words<'_>,
    log: &Log,
    (ladder, identities): (&Ladder, &Identities),
    cursor: EventId,
) -> Vec<Belief> {
    let past = Past::of(words, log, ladder, cursor);
    let near = match ladder.columns[ladder.ends.0].spot.part {
        SpotPart::Ztunnel => Near::OfNode,
        _ => Near::Own,
    };
    let protection = ladder.protection;
    vec![
        tcp(&past, near, protection),
        if protection == Protection::Plaintext { plain() } else { tls(&past, near) },
        peer(&past, identities, protection),
        errors(&past),
    ]
}

/// Whose connection the client's end makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    /// It is the proxy of a node, which makes its own after it has taken the application's.
    OfNode,
    /// The connection is its own.
    Own,
}

fn since(id: EventId, text: &str) -> String {
    format!("{text} ({})", id.dense_name())
}

fn tcp(past: &Past, near: Near, protection: Protection) -> Belief {
    let stands = match (near, protection) {
        (Near::OfNode, Protection::Plaintext) => past.stream,
        (Near::OfNode, _) | (Near::Own, Protection::Hbone) => past.tls.or(past.asked),
        (Near::Own, _) => past.tcp,
    };
    let client = match (past, stands) {
        (Past { closed: Some(id), opening: Some(_), .. }, None) => since(*id, "given up"),
        (Past { closed: Some(id), .. }, _) => since(*id, "closed"),
        (Past { dropped: Some(id), .. }, _) => since(*id, "SYN sent, no answer"),
        (_, Some(id)) => since(id, "established"),
        (Past { refused: Some(id), .. }, None) => since(*id, "refused"),
        (Past { tunnel: Some(_), .. }, None) => "SYN sent".to_owned(),
        (Past { opening: Some(_), .. }, None) if near == Near::Own => "SYN sent".to_owned(),
        _ => "not begun".to_owned(),
    };
    let server = match (past, stands) {
        (Past { dropped: Some(_), .. }, _) => "never saw a SYN".to_owned(),
        (Past { turned_away: Some(_), heard: Some(_), .. }, _) => "has closed it".to_owned(),
        (past, _) if past.is_checked() => "established".to_owned(),
        (Past { turned_away: Some(_), .. }, _) => "does not take it".to_owned(),
        (_, Some(_)) => "has answered the SYN".to_owned(),
        _ => "nothing recorded yet".to_owned(),
    };
    Belief { about: "TCP", client, server }
}

fn tls(past: &Past, near: Near) -> Belief {
    let greets = past.tunnel.is_some() || (past.tcp.is_some() && near == Near::Own);
    let client = match past {
        Past { tls: Some(id), .. } => since(*id, "connected"),
        Past { refused: Some(id), .. } => since(*id, "failed"),
        Past { asked: Some(id), .. } => since(*id, "connected before"),
        Past { dropped: Some(_), .. } => "not begun".to_owned(),
        _ if greets => "handshake under way".to_owned(),
        _ => "not begun".to_owned(),
    };
    let server = match past {
        past if past.is_checked() => "connected, client checked".to_owned(),
        Past { turned_away: Some(_), .. } => "turns it away".to_owned(),
        Past { tls: Some(_), .. } | Past { asked: Some(_), .. } => {
            "has yet to check the client".to_owned()
        }
        _ if greets => "handshake under way".to_owned(),
        _ => "nothing recorded yet".to_owned(),
    };
    Belief { about: "TLS", client, server }
}

fn plain() -> Belief {
    let none = "none: plaintext".to_owned();
    Belief { about: "TLS", client: none.clone(), server: none }
}

fn peer(past: &Past, identities: &Identities, protection: Protection) -> Belief {
    if protection == Protection::Plaintext {
        let nobody = "nobody".to_owned();
        return Belief { about: "peer is", client: nobody.clone(), server: nobody };
    }
    let unknown = || "unknown yet".to_owned();
    let knows_server = past.tls.is_some() || past.asked.is_some();
    Belief {
        about: "peer is",
        client: if knows_server { identities.server.clone() } else { unknown() },
        server: if past.is_checked() { identities.client.clone() } else { unknown() },
    }
}

fn errors(past: &Past) -> Belief {
    let client = match (past.refused, past.dropped) {
        (Some(id), _) => since(id, "turned away"),
        (None, Some(id)) => since(id, "none but silence"),
        (None, None) => "none".to_owned(),
    };
    let server = past.turned_away.clone().unwrap_or_else(|| "none".to_owned());
    Belief { about: "error seen", client, server }
}
