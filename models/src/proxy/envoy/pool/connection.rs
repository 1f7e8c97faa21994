//! One connection of a pool.

use super::settings::PoolSettings;

/// A connection of a pool; a number is used again once its connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u32);

impl ConnectionId {
    pub(super) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("breakers hold pools far below 2^32 connections"))
    }

    /// Its place in the pool.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is being made.
    Connecting,
    /// It has room for a request.
    Ready,
    /// It has none.
    Busy,
    /// It takes no more requests and is closed with the last of them.
    Draining,
}

#[derive(Clone, Debug)]
pub(super) struct Connection<S> {
    pub(super) state: State,
    pub(super) streams: Vec<S>,
    pub(super) concurrent: u32,
    /// Requests that it may still take over its life.
    pub(super) remaining: u32,
}

impl<S> Connection<S> {
    pub(super) fn new(settings: &PoolSettings) -> Self {
        Self {
            state: State::Connecting,
            streams: Vec::new(),
            concurrent: settings.concurrent_streams,
            remaining: settings.requests_per_connection.unwrap_or(u32::MAX),
        }
    }

    /// How many requests it will have room for once it is made.
    pub(super) fn room(&self) -> u64 {
        u64::from(self.concurrent.min(self.remaining))
    }

    /// The state with one more request on it.
    pub(super) fn state_when_taken(&self) -> State {
        if self.remaining == 0 {
            State::Draining
        } else if self.streams.len() as u64 >= u64::from(self.concurrent) {
            State::Busy
        } else {
            State::Ready
        }
    }
}
