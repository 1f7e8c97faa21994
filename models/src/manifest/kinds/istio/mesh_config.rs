//! `MeshConfig`: the settings of a whole mesh, as the ConfigMap `istio` holds them. What counts
//! where nothing is written is the control plane's business.

use super::load_balancer::{LocalitySettings, read_locality_settings};
use super::proxy_config::{ProxySettings, read_proxy_settings};
use super::sidecar::{OUTBOUND_MODES, OutboundMode};
use super::traffic_policy::{
    ConnectionPool, OutlierSettings, Upgrade, read_connection_pool, read_outlier,
};
use super::virtual_service_action::{RetryRule, read_retries};
use super::{IstioResource, ObjectMeta, Resource};
use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};
use crate::units::SimDuration;

/// The ConfigMap `istio` or `istio-REVISION`, in the namespace of the control plane.
#[derive(Clone, Debug)]
pub struct MeshConfigMap {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// Its key `mesh`.
    pub mesh: MeshSettings,
}

/// What `MeshConfig` says, as far as it matters to traffic.
#[derive(Clone, Debug, Default)]
pub struct MeshSettings {
    /// `trustDomain`.
    pub trust_domain: Option<Located<String>>,
    /// `trustDomainAliases`.
    pub trust_domain_aliases: Vec<Located<String>>,
    /// `rootNamespace`.
    pub root_namespace: Option<Located<String>>,
    /// `outboundTrafficPolicy.mode`.
    pub outbound: Option<Located<OutboundMode>>,
    /// `inboundTrafficPolicy.mode`.
    pub inbound: Option<Located<InboundMode>>,
    /// `connectTimeout`.
    pub connect_timeout: Option<Located<SimDuration>>,
    /// `enableAutoMtls`.
    pub auto_mtls: Option<Located<bool>>,
    /// `h2UpgradePolicy`.
    pub upgrade: Option<Located<Upgrade>>,
    /// `localityLbSetting`.
    pub locality: Option<LocalitySettings>,
    /// `defaultTrafficPolicy.connectionPool`.
    pub connection_pool: Option<ConnectionPool>,
    /// `defaultTrafficPolicy.outlierDetection`.
    pub outlier: Option<OutlierSettings>,
    /// `pathNormalization.normalization`.
    pub normalization: Option<Located<NormalizationLevel>>,
    /// `defaultHttpRetryPolicy`.
    pub retries: Option<RetryRule>,
    /// `defaultInboundHttpRetryPolicy`.
    pub inbound_retries: Option<RetryRule>,
    /// `defaultServiceExportTo`.
    pub service_export_to: Vec<Located<String>>,
    /// `defaultVirtualServiceExportTo`.
    pub virtual_service_export_to: Vec<Located<String>>,
    /// `defaultDestinationRuleExportTo`.
    pub destination_rule_export_to: Vec<Located<String>>,
    /// `defaultConfig`.
    pub proxy: Option<ProxySettings>,
    /// `extensionProviders`.
    pub extension_providers: Vec<ExtensionProvider>,
}

/// One of `extensionProviders`.
#[derive(Clone, Debug)]
pub struct ExtensionProvider {
    /// Its name.
    pub name: Located<String>,
    /// What it provides.
    pub kind: ProviderKind,
}

/// What a provider provides.
#[derive(Clone, Debug)]
pub enum ProviderKind {
    /// An authoriser that is asked over HTTP.
    ExtAuthzHttp(ExtAuthzProvider),
    /// An authoriser that is asked over gRPC.
    ExtAuthzGrpc(ExtAuthzProvider),
    /// Something that does not change traffic, such as a place for logs.
    Other,
}

/// How an external authoriser is asked.
#[derive(Clone, Debug)]
pub struct ExtAuthzProvider {
    /// `service`: a host, perhaps behind `NAMESPACE/`.
    pub service: Option<Located<String>>,
    /// `port`.
    pub port: Option<Located<u32>>,
    /// `timeout`.
    pub timeout: Option<Located<SimDuration>>,
    /// `failOpen`.
    pub fail_open: Option<Located<bool>>,
    /// `statusOnError`.
    pub status_on_error: Option<Located<String>>,
    /// Where it begins.
    pub place: Place,
}

/// `inboundTrafficPolicy.mode`: where requests for ports go that no service names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboundMode {
    /// To the address of the pod.
    Passthrough,
    /// To the loopback address.
    Localhost,
}

/// `pathNormalization.normalization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormalizationLevel {
    /// Paths stay as they are.
    None,
    /// RFC 3986; the default.
    Base,
    /// Slashes are merged too.
    MergeSlashes,
    /// Encoded slashes are decoded and merged too.
    DecodeAndMergeSlashes,
}

const INBOUND_MODES: &[(&str, InboundMode)] =
    &[("PASSTHROUGH", InboundMode::Passthrough), ("LOCALHOST", InboundMode::Localhost)];

const LEVELS: &[(&str, NormalizationLevel)] = &[
    ("DEFAULT", NormalizationLevel::Base),
    ("NONE", NormalizationLevel::None),
    ("BASE", NormalizationLevel::Base),
    ("MERGE_SLASHES", NormalizationLevel::MergeSlashes),
    ("DECODE_AND_MERGE_SLASHES", NormalizationLevel::DecodeAndMergeSlashes),
];

const UPGRADES: &[(&str, Upgrade)] = &[("DO_NOT_UPGRADE", Upgrade::No), ("UPGRADE", Upgrade::Yes)];

/// Whether a ConfigMap of this name may hold a mesh's settings.
pub(in crate::manifest) fn is_mesh_config(name: &str) -> bool {
    let revision = name.strip_prefix("istio").map(|rest| rest.strip_prefix('-').or(Some(rest)));
    let known_other = ["sidecar-injector", "ca-root-cert", "gateway", "leader", "cni"];
    name == "istio"
        || revision.flatten().is_some_and(|revision| {
            name.starts_with("istio-") && !known_other.iter().any(|it| revision.starts_with(it))
        })
}

pub(in crate::manifest) fn read_mesh_config(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let mesh = fields.object("data", |data| {
        let mesh = data.embedded("mesh", "MeshConfig", read_mesh);
        data.leave();
        mesh
    });
    fields.leave();
    let mesh = mesh.flatten().map(|mesh| IstioResource::MeshConfig(MeshConfigMap { meta, mesh }));
    mesh.map(IstioResource::alone).unwrap_or_default()
}

fn read_mesh(mesh: &mut Fields<'_, '_, '_, '_>) -> MeshSettings {
    let place = mesh.place();
    let traffic = mesh.object("defaultTrafficPolicy", |policy| {
        let pool = policy.object("connectionPool", read_connection_pool);
        (pool, policy.object("outlierDetection", read_outlier))
    });
    let (connection_pool, outlier) = traffic.unwrap_or_default();
    MeshSettings {
        trust_domain: mesh.string("trustDomain").filter(|domain| !domain.is_empty()),
        trust_domain_aliases: mesh.strings("trustDomainAliases"),
        root_namespace: mesh.string("rootNamespace").filter(|name| !name.is_empty()),
        outbound: mesh.object("outboundTrafficPolicy", |policy| {
            // An empty policy has the mode of value zero.
            let mode = policy.choice("mode", OUTBOUND_MODES);
            mode.unwrap_or(Located::new(OutboundMode::RegistryOnly, place))
        }),
        inbound: mesh
            .object("inboundTrafficPolicy", |policy| policy.choice("mode", INBOUND_MODES))
            .flatten(),
        connect_timeout: mesh.parsed("connectTimeout"),
        auto_mtls: mesh.boolean("enableAutoMtls"),
        upgrade: mesh.choice("h2UpgradePolicy", UPGRADES),
        locality: mesh.object("localityLbSetting", read_locality_settings),
        connection_pool,
        outlier,
        normalization: mesh
            .object("pathNormalization", |path| path.choice("normalization", LEVELS))
            .flatten(),
        retries: mesh.object("defaultHttpRetryPolicy", read_retries),
        inbound_retries: mesh.object("defaultInboundHttpRetryPolicy", read_retries),
        service_export_to: mesh.strings("defaultServiceExportTo"),
        virtual_service_export_to: mesh.strings("defaultVirtualServiceExportTo"),
        destination_rule_export_to: mesh.strings("defaultDestinationRuleExportTo"),
        proxy: mesh.object("defaultConfig", read_proxy_settings),
        extension_providers: mesh.list("extensionProviders", read_provider),
    }
}

fn read_provider(provider: &mut Fields<'_, '_, '_, '_>) -> Option<ExtensionProvider> {
    let name = provider.expected_string("name");
    let http = provider.object("envoyExtAuthzHttp", read_ext_authz);
    let grpc = provider.object("envoyExtAuthzGrpc", read_ext_authz);
    let kind = match (http, grpc) {
        (Some(http), _) => ProviderKind::ExtAuthzHttp(http),
        (None, Some(grpc)) => ProviderKind::ExtAuthzGrpc(grpc),
        (None, None) => ProviderKind::Other,
    };
    Some(ExtensionProvider { name: name?, kind })
}

fn read_ext_authz(settings: &mut Fields<'_, '_, '_, '_>) -> ExtAuthzProvider {
    ExtAuthzProvider {
        service: settings.string("service"),
        port: settings.number("port", 0..=u32::MAX),
        timeout: settings.parsed("timeout"),
        fail_open: settings.boolean("failOpen"),
        status_on_error: settings.string("statusOnError"),
        place: settings.place(),
    }
}
