//! What is asked: the words of a probe with its port resolved.

use std::fmt;

use crate::manifest::kinds::{Container, HealthAsk, HealthScheme, TargetPort};

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A request; `port` is `None` where its name means nothing.
    Http {
        /// Plaintext or TLS.
        scheme: HealthScheme,
        /// The port.
        port: Option<u16>,
        /// The path.
        path: String,
    },
    /// A connection.
    Tcp {
        /// The port; `None` where its name means nothing.
        port: Option<u16>,
    },
    /// The health service of gRPC.
    Grpc {
        /// The port.
        port: u16,
        /// The service; empty for the server as a whole.
        service: String,
    },
    /// A command.
    Exec,
}

impl Asked {
    /// What a manifest says of a container.
    pub(super) fn written(asks: &HealthAsk, container: &Container) -> Self {
        match asks {
            HealthAsk::Http { path, port, scheme, .. } => {
                let port = resolve(&port.value, container);
                Self::Http { scheme: *scheme, port, path: path.clone() }
            }
            HealthAsk::Tcp { port, .. } => Self::Tcp { port: resolve(&port.value, container) },
            HealthAsk::Grpc { port, service } => {
                Self::Grpc { port: port.value, service: service.clone() }
            }
            HealthAsk::Exec => Self::Exec,
        }
    }

    /// The port that is dialled, where one is known.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        match self {
            Self::Http { port, .. } | Self::Tcp { port } => *port,
            Self::Grpc { port, .. } => Some(*port),
            Self::Exec => None,
        }
    }

    /// The word for its sort: `http`, `https`, `tcp`, `grpc` or `exec`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Http { scheme: HealthScheme::Http, .. } => "http",
            Self::Http { scheme: HealthScheme::Https, .. } => "https",
            Self::Tcp { .. } => "tcp",
            Self::Grpc { .. } => "grpc",
            Self::Exec => "exec",
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self.port() {
            Some(port) => write!(f, " :{port}")?,
            None if *self == Self::Exec => {}
            None => f.write_str(" :?")?,
        }
        match self {
            Self::Http { path, .. } => f.write_str(path),
            Self::Grpc { service, .. } if !service.is_empty() => write!(f, " {service}"),
            _ => Ok(()),
        }
    }
}

/// A name means a port of the container itself, and of none beside it (kubernetes
/// `pkg/probe/util.go`, `ResolveContainerPort`).
fn resolve(port: &TargetPort, container: &Container) -> Option<u16> {
    match port {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let mut ports = container.ports.iter();
            let named = ports.find(|it| it.name.as_ref().is_some_and(|own| own.value == *name));
            named.map(|it| it.number.value)
        }
    }
}
