//! Names that the DNS of a cluster does not know: which of them may be known outside, and what is
//! taken for their address.

use std::net::IpAddr;

use crate::control::ControlPlanes;
use crate::control::kubernetes::dns::DnsFailure;
use crate::explain::{Probe, Tree};
use crate::world::{NamespaceId, Origin, ServiceKind, World};

use super::{Caller, rules};

/// How many aliases are followed.
const ALIASES_MAX: usize = 8;

/// A name outside.
pub(super) struct Outside {
    /// The name that is looked up in the end.
    pub(super) host: String,
    /// Its address, where a ServiceEntry declares one.
    pub(super) address: Option<IpAddr>,
}

/// The name outside that `host` stands for; `None` where it is a name of the cluster, which then
/// has no address at all.
pub(super) fn find(
    (world, planes): (&World, &ControlPlanes),
    caller: Caller,
    host: &str,
    failure: &DnsFailure,
    tree: &mut Tree,
) -> Option<Outside> {
    if !matches!(failure, DnsFailure::NoSuchName { .. }) {
        return None;
    }
    let asked = host.trim_end_matches('.');
    let namespace = world.workloads[caller.workload].namespace;
    let host = alias(world, namespace, asked);
    let host = host.or_else(|| may_be_outside(world, asked).then(|| asked.to_owned()))?;
    let declared = declared_address(world, planes, caller, &host);
    tree.step(rules::OUTSIDE_NAME, declared.map(|(_, origin)| origin), || {
        let stands_for =
            if host == asked { String::new() } else { format!(", which {asked} stands for,") };
        match declared {
            Some((address, _)) => {
                format!("{host}{stands_for} is taken to have the address {address}, as declared")
            }
            None => format!("{host}{stands_for} is taken for a name outside that has an address"),
        }
    });
    Some(Outside { host, address: declared.map(|(address, _)| address) })
}

/// Whether a name may be one of the world outside: it is no name of the cluster, and its last
/// parts are no namespace.
fn may_be_outside(world: &World, host: &str) -> bool {
    let Some((_, rest)) = host.split_once('.') else { return false };
    !is_in_cluster(host) && !world.namespaces.iter().any(|namespace| namespace.name == rest)
}

fn is_in_cluster(host: &str) -> bool {
    host.ends_with(".svc") || host.ends_with(".cluster.local")
}

/// The name outside behind ExternalName Services.
fn alias(world: &World, namespace: Option<NamespaceId>, host: &str) -> Option<String> {
    let mut name = external_name(world, namespace, host)?;
    for _ in 0..ALIASES_MAX {
        match external_name(world, None, &name) {
            Some(next) => name = next,
            None => return (!is_in_cluster(&name)).then_some(name),
        }
    }
    None
}

/// What an ExternalName Service stands for, by any of its names; `namespace` is where a bare name
/// is looked up.
fn external_name(world: &World, namespace: Option<NamespaceId>, host: &str) -> Option<String> {
    let host = host.strip_suffix(".cluster.local").unwrap_or(host);
    let host = host.strip_suffix(".svc").unwrap_or(host);
    let (name, own) = match host.split_once('.') {
        Some((name, own)) => (name, Some(own)),
        None => (host, namespace.map(|id| world.namespaces[id].name.as_str())),
    };
    let own = own?;
    let service = world
        .services
        .iter()
        .find(|service| service.name == name && world.namespaces[service.namespace].name == own)?;
    match &service.kind {
        ServiceKind::ExternalName(target) => Some(target.trim_end_matches('.').to_owned()),
        ServiceKind::ClusterIp(_) | ServiceKind::Headless => None,
    }
}

/// The address that a ServiceEntry declares for a host, and where.
fn declared_address(
    world: &World,
    planes: &ControlPlanes,
    caller: Caller,
    host: &str,
) -> Option<(IpAddr, Origin)> {
    let push = planes.istio().push_of(world, caller.pod)?;
    let services = push.registry.with_host(host)?;
    services.values().find_map(|service| {
        let single = service.addresses.iter().find(|range| {
            range.prefix_len() == range.max_prefix_len() && !range.addr().is_unspecified()
        })?;
        Some((single.addr(), service.origin))
    })
}
