//! The log as text: one JSON object a line, in the order of time.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::flow::plan::Decision;
use crate::stats::{Ending, Layout};

use super::{Entry, Step};

/// What policy went by, as text.
#[derive(Clone, Debug)]
pub struct DecisionText {
    /// As a sentence.
    pub sentence: String,
    /// The lines that make it so, as `file:line` or a name.
    pub origins: Vec<String>,
}

/// A route of a caller's proxy, as text.
#[derive(Clone, Debug)]
pub struct RouteText {
    /// Where its rule stands, as `file:line` or a name; `None` where it has none.
    pub rule: Option<String>,
    /// Which share of the requests takes it, in parts per million.
    pub share_ppm: u32,
    /// Its destinations.
    pub destinations: Vec<DestinationText>,
}

/// A destination of a route, as text.
#[derive(Clone, Debug)]
pub struct DestinationText {
    /// The cluster that is named, if one is.
    pub cluster: Option<String>,
    /// What sets its weight, as `file:line` or a name.
    pub origin: Option<String>,
    /// Its weight, and the sum of all.
    pub odds: (u64, u64),
}

/// What entries name by rows, as text.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The names of all pods.
    pub pods: Vec<String>,
    /// The decisions of the plan.
    pub decisions: Vec<DecisionText>,
    /// The routes of the plan.
    pub routes: Vec<RouteText>,
}

/// Writes entries to `out`. Field names are stable: `id`, `name`, `time_ns`, `pod`, `step`,
/// `cause`, and what the step adds.
pub struct NdjsonWriter<W: Write> {
    out: W,
    sources: Vec<String>,
    edges: Vec<(String, String)>,
    texts: Texts,
    failed: Option<io::Error>,
}

impl<W: Write> NdjsonWriter<W> {
    /// Writes to `out`, with the names of `layout` and of `texts`.
    #[must_use]
    pub fn new(out: W, layout: &Layout, texts: Texts) -> Self {
        let sources = layout.traffic.iter().map(|source| source.name.clone()).collect();
        let edges = layout
            .edges
            .iter()
            .map(|edge| (layout.origin_name(edge.from), layout.service_name(edge.to)))
            .collect();
        Self { out, sources, edges, texts, failed: None }
    }

    /// Writes one entry. After a failure nothing more is written; [`NdjsonWriter::finish`]
    /// tells of it.
    pub fn write(&mut self, entry: &Entry) {
        if self.failed.is_none() {
            self.failed = self.try_write(entry).err();
        }
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// The first failure of writing.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }

    fn try_write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut name = String::new();
        entry.name.write(&mut name, &self.sources).map_err(io::Error::other)?;
        let mut line = Map::new();
        line.insert("id".into(), entry.id.into());
        line.insert("name".into(), name.into());
        line.insert("time_ns".into(), entry.time.as_ns().into());
        line.insert("pod".into(), self.pod(entry.pod));
        line.insert("step".into(), entry.step.name().into());
        line.insert("cause".into(), entry.cause.into());
        if let Value::Object(details) = self.details(entry.step) {
            line.extend(details);
        }
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }

    fn pod(&self, row: u32) -> Value {
        self.texts.pods.get(row as usize).map_or(Value::Null, |name| name.as_str().into())
    }

    fn decision(&self, decision: Decision) -> Value {
        match self.texts.decisions.get(decision.0 as usize) {
            Some(text) => json!({ "why": text.sentence, "origins": text.origins }),
            None => Value::Null,
        }
    }

    fn route(&self, row: u32) -> Option<&RouteText> {
        self.texts.routes.get(row as usize)
    }

    fn drawn_destination(&self, route: u32, destination: u32) -> Value {
        let of = self.route(route).and_then(|it| it.destinations.get(destination as usize));
        match of {
            None => Value::Null,
            Some(DestinationText { cluster, origin, odds: (weight, of_all) }) => json!({
                "cluster": cluster,
                "weight": weight,
                "of": of_all,
                "origin": origin,
            }),
        }
    }

    /// What a step adds to its line.
    fn details(&self, step: Step) -> Value {
        match step {
            Step::CallBegan { edge, .. } => match self.edges.get(edge as usize) {
                Some((from, to)) => json!({ "from": from, "to": to }),
                None => Value::Null,
            },
            Step::NotReachable { ending } => ending_details(ending),
            Step::Answered { status } => json!({ "status": status }),
            Step::RouteDrawn { route } => match self.route(route) {
                Some(text) => json!({ "share_ppm": text.share_ppm, "origin": text.rule }),
                None => Value::Null,
            },
            Step::DestinationDrawn { route, destination } => {
                self.drawn_destination(route, destination)
            }
            Step::EndpointChosen { pod, candidates, rule } => {
                json!({ "endpoint": self.pod(pod), "candidates": candidates, "rule": rule.0 })
            }
            Step::Decided { rule } => json!({ "rule": rule.0 }),
            Step::Delayed { pause } | Step::Asks { pause } => json!({ "pause_ns": pause.as_ns() }),
            Step::ConnectionOpening { server, protection, .. } => {
                json!({ "server": self.pod(server), "protection": protection.word() })
            }
            Step::Overflowed { of, count, limit, rule, .. } => {
                json!({ "of": of.name(), "count": count, "limit": limit, "rule": rule.0 })
            }
            Step::AttemptReset { reason } => json!({ "reason": reason }),
            Step::ProxyBacksOff { pause, reason } => {
                json!({ "pause_ns": pause.as_ns(), "reason": reason.name() })
            }
            Step::HostEjected { pod, ejected, hosts, rule }
            | Step::HostSpared { pod, ejected, hosts, rule }
            | Step::HostReturned { pod, ejected, hosts, rule } => json!({
                "endpoint": self.pod(pod),
                "ejected": ejected,
                "hosts": hosts,
                "rule": rule.0,
            }),
            Step::SynDropped { decision }
            | Step::ConnectionRefused { decision }
            | Step::ConnectionReset { decision } => self.decision(decision),
            Step::AnsweredByServerProxy { status, details, decision } => {
                let mut text = json!({ "status": status, "details": details.name() });
                if let (Value::Object(text), Value::Object(why)) =
                    (&mut text, self.decision(decision))
                {
                    text.extend(why);
                }
                text
            }
            Step::BacksOff { pause } => json!({ "pause_ns": pause.as_ns() }),
            Step::CallEnded { ending, latency } => {
                let mut details = ending_details(ending);
                details["latency_ns"] = latency.as_ns().into();
                details
            }
            _ => Value::Null,
        }
    }
}

fn ending_details(ending: Ending) -> Value {
    json!({
        "status": ending.is_answer().then_some(ending.status),
        "response_flags": ending.flags.to_string(),
        "details": ending.details.name(),
    })
}
