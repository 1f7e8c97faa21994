//! Whether a connection comes in a tunnel (HBONE), and who ends that. What is sent within is not
//! decided here.

/// The port on which tunnels arrive, whatever port is called within.
const HBONE_PORT: u16 = 15008;

/// The tunnel around a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::walk) enum Tunnel {
    /// There is none.
    #[default]
    Missing,
    /// The ztunnel of the server's node ends it.
    ToZtunnel,
    /// The sidecar of the server ends it.
    ToSidecar,
}

impl Tunnel {
    /// The port that the network sees, where `port` is called.
    pub(in crate::walk) const fn wire_port(self, port: u16) -> u16 {
        match self {
            Self::Missing => port,
            Self::ToZtunnel | Self::ToSidecar => HBONE_PORT,
        }
    }
}
