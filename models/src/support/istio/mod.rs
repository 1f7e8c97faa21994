//! What Istio makes of objects: its own kinds and those of Gateway API. Sidecars, gateways,
//! ztunnels and waypoints read different kinds; what counts is which of them stand where an object
//! is meant to hold.

mod routes;
mod selected;
mod targets;

use crate::explain::RuleId;
use crate::manifest::kinds::gateway::GatewayResource;
use crate::manifest::kinds::istio::IstioResource;

use super::readers::everybody;
use super::{Judgement, NO_CRD, Object, Scene, Support};

const REGISTRY: RuleId = RuleId("support.istio.registry");
const GATEWAYS: RuleId = RuleId("support.istio.gateways");
const MESH_SETTINGS: RuleId = RuleId("support.ambient.mesh-settings");

/// The same where Istio does not run.
pub(super) fn without_istio(object: &IstioResource) -> Judgement {
    match object {
        // A ConfigMap needs no CRD.
        IstioResource::MeshConfig(_) => {
            let reason = "it is a ConfigMap that nobody reads where Istio does not run";
            Judgement::new(Support::Ignored, NO_CRD, reason)
        }
        _ => {
            let reason = "no CRD of Istio is installed: the API server refuses it; where CRDs are \
                          left over it is stored and ignored";
            Judgement::new(Support::Rejected, NO_CRD, reason)
        }
    }
}

/// What Istio makes of one of its own objects.
pub(super) fn judge(scene: Scene<'_>, object: &Object<'_>, body: &IstioResource) -> Judgement {
    match body {
        IstioResource::AuthorizationPolicy(it) => selected::authorization(scene, object, it),
        IstioResource::PeerAuthentication(it) => selected::peers(scene, object, it),
        IstioResource::RequestAuthentication(it) => selected::tokens(scene, object, it),
        IstioResource::Sidecar(it) => {
            selected::for_envoy(scene, object, it.selector.as_ref(), "Sidecar resources")
        }
        IstioResource::ProxyConfig(it) => {
            selected::for_envoy(scene, object, it.selector.as_ref(), "settings of Envoy")
        }
        IstioResource::Unmodelled(it) => selected::extension(scene, object, it),
        IstioResource::VirtualService(it) => routes::virtual_service(scene, object, it),
        IstioResource::DestinationRule(it) => routes::destination_rule(scene, object, it),
        IstioResource::Gateway(_) => {
            Judgement::new(Support::Honoured, GATEWAYS, "the gateways that it selects read it")
        }
        IstioResource::ServiceEntry(_) | IstioResource::WorkloadEntry(_) => registry(scene, object),
        IstioResource::MeshConfig(_) => mesh_config(scene, object),
    }
}

/// What becomes of an object of Gateway API.
pub(super) fn judge_gateway_api(
    scene: Scene<'_>,
    object: &Object<'_>,
    body: &GatewayResource,
) -> Judgement {
    match body {
        GatewayResource::Gateway(gateway) => routes::gateway(scene, object, gateway),
        GatewayResource::Route(route) => routes::route(scene, object, route),
        GatewayResource::Class(_)
        | GatewayResource::ListenerSet(_)
        | GatewayResource::Grant(_)
        | GatewayResource::BackendTls(_) => {
            let reason = "it counts wherever Gateways and routes that it concerns are served";
            Judgement::new(Support::Honoured, GATEWAYS, reason)
        }
    }
}

/// Hosts and addresses that sidecars and ztunnels alike know.
fn registry(scene: Scene<'_>, object: &Object<'_>) -> Judgement {
    let all = everybody(scene, object);
    if all.sidecars + all.ambient + all.gateways == 0 {
        let reason = "no pod has a proxy that would look it up";
        return Judgement::new(Support::Ignored, REGISTRY, reason);
    }
    let reason = "it is one more service for sidecars, gateways and ztunnels";
    Judgement::new(Support::Honoured, REGISTRY, reason)
}

/// Most settings of the mesh are for Envoy.
fn mesh_config(scene: Scene<'_>, object: &Object<'_>) -> Judgement {
    if everybody(scene, object).ambient > 0 {
        let reason = "istiod, gateways and waypoints read it; what it says of sidecars and their \
                      Envoy means nothing to ztunnels";
        return Judgement::new(Support::Partly, MESH_SETTINGS, reason);
    }
    Judgement::new(Support::Honoured, REGISTRY, "istiod and every Envoy read it")
}
