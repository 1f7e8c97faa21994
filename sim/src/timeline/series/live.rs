//! What is under way while the series are recorded: since when an application has a request, and
//! how the connections are protected that requests go out on.

use meshwalk_models::lookup::LookupMap;
use meshwalk_models::path::Protection;
use meshwalk_models::units::SimTime;

/// By the numbers of attempts and connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// Since when an application has the request of an attempt.
    serving: LookupMap<u64, SimTime>,
    /// The attempts that wait for a worker.
    waiting: LookupMap<u64, ()>,
    /// The connection of an attempt whose request has not gone out.
    connections: LookupMap<u64, u64>,
    /// Connections with any protection.
    protections: LookupMap<u64, Protection>,
}

impl Live {
    pub(super) fn arrived(&mut self, attempt: u64, at: SimTime) {
        self.serving.insert(attempt, at);
    }

    /// Since when the application had the request that it answers now.
    pub(super) fn answered(&mut self, attempt: u64) -> Option<SimTime> {
        self.serving.remove(&attempt)
    }

    pub(super) fn waits(&mut self, attempt: u64) {
        self.waiting.insert(attempt, ());
    }

    /// Whether the attempt waited for a worker up to now.
    pub(super) fn waits_no_more(&mut self, attempt: u64) -> bool {
        self.waiting.remove(&attempt).is_some()
    }

    pub(super) fn takes_connection(&mut self, attempt: u64, connection: Option<u64>) {
        if let Some(connection) = connection {
            self.connections.insert(attempt, connection);
        }
    }

    pub(super) fn protects(&mut self, connection: Option<u64>, protection: Protection) {
        if let Some(connection) = connection {
            self.protections.insert(connection, protection);
        }
    }

    pub(super) fn closed(&mut self, connection: Option<u64>) {
        if let Some(connection) = connection {
            self.protections.remove(&connection);
        }
    }

    /// How the request of an attempt is protected that goes out now.
    pub(super) fn goes_out(&mut self, attempt: u64) -> Option<Protection> {
        let connection = self.connections.remove(&attempt)?;
        Some(self.protections.get(&connection).copied().unwrap_or(Protection::Plaintext))
    }
}
