//! Which encryption a workload demands of its clients: PeerAuthentications of the mesh, of a
//! namespace and of a workload joined (istio `pilot/pkg/security/authn/policy_applier.go`,
//! `ComposePeerAuthentication`).

use std::collections::BTreeMap;

use crate::explain::{Probe, RuleId, Sourced};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{MtlsMode, PeerAuthentication};
use crate::world::Origin;

use super::Push;
use super::config::{Config, selects};

const RULE: RuleId = RuleId("istio.inbound.peer-authentication");

/// What a workload demands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demands {
    /// On ports that are not listed.
    pub mode: Sourced<MtlsMode>,
    /// By the port of the workload.
    pub ports: BTreeMap<u16, Sourced<MtlsMode>>,
}

impl Demands {
    /// What is demanded on a port of the workload.
    #[must_use]
    pub fn on_port(&self, port: u16) -> Sourced<MtlsMode> {
        self.ports.get(&port).copied().unwrap_or(self.mode)
    }
}

/// What a workload with these labels demands. The workload's own policy wins over that of the
/// namespace, which wins over that of the mesh; of several at one level the oldest counts.
pub fn demands(push: &Push, namespace: &str, labels: &Labels, probe: &mut impl Probe) -> Demands {
    let mut mode = namespace_mode(push, namespace);
    let root = &push.mesh.root_namespace.value;
    // A policy with a selector in the root namespace has no effect.
    let own = push.peer_authentications.iter().find(|policy| {
        let selector = policy.object.selector.as_ref();
        policy.namespace == namespace
            && namespace != root
            && selector.is_some_and(|selector| selects(&selector.value, labels))
    });
    let mut ports = BTreeMap::new();
    if let Some(policy) = own {
        mode = written(policy).unwrap_or(mode);
        ports.extend(policy.object.ports.iter().map(|(port, own)| {
            let own = own.map(|it| Sourced::new(it.value, Origin::Manifest(it.place)));
            (*port, own.unwrap_or(mode))
        }));
    }
    probe.step(RULE, Some(mode.origin), || {
        format!("mutual TLS is {:?} unless a port says otherwise", mode.value).to_lowercase()
    });
    Demands { mode, ports }
}

/// What the mesh and the namespace demand together.
#[must_use]
pub fn namespace_mode(push: &Push, namespace: &str) -> Sourced<MtlsMode> {
    let of_namespace = |wanted: &str| {
        let for_all = |policy: &&Config<PeerAuthentication>| {
            policy.namespace == wanted && policy.object.selector.is_none()
        };
        push.peer_authentications.iter().find(for_all).and_then(written)
    };
    let root = push.mesh.root_namespace.value.as_str();
    of_namespace(namespace)
        .or_else(|| of_namespace(root))
        .unwrap_or(Sourced::default_of(MtlsMode::Permissive, "istio.mtls-mode"))
}

fn written(policy: &Config<PeerAuthentication>) -> Option<Sourced<MtlsMode>> {
    let mode = policy.object.mode.as_ref()?;
    Some(Sourced::new(mode.value, Origin::Manifest(mode.place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::istio::testing::Mesh;
    use crate::explain::Silent;
    use crate::world::testing::labels;

    fn policy(title: &str, spec: &str) -> String {
        let (namespace, name) = title.split_once('/').expect("namespace/name");
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    }

    #[test]
    fn the_nearest_policy_counts_and_ports_are_those_of_the_workload() {
        let mesh = Mesh::of(
            &[
                policy("istio-system/mesh", "{mtls: {mode: STRICT}}"),
                policy(
                    "istio-system/odd",
                    "{selector: {matchLabels: {app: a}}, mtls: {mode: DISABLE}}",
                ),
                policy("shop/all", "{mtls: {mode: PERMISSIVE}}"),
                policy(
                    "shop/a",
                    "{selector: {matchLabels: {app: a}}, mtls: {mode: UNSET}, \
                     portLevelMtls: {8080: {mode: DISABLE}, 9090: {}}}",
                ),
            ]
            .concat(),
        );
        let of =
            |namespace, pairs: &str| demands(mesh.push(), namespace, &labels(pairs), &mut Silent);
        assert_eq!(of("pay", "app=a").mode.value, MtlsMode::Strict);
        assert_eq!(of("istio-system", "app=a").mode.value, MtlsMode::Strict);
        assert_eq!(of("shop", "app=b").mode.value, MtlsMode::Permissive);
        let own = of("shop", "app=a");
        assert_eq!(own.mode.value, MtlsMode::Permissive);
        assert_eq!(own.on_port(8080).value, MtlsMode::Disable);
        assert_eq!(own.on_port(9090).value, MtlsMode::Permissive);
        let silent = Mesh::of(&policy("shop/x", "{selector: {matchLabels: {app: x}}}"));
        let nothing = demands(silent.push(), "shop", &labels("app=a"), &mut Silent);
        assert_eq!(nothing.mode, Sourced::default_of(MtlsMode::Permissive, "istio.mtls-mode"));
    }
}
