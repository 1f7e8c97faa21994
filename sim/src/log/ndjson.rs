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

/// Writes entries to `out`. Field names are stable: `id`, `name`, `time_ns`, `pod`, `step`,
/// `cause`, and what the step adds.
pub struct NdjsonWriter<W: Write> {
    out: W,
    sources: Vec<String>,
    pods: Vec<String>,
    edges: Vec<(String, String)>,
    decisions: Vec<DecisionText>,
    failed: Option<io::Error>,
}

impl<W: Write> NdjsonWriter<W> {
    /// Writes to `out`, with the names of `layout`; `pods` are the names of all pods by row, and
    /// `decisions` those of the plan.
    #[must_use]
    pub fn new(out: W, layout: &Layout, pods: Vec<String>, decisions: Vec<DecisionText>) -> Self {
        let sources = layout.traffic.iter().map(|source| source.name.clone()).collect();
        let edges = layout
            .edges
            .iter()
            .map(|edge| (layout.origin_name(edge.from), layout.service_name(edge.to)))
            .collect();
        Self { out, sources, pods, edges, decisions, failed: None }
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
        self.pods.get(row as usize).map_or(Value::Null, |name| name.as_str().into())
    }

    fn decision(&self, decision: Decision) -> Value {
        match self.decisions.get(decision.0 as usize) {
            Some(text) => json!({ "why": text.sentence, "origins": text.origins }),
            None => Value::Null,
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
            Step::EndpointChosen { pod, candidates, rule } => {
                json!({ "endpoint": self.pod(pod), "candidates": candidates, "rule": rule.0 })
            }
            Step::Decided { rule } => json!({ "rule": rule.0 }),
            Step::Delayed { pause } | Step::Asks { pause } => json!({ "pause_ns": pause.as_ns() }),
            Step::Overflowed { of, rule } => json!({ "of": of.name(), "rule": rule.0 }),
            Step::AttemptReset { reason } => json!({ "reason": reason }),
            Step::ProxyBacksOff { pause, reason } => {
                json!({ "pause_ns": pause.as_ns(), "reason": reason.name() })
            }
            Step::HostEjected { pod, rule }
            | Step::HostSpared { pod, rule }
            | Step::HostReturned { pod, rule } => {
                json!({ "endpoint": self.pod(pod), "rule": rule.0 })
            }
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
