//! Where somebody jumped from, to go back and forth, as in vi.

use crate::explore::cursor::Cursor;

/// How many places are kept.
const JUMPS_MAX: usize = 100;

/// The places that were left by a jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct Jumps {
    places: Vec<Cursor>,
    /// The place to go back to is the one before this.
    at: usize,
}

impl Jumps {
    /// None yet.
    pub(in crate::explore) const fn new() -> Self {
        Self { places: Vec::new(), at: 0 }
    }

    /// Remembers that `from` was left; what could be gone forward to is forgotten.
    pub(in crate::explore) fn leave(&mut self, from: Cursor) {
        self.places.truncate(self.at);
        if self.places.last() != Some(&from) {
            self.places.push(from);
        }
        let too_many = self.places.len().saturating_sub(JUMPS_MAX);
        self.places.drain(..too_many);
        self.at = self.places.len();
    }

    /// Back from `here` to where the last jump began.
    pub(in crate::explore) fn back(&mut self, here: Cursor) -> Option<Cursor> {
        let before = self.at.checked_sub(1)?;
        if self.at == self.places.len() {
            self.places.push(here);
        }
        self.at = before;
        self.places.get(before).copied()
    }

    /// Forward again.
    pub(in crate::explore) fn forward(&mut self) -> Option<Cursor> {
        let next = self.places.get(self.at + 1).copied()?;
        self.at += 1;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use meshwalk_sim::timeline::EventId;

    use super::*;

    fn at(event: u32) -> Cursor {
        Cursor::on_main(EventId(event))
    }

    #[test]
    fn back_and_forward_visit_the_places_that_were_left() {
        let mut jumps = Jumps::new();
        jumps.leave(at(1));
        jumps.leave(at(5));
        assert_eq!(jumps.back(at(9)), Some(at(5)));
        assert_eq!(jumps.back(at(5)), Some(at(1)));
        assert_eq!(jumps.back(at(1)), None);
        assert_eq!(jumps.forward(), Some(at(5)));
        assert_eq!(jumps.forward(), Some(at(9)));
        assert_eq!(jumps.forward(), None);
    }

    #[test]
    fn a_jump_after_going_back_forgets_what_lay_ahead() {
        let mut jumps = Jumps::new();
        jumps.leave(at(1));
        jumps.leave(at(5));
        jumps.back(at(9));
        jumps.leave(at(5));
        assert_eq!(jumps.forward(), None);
        assert_eq!(jumps.back(at(7)), Some(at(5)));
    }

    #[test]
    fn only_so_many_places_are_kept() {
        let mut jumps = Jumps::new();
        for event in 0..1000 {
            jumps.leave(at(event));
        }
        assert_eq!(jumps.places.len(), JUMPS_MAX);
    }
}
