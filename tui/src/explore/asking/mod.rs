//! Questions about what the log shows: from a call of the run to the question that asks the walk
//! for the same, its answer with the tree of reasons, and what is dear to find out (the flips, the
//! other data paths). It computes no mesh behaviour; `meshwalk-models` answers.

mod call;
mod desk;
mod elsewhere;
mod ground;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::flip::Flips;
use meshwalk_models::manifest::Place;
use meshwalk_models::units::SimTime;
use meshwalk_models::walk::{Admission, Answer, Question, Sender, UnseenController};
use meshwalk_models::world::{PodId, TableId};
use meshwalk_sim::flow::Unasked;

pub(crate) use call::{CallAt, call_at};
pub(crate) use elsewhere::{Elsewhere, There};

use super::session::Session;
use desk::{Cancel, Clerk, Desk, Part};
use ground::Ground;

/// How many answers are kept; when there are more, all are forgotten and asked again.
const KEPT_MAX: usize = 512;

/// A question with its answer.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// What is asked.
    pub(crate) question: Question,
    /// What becomes of it, and why.
    pub(crate) answer: Answer,
    /// Where the scenario says that the request is sent.
    pub(crate) written: Option<Place>,
}

/// An answer, or why there is none.
pub(crate) type Reply = Result<Arc<Answered>, Unasked>;

/// What is dear to find out about a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dear {
    /// The same request on the other data paths.
    pub(crate) elsewhere: Sought<Vec<Elsewhere>>,
    /// The smallest edits that would change what becomes of it.
    pub(crate) flips: Sought<Flips>,
}

/// Something that is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) enum Sought<T> {
    /// It is being looked for.
    #[default]
    Looking,
    /// It was found.
    Found(Arc<T>),
    /// Nobody wanted it any more before it was found.
    Cancelled,
    /// There is nothing to look for.
    Nothing,
}

/// Which question it is. Pods of one class get the same answers to dear questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    call: u32,
    pod: Option<PodId>,
    /// Where tokens go by a clock: the second of the run.
    second: u64,
}

/// A question on the desk, and the how-manieth one it is: the same may be put again after it was
/// cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Put {
    key: Key,
    turn: u64,
}

/// A part of what is dear to find out.
enum Found {
    Elsewhere(Vec<Elsewhere>),
    Flips(Option<Flips>),
}

/// Asks, and remembers the answers.
pub(crate) struct Asking {
    ground: Arc<Ground>,
    answers: RefCell<BTreeMap<Key, Reply>>,
    dear: RefCell<BTreeMap<Key, Dear>>,
    desk: Desk<Put, Found>,
    turn: Cell<u64>,
}

impl Asking {
    /// Everything is answered at once, dear questions too.
    pub(crate) fn inline(session: Arc<Session>) -> Self {
        let ground = Arc::new(Ground::of(session));
        let desk = Desk::inline(clerk(Arc::clone(&ground)));
        Self::with(ground, desk)
    }

    /// Dear questions are answered by a worker, which calls `notify` when it has something; what
    /// it has is taken with [`Asking::take`].
    pub(crate) fn beside(session: Arc<Session>, notify: Box<dyn Fn() + Send>) -> Self {
        let ground = Arc::new(Ground::of(session));
        let desk = Desk::beside(clerk(Arc::clone(&ground)), notify);
        Self::with(ground, desk)
    }

    fn with(ground: Arc<Ground>, desk: Desk<Put, Found>) -> Self {
        let (answers, dear) = (RefCell::default(), RefCell::default());
        Self { ground, answers, dear, desk, turn: Cell::new(0) }
    }

    /// Who configures the proxies of the run.
    pub(crate) fn planes(&self) -> &ControlPlanes {
        self.ground.planes()
    }

    /// What becomes of the request of a call site (a row of the plan's calls) that leaves a pod (a
    /// row of the plan's pods) at a moment, and why.
    ///
    /// # Errors
    /// Where no question to the walk is the same.
    pub(crate) fn answer(&self, call: u32, pod: u32, at: SimTime) -> Reply {
        let key = self.key(call, pod, at);
        if let Some(known) = self.answers.borrow().get(&key) {
            return known.clone();
        }
        let reply = answered(&self.ground, key);
        let mut answers = self.answers.borrow_mut();
        if answers.len() >= KEPT_MAX {
            answers.clear();
        }
        answers.insert(key, reply.clone());
        reply
    }

    /// What is known by now of what is dear to find out. The first time it is put to the desk.
    pub(crate) fn dear(&self, call: u32, pod: u32, at: SimTime) -> Dear {
        let key = self.key_of_class(call, pod, at);
        if let Some(known) = self.dear.borrow().get(&key) {
            return known.clone();
        }
        self.look(key);
        self.dear.borrow().get(&key).cloned().unwrap_or_default()
    }

    /// Looks again for what was cancelled.
    pub(crate) fn look_again(&self, call: u32, pod: u32, at: SimTime) {
        self.look(self.key_of_class(call, pod, at));
    }

    fn look(&self, key: Key) {
        {
            let mut dear = self.dear.borrow_mut();
            if dear.len() >= KEPT_MAX {
                dear.clear();
            }
            // What was looked for before and not found has lost its place on the desk.
            dear.retain(|_, known| !known.is_looked_for());
            dear.insert(key, Dear::default());
        }
        let put = Put { key, turn: self.turn.get() + 1 };
        self.turn.set(put.turn);
        for part in self.desk.put(put) {
            self.learn(put, part);
        }
    }

    /// Takes what the worker has found; tells whether that was anything.
    pub(crate) fn take(&self) -> bool {
        let arrived = self.desk.take();
        let is_any = !arrived.is_empty();
        for (put, part) in arrived {
            self.learn(put, part);
        }
        is_any
    }

    /// Whether the worker is looking for something.
    pub(crate) fn is_looking(&self) -> bool {
        self.dear.borrow().values().any(Dear::is_looked_for)
    }

    /// Nobody wants what is being looked for.
    pub(crate) fn cancel(&self) {
        self.desk.cancel();
        for known in self.dear.borrow_mut().values_mut() {
            known.cancel();
        }
    }

    fn learn(&self, put: Put, part: Part<Found>) {
        let mut dear = self.dear.borrow_mut();
        let Some(known) = dear.get_mut(&put.key) else { return };
        match part {
            Part::Of(Found::Elsewhere(found)) => known.elsewhere = Sought::Found(Arc::new(found)),
            Part::Of(Found::Flips(found)) => {
                known.flips = found.map_or(Sought::Nothing, |found| Sought::Found(Arc::new(found)));
            }
            // What ends an earlier turn says nothing of this one.
            Part::Done if put.turn == self.turn.get() => known.cancel(),
            Part::Done => {}
        }
    }

    fn key(&self, call: u32, pod: u32, at: SimTime) -> Key {
        let is_pod = (pod as usize) < self.ground.session().world().pods.len();
        let pod = is_pod.then(|| PodId::from_index(pod as usize));
        let is_timed = self.ground.session().scenario.file.starts_at.is_some();
        let second = if is_timed { at.as_ns() / 1_000_000_000 } else { 0 };
        Key { call, pod, second }
    }

    /// The same for all pods of a class: the first of them stands for it.
    fn key_of_class(&self, call: u32, pod: u32, at: SimTime) -> Key {
        let pods = &self.ground.session().plan().pods;
        let key = self.key(call, pod, at);
        let Some(own) = key.pod.and_then(|_| pods.get(pod as usize)) else { return key };
        let first = pods.iter().position(|other| {
            (other.app, other.class, other.gate_class) == (own.app, own.class, own.gate_class)
        });
        Key { pod: first.map(PodId::from_index).or(key.pod), ..key }
    }
}

impl Dear {
    fn is_looked_for(&self) -> bool {
        matches!(self.elsewhere, Sought::Looking) || matches!(self.flips, Sought::Looking)
    }

    fn cancel(&mut self) {
        self.elsewhere.cancel();
        self.flips.cancel();
    }
}

impl<T> Sought<T> {
    fn cancel(&mut self) {
        if matches!(self, Self::Looking) {
            *self = Self::Cancelled;
        }
    }
}

fn answered(ground: &Ground, key: Key) -> Reply {
    let session = ground.session();
    let asked = session.prepared.asked.get(key.call as usize).ok_or(Unasked::NoTarget)?;
    let at = SimTime::from_ns(key.second * 1_000_000_000);
    let mut question = asked.question((session.world(), &session.scenario), key.pod, at)?;
    if let Sender::Outside(name) = &question.sender
        && !ground.serves(name)
    {
        // The run takes the controller for an outside pod, and says what it assumes of it.
        let (class, admission) = (name.name.clone(), Admission::Assumed);
        question.sender = Sender::Controller(UnseenController { class, admission });
    }
    let answer = ground.walk(&question);
    let written = session.scenario.place_of(&asked.written);
    Ok(Arc::new(Answered { question, answer, written }))
}

/// Answers dear questions: first where else, then what would change it.
fn clerk(ground: Arc<Ground>) -> Clerk<Put, Found> {
    Box::new(move |put: &Put, cancel: &Cancel, hand_on: &mut dyn FnMut(Found)| {
        let Ok(answered) = answered(&ground, put.key) else {
            hand_on(Found::Elsewhere(Vec::new()));
            hand_on(Found::Flips(None));
            return;
        };
        let elsewhere = elsewhere::ask(&ground, &answered.question, &|| cancel.is_wanted());
        if !cancel.is_wanted() {
            return;
        }
        hand_on(Found::Elsewhere(elsewhere));
        let flips = ground.flips(&answered.question, &answered.answer, cancel);
        if cancel.is_wanted() {
            hand_on(Found::Flips(flips));
        }
    })
}
