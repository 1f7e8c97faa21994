//! What the kubelet asks of containers to learn whether they are well. Runs make nothing of it, so
//! the fields stay listed as not modelled.

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

use super::TargetPort;

/// The probes of one container.
#[derive(Clone, Debug, Default)]
pub struct HealthProbes {
    /// `startupProbe`.
    pub startup: Option<HealthProbe>,
    /// `readinessProbe`.
    pub readiness: Option<HealthProbe>,
    /// `livenessProbe`.
    pub liveness: Option<HealthProbe>,
}

/// One probe.
#[derive(Clone, Debug)]
pub struct HealthProbe {
    /// Where it begins.
    pub place: Place,
    /// What is asked.
    pub asks: HealthAsk,
}

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthAsk {
    /// `httpGet`.
    Http {
        /// `host`: who is asked in place of the pod.
        host: Option<Located<String>>,
        /// `path`.
        path: String,
        /// `port`.
        port: Located<TargetPort>,
        /// `scheme`.
        scheme: HealthScheme,
    },
    /// `tcpSocket`: the connection only has to be made.
    Tcp {
        /// `host`: who is asked in place of the pod.
        host: Option<Located<String>>,
        /// `port`.
        port: Located<TargetPort>,
    },
    /// `grpc`: the health service of gRPC.
    Grpc {
        /// `port`.
        port: Located<u16>,
        /// `service`; empty for the server as a whole.
        service: String,
    },
    /// `exec`: a command inside the container.
    Exec,
}

/// `scheme` of `httpGet`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HealthScheme {
    /// `HTTP`.
    #[default]
    Http,
    /// `HTTPS`; nobody checks the certificate.
    Https,
}

const SCHEMES: &[(&str, HealthScheme)] =
    &[("HTTP", HealthScheme::Http), ("HTTPS", HealthScheme::Https)];

pub(super) fn read_probes(container: &mut Fields<'_, '_, '_, '_>) -> HealthProbes {
    HealthProbes {
        startup: container.aside("startupProbe", read_probe).flatten(),
        readiness: container.aside("readinessProbe", read_probe).flatten(),
        liveness: container.aside("livenessProbe", read_probe).flatten(),
    }
}

/// `None` for a probe that asks nothing, which the API server refuses.
fn read_probe(probe: &mut Fields<'_, '_, '_, '_>) -> Option<HealthProbe> {
    let place = probe.place();
    let exec = probe.aside("exec", |_| HealthAsk::Exec);
    let http = probe.aside("httpGet", |http| {
        let path = http.string("path").map(|path| path.value).filter(|path| !path.is_empty());
        Some(HealthAsk::Http {
            host: read_host(http),
            path: path.unwrap_or_else(|| "/".to_owned()),
            scheme: http.choice("scheme", SCHEMES).map(|it| it.value).unwrap_or_default(),
            port: http.port_or_name("port")?,
        })
    });
    let tcp = probe.aside("tcpSocket", |tcp| {
        Some(HealthAsk::Tcp { host: read_host(tcp), port: tcp.port_or_name("port")? })
    });
    let grpc = probe.aside("grpc", |grpc| {
        let service = grpc.string("service").map(|service| service.value).unwrap_or_default();
        Some(HealthAsk::Grpc { port: grpc.number("port", 1..=u16::MAX)?, service })
    });
    let asks = exec.or(http.flatten()).or(tcp.flatten()).or(grpc.flatten())?;
    Some(HealthProbe { place, asks })
}

fn read_host(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Located<String>> {
    fields.string("host").filter(|host| !host.is_empty())
}
