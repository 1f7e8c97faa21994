//! Draws for requests that are sent many times: uniform, and the same on every machine.

use meshwalk_models::proxy::envoy::{Dice, Purpose};

/// The draws of one request.
pub(super) struct Draws {
    state: u64,
}

impl Draws {
    /// Those of the request with this number.
    pub(super) fn of_request(number: u32) -> Self {
        Self { state: mixed(u64::from(number)) }
    }
}

impl Dice for Draws {
    fn roll(&mut self, purpose: Purpose) -> u64 {
        // SplitMix64: the state counts on, and each number is well mixed.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.state ^ mixed(purpose as u64 + 1))
    }
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
