//! The rows of the waterfall: calls, tries and attempts with their stretches of time, as plain
//! data. A call with one try and one attempt is one row. Nothing is drawn here.

use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::waterfall::{Attempt, AttemptEnd, Call, Maker, Span, Spent, Waterfall};

use super::settings::Limits;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What it is about.
    pub(super) about: About,
    /// How deep it lies.
    pub(super) depth: usize,
    /// What its time was spent on.
    pub(super) stretches: Vec<Stretch>,
    /// Moments on it that somebody set.
    pub(super) marks: Vec<Mark>,
    /// Its first entry.
    pub(super) entry: u64,
    /// How many rows are below it, whether they are shown or not.
    pub(super) below: usize,
    /// Whether they are shown.
    pub(super) is_folded: bool,
    /// What folding it is remembered by.
    pub(super) key: String,
}

/// What a row is about, by the place in the waterfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// A call with its only try and at most one attempt.
    Whole(usize, Option<usize>),
    /// A call of several tries or attempts.
    Call(usize),
    /// A try of several.
    Try(usize),
    /// An attempt of several.
    Attempt(usize),
}

/// A stretch of time on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: SimTime,
    pub(super) to: SimTime,
    pub(super) kind: Kind,
}

/// What a stretch of a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was spent on this, and somebody waited.
    Spent(Spent),
    /// Rows below tell more.
    Open,
    /// Nobody waited any more.
    Zombie,
}

/// A moment that somebody set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: SimTime,
    pub(super) what: MarkKind,
}

/// Which time limit a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// The caller's own.
    Deadline,
    /// That of the route, over all attempts.
    Route,
    /// That of one attempt.
    PerTry,
}

impl MarkKind {
    /// Its letter.
    pub(super) const fn letter(self) -> &'static str {
        match self {
            Self::Deadline => "D",
            Self::Route => "R",
            Self::PerTry => "P",
        }
    }
}

/// The rows of a waterfall; `is_folded` tells what is folded, `limits` what is set for a try.
pub(super) fn rows(
    waterfall: &Waterfall,
    is_folded: &dyn Fn(&str) -> bool,
    limits: &dyn Fn(usize) -> Limits,
) -> Vec<Row> {
    let mut list = List { waterfall, is_folded, limits, rows: Vec::new() };
    list.call(0, 0, Shown::Yes);
    list.rows
}

/// How deep rows go: what lies deeper is counted and not shown.
const DEPTH_MAX: usize = 64;

/// Whether rows are shown, or only counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Yes,
    No,
}

struct List<'w> {
    waterfall: &'w Waterfall,
    is_folded: &'w dyn Fn(&str) -> bool,
    limits: &'w dyn Fn(usize) -> Limits,
    rows: Vec<Row>,
}

impl List<'_> {
    /// Adds a row and what is below it; tells how many rows that is.
    fn add(
        &mut self,
        row: Row,
        shown: Shown,
        below: impl FnOnce(&mut Self, Shown) -> usize,
    ) -> usize {
        let is_folded = (self.is_folded)(&row.key) || row.depth >= DEPTH_MAX;
        let place = self.rows.len();
        if shown == Shown::Yes {
            self.rows.push(row);
        }
        let inner = if is_folded { Shown::No } else { shown };
        let count = below(self, inner);
        if shown == Shown::Yes {
            self.rows[place].below = count;
            self.rows[place].is_folded = is_folded && count > 0;
        }
        count + 1
    }

    fn call(&mut self, number: usize, depth: usize, shown: Shown) -> usize {
        if depth > DEPTH_MAX {
            return 0;
        }
        let call = &self.waterfall.calls[number];
        let sole = match call.tries.as_slice() {
            &[only] => Some(only).filter(|&it| self.waterfall.tries[it].attempts.len() < 2),
            _ => None,
        };
        if let Some(only) = sole {
            let attempt = self.waterfall.tries[only].attempts.first().copied();
            return self.whole(number, only, attempt, (depth, shown));
        }
        let entry = self.waterfall.tries[call.tries[0]].entry;
        let row = Row {
            about: About::Call(number),
            depth,
            stretches: self.call_stretches(call),
            marks: Vec::new(),
            entry,
            below: 0,
            is_folded: false,
            key: format!("call {entry}"),
        };
        let tries = call.tries.clone();
        self.add(row, shown, |list, shown| match tries.as_slice() {
            &[only] => list.attempts(only, depth + 1, shown),
            several => several.iter().map(|&it| list.one_try(it, depth + 1, shown)).sum(),
        })
    }

    fn whole(
        &mut self,
        call: usize,
        only: usize,
        attempt: Option<usize>,
        (depth, shown): (usize, Shown),
    ) -> usize {
        let it = &self.waterfall.tries[only];
        let mut stretches: Vec<Stretch> = it.own.iter().map(spent).collect();
        let mut marks = self.try_marks(only);
        if let Some(number) = attempt {
            let attempt = &self.waterfall.attempts[number];
            stretches.extend(attempt_stretches(attempt));
            marks.extend(self.attempt_mark(attempt));
        }
        stretches.sort_by_key(|stretch| stretch.from);
        let row = Row {
            about: About::Whole(call, attempt),
            depth,
            stretches,
            marks,
            entry: it.entry,
            below: 0,
            is_folded: false,
            key: format!("call {}", it.entry),
        };
        self.add(row, shown, |list, shown| list.below(attempt, depth + 1, shown))
    }

    fn one_try(&mut self, number: usize, depth: usize, shown: Shown) -> usize {
        let it = &self.waterfall.tries[number];
        let is_sole = it.attempts.len() == 1;
        let mut stretches: Vec<Stretch> = it.own.iter().map(spent).collect();
        let mut marks = self.try_marks(number);
        for &attempt in &it.attempts {
            let attempt = &self.waterfall.attempts[attempt];
            if is_sole {
                stretches.extend(attempt_stretches(attempt));
                marks.extend(self.attempt_mark(attempt));
            } else {
                stretches.push(open(attempt.begun, attempt.left.unwrap_or(attempt.last())));
            }
        }
        stretches.sort_by_key(|stretch| stretch.from);
        let row = Row {
            about: About::Try(number),
            depth,
            stretches,
            marks,
            entry: it.entry,
            below: 0,
            is_folded: false,
            key: format!("try {}", it.entry),
        };
        let only = it.attempts.first().copied().filter(|_| is_sole);
        self.add(row, shown, |list, shown| match only {
            Some(attempt) => list.below(Some(attempt), depth + 1, shown),
            None => list.attempts(number, depth + 1, shown),
        })
    }

    fn attempts(&mut self, of: usize, depth: usize, shown: Shown) -> usize {
        let attempts = self.waterfall.tries[of].attempts.clone();
        let rows = attempts.into_iter().map(|number| {
            let attempt = &self.waterfall.attempts[number];
            let row = Row {
                about: About::Attempt(number),
                depth,
                stretches: attempt_stretches(attempt).collect(),
                marks: self.attempt_mark(attempt).into_iter().collect(),
                entry: attempt.entry,
                below: 0,
                is_folded: false,
                key: format!("attempt {}", attempt.entry),
            };
            self.add(row, shown, |list, shown| list.below(Some(number), depth + 1, shown))
        });
        rows.sum()
    }

    /// The calls that an attempt's server made.
    fn below(&mut self, attempt: Option<usize>, depth: usize, shown: Shown) -> usize {
        let calls = attempt.map_or_else(Vec::new, |it| self.waterfall.attempts[it].calls.clone());
        calls.into_iter().map(|call| self.call(call, depth, shown)).sum()
    }

    fn call_stretches(&self, call: &Call) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let mut upto = None;
        for &number in &call.tries {
            let it = &self.waterfall.tries[number];
            if let Some(pause) = upto.filter(|&upto| it.begun > upto) {
                let kind = Kind::Spent(Spent::Pause);
                stretches.push(Stretch { from: pause, to: it.begun, kind });
            }
            let is_sole = call.tries.len() == 1;
            let end = it.ended.or(call.ended).unwrap_or(self.waterfall.last);
            if is_sole {
                stretches.extend(it.own.iter().map(spent));
                stretches.extend(it.attempts.iter().map(|&attempt| {
                    let attempt = &self.waterfall.attempts[attempt];
                    open(attempt.begun, attempt.left.unwrap_or(end))
                }));
            } else {
                stretches.push(open(it.begun, end));
            }
            upto = Some(end);
        }
        stretches.sort_by_key(|stretch| stretch.from);
        stretches
    }

    fn try_marks(&self, number: usize) -> Vec<Mark> {
        let it = &self.waterfall.tries[number];
        let limits = (self.limits)(number);
        let at_proxy = it.own.iter().find(|span| span.spent == Spent::Proxy).map(|span| span.from);
        let deadline = limits.deadline.map(|limit| (it.begun + limit, MarkKind::Deadline));
        let route = limits.route.zip(at_proxy).map(|(limit, at)| (at + limit, MarkKind::Route));
        let marks = deadline.into_iter().chain(route);
        marks.map(|(at, what)| Mark { at, what }).collect()
    }

    /// The per-try timeout counts from the connection; when it rang, the log knows it best.
    fn attempt_mark(&self, attempt: &Attempt) -> Option<Mark> {
        let limit = (self.limits)(attempt.of).per_try?;
        let at = attempt.connected? + limit;
        let what = MarkKind::PerTry;
        let near = |left: SimTime| left.max(at) - left.min(at) < ROUNDING;
        let rang = attempt.left.filter(|&left| attempt.end == AttemptEnd::GivenUp && near(left));
        Some(Mark { at: rang.unwrap_or(at), what })
    }
}

/// Timers run from the moment at which a proxy decides, and entries tell when it is done.
const ROUNDING: SimDuration = SimDuration::from_ms(5);

fn open(from: SimTime, to: SimTime) -> Stretch {
    Stretch { from, to: to.max(from), kind: Kind::Open }
}

fn spent(span: &Span) -> Stretch {
    Stretch { from: span.from, to: span.to, kind: Kind::Spent(span.spent) }
}

/// The stretches of an attempt: those after its caller has gone are nobody's.
fn attempt_stretches(attempt: &Attempt) -> impl Iterator<Item = Stretch> {
    let gone = attempt.unwanted.unwrap_or(SimTime::MAX);
    attempt.spans.iter().flat_map(move |span| {
        let cut = gone.clamp(span.from, span.to);
        let waited = Stretch { to: cut, ..spent(span) };
        let zombie = Stretch { from: cut, to: span.to, kind: Kind::Zombie };
        [waited, zombie].into_iter().filter(|stretch| stretch.to > stretch.from)
    })
}

/// Whether an attempt, or what a caller asked for, is made by a waypoint.
pub(super) fn is_of_waypoint(call: &Call) -> bool {
    matches!(call.maker, Maker::Waypoint(_))
}
