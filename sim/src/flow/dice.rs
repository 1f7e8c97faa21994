//! The draws of proxies: keyed by what they are for, so that nothing that is added elsewhere
//! shifts them.

use meshwalk_models::proxy::envoy::{Dice, Purpose};

use crate::kernel::random::mix;

/// How many purposes there are.
const PURPOSES: usize = 8;

/// The draws that belong to one key; each purpose has its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyedDice {
    key: u64,
    rolls: [u32; PURPOSES],
}

impl KeyedDice {
    pub(super) const fn new(key: u64) -> Self {
        Self { key, rolls: [0; PURPOSES] }
    }
}

impl Dice for KeyedDice {
    fn roll(&mut self, purpose: Purpose) -> u64 {
        let place = purpose as usize % PURPOSES;
        let number = self.rolls[place];
        self.rolls[place] += 1;
        mix(self.key, (place as u64) << 32 | u64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_of_one_purpose_do_not_shift_those_of_another() {
        let mut plain = KeyedDice::new(7);
        let mut busy = KeyedDice::new(7);
        busy.roll(Purpose::Fault);
        assert_eq!(plain.roll(Purpose::Balance), busy.roll(Purpose::Balance));
        assert_ne!(plain.roll(Purpose::Balance), KeyedDice::new(7).roll(Purpose::Balance));
        assert_ne!(KeyedDice::new(8).roll(Purpose::Balance), busy.roll(Purpose::Fault));
    }
}
