//! Why the sidecar beside a server treats a port as it does. It decides nothing; it tells what was
//! decided.

use crate::control::istio::Push;
use crate::control::istio::authentication::demands;
use crate::control::istio::authorization;
use crate::control::istio::capture::Interception;
use crate::control::istio::routes::inbound_retries;
use crate::control::istio::scope::sidecar_of;
use crate::control::istio::tokens::in_force;
use crate::control::istio::unmodelled::Touched;
use crate::control::istio::workload::Workload;
use crate::explain::{Probe, RuleId, Silent};
use crate::manifest::kinds::istio::MtlsMode;
use crate::world::Origin;

use super::ports::{self, InboundPort, is_grpc};

const MUTUAL_TLS: RuleId = RuleId("istio.inbound.mutual-tls");
const OLDER: RuleId = RuleId("istio.inbound.older-service");
const PORTS: RuleId = RuleId("istio.inbound.ports");
const PORT_POLICY: RuleId = RuleId("istio.inbound.port-policy");
const PROBES: RuleId = RuleId("istio.inbound.probes");
const RETRY: RuleId = RuleId("istio.inbound.retry");
const TOKENS: RuleId = RuleId("istio.token.request-authentication");
const UNDECLARED: RuleId = RuleId("istio.inbound.undeclared-port");

/// How many issuers are told of one policy.
const ISSUERS_TOLD_MAX: usize = 8;

/// Tells what the sidecar beside a workload does with connections to a port of it.
pub fn explain_port(push: &Push, workload: &Workload, port: u16, probe: &mut impl Probe) {
    let interception = Interception::of(&workload.annotations);
    let at = sidecar_of(push, &workload.namespace, &workload.labels, &mut Silent);
    let sidecar = at.map(|at| &push.sidecars[at]);
    let ports = ports::ports(workload, sidecar, interception, push.mesh.inbound.value);
    let served = ports.iter().find(|it| it.number == port);
    match served {
        Some(served) => {
            probe.step(PORTS, Some(served.origin), || served.told());
            older(workload, served, probe);
        }
        None => probe.step(UNDECLARED, at.map(|at| push.sidecars[at].origin()), || {
            format!("nothing declares port {port}: connections go on to where they were dialled")
        }),
    }
    let demands = demands(push, &workload.namespace, &workload.labels, probe);
    let demand = demands.on_port(port);
    if demands.ports.contains_key(&port) {
        probe.step(PORT_POLICY, Some(demand.origin), || {
            format!("port {port} has a mode of its own")
        });
    }
    probe.step(MUTUAL_TLS, Some(demand.origin), || {
        match demand.value {
            MtlsMode::Strict => "plaintext is reset; mutual TLS of the mesh is taken",
            MtlsMode::Permissive => "plaintext and mutual TLS of the mesh are taken",
            MtlsMode::Disable => "no TLS is ended: plaintext is taken",
        }
        .to_owned()
    });
    tokens(push, workload, probe);
    if demand.value == MtlsMode::Strict {
        probes(workload, probe);
    }
    let (namespace, labels) = (workload.namespace.as_str(), &*workload.labels);
    authorization::explain(push, Touched { namespace, labels, gateway: None }, probe);
    retries(push, served, probe);
}

/// Whose tokens are checked in requests.
fn tokens(push: &Push, workload: &Workload, probe: &mut impl Probe) {
    let touched =
        Touched { namespace: &workload.namespace, labels: &workload.labels, gateway: None };
    for at in in_force(push, touched) {
        let policy = &push.request_authentications[at];
        probe.step(TOKENS, Some(policy.origin()), || {
            let issuers = push.token_providers[at].iter().map(|it| it.issuer.value.as_str());
            let issuers: Vec<_> = issuers.take(ISSUERS_TOLD_MAX).collect();
            format!(
                "RequestAuthentication {} checks tokens of {}",
                policy.title(),
                issuers.join(", ")
            )
        });
    }
}

/// What becomes of the kubelet's probes where plaintext is reset.
fn probes(workload: &Workload, probe: &mut impl Probe) {
    let own = workload.annotations.get(REWRITES_PROBES).filter(|it| it.value == "false");
    let origin = own.map(|it| Origin::Manifest(it.place));
    probe.step(PROBES, origin, || match own {
        None => "probes of the kubelet are rewritten to the agent, and are not reset".to_owned(),
        Some(_) => "probes of the kubelet are left as they are: in plaintext they are reset".into(),
    });
}

/// Says whether probes are rewritten.
const REWRITES_PROBES: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// Services that declare the same port of the workload and do not count.
fn older(workload: &Workload, served: &InboundPort, probe: &mut impl Probe) {
    let Some(first) = &served.service else { return };
    let others = workload.instances.iter().filter(|it| it.target_port == served.number);
    for other in others.filter(|it| it.service.host != first.host) {
        probe.step(OLDER, Some(other.service_port().origin), || {
            format!("{} has the port too, and stands behind {}", other.service.host, first.host)
        });
    }
}

fn retries(push: &Push, served: Option<&InboundPort>, probe: &mut impl Probe) {
    let may_be_requests = served.is_none_or(|port| !port.protocol.is_tcp());
    if !may_be_requests {
        return;
    }
    let is_grpc = served.is_some_and(|port| is_grpc(port.protocol.value));
    let retries = inbound_retries(push.mesh.inbound_retries.as_ref(), push.profile);
    let retries = retries.filter(|_| !is_grpc);
    probe.step(RETRY, retries.as_ref().map(|policy| policy.origin), || match &retries {
        Some(policy) => format!(
            "requests are tried again {} times on {}",
            policy.retries.value,
            policy.retry_on.words().collect::<Vec<_>>().join(",")
        ),
        None => "no request is tried again on its way to the application".to_owned(),
    });
}
