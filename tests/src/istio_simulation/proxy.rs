//! The proxy under test: a pod with an address of its own that the manifests of a case may name.

use std::sync::Arc;

use meshwalk_models::control::istio::IstioControlPlane;
use meshwalk_models::control::istio::gateways::GatewayWorkload;
use meshwalk_models::control::istio::routes::NoMeshRoutes;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::path::Placement;
use meshwalk_models::profile::Profile;
use meshwalk_models::proxy::envoy::config::ProxyConfig;
use meshwalk_models::world::{ClusterManifests, PodId, Topology, build};

use super::call::Mode;
use super::case::Case;

/// The configuration of the proxy under test.
pub(super) struct ProxyUnderTest {
    pub(super) config: Arc<ProxyConfig>,
}

/// A gateway at 1.1.1.1, as the suite has it.
const GATEWAY: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: proxy-under-test
  namespace: istio-system
  labels: {istio: ingressgateway}
  annotations: {inject.istio.io/templates: gateway, sidecar.istio.io/inject: 'true'}
spec: {containers: [{name: istio-proxy}]}
status: {podIP: 1.1.1.1}
";

/// A workload with a sidecar at 1.1.1.1, in the namespace of the case's manifests.
const SIDECAR: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: proxy-under-test
  namespace: default
  labels: {app: foo, sidecar.istio.io/inject: 'true'}
spec: {containers: [{name: app}]}
status: {podIP: 1.1.1.1}
";

impl ProxyUnderTest {
    pub(super) fn of(case: &Case) -> Result<Self, String> {
        let is_gateway = case.calls.iter().all(|call| call.mode == Mode::Gateway);
        let mut sources = SourceSet::new();
        let pod = sources.add("proxy.yaml", if is_gateway { GATEWAY } else { SIDECAR });
        let objects = sources.add("case.yaml", case.config.as_str());
        let manifests = load(&sources, [pod, objects]);
        let cluster = ClusterManifests {
            name: "cluster",
            default_namespace: "default",
            resources: &manifests.resources,
        };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (plane, _) =
            IstioControlPlane::new(&world, &[cluster], Profile::built_in(), Placement::default());
        let is_proxy = |pod: &PodId| world.pods[*pod].name.starts_with("proxy-under-test");
        let pod = world.pods.ids().find(is_proxy).ok_or("the proxy has no pod")?;
        let push = plane.push_of(&world, pod).ok_or("the proxy has no control plane")?;
        let config = if is_gateway {
            Arc::new(GatewayWorkload::of_pod(push, &world, pod).config(push, &world))
        } else {
            plane.sidecar(&world, pod, &NoMeshRoutes).ok_or("the proxy is no sidecar")?
        };
        Ok(Self { config })
    }
}
