//! What clients do: they follow their script, send requests and wait for answers.

use meshwalk_models::units::SimDuration;

use super::super::case::{ClientRequest, Step};
use super::answer::Failure;
use super::{Call, Drive, HOP, Happening};

/// How far the clients have come.
#[derive(Debug)]
pub(super) struct Script<'w> {
    steps: &'w [Step],
    at: usize,
    /// Requests of this step that were begun.
    begun: u32,
    /// Requests that are not answered.
    open: usize,
    /// The pause after each request of this step.
    gap: SimDuration,
    over: bool,
}

impl<'w> Script<'w> {
    pub(super) fn new(steps: &'w [Step]) -> Self {
        Self { steps, at: 0, begun: 0, open: 0, gap: SimDuration::ZERO, over: false }
    }

    /// Whether all steps were made.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    fn turn(&mut self) {
        self.at += 1;
        self.begun = 0;
        self.gap = SimDuration::ZERO;
    }
}

impl<'w> Drive<'w> {
    pub(super) fn next_step(&mut self) {
        let steps = self.script.steps;
        let Some(step) = steps.get(self.script.at) else {
            self.script.over = true;
            return;
        };
        match step {
            Step::Sleep(pause) => {
                self.script.turn();
                self.after(*pause, Happening::NextStep);
            }
            Step::Snapshot(label) => {
                let hosts = self.hosts();
                self.snapshots.push((label.clone(), hosts));
                self.script.turn();
                self.after(SimDuration::ZERO, Happening::NextStep);
            }
            Step::Together(requests) => {
                self.script.turn();
                for request in requests {
                    self.send(request);
                }
                if requests.is_empty() {
                    self.after(SimDuration::ZERO, Happening::NextStep);
                }
            }
            Step::InTurn { times, .. } if self.script.begun >= *times => {
                self.script.turn();
                self.after(SimDuration::ZERO, Happening::NextStep);
            }
            Step::InTurn { request, gap, .. } => {
                self.script.begun += 1;
                self.script.gap = *gap;
                self.send(request);
            }
        }
    }

    fn send(&mut self, request: &'w ClientRequest) {
        self.script.open += 1;
        let call = self.calls.len();
        let id = format!("q{}", self.calls.iter().filter(|it| it.shadow_of.is_none()).count() + 1);
        self.calls.push(Call::new(request, id, self.now()));
        self.after(request.at, Happening::Begins(call));
    }

    pub(super) fn begins(&mut self, call: usize) {
        self.calls[call].started = self.now();
        let patience = self.calls[call].spec.patience;
        self.after(HOP, Happening::Arrives(call));
        self.after(patience, Happening::GivesUp(call));
    }

    /// The client has its whole answer, or knows that there is none.
    pub(super) fn answered(&mut self, call: usize) {
        let now = self.now();
        let answer = &mut self.calls[call].answer;
        if answer.finished.is_some() {
            return;
        }
        answer.finished = Some(now);
        self.script.open -= 1;
        if self.script.open == 0 {
            let gap = self.script.gap;
            self.after(gap, Happening::NextStep);
        }
    }

    pub(super) fn gives_up(&mut self, call: usize) {
        if self.calls[call].answer.finished.is_some() {
            return;
        }
        self.calls[call].answer.failure = Some(Failure::Impatience);
        self.answered(call);
        self.after(HOP, Happening::ClientGone(call));
    }
}
