//! The settings of the whole mesh: what the ConfigMap `istio` says, and Istio's defaults where it
//! is silent.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::manifest::kinds::istio::{
    ConnectionPool, ExtensionProvider, InboundMode, LocalitySettings, MeshConfigMap, MeshSettings,
    NormalizationLevel, OutboundMode, OutlierSettings, RetryRule, Upgrade,
};
use crate::manifest::{Diagnostic, Located};
use crate::profile::Profile;
use crate::proxy::envoy::config::{EscapedSlashes, PathNormalization};
use crate::units::SimDuration;
use crate::world::Origin;

use super::config::{Config, ExportTo};

/// Where Istio is installed unless it is said otherwise.
const ISTIO_SYSTEM: &str = "istio-system";

/// The settings of a mesh.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// The trust domain of identities.
    pub trust_domain: Sourced<String>,
    /// Other trust domains that mean the same.
    pub trust_domain_aliases: Vec<Located<String>>,
    /// The domain of Services' names.
    pub domain: String,
    /// The namespace whose objects hold for the whole mesh.
    pub root_namespace: Sourced<String>,
    /// What becomes of traffic to unknown hosts.
    pub outbound: Sourced<OutboundMode>,
    /// Where traffic to ports goes that no service names.
    pub inbound: Sourced<InboundMode>,
    /// How long a TCP connection may take to be made.
    pub connect_timeout: Sourced<SimDuration>,
    /// Whether mutual TLS is used to all that take it.
    pub auto_mtls: Sourced<bool>,
    /// Whether HTTP/1.1 becomes HTTP/2.
    pub upgrade: Sourced<Upgrade>,
    /// How localities are balanced; `None` is the default, which is on.
    pub locality: Option<LocalitySettings>,
    /// Limits where a DestinationRule sets none.
    pub connection_pool: Option<ConnectionPool>,
    /// Ejection where a DestinationRule sets none.
    pub outlier: Option<OutlierSettings>,
    /// What is done to paths.
    pub normalization: Sourced<PathNormalization>,
    /// Retries where a VirtualService asks for none in particular.
    pub retries: Option<RetryRule>,
    /// The same of the proxy beside the server.
    pub inbound_retries: Option<RetryRule>,
    /// Who sees services that do not say so.
    pub service_export: ExportTo,
    /// Who sees VirtualServices that do not say so.
    pub virtual_service_export: ExportTo,
    /// Who sees DestinationRules that do not say so.
    pub destination_rule_export: ExportTo,
    /// Worker threads of a proxy; zero is one for each core.
    pub concurrency: Sourced<u32>,
    /// Who can be asked, external authorisers among them.
    pub extension_providers: Vec<ExtensionProvider>,
}

impl Mesh {
    /// The mesh of one cluster. The ConfigMap `istio` counts; without it, the one of a revision.
    pub(super) fn new(
        maps: &BTreeMap<(String, String), Config<MeshConfigMap>>,
        profile: &Profile,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let rank = |name: &str, namespace: &str| (name != "istio", namespace != ISTIO_SYSTEM);
        let mut ranked: Vec<_> = maps.values().collect();
        ranked.sort_by_key(|map| rank(map.name(), &map.namespace));
        let chosen = ranked.first().copied();
        for other in ranked.iter().skip(1) {
            let message =
                format!("the mesh settings of ConfigMap `{}` are not used", other.title());
            let used = chosen.map_or_else(String::new, Config::title);
            findings.push(
                Diagnostic::note("istio.second-mesh-config", message)
                    .at(other.object.meta.place, "set aside")
                    .help(format!("one control plane is modelled; `{used}` counts")),
            );
        }
        let installed = chosen.map_or(ISTIO_SYSTEM, |map| &map.namespace);
        let silent = MeshSettings::default();
        Self::of(chosen.map_or(&silent, |map| &map.object.mesh), installed, profile)
    }

    fn of(mesh: &MeshSettings, installed: &str, profile: &Profile) -> Self {
        let export = |list: &[Located<String>]| ExportTo::of(list, &ExportTo::PUBLIC);
        let concurrency = mesh.proxy.as_ref().and_then(|proxy| proxy.concurrency.as_ref());
        Self {
            trust_domain: or_default(
                mesh.trust_domain.as_ref(),
                || "cluster.local".to_owned(),
                "istio.trust-domain",
            ),
            trust_domain_aliases: mesh.trust_domain_aliases.clone(),
            domain: "cluster.local".to_owned(),
            root_namespace: or_default(
                mesh.root_namespace.as_ref(),
                || installed.to_owned(),
                "istio.root-namespace",
            ),
            outbound: or_default(
                mesh.outbound.as_ref(),
                || OutboundMode::AllowAny,
                "istio.outbound-traffic-policy",
            ),
            inbound: or_default(
                mesh.inbound.as_ref(),
                || InboundMode::Passthrough,
                "istio.inbound-traffic-policy",
            ),
            connect_timeout: or_default(
                mesh.connect_timeout.as_ref(),
                || *profile.istio.connect_timeout,
                "istio.connect-timeout",
            ),
            auto_mtls: or_default(mesh.auto_mtls.as_ref(), || true, "istio.auto-mtls"),
            upgrade: or_default(mesh.upgrade.as_ref(), || Upgrade::No, "istio.h2-upgrade-policy"),
            locality: mesh.locality.clone(),
            connection_pool: mesh.connection_pool.clone(),
            outlier: mesh.outlier.clone(),
            normalization: or_default(
                mesh.normalization.as_ref(),
                || NormalizationLevel::Base,
                "istio.path-normalization",
            )
            .map(normalization),
            retries: mesh.retries.clone(),
            inbound_retries: mesh.inbound_retries.clone(),
            service_export: export(&mesh.service_export_to),
            virtual_service_export: export(&mesh.virtual_service_export_to),
            destination_rule_export: export(&mesh.destination_rule_export_to),
            concurrency: or_default(concurrency, || 0, "istio.concurrency"),
            extension_providers: mesh.extension_providers.clone(),
        }
    }
}

fn or_default<T: Clone>(
    written: Option<&Located<T>>,
    default: impl FnOnce() -> T,
    name: &'static str,
) -> Sourced<T> {
    match written {
        Some(written) => Sourced::new(written.value.clone(), Origin::Manifest(written.place)),
        None => Sourced::default_of(default(), name),
    }
}

/// Istio `pilot/pkg/networking/core/listener_builder.go`, `buildHTTPConnectionManager`.
fn normalization(level: NormalizationLevel) -> PathNormalization {
    let plain = PathNormalization::default();
    match level {
        NormalizationLevel::None => plain,
        NormalizationLevel::Base => PathNormalization { normalizes: true, ..plain },
        NormalizationLevel::MergeSlashes => {
            PathNormalization { normalizes: true, merges_slashes: true, ..plain }
        }
        NormalizationLevel::DecodeAndMergeSlashes => PathNormalization {
            normalizes: true,
            merges_slashes: true,
            escaped_slashes: EscapedSlashes::UnescapeAndForward,
        },
    }
}
