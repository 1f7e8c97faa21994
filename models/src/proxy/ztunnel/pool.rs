//! The tunnels from one pod to one destination: which of them takes the next connection, and when
//! they end (ztunnel `src/proxy/pool.rs` and `src/proxy/h2/client.rs`). A pool of tunnels belongs to
//! one source pod, and its tunnels to one key: who sends, from which address, to which address, and
//! whose certificate is expected there. When things happen is the caller's business.

use crate::explain::RuleId;
use crate::units::{SimDuration, SimTime};

/// The rule that says who shares a tunnel.
pub const KEY: RuleId = RuleId("ztunnel.pool.key");
/// The rule that says how many streams a tunnel takes.
pub const STREAMS: RuleId = RuleId("ztunnel.pool.streams");
/// The rule that says when a tunnel that nobody asks for ends.
pub const RELEASE: RuleId = RuleId("ztunnel.pool.release");

/// The limits of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// Streams that a tunnel carries at once (`POOL_MAX_STREAMS_PER_CONNECTION`).
    pub streams_max: u16,
    /// How long after its last connection a tunnel is kept (`POOL_UNUSED_RELEASE_TIMEOUT`).
    pub unused_release: SimDuration,
}

impl Default for PoolSettings {
    /// ztunnel `src/config.rs`.
    fn default() -> Self {
        Self { streams_max: 100, unused_release: SimDuration::from_secs(300) }
    }
}

/// A tunnel of a [`Lane`], by its number; numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TunnelId(pub u64);

/// The tunnels of one key. At most one of them takes further connections, and at most one is being
/// opened; those that were full once, or that nobody asked for in a long time, carry what they carry
/// until it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    pooled: Option<(TunnelId, SimTime)>,
    opening: Option<TunnelId>,
    /// Open tunnels with their streams, by number.
    open: Vec<(TunnelId, u16)>,
    next: u64,
}

/// What a new connection has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// Send CONNECT on this tunnel.
    Stream(TunnelId),
    /// Open this tunnel, and tell the outcome with [`Lane::opened`] or [`Lane::failed`].
    Open(TunnelId),
    /// Wait until the tunnel that is being opened is open or has failed, then ask again. Those who
    /// wait ask in their order.
    Wait,
}

/// Whether a tunnel goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// It does.
    Open,
    /// It was closed.
    Closed,
}

impl Lane {
    /// A connection asks for a stream.
    pub fn acquire(&mut self, settings: PoolSettings, now: SimTime) -> Acquired {
        if self.opening.is_some() {
            return Acquired::Wait;
        }
        if let Some((tunnel, _)) = self.pooled {
            self.add_stream(settings, tunnel, now);
            return Acquired::Stream(tunnel);
        }
        let tunnel = TunnelId(self.next);
        self.next += 1;
        self.opening = Some(tunnel);
        Acquired::Open(tunnel)
    }

    /// The tunnel stands, and carries the stream of the connection that opened it.
    pub fn opened(&mut self, settings: PoolSettings, tunnel: TunnelId, now: SimTime) {
        if self.opening == Some(tunnel) {
            self.opening = None;
            self.open.push((tunnel, 0));
            self.add_stream(settings, tunnel, now);
        }
    }

    /// The tunnel could not be opened; the connection that asked for it is lost.
    pub fn failed(&mut self, tunnel: TunnelId) {
        if self.opening == Some(tunnel) {
            self.opening = None;
        }
    }

    /// A stream of a tunnel has ended.
    pub fn release(&mut self, tunnel: TunnelId) -> Remains {
        if let Some((_, streams)) = self.open.iter_mut().find(|(it, _)| *it == tunnel) {
            *streams = streams.saturating_sub(1);
        }
        self.close_if_left(tunnel)
    }

    /// The other end of a tunnel is gone, with all its streams.
    pub fn broken(&mut self, tunnel: TunnelId) {
        self.open.retain(|(it, _)| *it != tunnel);
        if self.pooled.is_some_and(|(it, _)| it == tunnel) {
            self.pooled = None;
        }
    }

    /// When the tunnel that takes further connections is let go, unless one comes before.
    #[must_use]
    pub fn released_at(&self, settings: PoolSettings) -> Option<SimTime> {
        self.pooled.map(|(_, last)| last + settings.unused_release)
    }

    /// Lets the tunnel go that no connection asked for in a long time; streams that it carries go
    /// on. Returns it with what became of it.
    pub fn release_unused(
        &mut self,
        settings: PoolSettings,
        now: SimTime,
    ) -> Option<(TunnelId, Remains)> {
        let (tunnel, last) = self.pooled?;
        if now < last + settings.unused_release {
            return None;
        }
        self.pooled = None;
        Some((tunnel, self.close_if_left(tunnel)))
    }

    /// How many tunnels are open.
    #[must_use]
    pub fn tunnels(&self) -> usize {
        self.open.len()
    }

    /// The open tunnels with the streams that each carries, by number.
    pub fn open_tunnels(&self) -> impl Iterator<Item = (TunnelId, u16)> {
        self.open.iter().copied()
    }

    /// The tunnel that takes further connections, and when one came last.
    #[must_use]
    pub const fn taking(&self) -> Option<(TunnelId, SimTime)> {
        self.pooled
    }

    /// The tunnel that is being opened.
    #[must_use]
    pub const fn opening(&self) -> Option<TunnelId> {
        self.opening
    }

    /// How many streams they carry.
    #[must_use]
    pub fn streams(&self) -> u64 {
        self.open.iter().map(|(_, streams)| u64::from(*streams)).sum()
    }

    /// Counts a stream. A tunnel that is full takes no further ones, even when some have ended.
    fn add_stream(&mut self, settings: PoolSettings, tunnel: TunnelId, now: SimTime) {
        let Some((_, streams)) = self.open.iter_mut().find(|(it, _)| *it == tunnel) else { return };
        *streams += 1;
        let is_full = *streams >= settings.streams_max;
        self.pooled = (!is_full).then_some((tunnel, now));
    }

    /// Closes a tunnel that nobody holds.
    fn close_if_left(&mut self, tunnel: TunnelId) -> Remains {
        let is_pooled = self.pooled.is_some_and(|(it, _)| it == tunnel);
        let is_idle = self.open.iter().any(|(it, streams)| *it == tunnel && *streams == 0);
        if is_pooled || !is_idle {
            return Remains::Open;
        }
        self.open.retain(|(it, _)| *it != tunnel);
        Remains::Closed
    }
}
