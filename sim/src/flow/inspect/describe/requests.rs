//! Tries and attempts.

use meshwalk_models::units::SimDuration;

use super::super::{AttemptState, CalledBy, Field, Names, Object, Section, Slot, TryState, Value};
use super::{pod, short};

fn attempt_named(slot: Slot) -> Value {
    Value::Object(Object::Attempt(slot), format!("attempt {}", short(slot)))
}

pub(super) fn of_try(it: &TryState, names: Names<'_>) -> Vec<Section> {
    let by = match it.by {
        CalledBy::Source => Value::word("a source of traffic"),
        CalledBy::User(row) => Value::Word(format!("user {row}")),
        CalledBy::Application(slot) | CalledBy::Waypoint(slot) => attempt_named(slot),
    };
    let call = vec![
        Field::new("request", Value::Word(names.request(it.request))),
        Field::new("caller", pod(it.client, names)),
        Field::new("calls", Value::Object(Object::Edge(it.edge), names.called_on(it.edge))),
        Field::new("on behalf of", by),
        Field::new("began", Value::At(it.called_at)),
    ];
    let count = |count: u32| Value::Count(u64::from(count));
    let mut state = vec![
        Field::new("phase", Value::word(it.phase.words())),
        Field::new("attempts", count(it.attempts)),
        Field::new("caller's own tries left", count(it.own_retries_left)),
    ];
    if let Some(left) = it.retries_left {
        state.push(Field::new("proxy's retries left", count(left)));
    }
    if let Some(window) = it.next_window_ms {
        let window = SimDuration::from_ms(u64::from(window));
        state.push(Field::new("next back-off below", Value::For(window)));
    }
    if let Some(cluster) = it.cluster {
        let value = Value::Object(Object::Cluster(cluster), format!("cluster {cluster}"));
        state.push(Field::new("cluster", value));
    }
    for attempt in &it.live {
        state.push(Field::new("attempt under way", attempt_named(*attempt)));
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
        ends.push(Field::new("pool", Value::Object(Object::Pool(pool), format!("pool {pool}"))));
    }
    if let Some(own) = it.connection {
        let value = Value::Object(Object::Connection(own), format!("connection {}", short(own)));
        ends.push(Field::new("connection", value));
    }
    let state = vec![
        Field::new("phase", Value::word(it.phase.words())),
        Field::new("protection", Value::word(it.protection.word())),
        Field::new(
            "status",
            it.status.map_or(Value::Nothing, |status| Value::Count(u64::from(status))),
        ),
        Field::new("caller gone at", Value::at(it.gone_at)),
        Field::new("messages under way", Value::Count(u64::from(it.messages_under_way))),
        Field::new("messages to send", Value::Count(u64::from(it.messages_left))),
    ];
    vec![Section::of_fields("between", ends), Section::of_fields("attempt", state)]
}
