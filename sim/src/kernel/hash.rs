//! The rolling state hash: two runs with the same hash did the same things in the same order.
//!
//! It finds differences, it does not resist forgery. Only wrapping integer arithmetic is used, so
//! the value is the same on every platform and in every build mode.

/// An odd multiplier with well-spread bits (the fractional part of the golden ratio).
const ROLL: u64 = 0x9E37_79B9_7F4A_7C15;
/// A second one, so that a change of time cannot cancel a change of payload.
const SPREAD: u64 = 0xD6E8_FEB8_6659_FD93;

/// A hash over a sequence of words; order matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateHash(u64);

impl Default for StateHash {
    fn default() -> Self {
        Self(ROLL)
    }
}

impl StateHash {
    /// Folds one word in. Each step is a bijection of the state, so no difference is ever lost.
    pub fn mix(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(ROLL).rotate_left(29);
    }

    /// Folds two words in with one step on the critical path.
    pub(super) fn mix_pair(&mut self, first: u64, second: u32) {
        self.mix(first.wrapping_mul(SPREAD).rotate_left(32) ^ u64::from(second));
    }

    /// The hash so far, with the bits spread for display.
    #[must_use]
    pub fn value(self) -> u64 {
        super::random::mix(self.0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(words: &[u64]) -> u64 {
        let mut hash = StateHash::default();
        words.iter().for_each(|word| hash.mix(*word));
        hash.value()
    }

    #[test]
    fn order_number_and_content_of_the_words_all_show() {
        let reference = hash_of(&[1, 2, 3]);
        for other in [&[1, 3, 2][..], &[1, 2], &[1, 2, 3, 0], &[1, 2, 4], &[]] {
            assert_ne!(hash_of(other), reference, "{other:?}");
        }
    }

    #[test]
    fn time_and_payload_of_an_event_both_show() {
        let pair = |time, payload| {
            let mut hash = StateHash::default();
            hash.mix_pair(time, payload);
            hash.value()
        };
        let reference = pair(7, 9);
        for other in [pair(9, 7), pair(8, 9), pair(7, 8), pair(7 | 1 << 63, 9)] {
            assert_ne!(other, reference);
        }
    }

    #[test]
    fn the_hash_is_the_same_on_every_machine() {
        assert_eq!(hash_of(&[1, 2, 3]), 8_712_500_838_120_272_917);
    }
}
