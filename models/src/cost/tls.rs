//! Prices of TLS: handshakes, records, and the memory of sessions.

use serde::Deserialize;

use crate::units::{Bytes, SimDuration};

use super::Priced;

/// The price of TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsCost {
    /// A signature with P-256.
    pub sign: Priced<SimDuration>,
    /// A signature checked with P-256.
    pub verify: Priced<SimDuration>,
    /// A key exchange with X25519.
    pub key_exchange: Priced<SimDuration>,
    /// Worker time of a full mutual handshake on each side, all of these included.
    pub handshake: Priced<SimDuration>,
    /// Encrypting or decrypting a KiB.
    pub record_per_kib: Priced<SimDuration>,
    /// Memory of a session of rustls (ztunnel, Linkerd).
    pub rustls_session: Priced<Bytes>,
    /// Memory of a session of OpenSSL.
    pub openssl_session: Priced<Bytes>,
}
