//! The filter chains of one port: which encryption and which protocol each of them takes (istio
//! `pilot/pkg/networking/core/filterchain_options.go`).

use crate::control::istio::registry::Protocol;
use crate::manifest::kinds::istio::MtlsMode;
use crate::proxy::envoy::config::Transport;

/// What sidecars offer for requests within mutual TLS.
const MUTUAL_HTTP: &[&str] = &["istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// The same for bytes.
const MUTUAL_TCP: &[&str] = &["istio-peer-exchange", "istio"];
/// Both.
const MUTUAL: &[&str] =
    &["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// What the first bytes of plaintext requests show. HTTP/1.0 passes as bytes.
pub(super) const PLAIN_HTTP: &[&str] = &["http/1.1", "h2c"];
const ANY: &[&str] = &[];

/// What is known of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Http,
    Bytes,
    /// Nothing: the first bytes tell.
    Nothing,
}

impl Declared {
    /// Istio `pilot/pkg/networking/networking.go`, `ModelProtocolToListenerProtocol`.
    pub(super) const fn of(protocol: Protocol) -> Self {
        if protocol.is_http() {
            Self::Http
        } else if matches!(protocol, Protocol::Sniffed) {
            Self::Nothing
        } else {
            Self::Bytes
        }
    }
}

/// What a chain does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChainOption {
    /// ALPN, or what the first bytes show.
    pub(super) protocols: &'static [&'static str],
    pub(super) transport: Transport,
    pub(super) serves: Serves,
    pub(super) ends: Ends,
}

/// What reads the bytes of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    Requests,
    Bytes,
}

/// Whether a chain ends the mesh's mutual TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    MutualTls,
    Nothing,
}

/// Mutual TLS of the mesh.
const fn mutual(protocols: &'static [&'static str], serves: Serves) -> ChainOption {
    ChainOption { protocols, transport: Transport::Tls, serves, ends: Ends::MutualTls }
}

/// Plaintext.
const fn plain(protocols: &'static [&'static str], serves: Serves) -> ChainOption {
    ChainOption { protocols, transport: Transport::RawBuffer, serves, ends: Ends::Nothing }
}

/// TLS of the application, which is passed on as it is.
const FOREIGN_TLS: ChainOption = ChainOption {
    protocols: ANY,
    transport: Transport::Tls,
    serves: Serves::Bytes,
    ends: Ends::Nothing,
};

/// The chains of a port.
pub(super) const fn options(declared: Declared, mode: MtlsMode) -> &'static [ChainOption] {
    use Serves::{Bytes, Requests};
    match (declared, mode) {
        (Declared::Http, MtlsMode::Strict) => const { &[mutual(ANY, Requests)] },
        (Declared::Http, MtlsMode::Permissive) => {
            const { &[mutual(MUTUAL, Requests), plain(ANY, Requests)] }
        }
        (Declared::Http, MtlsMode::Disable) => const { &[plain(ANY, Requests)] },
        (Declared::Bytes, MtlsMode::Strict) => const { &[mutual(ANY, Bytes)] },
        (Declared::Bytes, MtlsMode::Permissive) => {
            const { &[mutual(MUTUAL, Bytes), FOREIGN_TLS, plain(ANY, Bytes)] }
        }
        (Declared::Bytes, MtlsMode::Disable) => const { &[plain(ANY, Bytes)] },
        (Declared::Nothing, MtlsMode::Strict) => {
            const { &[mutual(MUTUAL_HTTP, Requests), mutual(ANY, Bytes)] }
        }
        (Declared::Nothing, MtlsMode::Permissive) => {
            const {
                &[
                    mutual(MUTUAL_HTTP, Requests),
                    plain(PLAIN_HTTP, Requests),
                    mutual(MUTUAL_TCP, Bytes),
                    plain(ANY, Bytes),
                    FOREIGN_TLS,
                ]
            }
        }
        (Declared::Nothing, MtlsMode::Disable) => {
            const { &[plain(PLAIN_HTTP, Requests), plain(ANY, Bytes)] }
        }
    }
}
