//! CUSTOM policies as external authorisers (istio
//! `pilot/pkg/security/authz/builder/builder.go`, `buildHTTP`, and `extauthz.go`). What an
//! authoriser answers is not known here.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::control::istio::config::Config;
use crate::explain::Sourced;
use crate::manifest::kinds::istio::{
    AccessAction, AuthorizationPolicy, ExtAuthzProvider, ExtensionProvider, ProviderKind,
};
use crate::proxy::envoy::config::{
    ExtAuthz, HttpFilter, HttpFilterKind, NetworkFilter, OnFailure, Rbac, RbacAction,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::attach::InForce;
use super::compile::{Layer, rules};

const EXT_AUTHZ_FILTER: &str = "envoy.filters.http.ext_authz";

/// How long an authoriser may take where nothing is said (the same file, `timeoutOrDefault`).
const TIMEOUT: SimDuration = SimDuration::from_secs(600);

/// The longest name of a provider.
const NAME_LENGTH_MAX: usize = 63;

/// What CUSTOM policies come to.
pub(super) enum Guard {
    /// An authoriser is asked.
    Asks(ExtAuthz),
    /// What would be asked about is denied, because nobody can be asked.
    Denies(Rbac),
}

impl Guard {
    pub(super) fn on_requests(self) -> HttpFilter {
        match self {
            Self::Asks(own) => HttpFilter {
                name: EXT_AUTHZ_FILTER.to_owned(),
                kind: HttpFilterKind::ExtAuthz(own),
            },
            Self::Denies(rbac) => {
                HttpFilter { name: super::RBAC_FILTER.to_owned(), kind: HttpFilterKind::Rbac(rbac) }
            }
        }
    }

    pub(super) fn on_connections(self) -> NetworkFilter {
        match self {
            Self::Asks(own) => NetworkFilter::ExtAuthz(own.into()),
            Self::Denies(rbac) => NetworkFilter::Rbac(rbac.into()),
        }
    }
}

/// The CUSTOM policies of a proxy, provider by provider.
pub(super) fn guards(push: &Push, policies: &InForce<'_>, layer: Layer) -> Vec<Guard> {
    let mut by_provider: BTreeMap<&str, Vec<&Config<AuthorizationPolicy>>> = BTreeMap::new();
    for policy in policies.of(AccessAction::Custom) {
        let provider = policy.object.provider.as_ref().map_or("", |name| name.value.as_str());
        by_provider.entry(provider).or_default().push(policy);
    }
    // More than one provider at a workload needs a flag that is off by default.
    let too_many = (by_provider.len() > 1).then(|| {
        let names: Vec<_> = by_provider.keys().copied().collect();
        format!("one workload has one provider, and its policies name {}", names.join(" and "))
    });
    let each = by_provider.iter().filter_map(|(name, policies)| {
        let provider = match &too_many {
            Some(why) => Err(why.clone()),
            None => provider(push, name),
        };
        match provider {
            Err(why) => Some(Guard::Denies(denying(push, policies, layer, &why))),
            // An authoriser that speaks HTTP is not asked about connections.
            Ok(provider) if layer == Layer::Connections && !provider.is_grpc => None,
            Ok(provider) => Some(Guard::Asks(asking(push, policies, layer, &provider))),
        }
    });
    each.collect()
}

fn denying(
    push: &Push,
    policies: &[&Config<AuthorizationPolicy>],
    layer: Layer,
    why: &str,
) -> Rbac {
    let mut rules = rules(push, policies, RbacAction::Deny, layer);
    let suffix = "-deny-due-to-bad-CUSTOM-action";
    let named = std::mem::take(&mut rules.policies).into_iter().map(|(name, mut policy)| {
        policy.title = format!("{} (CUSTOM: {why})", policy.title);
        (format!("istio-ext-authz-{name}{suffix}"), policy)
    });
    rules.policies = named.collect();
    Rbac { rules: Some(rules), shadow: None }
}

fn asking(
    push: &Push,
    policies: &[&Config<AuthorizationPolicy>],
    layer: Layer,
    provider: &Provider<'_>,
) -> ExtAuthz {
    // They are shadow rules of the action DENY: fields that a connection lacks make them wider.
    let mut asks = rules(push, policies, RbacAction::Deny, layer);
    asks.action = RbacAction::Log;
    let settings = provider.settings;
    let on_failure = settings.fail_open.map_or_else(
        || Sourced::default_of(OnFailure::Deny, "istio.ext-authz-fail-open"),
        |open| {
            let means = if open.value { OnFailure::Allow } else { OnFailure::Deny };
            Sourced::new(means, Origin::Manifest(open.place))
        },
    );
    ExtAuthz {
        provider: provider.name.to_owned(),
        asks,
        on_failure,
        status_on_error: provider.status_on_error,
        timeout: settings.timeout.map_or_else(
            || Sourced::default_of(TIMEOUT, "istio.ext-authz-timeout"),
            |limit| Sourced::new(limit.value, Origin::Manifest(limit.place)),
        ),
        service: provider.service.clone(),
        origin: policies.first().map_or(Origin::Manifest(settings.place), |it| it.origin()),
    }
}

/// A provider that can be asked.
struct Provider<'p> {
    name: &'p str,
    settings: &'p ExtAuthzProvider,
    is_grpc: bool,
    status_on_error: Sourced<u16>,
    service: String,
}

/// The provider of a name.
///
/// # Errors
/// Why it cannot be asked; then Istio denies what it would be asked about.
fn provider<'p>(push: &'p Push, name: &'p str) -> Result<Provider<'p>, String> {
    let all = &push.mesh.extension_providers;
    let mut named = all.iter().filter(|it| it.name.value == name && !is_other(it));
    let Some(found) = named.next() else {
        return Err(match name {
            "" => "it names no provider".to_owned(),
            _ => format!("the mesh has no provider {name}"),
        });
    };
    if named.next().is_some() {
        return Err(format!("the mesh has several providers {name}"));
    }
    let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = name.len() <= NAME_LENGTH_MAX && name.bytes().all(label);
    if !is_name || name.starts_with('-') || name.ends_with('-') {
        return Err(format!("`{name}` is no name of a provider"));
    }
    let (settings, is_grpc) = match &found.kind {
        ProviderKind::ExtAuthzHttp(settings) => (settings, false),
        ProviderKind::ExtAuthzGrpc(settings) => (settings, true),
        ProviderKind::Other => return Err(format!("the mesh has no provider {name}")),
    };
    Ok(Provider {
        name,
        settings,
        is_grpc,
        status_on_error: status_on_error(settings)?,
        service: service(push, settings)?,
    })
}

const fn is_other(provider: &ExtensionProvider) -> bool {
    matches!(provider.kind, ProviderKind::Other)
}

/// Why the provider of a name cannot be asked.
pub(super) fn trouble(push: &Push, name: &str) -> Option<String> {
    provider(push, name).err()
}

/// Whether the provider of a name can be asked about connections.
pub(super) fn takes_connections(push: &Push, name: &str) -> bool {
    provider(push, name).is_ok_and(|provider| provider.is_grpc)
}

fn status_on_error(settings: &ExtAuthzProvider) -> Result<Sourced<u16>, String> {
    let Some(written) = settings.status_on_error.as_ref().filter(|it| !it.value.is_empty()) else {
        return Ok(Sourced::default_of(403, "envoy.ext-authz-status-on-error"));
    };
    let is_known = |status: &u16| {
        matches!(status, 100 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=417 | 421..=424)
            || matches!(status, 426 | 428 | 429 | 431 | 500..=508 | 510 | 511)
    };
    let status = written.value.parse().ok().filter(is_known);
    let status = status.ok_or_else(|| format!("`{}` is no status", written.value))?;
    Ok(Sourced::new(status, Origin::Manifest(written.place)))
}

/// The service of a provider (istio `pilot/pkg/model/telemetry_logging.go`, `LookupCluster`).
fn service(push: &Push, settings: &ExtAuthzProvider) -> Result<String, String> {
    let written = settings.service.as_ref().map_or("", |service| service.value.as_str());
    let port = settings.port.map_or(0, |port| port.value);
    let port = u16::try_from(port).ok().filter(|port| *port > 0);
    let port = port.ok_or_else(|| "the provider has no port from 1 to 65535".to_owned())?;
    let (namespace, host) = match written.split_once('/') {
        Some((namespace, host)) => (Some(namespace), host),
        None => (None, written),
    };
    let known = push.registry.with_host(host);
    let fits = known.is_some_and(|by_namespace| match namespace {
        Some(namespace) => by_namespace.contains_key(namespace),
        None => by_namespace.len() == 1,
    });
    if fits {
        Ok(format!("{host}:{port}"))
    } else {
        Err(format!("the mesh knows no service `{written}`, or several, for the provider"))
    }
}
