//! Stories about which pods get a proxy.

use super::{Injection, Proxy, decide, explain};
use crate::control::istio::testing::Mesh;
use crate::explain::Silent;
use crate::world::PodId;

/// A pod in a namespace, each with what stands in its metadata.
fn proxy(namespace: &str, pod: &str, spec: &str) -> Proxy {
    let mesh = mesh(namespace, pod, spec);
    decide(&mesh.world, PodId(0), Injection::AsLabelled, &mut Silent)
}

fn mesh(namespace: &str, pod: &str, spec: &str) -> Mesh {
    Mesh::of(&format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{namespace}}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop{pod}}}\n\
         spec: {{containers: [{{name: app}}]{spec}}}\n"
    ))
}

#[test]
fn labels_of_the_namespace_and_the_pod_decide_on_the_proxy() {
    const NAMESPACE_ON: &str = ", labels: {istio-injection: enabled}";
    const NAMESPACE_OFF: &str = ", labels: {istio-injection: disabled}";
    const REVISION: &str = ", labels: {istio.io/rev: canary}";
    const POD_ON: &str = ", labels: {sidecar.istio.io/inject: \"true\"}";
    const POD_OFF: &str = ", labels: {sidecar.istio.io/inject: \"false\"}";
    for (namespace, pod, spec, expected) in [
        ("", "", "", Proxy::None),
        (NAMESPACE_ON, "", "", Proxy::Sidecar),
        (NAMESPACE_ON, POD_OFF, "", Proxy::None),
        (NAMESPACE_ON, ", annotations: {sidecar.istio.io/inject: \"false\"}", "", Proxy::None),
        (NAMESPACE_ON, "", ", hostNetwork: true", Proxy::None),
        (NAMESPACE_ON, ", annotations: {inject.istio.io/templates: gateway}", "", Proxy::Gateway),
        (NAMESPACE_OFF, POD_ON, "", Proxy::None),
        (REVISION, "", "", Proxy::Sidecar),
        ("", POD_ON, "", Proxy::Sidecar),
        // The injector's selectors look at labels alone.
        ("", ", annotations: {sidecar.istio.io/inject: \"true\"}", "", Proxy::None),
        ("", ", labels: {istio.io/rev: canary}", "", Proxy::Sidecar),
        // The older label wins over the revision.
        (", labels: {istio-injection: disabled, istio.io/rev: canary}", "", "", Proxy::None),
    ] {
        assert_eq!(proxy(namespace, pod, spec), expected, "{namespace} {pod} {spec}");
    }
}

#[test]
fn a_run_may_give_every_pod_a_proxy_that_does_not_refuse_it_or_none() {
    let proxy = |pod: &str, injection| {
        let mesh = mesh("", pod, "");
        explain(&mesh.world, PodId(0), injection).outcome
    };
    let refuses = ", labels: {sidecar.istio.io/inject: \"false\"}";
    let asks = ", labels: {sidecar.istio.io/inject: \"true\"}";
    assert_eq!(proxy("", Injection::Everywhere), Proxy::Sidecar);
    assert_eq!(proxy(refuses, Injection::Everywhere), Proxy::None);
    assert_eq!(proxy(asks, Injection::AsLabelled), Proxy::Sidecar);
    assert_eq!(proxy(asks, Injection::Nowhere), Proxy::None);
}
