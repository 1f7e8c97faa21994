//! Tries and attempts.

use meshwalk_models::units::SimDuration;

use super::super::{AttemptState, CalledBy, Field, Names, Object, Section, TryState, Value};
use super::{self as describe, pod, short};

pub(super) fn of_try(it: &TryState, names: Names<'_>) -> Vec<Section> {
    let by = match it.by {
        CalledBy::Source => Value::word("a source of traffic"),
        CalledBy::User(row) => Value::Word(format!("user {row}")),
        CalledBy::Application(slot) | CalledBy::Waypoint(slot) => describe::attempt(slot),
    };
    let call = vec![
        Field::new("request", Value::Word(names.request(it.request))),
        Field::new("caller", pod(it.client, names)),
        Field::new("calls", Value::Object(Object::Edge(it.edge), names.called_on(it.edge))),
        Field::new("on behalf of", by),
        Field::new("began", Value::At(it.called_at)),
    ];
    let mut state = vec![
        Field::new("phase", Value::word(it.phase.words())),
        Field::new("attempts", Value::count(it.attempts)),
        Field::new("caller's own tries left", Value::count(it.own_retries_left)),
    ];
    if let Some(left) = it.retries_left {
        state.push(Field::new("proxy's retries left", Value::count(left)));
    }
    if let Some(window) = it.next_window_ms {
        let window = SimDuration::from_ms(u64::from(window));
        state.push(Field::new("next back-off below", Value::For(window)));
    }
    if let Some(cluster) = it.cluster {
        state.push(Field::new("cluster", describe::cluster(cluster)));
    }
    for attempt in &it.live {
        state.push(Field::new("attempt under way", describe::attempt(*attempt)));
    }
    let rows = it.timers.iter().map(|it| vec![Value::word(it.words()), Value::At(it.at)]);
    vec![
        Section::of_fields("call", call),
        Section::of_fields("try", state),
        Section::of_rows("timers", vec!["timer", "rings at"], rows.collect()),
    ]
}

pub(super) fn attempt(it: &AttemptState, names: Names<'_>) -> Vec<Section> {
    let mut ends = vec![
        Field::new("request", Value::Word(names.request(it.request))),
        Field::new("caller", pod(it.client, names)),
        Field::new("server", it.server.map_or(Value::Nothing, |row| pod(row, names))),
    ];
    if let Some(of) = it.of {
        ends.push(Field::new("for", Value::Object(Object::Try(of), format!("try {}", short(of)))));
    }
    if let Some(pool) = it.pool {
        ends.push(Field::new("pool", describe::pool(pool)));
    }
    if let Some(own) = it.connection {
        let value = Value::Object(Object::Connection(own), format!("connection {}", short(own)));
        ends.push(Field::new("connection", value));
    }
    let state = vec![
        Field::new("phase", Value::word(it.phase.words())),
        Field::new("protection", Value::word(it.protection.word())),
        Field::new("status", it.status.map_or(Value::Nothing, Value::count)),
        Field::new("caller gone at", Value::at(it.gone_at)),
        Field::new("messages under way", Value::count(it.messages_under_way)),
        Field::new("messages to send", Value::count(it.messages_left)),
    ];
    vec![Section::of_fields("between", ends), Section::of_fields("attempt", state)]
}
