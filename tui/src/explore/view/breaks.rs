//! Breakpoints: where runs stop. Whether a condition holds at an entry is not decided here.

use meshwalk_sim::timeline::EventId;

/// More breakpoints than anybody sets.
const BREAKPOINTS_MAX: usize = 100;

/// Where to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Stop {
    /// At one entry; its stable name is kept, which outlives an edit of the scenario.
    Event(EventId, String),
    /// Wherever a condition holds.
    Condition(String),
}

/// Whether a breakpoint stops anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Active {
    /// It does.
    On,
    /// It is kept for later.
    Off,
}

/// What became of a breakpoint that was set or taken away by one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Toggled {
    /// It is there now.
    Set,
    /// It was there, and is not any more.
    TakenAway,
    /// There are too many already.
    NoRoom,
}

/// One breakpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) struct Breakpoint {
    /// Where.
    pub(in crate::explore) stop: Stop,
    /// Whether.
    pub(in crate::explore) active: Active,
}

/// All breakpoints, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct Breaks(Vec<Breakpoint>);

impl Breaks {
    /// None.
    pub(in crate::explore) const fn new() -> Self {
        Self(Vec::new())
    }

    /// In their order.
    pub(in crate::explore) fn all(&self) -> &[Breakpoint] {
        &self.0
    }

    /// Those that stop.
    pub(in crate::explore) fn active(&self) -> impl Iterator<Item = &Stop> {
        self.0.iter().filter(|it| it.active == Active::On).map(|it| &it.stop)
    }

    /// Sets one, or takes it away if it was there.
    pub(in crate::explore) fn toggle(&mut self, stop: Stop) -> Toggled {
        if let Some(row) = self.0.iter().position(|it| it.stop == stop) {
            self.0.remove(row);
            return Toggled::TakenAway;
        }
        if self.0.len() >= BREAKPOINTS_MAX {
            return Toggled::NoRoom;
        }
        self.0.push(Breakpoint { stop, active: Active::On });
        Toggled::Set
    }

    /// Sets one that may be there already; whether there was room for it.
    pub(in crate::explore) fn set(&mut self, stop: Stop) -> bool {
        let full = self.0.len() >= BREAKPOINTS_MAX;
        match self.0.iter_mut().find(|it| it.stop == stop) {
            Some(there) => there.active = Active::On,
            None if full => return false,
            None => self.0.push(Breakpoint { stop, active: Active::On }),
        }
        true
    }

    /// Switches one off, or on again.
    pub(in crate::explore) fn switch(&mut self, row: usize) {
        if let Some(there) = self.0.get_mut(row) {
            there.active = match there.active {
                Active::On => Active::Off,
                Active::Off => Active::On,
            };
        }
    }

    /// Gives one another place.
    pub(in crate::explore) fn change(&mut self, row: usize, stop: Stop) {
        if let Some(there) = self.0.get_mut(row) {
            there.stop = stop;
        }
    }

    /// Deletes one.
    pub(in crate::explore) fn delete(&mut self, row: usize) {
        if row < self.0.len() {
            self.0.remove(row);
        }
    }

    /// Deletes all; how many there were.
    pub(in crate::explore) fn clear(&mut self) -> usize {
        let count = self.0.len();
        self.0.clear();
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(text: &str) -> Stop {
        Stop::Condition(text.to_owned())
    }

    #[test]
    fn a_breakpoint_is_set_once_and_taken_away_by_the_same_key() {
        let mut breaks = Breaks::new();
        assert_eq!(breaks.toggle(when("failed")), Toggled::Set);
        assert_eq!(breaks.toggle(when("failed")), Toggled::TakenAway);
        assert!(breaks.set(when("failed")) && breaks.set(when("failed")));
        assert_eq!(breaks.all().len(), 1);
        assert_eq!(breaks.clear(), 1);
    }

    #[test]
    fn one_that_is_switched_off_stops_nobody_and_stays() {
        let mut breaks = Breaks::new();
        breaks.set(when("failed"));
        breaks.set(when("decision"));
        breaks.switch(0);
        assert_eq!(breaks.active().collect::<Vec<_>>(), [&when("decision")]);
        breaks.change(0, when("status == 503"));
        breaks.switch(0);
        assert_eq!(breaks.active().count(), 2);
        breaks.delete(1);
        assert_eq!(breaks.active().collect::<Vec<_>>(), [&when("status == 503")]);
        breaks.delete(9);
    }

    #[test]
    fn there_is_a_bound() {
        let mut breaks = Breaks::new();
        for number in 0..500 {
            breaks.set(when(&format!("status == {number}")));
        }
        assert_eq!(breaks.all().len(), BREAKPOINTS_MAX);
        assert_eq!(breaks.toggle(when("failed")), Toggled::NoRoom);
    }
}
