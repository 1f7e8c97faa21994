//! The search: the smallest candidates first, single edits before pairs, within a bound.

use std::collections::BTreeMap;

use crate::control::ControlPlanes;
use crate::walk::{Answer, Outcome, Question, Verdict};
use crate::world::World;

use super::candidates::{Candidate, Goal, Rank, candidates};
use super::draft::Draft;
use super::edit::{Edit, EditKind};
use super::evaluate::{Setting, State, ask, goal, make, question_after};
use super::others::{Admitted, Others};
use super::scene::{Extent, Reached, Scene};

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many flips are wanted.
    pub most: usize,
    /// How many times a question is asked again.
    pub evaluations_max: u32,
    /// About how many other workloads it is asked, for each flip.
    pub others_max: usize,
}

/// How many edits are made together at most, each step after the first derived from what the one
/// before it changed.
const STEPS_MAX: usize = 2;

/// How many times world or planes are made for a mesh of a few objects, and how many objects are
/// read in all of them together for a large one.
const EVALUATIONS_MAX: u32 = 256;
const EVALUATIONS_MIN: u32 = 12;
const OBJECTS_READ_MAX: u32 = 200_000;

/// How many other workloads are asked about.
const OTHERS_MAX: usize = 32;

impl Bounds {
    /// The bounds for so many objects.
    #[must_use]
    pub fn for_objects(most: usize, objects: usize) -> Self {
        let objects = u32::try_from(objects).unwrap_or(u32::MAX).max(1);
        let evaluations = OBJECTS_READ_MAX / objects;
        let evaluations_max = evaluations.clamp(EVALUATIONS_MIN, EVALUATIONS_MAX);
        Self { most, evaluations_max, others_max: OTHERS_MAX }
    }
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Flips {
    /// The smallest first.
    pub found: Vec<Flip>,
    /// How many times the question was asked again.
    pub evaluations: u32,
    /// How many candidates were left when the bound was reached.
    pub left_out: usize,
}

/// Edits that change what becomes of a request.
#[derive(Clone, Debug)]
pub struct Flip {
    /// What to change.
    pub edits: Vec<Edit>,
    /// How many fields that are.
    pub size: u32,
    /// What becomes of the request then.
    pub verdict: Verdict,
    /// Who else is let in; `None` where nobody else was asked about.
    pub admitted: Option<Admitted>,
}

/// A candidate that waits, and how many steps led to it.
struct Waiting {
    candidate: Candidate,
    steps: usize,
}

struct Search<'s, 'a> {
    setting: &'s Setting<'a>,
    draft: Draft<'a>,
    before: State<'s>,
    question: &'s Question,
    goal: Goal,
    bounds: Bounds,
    answer: &'s Answer,
    waiting: BTreeMap<Rank, Waiting>,
    flips: Flips,
    others: Others,
    go_on: &'s mut dyn FnMut() -> bool,
}

/// Searches for the smallest edits that change what becomes of a request. `answer` is what becomes
/// of it now; for one that is not known there is nothing to change.
#[must_use]
pub fn flips(
    setting: &Setting<'_>,
    made: (&World, &ControlPlanes),
    question: &Question,
    answer: &Answer,
    bounds: Bounds,
) -> Flips {
    flips_while(setting, made, (question, answer), bounds, &mut || true)
}

/// As [`flips`], and ends before the next edit is tried once `go_on` says no: whoever asked may
/// have lost interest.
#[must_use]
pub fn flips_while(
    setting: &Setting<'_>,
    (world, planes): (&World, &ControlPlanes),
    (question, answer): (&Question, &Answer),
    bounds: Bounds,
    go_on: &mut dyn FnMut() -> bool,
) -> Flips {
    let Some(goal) = goal(answer).filter(|_| bounds.most > 0) else { return Flips::default() };
    let mut search = Search {
        setting,
        draft: Draft::of(setting.clusters),
        before: State { world, planes },
        question,
        goal,
        bounds,
        answer,
        waiting: BTreeMap::new(),
        flips: Flips::default(),
        others: Others::of(State { world, planes }, question, bounds.others_max),
        go_on,
    };
    search.derive(search.before, question, answer, &[]);
    search.run();
    search.flips
}

impl Search<'_, '_> {
    /// Adds the candidates that follow from a state of the draft, each behind `first`.
    fn derive(&mut self, state: State<'_>, question: &Question, answer: &Answer, first: &[Edit]) {
        let mut reached = Reached::of(question, answer);
        if reached.extent == Extent::NoServer {
            let open = state.planes.without_network_policies();
            let open = State { planes: &open, ..state };
            let behind = Reached::of(question, &ask(open, question));
            reached = Reached { extent: Extent::NoServer, ..behind };
        }
        let scene = Scene::of(state.world, state.planes, question, &self.draft, &reached);
        let found = candidates(&scene, self.goal);
        for (rank, candidate) in found {
            if first.is_empty() {
                self.waiting.insert(rank, Waiting { candidate, steps: 1 });
                continue;
            }
            if first.iter().any(|edit| renumbers(edit, &candidate)) {
                continue;
            }
            let mut edits = first.to_vec();
            edits.extend(candidate.edits);
            let candidate = Candidate { edits };
            let steps = STEPS_MAX;
            self.waiting.entry(candidate.rank()).or_insert(Waiting { candidate, steps });
        }
    }

    fn run(&mut self) {
        while self.flips.found.len() < self.bounds.most {
            let Some((rank, Waiting { candidate, steps })) = self.next() else { return };
            // Where a smaller edit does, more of them together say nothing.
            let is_idle = steps > 1 && !self.flips.found.is_empty();
            if is_idle || self.holds_a_flip(&candidate) {
                continue;
            }
            if self.flips.evaluations >= self.bounds.evaluations_max || !(self.go_on)() {
                self.flips.left_out = 1 + self.waiting.len();
                return;
            }
            self.attempt(rank.0, candidate.edits, steps);
        }
    }

    /// The smallest candidate; of those, one of a kind that no flip of the size has yet. Three ways
    /// to write one principal down would hide that another service account does it too.
    fn next(&mut self) -> Option<(Rank, Waiting)> {
        let first = self.waiting.keys().next()?;
        let size = first.0;
        let is_new = |rank: &&Rank| {
            let kinds = || rank.2.iter().map(|(kind, _)| *kind);
            let flips = self.flips.found.iter().filter(|flip| flip.size == size);
            let mut told = flips.map(|flip| {
                let mut kinds: Vec<_> = flip.edits.iter().map(Edit::kind).collect();
                kinds.sort();
                kinds
            });
            !told.any(|told| told.iter().copied().eq(kinds()))
        };
        let new = self.waiting.keys().take_while(|rank| rank.0 == size).find(is_new);
        let rank = new.unwrap_or(first).clone();
        self.waiting.remove_entry(&rank)
    }

    /// Whether a part of a candidate is a flip already.
    fn holds_a_flip(&self, candidate: &Candidate) -> bool {
        let has = |edit: &Edit| candidate.edits.iter().any(|it| it.sentence == edit.sentence);
        self.flips.found.iter().any(|flip| flip.edits.iter().all(has))
    }

    /// Makes edits and asks again.
    fn attempt(&mut self, size: u32, edits: Vec<Edit>, steps: usize) {
        let Some(undone) = self.draft.apply(&edits) else { return };
        self.flips.evaluations += 1;
        let made = make(self.setting, &mut self.draft, self.before, &edits);
        let before = self.before;
        let state = made.over(before);
        if let Some(question) = question_after(self.question, &edits, before.world, state.world) {
            let answer = ask(state, &question);
            if self.is_flipped(&answer) {
                let widens = self.goal == Goal::Admit && edits.iter().any(|edit| edit.at.is_some());
                let admitted = match widens {
                    true => self.others.admitted(before, state, &question),
                    false => None,
                };
                self.flips.found.push(Flip { edits, size, verdict: answer.verdict, admitted });
            } else if steps < STEPS_MAX && self.gets_elsewhere(&answer) {
                self.derive(state, &question, &answer, &edits);
            }
        }
        self.draft.undo(undone);
    }

    fn is_flipped(&self, answer: &Answer) -> bool {
        // That nothing is there to take a request is no verdict about it.
        let is_stopped = answer.outcome != Outcome::NoRoute;
        match self.goal {
            Goal::Admit => goal(answer) == Some(Goal::Stop),
            Goal::Stop => is_stopped && goal(answer) == Some(Goal::Admit),
        }
    }

    /// Whether what stops the request now is not what stopped it before.
    fn gets_elsewhere(&self, answer: &Answer) -> bool {
        let before = self.answer;
        (answer.verdict, &answer.enforced_by, &answer.because)
            != (before.verdict, &before.enforced_by, &before.because)
    }
}

/// Whether an edit changes the numbers by which another one names its parts.
fn renumbers(edit: &Edit, candidate: &Candidate) -> bool {
    let takes_away = matches!(edit.kind(), EditKind::TakeAway | EditKind::DeletePolicy);
    takes_away && candidate.edits.iter().any(|other| other.at == edit.at)
}
