//! Which objects whose effect is not modelled touch a proxy. What is made of them is not decided
//! here.

use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::Unmodelled;

use super::Push;
use super::config::{Config, selects};

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
/// or that have no selector. One with `targetRefs` touches what it names and nothing else
/// (istio `pilot/pkg/model/policyattachment.go`, `ShouldAttachPolicy`).
#[must_use]
pub fn touching<'p>(push: &'p Push, proxy: Touched<'_>) -> Vec<&'p Config<Unmodelled>> {
    let root = push.mesh.root_namespace.value.as_str();
    let touches = |object: &&Config<Unmodelled>| {
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
    };
    push.unmodelled.iter().filter(touches).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::istio::testing::{Mesh, labels};

    #[test]
    fn an_object_touches_what_it_selects_in_its_namespace_or_everywhere_from_the_root() {
        let object = |title: &str, spec: &str| {
            let (namespace, name) = title.split_once('/').expect("namespace/name");
            format!(
                "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
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
