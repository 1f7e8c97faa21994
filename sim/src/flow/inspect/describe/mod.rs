//! States written out as sections of named values.

mod network;
mod requests;
mod upstream;
mod work;

use crate::flow::engine::Engine;
use crate::log::Recorder;

use super::{Facts, Names, Object, Section, Slot, State, Value};

/// Writes a state out.
#[must_use]
pub fn describe(state: &State, names: Names<'_>) -> Facts {
    let (object, sections) = match state {
        State::Source(it) => (Object::Source(it.source), work::source(it)),
        State::Pod(it) => (Object::Pod(it.pod), work::pod(it, names)),
        State::Proxy(it) => (Object::Proxy(it.proxy), work::proxy(it)),
        State::Cluster(it) => (Object::Cluster(it.cluster), upstream::cluster(it, names)),
        State::Filters(it) => {
            (Object::Filters { pod: it.pod, manager: it.manager }, upstream::filters(it))
        }
        State::Pool(it) => (Object::Pool(it.pool), network::pool(it, names)),
        State::Connection(it) => {
            (Object::Connection(it.connection), network::connection(it, names))
        }
        State::Tunnels(it) => (Object::Tunnels(it.tunnels), network::tunnels(it, names)),
        State::Try(it) => (Object::Try(it.name), requests::of_try(it, names)),
        State::Attempt(it) => (Object::Attempt(it.name), requests::attempt(it, names)),
        State::Edge(it) => (Object::Edge(it.row), work::totals(it)),
        State::Service(it) => (Object::Service(it.row), work::totals(it)),
    };
    Facts { object, title: title(state, names), sections }
}

/// How an object is called, with its kind before its name.
#[must_use]
pub fn title(state: &State, names: Names<'_>) -> String {
    match state {
        State::Source(it) => {
            let source = names.plan().sources.get(it.source as usize);
            format!("source {}", source.map_or("?", |source| &source.name))
        }
        State::Pod(it) => format!("pod {}", names.pod(it.pod)),
        State::Proxy(it) => names.proxy(it.proxy),
        State::Cluster(it) => {
            format!("cluster {} at {}", names.cluster(it.plan), names.pod(it.client))
        }
        State::Filters(it) => format!("filters of {}", names.pod(it.pod)),
        State::Pool(it) => format!("pool {}", network::pool_ends(it, names)),
        State::Connection(it) => {
            let (client, server) = (names.pod(it.client), names.pod(it.server));
            format!("connection {client} -> {server} {}", short(it.connection))
        }
        State::Tunnels(it) => {
            format!("tunnels {} -> {}", names.pod(it.client), names.pod(it.server))
        }
        State::Try(it) => {
            let to = names.called_on(it.edge);
            format!("try {} of {} -> {to}", it.request.try_number, names.request(it.request))
        }
        State::Attempt(it) => {
            let to = it.server.map_or_else(|| names.called_by(it.call), |pod| names.pod(pod));
            format!("attempt {} of {} -> {to}", it.number, names.request(it.request))
        }
        State::Edge(it) => {
            format!("edge {} -> {}", names.caller_on(it.row), names.called_on(it.row))
        }
        State::Service(it) => format!("service {}", names.service(it.row)),
    }
}

/// A place in a store, as people read it.
fn short(slot: Slot) -> String {
    format!("[{}.{}]", slot.slot, slot.generation)
}

fn pod(row: u32, names: Names<'_>) -> Value {
    Value::Object(Object::Pod(row), names.pod(row))
}

fn pool(row: u32) -> Value {
    Value::Object(Object::Pool(row), format!("pool {row}"))
}

fn cluster(row: u32) -> Value {
    Value::Object(Object::Cluster(row), format!("cluster {row}"))
}

fn attempt(slot: Slot) -> Value {
    Value::Object(Object::Attempt(slot), format!("attempt {}", short(slot)))
}

impl<R: Recorder> Engine<R> {
    /// One object written out, with its parts and what is already known to come for it. It may
    /// look at everything there is.
    #[must_use]
    pub fn describe(&self, object: Object) -> Option<Facts> {
        let names = self.names();
        let mut facts = describe(&self.inspect(object)?, names);
        match object {
            Object::Pod(pod) => {
                facts.sections.push(work::tasks(&self.tasks_of(pod)));
                facts.sections.push(upstream::clusters(&self.clusters_of(pod), self, names));
            }
            Object::Pool(pool) => {
                facts.sections.push(network::connections(&self.connections_of(pool), self));
                facts.sections.push(network::waiting(&self.waiting_in(pool), self));
            }
            _ => {}
        }
        let upcoming = self.upcoming(object);
        let rows = upcoming.iter().map(|it| vec![Value::At(it.at), Value::word(it.what)]);
        facts.sections.push(Section::of_rows("to come", vec!["at", "what"], rows.collect()));
        facts.sections.retain(|section| {
            !section.fields.is_empty()
                || section.table.as_ref().is_some_and(|it| !it.rows.is_empty())
        });
        Some(facts)
    }
}
