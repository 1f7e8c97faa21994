//! What a call waits for at each moment, all the way down: its time cut into stretches that leave
//! no gap. Where an application waits for several calls at once, the one that it waits for longest
//! counts.

use meshwalk_models::units::{SimDuration, SimTime};

use super::{Span, Spent, Waterfall};

/// Calls are followed so far down; what is below counts as the application's.
const DEPTH_MAX: usize = 128;

/// A stretch of time with what it was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// From when.
    pub from: SimTime,
    /// Up to when.
    pub to: SimTime,
    /// On what.
    pub spent: Spent,
    /// For which call.
    pub call: usize,
    /// Whether it led to something.
    pub vain: Vain,
}

impl Segment {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> SimDuration {
        self.to - self.from
    }
}

/// Whether time led to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vain {
    /// Nothing took its place.
    No,
    /// Another attempt or try took the place of the one that it was spent on, here or above.
    Replaced,
}

/// The stretches of `call` up to `until`, in order and without a gap.
#[must_use]
pub fn course(waterfall: &Waterfall, call: usize, until: SimTime) -> Vec<Segment> {
    let it = &waterfall.calls[call];
    let end = it.ended.unwrap_or(waterfall.last).min(until);
    let mut walker = Walker { waterfall, segments: Vec::new() };
    walker.call(call, (it.begun, end), Vain::No, 0);
    walker.segments
}

struct Walker<'w> {
    waterfall: &'w Waterfall,
    segments: Vec<Segment>,
}

/// From when to when.
type Window = (SimTime, SimTime);

impl Walker<'_> {
    fn push(&mut self, call: usize, (from, to): Window, spent: Spent, vain: Vain) {
        if to > from {
            self.segments.push(Segment { from, to, spent, call, vain });
        }
    }

    fn call(&mut self, call: usize, (from, to): Window, vain: Vain, depth: usize) {
        let tries = &self.waterfall.calls[call].tries;
        let mut upto = from;
        for (place, &number) in tries.iter().enumerate() {
            let it = &self.waterfall.tries[number];
            let begun = it.begun.clamp(upto, to.max(upto));
            self.push(call, (upto, begun), Spent::Pause, vain);
            let ended = it.ended.unwrap_or(to).clamp(begun, to.max(begun));
            let last = place + 1 == tries.len() && it.pause_after.is_none();
            let own = if last { vain } else { Vain::Replaced };
            self.one_try(number, (begun, ended), own, depth);
            upto = ended;
        }
        self.push(call, (upto, to), Spent::Pause, vain);
    }

    fn one_try(&mut self, number: usize, (from, to): Window, vain: Vain, depth: usize) {
        let it = &self.waterfall.tries[number];
        let attempts = &it.attempts;
        let mut pieces: Vec<(SimTime, SimTime, Piece)> =
            it.own.iter().map(|span| (span.from, span.to, Piece::Own(span.spent))).collect();
        for (place, &attempt) in attempts.iter().enumerate() {
            let row = &self.waterfall.attempts[attempt];
            let next = attempts.get(place + 1).map(|&next| self.waterfall.attempts[next].begun);
            let left = row.left.unwrap_or(to).min(next.unwrap_or(to));
            let own = if next.is_none() { vain } else { Vain::Replaced };
            pieces.push((row.begun, left, Piece::Attempt(attempt, own)));
        }
        pieces.sort_by_key(|(begin, ..)| *begin);
        let mut upto = from;
        for (begin, end, piece) in pieces {
            let begin = begin.clamp(upto, to.max(upto));
            let end = end.clamp(begin, to.max(begin));
            self.push(it.call, (upto, begin), Spent::OwnSide, vain);
            match piece {
                Piece::Own(spent) => self.push(it.call, (begin, end), spent, vain),
                Piece::Attempt(attempt, own) => self.attempt(attempt, (begin, end), own, depth),
            }
            upto = end;
        }
        self.push(it.call, (upto, to), Spent::OwnSide, vain);
    }

    fn attempt(&mut self, number: usize, (from, to): Window, vain: Vain, depth: usize) {
        let call = self.waterfall.call_of(number);
        let mut upto = from;
        let mut latest = Spent::Connection;
        for span in &self.waterfall.attempts[number].spans {
            let Span { from: begin, to: end, spent, .. } = *span;
            let begin = begin.clamp(upto, to.max(upto));
            let end = end.clamp(begin, to.max(begin));
            self.push(call, (upto, begin), latest, vain);
            if spent == Spent::Calls && depth < DEPTH_MAX {
                self.below(number, (begin, end), vain, depth + 1);
            } else {
                self.push(call, (begin, end), spent, vain);
            }
            latest = spent;
            upto = end;
        }
        self.push(call, (upto, to), latest, vain);
    }

    /// The application waits: for the call that it waits for longest, then for what came before
    /// that.
    fn below(&mut self, attempt: usize, (from, to): Window, vain: Vain, depth: usize) {
        let calls = &self.waterfall.attempts[attempt].calls;
        let mut pieces: Vec<(usize, Window)> = Vec::new();
        let mut upto = to;
        while upto > from {
            let begun_before = calls.iter().copied().filter(|&call| {
                let it = &self.waterfall.calls[call];
                it.begun < upto && it.ended.is_none_or(|ended| ended > from)
            });
            let end = |call: usize| self.waterfall.calls[call].ended.unwrap_or(upto).min(upto);
            let Some(longest) = begun_before.max_by_key(|&call| (end(call), call)) else { break };
            let begun = self.waterfall.calls[longest].begun.max(from);
            pieces.push((longest, (begun, end(longest).max(begun))));
            upto = begun;
        }
        let own = self.waterfall.call_of(attempt);
        let mut upto = from;
        for (call, (begin, end)) in pieces.into_iter().rev() {
            self.push(own, (upto, begin), Spent::Calls, vain);
            self.call(call, (begin, end), vain, depth);
            upto = end;
        }
        self.push(own, (upto, to), Spent::Calls, vain);
    }
}

#[derive(Clone, Copy, Debug)]
enum Piece {
    Own(Spent),
    Attempt(usize, Vain),
}
