//! Who else an edit lets in: one pod of each other class of workloads asks the same, before and
//! after.

use std::collections::{BTreeMap, BTreeSet};

use crate::walk::{Caller, Question, Sender, Verdict, full_name};
use crate::world::{PodId, WorkloadId};

use super::evaluate::{State, ask};

/// Who else is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Workloads that were not let in before; of those that are alike, one is named.
    pub workloads: Vec<String>,
    /// How many workloads were asked about.
    pub asked: usize,
    /// How many there are that differ.
    pub classes: usize,
}

/// One workload of each class, with what becomes of its request before any edit.
#[derive(Debug, Default)]
pub(super) struct Others {
    workloads: Vec<(WorkloadId, Option<Verdict>)>,
    classes: usize,
}

impl Others {
    /// All that are not the caller's, as many as are asked about.
    pub(super) fn of(state: State<'_>, question: &Question, most: usize) -> Self {
        let world = state.world;
        let own = match &question.sender {
            Sender::Pod(caller) => Some(caller.workload),
            Sender::Outside(_) | Sender::Client(_) | Sender::Controller(_) => {
                return Self::default();
            }
        };
        let mut seen = BTreeSet::new();
        let mut workloads = Vec::new();
        for (id, row) in world.workloads.entries() {
            if row.namespace.is_none() || row.pods.is_empty() {
                continue;
            }
            let labels: BTreeMap<&str, &str> =
                row.labels.iter().map(|(key, it)| (key.as_str(), it.value.as_str())).collect();
            let is_new = seen.insert((row.namespace, row.service_account, labels));
            if is_new && Some(id) != own && workloads.len() < most {
                workloads.push((id, None));
            }
        }
        // The caller's own class is not among the others.
        Self { workloads, classes: seen.len().saturating_sub(1) }
    }

    /// Who is let in after an edit that was not before. An edit never changes who exists, so a
    /// workload keeps its number unless a namespace is new.
    pub(super) fn admitted(
        &mut self,
        before: State<'_>,
        after: State<'_>,
        question: &Question,
    ) -> Option<Admitted> {
        if self.workloads.is_empty() || after.world.workloads.len() != before.world.workloads.len()
        {
            return None;
        }
        let mut admitted =
            Admitted { asked: self.workloads.len(), classes: self.classes, ..Admitted::default() };
        for (id, verdict) in &mut self.workloads {
            let now = verdict_for(after, question, *id);
            if now != Verdict::Allowed {
                continue;
            }
            let before = *verdict.get_or_insert_with(|| verdict_for(before, question, *id));
            if before != Verdict::Allowed {
                admitted.workloads.push(full_name(after.world, *id));
            }
        }
        Some(admitted)
    }
}

fn verdict_for(state: State<'_>, question: &Question, workload: WorkloadId) -> Verdict {
    let pod = PodId(state.world.workloads[workload].pods.start.0);
    let sender = Sender::Pod(Caller { pod, workload });
    ask(state, &Question { sender, ..question.clone() }).verdict
}
