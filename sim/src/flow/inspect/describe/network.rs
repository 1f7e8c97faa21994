//! Pools, connections and tunnels.

use crate::flow::engine::Engine;
use crate::flow::plan::ConnectionFate;
use crate::log::Recorder;

use super::super::{
    ConnectionState, Field, Names, Object, PoolState, Section, Slot, State, TunnelsState, Value,
    Verdict,
};
use super::{self as describe, pod, short};

/// Who calls whom over a pool.
pub(super) fn pool_ends(it: &PoolState, names: Names<'_>) -> String {
    let client = it.client.map_or_else(|| "?".to_owned(), |pod| names.pod(pod));
    let called = || match (it.call, it.cluster) {
        (Some(call), _) => names.called_by(call),
        (None, Some(cluster)) => format!("cluster {cluster}"),
        (None, None) => "?".to_owned(),
    };
    let server = it.server.map_or_else(called, |pod| names.pod(pod));
    format!("{client} -> {server} [{}]", it.pool)
}

pub(super) fn pool(it: &PoolState, names: Names<'_>) -> Vec<Section> {
    let mut ends = Vec::new();
    if let Some(client) = it.client {
        ends.push(Field::new("caller", pod(client, names)));
    }
    if let Some(server) = it.server {
        ends.push(Field::new("host", pod(server, names)));
    }
    if let Some(call) = it.call {
        ends.push(Field::new("calls", Value::Word(names.called_by(call))));
    }
    if let Some(cluster) = it.cluster {
        ends.push(Field::new("cluster", describe::cluster(cluster)));
    }
    let open = match it.connections_max {
        Some(limit) => Value::of(it.open, Some(limit)),
        None => Value::count(it.open),
    };
    let state = vec![
        Field::new("open", open),
        Field::new("opening", Value::count(it.opening)),
        Field::new("free", Value::count(it.free)),
        Field::new("requests on them", Value::count(it.streams)),
        Field::new(
            "requests at a time on each",
            it.concurrent.map_or(Value::word("no limit"), Value::count),
        ),
        Field::new("waiting requests", Value::count(it.waiting)),
    ];
    vec![Section::of_fields("between", ends), Section::of_fields("connections", state)]
}

pub(super) fn connection(it: &ConnectionState, names: Names<'_>) -> Vec<Section> {
    let ends = vec![
        Field::new("client", pod(it.client, names)),
        Field::new("server", pod(it.server, names)),
        Field::new("calls", Value::Word(names.called_by(it.call))),
        Field::new("pool", describe::pool(it.pool)),
    ];
    let mut state = vec![
        Field::new("phase", Value::word(it.phase.words())),
        Field::new("protection", Value::word(it.protection.word())),
        Field::new("requests on it", Value::of(it.streams, it.streams_max)),
        Field::new("served so far", Value::of(it.served, it.served_max)),
        Field::new("free since", Value::at(it.free_since)),
        Field::new("idle timeout", it.idle_timeout.map_or(Value::word("none"), Value::For)),
    ];
    if let Some(verdict) = it.verdict {
        state.push(Field::new("policy", Value::word(fate(verdict.fate))));
        state.push(Field::new("because", Value::Word(sentence(verdict, names))));
    }
    let mut sections =
        vec![Section::of_fields("between", ends), Section::of_fields("connection", state)];
    if let Some(circuit) = it.circuit {
        let mut below = vec![Field::new("phase", Value::word(circuit.phase.words()))];
        if let Some(row) = circuit.tunnels {
            let name = format!("tunnels {row}");
            below.push(Field::new("tunnels", Value::Object(Object::Tunnels(row), name)));
            let number = circuit.tunnel.map_or(Value::Nothing, Value::Count);
            below.push(Field::new("tunnel", number));
        }
        below.push(Field::new("waiting requests", Value::count(circuit.waiting)));
        sections.push(Section::of_fields("carried by", below));
    }
    sections
}

fn sentence(verdict: Verdict, names: Names<'_>) -> String {
    let decision = names.plan().gates.decisions.get(verdict.decision as usize);
    decision.map_or_else(|| "?".to_owned(), |decision| decision.sentence.clone())
}

const fn fate(fate: ConnectionFate) -> &'static str {
    match fate {
        ConnectionFate::Closed => "closed at its first bytes",
        ConnectionFate::Refused => "refused",
        ConnectionFate::NoHandshake => "handshake fails",
        ConnectionFate::Dropped => "packets dropped",
    }
}

pub(super) fn tunnels(it: &TunnelsState, names: Names<'_>) -> Vec<Section> {
    let ends = vec![
        Field::new("client", pod(it.client, names)),
        Field::new("server", pod(it.server, names)),
    ];
    let mut state = vec![
        Field::new("takes further streams", it.taking.map_or(Value::Nothing, Value::Count)),
        Field::new("let go at", Value::at(it.let_go_at)),
        Field::new("connections that wait", Value::count(it.waiting)),
    ];
    if let Some(opening) = it.opening {
        state.push(Field::new("opening", Value::Count(opening.number)));
        state.push(Field::new("its handshake", Value::word(opening.phase.words())));
    }
    let limit = Some(it.streams_max);
    let rows = it.open.iter().map(|tunnel| {
        let name = Value::Word(format!("tunnel {}", tunnel.number));
        vec![name, Value::of(tunnel.streams, limit)]
    });
    vec![
        Section::of_fields("between", ends),
        Section::of_fields("state", state),
        Section::of_rows("tunnels", vec!["tunnel", "streams"], rows.collect()),
    ]
}

/// The connections of a pool.
pub(super) fn connections<R: Recorder>(slots: &[Slot], engine: &Engine<R>) -> Section {
    let names = engine.names();
    let row = |slot: &Slot| {
        let Some(State::Connection(it)) = engine.inspect(Object::Connection(*slot)) else {
            return Vec::new();
        };
        vec![
            Value::Object(Object::Connection(*slot), short(*slot)),
            Value::Word(names.pod(it.server)),
            Value::word(it.phase.words()),
            Value::word(it.protection.word()),
            Value::of(it.streams, it.streams_max),
            Value::count(it.served),
        ]
    };
    let columns = vec!["connection", "to", "phase", "protection", "requests", "served"];
    Section::of_rows("each connection", columns, slots.iter().map(row).collect())
}

/// The attempts that wait in a pool.
pub(super) fn waiting<R: Recorder>(slots: &[Slot], engine: &Engine<R>) -> Section {
    let row = |slot: &Slot| {
        let request = match engine.inspect(Object::Attempt(*slot)) {
            Some(State::Attempt(it)) => engine.names().request(it.request),
            _ => "?".to_owned(),
        };
        vec![Value::Object(Object::Attempt(*slot), short(*slot)), Value::Word(request)]
    };
    Section::of_rows("waiting", vec!["attempt", "request"], slots.iter().map(row).collect())
}
