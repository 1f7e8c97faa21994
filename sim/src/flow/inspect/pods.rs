//! Pods: workers, and who waits for one.

use meshwalk_models::path::DataPath;
use meshwalk_models::units::SimTime;

use crate::flow::engine::Engine;
use crate::flow::plan::NO_BOX;
use crate::flow::state::{Fate, Worker};
use crate::log::Recorder;

use super::Slot;

/// A pod with its workers and its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodState {
    /// Its row.
    pub pod: u32,
    /// What carries its traffic.
    pub data_path: DataPath,
    /// The row of the proxy of its side.
    pub proxy: Option<u32>,
    /// Its workers; `None` where nothing is known to work: clients outside, and waypoints.
    pub workers: Option<u32>,
    /// Of these, those that work on a request or hold one while it waits.
    pub busy: u32,
    /// Requests that wait for a worker.
    pub waiting: u32,
    /// How many may wait; more are turned away.
    pub queue_limit: Option<u32>,
}

/// A request that an application works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskState {
    /// The attempt that it answers.
    pub attempt: Slot,
    /// What it does.
    pub wait: TaskWait,
    /// Since when it holds a worker, or waits for one.
    pub since: SimTime,
    /// Calls of its own that are under way.
    pub calls: u16,
    /// Whether a call that it needs has failed.
    pub failed: Failed,
}

/// Whether a task can still succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It can.
    NotYet,
    /// A call that it needs has failed.
    ByCall,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskWait {
    /// It waits for a worker.
    ForWorker,
    /// A worker works on it, or waits for its calls.
    AtWorker,
    /// It waits for its calls, and no worker is kept.
    ForCalls,
}

impl TaskWait {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ForWorker => "waits for a worker",
            Self::AtWorker => "has a worker",
            Self::ForCalls => "waits for its calls",
        }
    }
}

impl<R: Recorder> Engine<R> {
    pub(super) fn pod_state(&self, row: u32) -> Option<PodState> {
        let plan = self.plan.pods.get(row as usize)?;
        let state = self.pods.get(row)?;
        let app = self.plan.apps.get(plan.app as usize);
        Some(PodState {
            pod: row,
            data_path: plan.data_path,
            proxy: Some(plan.proxy).filter(|proxy| *proxy != NO_BOX),
            workers: app.map(|app| app.workers),
            busy: state.busy,
            waiting: state.waiting,
            queue_limit: app.map(|app| app.queue_limit),
        })
    }

    /// The requests that a pod works on: those that wait for a worker in their order behind all
    /// others. It looks at everything that is worked on anywhere.
    #[must_use]
    pub fn tasks_of(&self, pod: u32) -> Vec<TaskState> {
        let Some(queue) = self.pods.get(pod) else { return Vec::new() };
        let mut waiting = Vec::new();
        let mut next = queue.first_waiting;
        while let Some(task) = self.tasks.get(next) {
            waiting.push(next);
            next = task.next;
        }
        let own = self.tasks.iter().filter(|(_, task)| task.pod == pod).map(|(slot, _)| slot);
        let at_work = own.filter(|slot| !waiting.contains(slot)).collect::<Vec<_>>();
        let wait = |slot: u32| {
            if waiting.contains(&slot) {
                TaskWait::ForWorker
            } else if self.tasks[slot].worker == Worker::Held {
                TaskWait::AtWorker
            } else {
                TaskWait::ForCalls
            }
        };
        let state = |slot: u32| {
            let task = &self.tasks[slot];
            TaskState {
                attempt: self.attempt_name(task.attempt),
                wait: wait(slot),
                since: task.since,
                calls: task.pending,
                failed: match task.fate {
                    Fate::Open => Failed::NotYet,
                    Fate::Failed => Failed::ByCall,
                },
            }
        };
        at_work.into_iter().chain(waiting.iter().copied()).map(state).collect()
    }
}
