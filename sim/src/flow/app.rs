//! Applications: workers, queues, and the programs that they run for each request.

use meshwalk_models::units::SimDuration;

use crate::kernel::random::{CounterDraw, Draws, mix};
use crate::log::{Recorder, Step};
use crate::scenario::file::Threads;

use super::engine::Engine;
use super::event::Kind;
use super::plan::{AppPlan, Op};
use super::state::{Caller, Fate, NONE, Stage, Task, Worker};

/// What a draw is for.
mod purpose {
    pub(super) const SERVE: u64 = 0x7365_7276;
    pub(super) const WORK: u64 = 0x776F_726B;
    pub(super) const ERROR: u64 = 0x6572_726F;
    pub(super) const CHANCE: u64 = 0x6368_616E;
}

/// The statuses that applications answer with.
pub(super) const OK: u16 = 200;
const NOT_FOUND: u16 = 404;
const FAILED: u16 = 500;
const OVERLOADED: u16 = 503;
/// All of them.
pub(super) const STATUSES: [u16; 4] = [OK, NOT_FOUND, FAILED, OVERLOADED];

impl<R: Recorder> Engine<R> {
    /// The program that answers an attempt, once its server is known.
    pub(super) fn program_of(&self, slot: u32) -> Option<u32> {
        let attempt = &self.attempts[slot];
        let app = self.plan.pods.get(attempt.server as usize)?.app;
        let programs = &self.plan.calls[attempt.call as usize].programs;
        programs.iter().find(|(of, _)| *of == app).map(|(_, program)| *program)
    }

    fn app(&self, pod: u32) -> &AppPlan {
        &self.plan.apps[self.plan.pods[pod as usize].app as usize]
    }

    /// A request reaches its application.
    pub(super) fn request_at_app(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        let pod = attempt.server;
        self.tell(now, slot, pod, Step::RequestAtApp);
        self.meter.arrived(self.plan.pods[pod as usize].app, now);
        let Some(program) = self.program_of(slot) else {
            self.answer(slot, NOT_FOUND);
            return;
        };
        let task = self.tasks.insert(Task {
            key: mix(attempt.key, purpose::SERVE),
            since: now,
            attempt: slot,
            pod,
            program,
            op: self.plan.programs[program as usize].first_op,
            next: NONE,
            pending: 0,
            worker: Worker::NeverHeld,
            fate: Fate::Open,
        });
        match self.app(pod).threads {
            Threads::Async => self.run_program(task),
            Threads::Blocking => {
                if self.take_worker(task) == Grant::Now {
                    self.run_program(task);
                }
            }
        }
    }

    /// Runs a task's program until it has to wait.
    pub(super) fn run_program(&mut self, task: u32) {
        loop {
            let Task { key, op, program, .. } = self.tasks[task];
            let step = u64::from(op - self.plan.programs[program as usize].first_op);
            match self.plan.ops[op as usize] {
                Op::Work(distribution) => {
                    let held = self.tasks[task].worker == Worker::Held;
                    if held || self.take_worker(task) == Grant::Now {
                        self.work(task, distribution);
                    }
                    return;
                }
                Op::Calls(first, count) => {
                    if self.make_calls(task, first, count) > 0 {
                        return;
                    }
                    self.tasks[task].op = op + 1;
                }
                Op::SkipUnless(probability, to) => {
                    let mut draws = CounterDraw::keyed(mix(key, step), purpose::CHANCE);
                    let happens = probability.happens(draws.next_u64());
                    self.tasks[task].op = if happens { op + 1 } else { to };
                }
                Op::Respond => {
                    self.respond(task);
                    return;
                }
            }
        }
    }

    /// Begins the calls of one step and tells how many there are.
    fn make_calls(&mut self, task: u32, first: u32, count: u32) -> u16 {
        let Task { key, pod, attempt, .. } = self.tasks[task];
        let root = (self.attempts[attempt].source, self.attempts[attempt].request);
        let mut made = 0;
        for call in first..first + count {
            let plan = &self.plan.calls[call as usize];
            let key = mix(key, plan.position);
            let chance = CounterDraw::keyed(key, purpose::CHANCE).next_u64();
            if plan.probability.happens(chance) {
                made += 1;
                self.tasks[task].pending = made;
                self.begin_call(call, Caller::Task(task), pod, root, key);
            }
        }
        made
    }

    /// A call that a task made has ended.
    pub(super) fn call_returned(&mut self, task: u32, returned: Returned) {
        let state = &mut self.tasks[task];
        if returned == Returned::Failed {
            state.fate = Fate::Failed;
        }
        state.pending -= 1;
        if state.pending > 0 {
            return;
        }
        if state.fate == Fate::Failed {
            self.respond(task);
        } else {
            state.op += 1;
            self.run_program(task);
        }
    }

    /// Occupies the task's worker with one piece of work.
    fn work(&mut self, task: u32, distribution: u32) {
        let now = self.kernel.now();
        let Task { key, op, program, attempt, pod, .. } = self.tasks[task];
        let step = u64::from(op - self.plan.programs[program as usize].first_op);
        let mut draws = CounterDraw::keyed(mix(key, step), purpose::WORK);
        let duration: SimDuration =
            self.plan.distributions[distribution as usize].sample(&mut draws);
        self.tell(now, attempt, pod, Step::WorkBegan);
        self.schedule(now + duration, Kind::WorkDone, task);
    }

    pub(super) fn work_done(&mut self, task: u32) {
        let now = self.kernel.now();
        let Task { attempt, pod, .. } = self.tasks[task];
        self.tell(now, attempt, pod, Step::WorkEnded);
        if self.app(pod).threads == Threads::Async {
            self.release_worker(task);
        }
        self.tasks[task].op += 1;
        self.run_program(task);
    }

    /// Gives a task a worker or lets it wait for one. A task that never had one is turned away
    /// when too many wait.
    fn take_worker(&mut self, task: u32) -> Grant {
        let now = self.kernel.now();
        let Task { pod, attempt, worker, .. } = self.tasks[task];
        let (workers, queue_limit) = (self.app(pod).workers, self.app(pod).queue_limit);
        let state = self.pods[pod];
        if state.busy < workers {
            self.begin_holding(task, SimDuration::ZERO);
            return Grant::Now;
        }
        if worker == Worker::NeverHeld && state.waiting >= queue_limit {
            self.turn_away(task);
            return Grant::Never;
        }
        self.meter.pod_changes(pod, now, state);
        self.tasks[task].since = now;
        self.tasks[task].next = NONE;
        let state = &mut self.pods[pod];
        state.waiting += 1;
        let last = std::mem::replace(&mut state.last_waiting, task);
        if last == NONE {
            state.first_waiting = task;
        } else {
            self.tasks[last].next = task;
        }
        self.tell(now, attempt, pod, Step::WaitsForWorker);
        Grant::Later
    }

    fn begin_holding(&mut self, task: u32, waited: SimDuration) {
        let now = self.kernel.now();
        let pod = self.tasks[task].pod;
        self.meter.pod_changes(pod, now, self.pods[pod]);
        self.meter.waited(self.plan.pods[pod as usize].app, now, waited);
        self.pods[pod].busy += 1;
        self.tasks[task].worker = Worker::Held;
        self.tasks[task].since = now;
    }

    /// Frees a task's worker for the next that waits.
    fn release_worker(&mut self, task: u32) {
        let now = self.kernel.now();
        let Task { pod, since, attempt, .. } = self.tasks[task];
        self.tasks[task].worker = Worker::Released;
        if let Some(unwanted) = self.unwanted_since(attempt) {
            let wasted = now.since(since.max(unwanted));
            self.meter.wasted(self.plan.pods[pod as usize].app, now, wasted);
        }
        self.meter.pod_changes(pod, now, self.pods[pod]);
        let state = &mut self.pods[pod];
        state.busy -= 1;
        let next = state.first_waiting;
        if next == NONE {
            return;
        }
        state.waiting -= 1;
        state.first_waiting = self.tasks[next].next;
        if state.first_waiting == NONE {
            state.last_waiting = NONE;
        }
        self.begin_holding(next, now - self.tasks[next].since);
        match self.app(pod).threads {
            Threads::Async => {
                let Op::Work(distribution) = self.plan.ops[self.tasks[next].op as usize] else {
                    unreachable!("an event loop waits for a worker only in order to work");
                };
                self.work(next, distribution);
            }
            // As an event, because a program without work would release the worker again while
            // this one is still being released.
            Threads::Blocking => self.schedule(now, Kind::TaskReady, next),
        }
    }

    fn turn_away(&mut self, task: u32) {
        let now = self.kernel.now();
        let Task { attempt, pod, .. } = self.tasks[task];
        self.tasks.remove(task);
        self.meter.turned_away(self.plan.pods[pod as usize].app, now);
        self.tell(now, attempt, pod, Step::TurnedAway);
        self.answer(attempt, OVERLOADED);
    }

    /// The program is at its end, or cannot reach it.
    fn respond(&mut self, task: u32) {
        let Task { key, attempt, program, worker, fate, .. } = self.tasks[task];
        let error_rate = self.plan.programs[program as usize].error_rate;
        let errs = error_rate.happens(CounterDraw::keyed(key, purpose::ERROR).next_u64());
        let status = if fate == Fate::Failed || errs { FAILED } else { OK };
        if worker == Worker::Held {
            self.release_worker(task);
        }
        self.tasks.remove(task);
        self.answer(attempt, status);
    }

    /// The application answers an attempt.
    fn answer(&mut self, slot: u32, status: u16) {
        let now = self.kernel.now();
        let attempt = &mut self.attempts[slot];
        let (server, call) = (attempt.server, attempt.call);
        attempt.status = status;
        attempt.stage = Stage::Done;
        self.meter.finished(self.plan.pods[server as usize].app, now);
        self.tell(now, slot, server, Step::Answered { status });
        let streaming = self.plan.calls[call as usize].streaming;
        let messages = match (status, streaming) {
            (OK, Some(streaming)) => streaming.messages,
            _ => 1,
        };
        self.attempts[slot].messages_left = messages;
        self.send_message(slot);
    }
}

/// How a call that a task made has ended, as far as the task cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    /// The task can go on.
    Well,
    /// The task cannot succeed any more.
    Failed,
}

/// Whether a task has a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Now,
    Later,
    Never,
}
