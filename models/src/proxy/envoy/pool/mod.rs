//! The connections of one proxy worker to one host, and the requests that wait for one: HTTP/1.1
//! with one request at a time on a connection, HTTP/2 with many. A state machine without I/O: a
//! driver tells it what became of connections and does what it asks for.
//!
//! Which host a request goes to is the balancer's business, what follows from a failure the
//! router's. Connections that idle for too long are not closed here; Envoy keeps them for an hour.
//!
//! Source: Envoy 1.40, source/common/conn_pool/conn_pool_base.cc, source/common/http/http1 and
//! http2 conn_pool.cc.

mod connection;
mod effects;
mod pending;
mod settings;
mod streams;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use connection::ConnectionId;
use connection::{Connection, State};
pub use effects::{PoolCounter, PoolEffects};
pub use settings::{PoolSettings, Sharing};
pub use streams::{Opened, StreamEnd};

use super::upstream::{Breakers, Resource};

/// Connections that are begun at once at most.
///
/// Source: Envoy, `ConnPoolImplBase::tryCreateNewConnections`.
const CONNECTS_AT_ONCE: usize = 3;

/// The connections to one host and the requests that wait for one; `S` is the driver's name for a
/// request.
#[derive(Clone, Debug)]
pub struct Pool<S> {
    settings: PoolSettings,
    connections: Vec<Option<Connection<S>>>,
    /// Connections with room, the one that is used next last.
    ready: Vec<ConnectionId>,
    /// Requests that wait, the oldest first.
    pending: VecDeque<S>,
}

impl<S: Copy + PartialEq> Pool<S> {
    /// A pool without connections.
    #[must_use]
    pub fn new(settings: PoolSettings) -> Self {
        let (connections, ready) = (Vec::new(), Vec::new());
        Self { settings, connections, ready, pending: VecDeque::new() }
    }

    /// How many connections are open or being made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.iter().flatten().count()
    }

    /// How many requests wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    fn connection(&mut self, id: ConnectionId) -> Option<&mut Connection<S>> {
        self.connections.get_mut(id.index())?.as_mut()
    }

    /// Begins as many connections as the requests that wait have need of, as far as the breaker
    /// lets it. The first one to a host is always made, so that nobody waits in vain.
    fn connect_if_needed(
        &mut self,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
    ) {
        for _ in 0..CONNECTS_AT_ONCE {
            let coming: u64 = self.connecting().map(|connection| connection.room()).sum();
            if self.pending.len() as u64 <= coming {
                return;
            }
            let fits =
                breakers.count(Resource::Connections) < breakers.limit(Resource::Connections);
            if !fits {
                effects.count(PoolCounter::CxOverflow);
            }
            if fits || self.connections() == 0 {
                breakers.take(Resource::Connections);
                let id = self.insert();
                effects.connect(id);
            }
            if !fits {
                return;
            }
        }
    }

    fn connecting(&self) -> impl Iterator<Item = &Connection<S>> {
        let connecting = |connection: &&Connection<S>| connection.state == State::Connecting;
        self.connections.iter().flatten().filter(connecting)
    }

    fn insert(&mut self) -> ConnectionId {
        let connection = Some(Connection::new(&self.settings));
        let free = self.connections.iter().position(Option::is_none);
        let index = free.unwrap_or(self.connections.len());
        match self.connections.get_mut(index) {
            Some(place) => *place = connection,
            None => self.connections.push(connection),
        }
        ConnectionId::from_index(index)
    }

    /// Takes a connection out of the books.
    fn remove(&mut self, id: ConnectionId, breakers: &mut Breakers<'_>) -> Option<Connection<S>> {
        let connection = self.connections.get_mut(id.index())?.take()?;
        self.ready.retain(|ready| *ready != id);
        breakers.release(Resource::Connections);
        Some(connection)
    }
}
