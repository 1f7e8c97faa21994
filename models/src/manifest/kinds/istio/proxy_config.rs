//! `networking.istio.io ProxyConfig`, and the settings of proxies that the mesh has: how many
//! workers a proxy has.

use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

/// `networking.istio.io ProxyConfig`.
#[derive(Clone, Debug)]
pub struct ProxyConfigObject {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The workloads; `None` is the whole namespace, or the mesh in the root namespace.
    pub selector: Option<Located<Labels>>,
    /// What it sets.
    pub settings: ProxySettings,
}

/// Settings of one proxy.
#[derive(Clone, Debug, Default)]
pub struct ProxySettings {
    /// `concurrency`: worker threads; zero is one for each core.
    pub concurrency: Option<Located<u32>>,
}

pub(in crate::manifest) fn read_proxy_config(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let spec = fields.object("spec", |spec| {
        (read_selector(spec, "selector", "matchLabels"), read_proxy_settings(spec))
    });
    let (selector, settings) = spec.unwrap_or_default();
    IstioResource::ProxyConfig(ProxyConfigObject { meta, selector, settings }).alone()
}

pub(super) fn read_proxy_settings(fields: &mut Fields<'_, '_, '_, '_>) -> ProxySettings {
    ProxySettings { concurrency: fields.number("concurrency", 0..=i32::MAX as u32) }
}
