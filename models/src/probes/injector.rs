//! What the injector makes of probes: it has the agent beside the sidecar asked in the application's
//! place (istio `pkg/kube/inject/app_probe.go`). Which pods have a sidecar is not decided here.

use crate::control::istio::capture;
use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::{Container, HealthScheme, Labels};
use crate::world::Origin;

use super::ProbeKind;
use super::asked::Asked;

const REWRITTEN: RuleId = RuleId("istio.probe.rewritten");

const REWRITE: &str = "sidecar.istio.io/rewriteAppHTTPProbers";
const STATUS: &str = "status.sidecar.istio.io/port";
/// The sidecar itself.
pub(super) const PROXY: &str = "istio-proxy";
const BY_DEFAULT: Origin = Origin::Default("istio.rewrite-app-http-probe");

/// What becomes of a probe in a pod that gets a sidecar.
pub(super) enum Injected {
    /// The agent is asked this.
    Agent(Asked),
    /// It stays as it is written.
    AsWritten,
    /// It cannot be told.
    Unknown {
        /// Why.
        why: String,
        /// The line that it turns on.
        origin: Origin,
    },
}

/// What the injector makes of a probe of a pod with these annotations.
pub(super) fn injected(
    annotations: &Labels,
    container: &Container,
    (kind, written): (ProbeKind, &Asked),
    probe: &mut impl Probe,
) -> Injected {
    if *written == Asked::Exec {
        return Injected::AsWritten;
    }
    if container.name.value == PROXY {
        probe.step(REWRITTEN, None, || "probes of the proxy itself stay as they are".to_owned());
        return Injected::AsWritten;
    }
    let switch = annotations.get(REWRITE);
    let set = switch.and_then(|it| Some((parse_bool(&it.value)?, Origin::Manifest(it.place))));
    let (rewrites, origin) = set.unwrap_or((true, BY_DEFAULT));
    if !rewrites {
        probe.step(REWRITTEN, Some(origin), || {
            format!("the pod's annotation {REWRITE} keeps its probes as they are written")
        });
        return Injected::AsWritten;
    }
    let (port, origin) = match annotations.get(STATUS) {
        None => (capture::STATUS, origin),
        Some(status) => match status.value.parse::<u16>() {
            Ok(port) if port > 0 => (port, Origin::Manifest(status.place)),
            _ => {
                let why = format!("which port the agent has: {STATUS} is no port");
                return Injected::Unknown { why, origin: Origin::Manifest(status.place) };
            }
        },
    };
    if written.port() == Some(port) {
        probe.step(REWRITTEN, Some(origin), || {
            format!("the probe asks the agent on port {port} already")
        });
        return Injected::Agent(written.clone());
    }
    let word = match kind {
        ProbeKind::Startup => "startupz",
        ProbeKind::Readiness => "readyz",
        ProbeKind::Liveness => "livez",
    };
    let path = format!("/app-health/{}/{word}", container.name.value);
    let asked = Asked::Http { scheme: HealthScheme::Http, port: Some(port), path };
    probe.step(REWRITTEN, Some(origin), || {
        format!("the injector rewrites {written} to {asked}, and the agent there asks {written}")
    });
    Injected::Agent(asked)
}

/// As Go's `strconv.ParseBool` reads it; what it does not read counts as not set.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
