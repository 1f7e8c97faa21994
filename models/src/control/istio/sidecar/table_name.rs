//! The names of a sidecar's route tables.

use std::fmt;

/// Which table a connection manager asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TableName {
    /// That of all services on a port.
    Port(u16),
    /// That of one service on a port where sniffing finds HTTP.
    Sniffed {
        /// The port.
        port: u16,
        /// The host.
        host: String,
    },
}

impl TableName {
    pub(super) const fn port(&self) -> u16 {
        match self {
            Self::Port(port) | Self::Sniffed { port, .. } => *port,
        }
    }

    /// The host of a service that has a table of its own.
    pub(super) fn sniffed_host(&self) -> Option<&str> {
        match self {
            Self::Port(_) => None,
            Self::Sniffed { host, .. } => Some(host),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "{port}"),
            Self::Sniffed { port, host } => write!(f, "{host}:{port}"),
        }
    }
}
