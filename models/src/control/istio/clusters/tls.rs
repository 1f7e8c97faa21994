//! Encryption to a service's endpoints: what a DestinationRule says, or Istio's own choice (istio
//! `pilot/pkg/networking/core/cluster_tls.go`, `buildUpstreamTLSSettings`).

use crate::control::istio::Push;
use crate::control::istio::authentication::namespace_mode;
use crate::control::istio::destination::Policy;
use crate::control::istio::registry::{Port, Resolution, Service};
use crate::explain::{Probe, RuleId, Sourced};
use crate::manifest::Located;
use crate::manifest::kinds::istio::{ClientTls, ClientTlsMode, MtlsMode, SimpleBalancer};
use crate::proxy::envoy::config::{Discovery, UpstreamTls};
use crate::world::Origin;

const RULE: RuleId = RuleId("istio.cluster.auto-mtls");

/// The encryption to a port of a service, or to a subset of it.
///
/// Any `tls` of a rule ends Istio's own choice. Without it, mutual TLS is used to endpoints with a
/// proxy, unless the service lies outside, it is turned off, or its namespace disables it.
pub(super) fn upstream(
    push: &Push,
    service: &Service,
    port: &Port,
    policy: &Policy<'_>,
    discovery: Discovery,
    subset: &str,
    probe: &mut impl Probe,
) -> Sourced<UpstreamTls> {
    let sni = sni(service, port, subset);
    if let Some(tls) = policy.tls {
        let origin = Origin::Manifest(tls.mode.place);
        probe.step(RULE, Some(origin), || "the DestinationRule says which TLS is used".to_owned());
        return Sourced::new(written(tls, service, sni), origin);
    }
    let plain = |origin, probe: &mut _, reason: &'static str| {
        Probe::step(probe, RULE, Some(origin), || reason.to_owned());
        Sourced::new(UpstreamTls::None, origin)
    };
    if service.is_external {
        return plain(service.origin, probe, "plaintext: the service lies outside the mesh");
    }
    if !push.mesh.auto_mtls.value {
        return plain(push.mesh.auto_mtls.origin, probe, "plaintext: auto mTLS is turned off");
    }
    // With endpoints that the client dials itself, one without a proxy turns TLS off for all.
    let dials = service.resolution == Resolution::Passthrough
        || policy
            .load_balancer
            .and_then(|balancer| balancer.simple)
            .is_some_and(|simple| simple.value == SimpleBalancer::Passthrough);
    let all_take = !port.endpoints.is_empty()
        && port.endpoints.iter().all(|endpoint| endpoint.takes_mutual_tls);
    if dials && !all_take {
        let reason = "plaintext: clients dial the endpoints, and not all of them have a proxy";
        return plain(service.origin, probe, reason);
    }
    let mode = namespace_mode(push, &service.namespace);
    if mode.value == MtlsMode::Disable {
        return plain(mode.origin, probe, "plaintext: the service's namespace disables mutual TLS");
    }
    probe.step(RULE, Some(push.mesh.auto_mtls.origin), || {
        "mutual TLS to endpoints with a proxy, plaintext to others".to_owned()
    });
    let tls = match discovery {
        Discovery::OriginalDestination => {
            UpstreamTls::IstioMutual { subject_alt_names: names(service), sni: Some(sni) }
        }
        _ => UpstreamTls::AutoMutual,
    };
    Sourced::new(tls, push.mesh.auto_mtls.origin)
}

/// The server name by which proxies of the mesh know a port of a service.
pub(super) fn sni(service: &Service, port: &Port, subset: &str) -> String {
    format!("outbound_.{}_.{subset}_.{}", port.number, service.host)
}

/// What a DestinationRule asks for.
pub(super) fn written(tls: &ClientTls, service: &Service, sni: String) -> UpstreamTls {
    let text = |names: &[Located<String>]| names.iter().map(|name| name.value.clone()).collect();
    let own: Vec<String> = text(&tls.subject_alt_names);
    let own_sni = tls.sni.as_ref().map(|sni| sni.value.clone());
    // A ServiceEntry may say which names are accepted.
    let accepted = if own.is_empty() && !service.is_kubernetes() { names(service) } else { own };
    match tls.mode.value {
        ClientTlsMode::Disable => UpstreamTls::None,
        ClientTlsMode::Simple => UpstreamTls::Simple { subject_alt_names: accepted, sni: own_sni },
        ClientTlsMode::Mutual => UpstreamTls::Mutual { subject_alt_names: accepted, sni: own_sni },
        ClientTlsMode::IstioMutual => {
            UpstreamTls::IstioMutual { subject_alt_names: accepted, sni: own_sni.or(Some(sni)) }
        }
    }
}

fn names(service: &Service) -> Vec<String> {
    service.subject_alt_names.iter().map(|name| name.value.clone()).collect()
}
