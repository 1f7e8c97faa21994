//! `security.istio.io PeerAuthentication`: which encryption a workload's sidecar demands.

use std::collections::BTreeMap;

use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

/// `security.istio.io PeerAuthentication`.
#[derive(Clone, Debug)]
pub struct PeerAuthentication {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The workloads; `None` is the whole namespace, or the mesh in the root namespace.
    pub selector: Option<Located<Labels>>,
    /// `spec.mtls.mode`; `None` inherits.
    pub mode: Option<Located<MtlsMode>>,
    /// `spec.portLevelMtls`, by the port of the workload; `None` inherits.
    pub ports: BTreeMap<u16, Option<Located<MtlsMode>>>,
}

/// Which encryption is demanded of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MtlsMode {
    /// Plaintext.
    Disable,
    /// Mutual TLS or plaintext.
    Permissive,
    /// Mutual TLS.
    Strict,
}

/// The words of `mode`; `UNSET` inherits.
const MODES: &[(&str, Option<MtlsMode>)] = &[
    ("UNSET", None),
    ("DISABLE", Some(MtlsMode::Disable)),
    ("PERMISSIVE", Some(MtlsMode::Permissive)),
    ("STRICT", Some(MtlsMode::Strict)),
];

pub(in crate::manifest) fn read_peer_authentication(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let spec = fields.object("spec", |spec| {
        let selector = read_selector(spec, "selector", "matchLabels");
        let mode = spec.object("mtls", read_mode).flatten();
        let ports = spec.keyed("portLevelMtls", 1..=u16::MAX, |_, port| read_mode(port));
        (selector, mode, ports)
    });
    let (selector, mode, ports) = spec.unwrap_or_default();
    let ports = ports.into_iter().map(|(port, mode)| (port.value, mode)).collect();
    IstioResource::PeerAuthentication(PeerAuthentication { meta, selector, mode, ports }).alone()
}

fn read_mode(mtls: &mut Fields<'_, '_, '_, '_>) -> Option<Located<MtlsMode>> {
    let mode = mtls.choice("mode", MODES)?;
    mode.value.map(|value| Located::new(value, mode.place))
}
