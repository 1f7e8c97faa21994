//! Tunnel, TLS and identity of one leg.

use meshwalk_models::path::{Callee, Caller, DataPath, HBONE_PORT, Protection, route};
use meshwalk_models::walk::Leg;
use meshwalk_sim::log::Step;

use crate::explore::hop::{self, HopLeg, Known, Role, short_principal};

use super::{Cell, Edge, Facts, Field, NOT_KNOWN, field, unknown};

/// The tunnel around the bytes of a leg.
pub(super) fn tunnel(facts: Facts<'_>, leg: usize) -> Cell {
    let it = &facts.hop.legs[leg];
    match it.protection {
        None => not_known("which way the bytes take is not decided yet"),
        Some(Protection::Plaintext | Protection::MutualTls) => Cell::new("none", Vec::new()),
        Some(Protection::Hbone) => Cell::new(
            format!("HBONE :{HBONE_PORT}"),
            vec![
                field("method", "CONNECT", "a stream of HTTP/2 carries the connection", "HBONE"),
                authority(facts, leg),
                field(
                    "port",
                    HBONE_PORT.to_string(),
                    "NetworkPolicies see this port, not the application's",
                    "HBONE's own port",
                )
                .by(path_rule(facts)),
                stream(facts, it),
            ],
        ),
    }
}

/// What CONNECT asks for.
fn authority(facts: Facts<'_>, leg: usize) -> Field {
    let to = &facts.hop.stops[leg + 1];
    if to.role == Role::Waypoint {
        return match facts.asked.map(|asked| &asked.dials) {
            Some(meshwalk_sim::flow::Dials::Address { host, port }) => field(
                "authority",
                format!("{host}:{port}"),
                "the Service that the caller dialled; the waypoint finds the server",
                "the caller",
            )
            .by(super::by_rule("ztunnel.outbound.waypoint")),
            _ => unknown("authority", "what the caller dialled is not known"),
        };
    }
    match super::transport::server_port(facts) {
        Some((address, set_by)) => {
            field("authority", address, "the pod and its port behind the tunnel", set_by)
        }
        None => unknown("authority", "the port of the server's pod is not known"),
    }
}

/// Where the stream stands, by the log.
fn stream(facts: Facts<'_>, leg: &HopLeg) -> Field {
    let told = told(facts, leg, |step| {
        matches!(step, Step::StreamAsked | Step::StreamOpened | Step::ConnectionRefused { .. })
    });
    let (value, meaning) = match told.as_ref().map(|(_, step)| *step) {
        Some(Step::StreamOpened) => ("open", "bytes pass"),
        Some(Step::StreamAsked) => ("asked for", "CONNECT is on its way, or its answer"),
        Some(_) => ("refused", "the other side does not take it"),
        None => ("not asked for yet", "the log has not come to it"),
    };
    let set_by = told.map_or(String::new(), |(event, _)| event);
    field("stream", value, meaning, set_by)
}

/// The last step of a leg's connection by the cursor that `is_wanted`, with the name of its entry.
fn told(
    facts: Facts<'_>,
    leg: &HopLeg,
    is_wanted: impl Fn(Step) -> bool,
) -> Option<(String, Step)> {
    let events = facts.log.events_of_connection(leg.connection?);
    let past = events.into_iter().filter(|id| *id <= facts.cursor);
    let last = past.filter(|id| is_wanted(facts.log.step(*id))).last()?;
    Some((last.dense_name(), facts.log.step(last)))
}

/// TLS between the two boxes of a leg.
pub(super) fn tls(facts: Facts<'_>, leg: usize) -> Cell {
    let it = &facts.hop.legs[leg];
    let Some(protection) = it.protection else {
        return not_known("which way the bytes take is not decided yet");
    };
    if protection == Protection::Plaintext {
        let (text, why) = match it.known {
            Known::InPod => ("none, in the pod", "the bytes stay in the network of the pod"),
            _ => ("none: plaintext", "whoever is on the wire can read and change the bytes"),
        };
        let set_by = walked_leg(facts, leg).and_then(|leg| leg.origin);
        let set_by = set_by.map_or(String::new(), |origin| facts.words.origin(origin));
        return Cell::new(
            text,
            vec![field("encryption", "none", why, set_by).by(path_rule(facts))],
        );
    }
    let (state, meaning, event) = handshake(facts, it, protection);
    let origin = walked_leg(facts, leg).and_then(|leg| leg.origin);
    let set_by = origin.map_or("auto mTLS (default)".to_owned(), |it| facts.words.origin(it));
    let what = match protection {
        Protection::Hbone => "mTLS of the tunnel",
        _ => "mTLS",
    };
    Cell::new(
        format!("mTLS {state}"),
        vec![
            field("encryption", what, "both sides show certificates of the mesh", set_by)
                .by(path_rule(facts)),
            field(
                "version",
                "TLS 1.3",
                "one round trip; the client proves itself last",
                "the mesh",
            ),
            field("state", state, meaning, event),
            unknown("cipher, ALPN", "bytes of the handshake are not modelled"),
        ],
    )
}

/// How far the handshake has come, by the log.
fn handshake(
    facts: Facts<'_>,
    leg: &HopLeg,
    protection: Protection,
) -> (&'static str, &'static str, String) {
    let told = told(facts, leg, |step| {
        matches!(
            step,
            Step::TlsEstablished
                | Step::TcpEstablished
                | Step::TunnelOpening { .. }
                | Step::TunnelOpened
                | Step::StreamAsked
                | Step::ConnectionRefused { .. }
        )
    });
    let Some((event, step)) = told else {
        return ("not begun", "the log has not come to it", String::new());
    };
    let (state, meaning) = match (step, protection) {
        (Step::TlsEstablished | Step::TunnelOpened | Step::StreamAsked, _) => {
            ("established", "the client has checked the server and proved itself")
        }
        (Step::ConnectionRefused { .. }, _) => ("failed", "the other side does not take it"),
        (Step::TcpEstablished, Protection::MutualTls) | (Step::TunnelOpening { .. }, _) => {
            ("under way", "flights are on the wire; the log tells of the end of it")
        }
        _ => ("not begun", "the log has not come to it"),
    };
    (state, meaning, event)
}

/// Who is believed to be whom on a leg.
pub(super) fn identity(facts: Facts<'_>, (leg, edge): (usize, Edge)) -> Cell {
    let it = &facts.hop.legs[leg];
    if it.known == Known::InPod || it.protection == Some(Protection::Plaintext) {
        let why = match it.known {
            Known::InPod => "both are in one pod or on its node, where nobody shows a certificate",
            _ => "the bytes are in plaintext: no certificate of the mesh is shown",
        };
        return Cell::new("nobody", vec![field("peer", "nobody", why, "")]);
    }
    let Some(walked) = walked_leg(facts, leg) else {
        let why = match facts.walked {
            Err(why) => why.to_owned(),
            Ok(_) => "the walk of the request does not come by here".to_owned(),
        };
        return not_known(why);
    };
    let end = |name, of: &meshwalk_models::walk::LegEnd| {
        let seen = &of.believed;
        let principal = seen.principal.as_deref().unwrap_or("nobody");
        field(name, principal, seen.source.clone(), "service account of the pod")
    };
    let client = end("client", &walked.from);
    let server = end("server", &walked.to);
    let is_server = facts.hop.here.is_some_and(|here| here.stop == leg + 1);
    let (own, other) = if is_server { (&server, &client) } else { (&client, &server) };
    let text = match edge {
        Edge::In => format!("peer {}", short_principal(&other.value)),
        Edge::Out => format!("as {}", short_principal(&own.value)),
    };
    Cell::new(text, vec![client, server])
}

/// The leg of the walk that is the same as one of the hop.
pub(super) fn walked_leg<'a>(facts: Facts<'a>, leg: usize) -> Option<&'a Leg> {
    hop::walked_leg(facts.hop, facts.walked.ok()?, leg)
}

/// The rule that says which way a call of such a pair takes.
pub(super) fn path_rule(facts: Facts<'_>) -> Option<meshwalk_models::explain::RuleId> {
    let hop = facts.hop;
    let path = |pod: u32| facts.words.data_path(pod);
    let server = path(hop.server?);
    let callee = match (hop.place_of(Role::Waypoint), server) {
        (Some(_), DataPath::IstioAmbient) => Callee::IstioAmbientWaypoint,
        _ => Callee::from(server),
    };
    Some(route(Caller::from(path(hop.caller)), callee).rule)
}

fn not_known(why: impl Into<String>) -> Cell {
    Cell::new(NOT_KNOWN, vec![unknown("value", why)])
}
