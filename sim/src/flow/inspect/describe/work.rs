//! Who works: sources, pods, proxies; and what was counted so far.

use meshwalk_models::path::Caller;
use meshwalk_models::units::{SimDuration, SimTime};

use super as describe;
use super::super::{
    Field, Names, Object, PodState, ProxyState, Section, SourceState, TaskState, TotalsState, Value,
};

pub(super) fn source(it: &SourceState) -> Vec<Section> {
    let mut fields = vec![
        Field::new("sent", Value::count(it.sent)),
        Field::new("under way", Value::count(it.under_way)),
    ];
    if let Some(users) = it.users {
        fields.push(Field::new("users", Value::count(users)));
    }
    vec![Section::of_fields("traffic", fields)]
}

pub(super) fn pod(it: &PodState, names: Names<'_>) -> Vec<Section> {
    let mut fields = vec![Field::new("data path", Value::word(Caller::from(it.data_path).word()))];
    if let Some(workload) = names.workload_of(it.pod) {
        fields.insert(0, Field::new("workload", Value::Word(workload)));
    }
    if let Some(proxy) = it.proxy {
        let value = Value::Object(Object::Proxy(proxy), names.proxy(proxy));
        fields.push(Field::new("proxy", value));
    }
    let mut sections = vec![Section::of_fields("pod", fields)];
    if it.workers.is_some() {
        let queue = vec![
            Field::new("workers busy", Value::of(it.busy, it.workers)),
            Field::new("waiting for a worker", Value::of(it.waiting, it.queue_limit)),
        ];
        sections.push(Section::of_fields("queue", queue));
    }
    sections
}

pub(super) fn tasks(tasks: &[TaskState]) -> Section {
    let row = |it: &TaskState| {
        vec![
            describe::attempt(it.attempt),
            Value::word(it.wait.words()),
            Value::At(it.since),
            Value::count(it.calls),
        ]
    };
    let columns = vec!["request", "doing", "since", "calls under way"];
    Section::of_rows("requests", columns, tasks.iter().map(row).collect())
}

pub(super) fn proxy(it: &ProxyState) -> Vec<Section> {
    let workers = it.workers_free_at.len() as u64;
    let work = vec![
        Field::new("kind", Value::word(it.kind.name())),
        Field::new("workers busy", Value::of(it.busy, Some(workers))),
        Field::new("connections", Value::count(it.connections)),
        Field::new("tunnels", Value::count(it.tunnels)),
        Field::new("requests this half second", Value::count(it.requests_in_window)),
        Field::new("requests last half second", Value::count(it.requests_in_last_window)),
    ];
    let worker = |(number, free): (usize, &SimTime)| {
        vec![Value::Word(format!("worker {number}")), Value::At(*free)]
    };
    let workers = it.workers_free_at.iter().enumerate().map(worker).collect();
    let counted = &it.counters;
    let span = |ns: u64| Value::For(SimDuration::from_ns(ns));
    let so_far = vec![
        Field::new("requests", Value::Count(counted.requests)),
        Field::new("messages of answers", Value::Count(counted.responses)),
        Field::new("worker time", span(counted.cpu_ns())),
        Field::new("waited for a worker", span(counted.wait_ns)),
        Field::new("handshakes as client", Value::Count(counted.handshakes_as_client)),
        Field::new("handshakes as server", Value::Count(counted.handshakes_as_server)),
        Field::new("tunnels opened", Value::Count(counted.tunnels_opened)),
        Field::new("bytes in", Value::Bytes(counted.bytes_in)),
        Field::new("bytes out", Value::Bytes(counted.bytes_out)),
    ];
    vec![
        Section::of_fields("proxy", work),
        Section::of_rows("workers", vec!["worker", "free from"], workers),
        Section::of_fields("so far", so_far),
    ]
}

pub(super) fn totals(it: &TotalsState) -> Vec<Section> {
    let share = it.successes.saturating_mul(100).checked_div(it.requests);
    let calls = vec![
        Field::new("ended", Value::Count(it.requests)),
        Field::new("ended well", share.map_or(Value::Nothing, Value::Percent)),
        Field::new("under way", Value::Count(it.under_way)),
        Field::new("p50", it.p50.map_or(Value::Nothing, Value::For)),
        Field::new("p99", it.p99.map_or(Value::Nothing, Value::For)),
        Field::new("attempts", Value::Count(it.attempts)),
        Field::new("retries", Value::Count(it.retries)),
    ];
    let [connections, pending, requests, retries] = it.overflows;
    let limits = vec![
        Field::new("waited for a connection", Value::Count(it.waited_for_connection)),
        Field::new("connections breaker full", Value::Count(connections)),
        Field::new("pending breaker full", Value::Count(pending)),
        Field::new("requests breaker full", Value::Count(requests)),
        Field::new("retries breaker full", Value::Count(retries)),
        Field::new("hosts ejected", Value::Count(it.ejections)),
        Field::new("ended by policy", Value::Count(it.rulings)),
    ];
    let network = vec![
        Field::new("connections opened", Value::Count(it.connections_opened)),
        Field::new("TLS handshakes", Value::Count(it.tls_handshakes)),
        Field::new("payload sent", Value::Bytes(it.request_bytes)),
        Field::new("payload received", Value::Bytes(it.response_bytes)),
    ];
    vec![
        Section::of_fields("calls", calls),
        Section::of_fields("limits", limits),
        Section::of_fields("network", network),
    ]
}
