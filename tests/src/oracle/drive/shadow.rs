//! Copies of requests: they go their own way, and what comes back is thrown away.

use super::Drive;

impl Drive<'_> {
    /// Sends the copies that the route asks for.
    pub(super) fn shadows(&mut self, call: usize) {
        let mirrors = self.calls[call].forward.as_ref().map_or(0, |it| it.mirrors.len());
        debug_assert_eq!(mirrors, 0, "copies are sent elsewhere");
    }
}
