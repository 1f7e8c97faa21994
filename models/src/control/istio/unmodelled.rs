//! Which objects whose effect is not modelled touch a proxy. What is made of them is not decided
//! here.

use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::Unmodelled;

use super::Push;
use super::attachment::{At, AtWaypoint, WAYPOINT_CLASS};
use super::config::{Config, HasMeta, selects};

/// How many of the things that an object touches are told.
const TOUCHES_MAX: usize = 4;

/// Every object whose effect is not modelled, by name, with what it would touch.
#[must_use]
pub(super) fn findings(push: &Push) -> Vec<Diagnostic> {
    let each = push.unmodelled.iter().map(|object| {
        let Unmodelled { kind, touches, .. } = &object.object;
        let mut texts: Vec<_> = touches.iter().map(|touch| touch.value.as_str()).collect();
        let more = texts.len().saturating_sub(TOUCHES_MAX);
        texts.truncate(TOUCHES_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("{kind:?} `{}` is read and not modelled", object.title());
        let label = match texts[..] {
            [] => "it touches nothing that is known here".to_owned(),
            _ => format!("it touches {}{more}", texts.join("; ")),
        };
        Diagnostic::note("istio.not-modelled", message)
            .at(object.object.meta().place, label)
            .help("`meshwalk why` names it beside each answer that it could change")
    });
    each.collect()
}

/// A proxy as such objects look at it.
#[derive(Clone, Copy, Debug)]
pub struct Touched<'t> {
    /// Its namespace.
    pub namespace: &'t str,
    /// Its labels.
    pub labels: &'t Labels,
    /// The Gateway of Gateway API that it serves, if it does; `targetRefs` may name it.
    pub gateway: Option<&'t str>,
}

/// The objects that touch a proxy: those of its namespace and of the root namespace that select it,
/// or that have no selector. One with `targetRefs` touches what it names and nothing else, and at a
/// waypoint no other counts (istio `pilot/pkg/model/policyattachment.go`, `ShouldAttachPolicy`).
#[must_use]
pub fn touching<'p, 't>(push: &'p Push, at: impl Into<At<'t>>) -> Vec<&'p Config<Unmodelled>> {
    let at = at.into();
    let touches = |object: &&Config<Unmodelled>| match at {
        At::Proxy(proxy) => touches_proxy(push, object, proxy),
        At::Waypoint(place) => touches_waypoint(push, object, place),
    };
    push.unmodelled.iter().filter(touches).collect()
}

fn touches_proxy(push: &Push, object: &Config<Unmodelled>, proxy: Touched<'_>) -> bool {
    let root = push.mesh.root_namespace.value.as_str();
    let Unmodelled { selector, targets, .. } = &object.object;
    if !targets.is_empty() {
        let names = |gateway: &str| {
            object.namespace == proxy.namespace
                && targets.iter().any(|target| target.value == format!("Gateway/{gateway}"))
        };
        let by_class = object.namespace == root
            && targets.iter().any(|it| it.value.starts_with("GatewayClass/"));
        return proxy.gateway.is_some_and(|gateway| by_class || names(gateway));
    }
    let in_scope = object.namespace == proxy.namespace || object.namespace == root;
    in_scope && selector.as_ref().is_none_or(|it| selects(&it.value, proxy.labels))
}

fn touches_waypoint(push: &Push, object: &Config<Unmodelled>, place: AtWaypoint<'_>) -> bool {
    let root = push.mesh.root_namespace.value.as_str();
    object.object.targets.iter().any(|target| {
        let Some((kind, name)) = target.value.split_once('/') else { return false };
        let is_service = |kubernetes| {
            place.service.is_some_and(|it| {
                it.is_kubernetes() == kubernetes
                    && it.name == name
                    && it.namespace == object.namespace
            })
        };
        match kind {
            "Gateway" => object.namespace == place.namespace && name == place.name,
            "GatewayClass" => object.namespace == root && name == WAYPOINT_CLASS,
            "Service" => is_service(true),
            "ServiceEntry" => is_service(false),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::istio::testing::{Mesh, labels};

    #[test]
    fn every_object_is_named_with_what_it_touches() {
        let patch = "{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}, patch: {}}";
        let mesh = Mesh::of(&format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\n\
             metadata: {{name: a-lua, namespace: shop}}\nspec: {{configPatches: [{}]}}\n\
             ---\napiVersion: telemetry.istio.io/v1\nkind: Telemetry\n\
             metadata: {{name: logs, namespace: shop}}\nspec: {{}}\n",
            [patch; 6].join(", ")
        ));
        let told: Vec<_> = mesh.findings.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "EnvoyFilter `shop/a-lua` is read and not modelled",
                "Telemetry `shop/logs` is read and not modelled",
            ]
        );
        let label = &mesh.findings[0].labels[0].text;
        assert!(label.starts_with("it touches HTTP_FILTER in SIDECAR_INBOUND; "), "{label}");
        assert!(label.ends_with(" and 2 more"), "{label}");
        assert_eq!(mesh.findings[1].labels[0].text, "it touches metrics, logs and traces");
    }

    #[test]
    fn an_object_touches_what_it_selects_in_its_namespace_or_everywhere_from_the_root() {
        let object = |title: &str, spec: &str| {
            let (namespace, name) = title.split_once('/').expect("namespace/name");
            format!(
                "---\napiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n\
                 metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
            )
        };
        let mesh = Mesh::of(
            &[
                object("shop/all", "{}"),
                object("shop/cart", "{selector: {matchLabels: {app: cart}}}"),
                object("shop/edge", "{targetRefs: [{kind: Gateway, name: edge}]}"),
                object("pay/other", "{}"),
                object("istio-system/mesh", "{}"),
                object("istio-system/cart", "{selector: {matchLabels: {app: cart}}}"),
            ]
            .concat(),
        );
        let of = |namespace, app, gateway| {
            let labels = labels("app", app);
            let proxy = Touched { namespace, labels: &labels, gateway };
            touching(mesh.push(), proxy).into_iter().map(Config::title).collect::<Vec<_>>()
        };
        assert_eq!(
            of("shop", "cart", None),
            ["istio-system/cart", "istio-system/mesh", "shop/all", "shop/cart"]
        );
        assert_eq!(of("shop", "web", None), ["istio-system/mesh", "shop/all"]);
        assert_eq!(of("shop", "web", Some("edge")), ["istio-system/mesh", "shop/all", "shop/edge"]);
    }
}
