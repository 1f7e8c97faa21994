//! The DNS server of a cluster: CoreDNS with its `kubernetes` plugin, for absolute names. The
//! search list is the client's business.

use std::net::IpAddr;

use crate::explain::{Probe, RuleId};
use crate::world::{ClusterId, EndpointTarget, Origin, ServiceId, ServiceKind, World};

use super::{
    ALIAS, CLUSTER_DOMAIN, CLUSTER_IP, DnsFailure, FORWARD, HEADLESS, POD_ADDRESS, POD_NAME,
    Resolved, is_host_name, shown,
};

/// How many aliases CoreDNS follows (`plugin/backend_lookup.go`).
const ALIASES_MAX: usize = 10;

/// The server that a client asks: of its cluster, or of the internet for clients outside.
pub(super) struct Server<'w, 'p, P> {
    pub(super) world: &'w World,
    pub(super) cluster: Option<ClusterId>,
    pub(super) probe: &'p mut P,
}

impl<P: Probe> Server<'_, '_, P> {
    /// Asks the cluster's DNS for one absolute name, following aliases.
    pub(super) fn ask(&mut self, asked: &str) -> Result<Resolved, DnsFailure> {
        let mut chain = vec![asked.to_owned()];
        loop {
            let name = chain.last().expect("the chain begins with the asked name");
            let alias = match self.look_up(name)? {
                Found::End(resolved) => return Ok(resolved),
                Found::Alias(alias) => alias,
            };
            if chain.len() > ALIASES_MAX || chain.contains(&alias) {
                let chain = chain.join(" → ");
                return Err(DnsFailure::AliasLoop { name: asked.to_owned(), chain });
            }
            chain.push(alias);
        }
    }

    fn look_up(&mut self, name: &str) -> Result<Found, DnsFailure> {
        let absent = || DnsFailure::NoSuchName { name: name.to_owned() };
        let in_cluster = name
            .strip_suffix(CLUSTER_DOMAIN)
            .and_then(|rest| rest.strip_suffix('.'))
            .zip(self.cluster);
        let Some((rest, cluster)) = in_cluster else {
            let host = self.world.outside_named(name);
            self.probe.step(FORWARD, host.map(|id| self.world.workloads[id].origin), || {
                let known = if host.is_some() { "is a host outside" } else { "is not declared" };
                format!("{name} is no name of the cluster; it {known}")
            });
            return host.map(|id| Found::End(Resolved::Outside(id))).ok_or_else(absent);
        };
        let labels: Vec<_> = rest.split('.').collect();
        let found = match labels[..] {
            [service, namespace, "svc"] => self.service(cluster, namespace, service),
            [pod, service, namespace, "svc"] => self.pod(cluster, namespace, service, pod),
            [address, namespace, "pod"] => self.pod_address(cluster, namespace, address),
            [port, _, _, _, "svc"] if port.starts_with('_') => {
                Err(DnsFailure::NotModelled { what: "SRV names" })
            }
            _ => Err(absent()),
        };
        if matches!(found, Err(DnsFailure::NoSuchName { .. })) {
            self.probe.step(CLUSTER_IP, None, || format!("{name} is no Service of the cluster"));
        }
        found
    }

    fn find(
        &self,
        cluster: ClusterId,
        namespace: &str,
        service: &str,
    ) -> Result<ServiceId, DnsFailure> {
        let namespace_id = self.world.namespace_named(cluster, namespace);
        let found = namespace_id.and_then(|id| self.world.service_named(id, service));
        found.ok_or_else(|| DnsFailure::NoSuchName { name: format!("{service}.{namespace}.svc") })
    }

    fn service(
        &mut self,
        cluster: ClusterId,
        namespace: &str,
        name: &str,
    ) -> Result<Found, DnsFailure> {
        let id = self.find(cluster, namespace, name)?;
        let service = &self.world.services[id];
        let origin = Some(service.origin);
        match &service.kind {
            ServiceKind::ClusterIp(address) => {
                self.probe.step(CLUSTER_IP, origin, || {
                    format!("Service {namespace}/{name} has the virtual address {address}")
                });
                Ok(Found::End(Resolved::Service(id)))
            }
            ServiceKind::ExternalName(target) => {
                self.probe.step(ALIAS, origin, || {
                    format!("Service {namespace}/{name} is an alias for {target}")
                });
                if is_host_name(target) {
                    return Ok(Found::Alias(target.clone()));
                }
                Err(DnsFailure::Invalid { name: shown(target) })
            }
            ServiceKind::Headless => {
                let ready = service.addresses.iter().filter(|address| address.ready);
                let targets: Vec<_> = ready.map(|address| address.target.clone()).collect();
                self.headless(id, targets, HEADLESS, origin)
            }
        }
    }

    fn headless(
        &mut self,
        id: ServiceId,
        targets: Vec<EndpointTarget>,
        rule: RuleId,
        origin: Option<Origin>,
    ) -> Result<Found, DnsFailure> {
        self.probe.step(rule, origin, || {
            let name = self.world.service_name(id);
            format!("headless Service {name} answers with {} addresses", targets.len())
        });
        if targets.is_empty() {
            let service = self.world.service_name(id);
            return Err(DnsFailure::NoAddresses { service });
        }
        Ok(Found::End(Resolved::Headless { service: id, targets }))
    }

    /// `pod.service.namespace.svc`: a pod by its hostname, or by its address with dashes.
    fn pod(
        &mut self,
        cluster: ClusterId,
        namespace: &str,
        service_name: &str,
        name: &str,
    ) -> Result<Found, DnsFailure> {
        let id = self.find(cluster, namespace, service_name)?;
        let service = &self.world.services[id];
        if service.kind != ServiceKind::Headless {
            let what = "names of pods below a Service that is not headless";
            return Err(DnsFailure::NotModelled { what });
        }
        let world = self.world;
        let is_asked_for = |target: &EndpointTarget| match target {
            EndpointTarget::Address(address) => dashed(address) == name,
            EndpointTarget::Pod(pod) => {
                let pod = &world.pods[*pod];
                match pod.dns.as_ref().filter(|dns| dns.subdomain == service.name) {
                    Some(dns) => dns.hostname == name,
                    None => dashed(&pod.ip.to_string()) == name,
                }
            }
        };
        let named: Vec<_> =
            service.addresses.iter().filter(|address| is_asked_for(&address.target)).collect();
        if named.is_empty() {
            let name = format!("{name}.{service_name}.{namespace}.svc");
            return Err(DnsFailure::NoSuchName { name });
        }
        let ready = named.into_iter().filter(|address| address.ready);
        let targets = ready.map(|address| address.target.clone()).collect();
        self.headless(id, targets, POD_NAME, Some(service.origin))
    }

    /// `10-1-2-3.namespace.pod`: the address it spells, whether or not a pod has it.
    fn pod_address(
        &mut self,
        cluster: ClusterId,
        namespace: &str,
        spelled: &str,
    ) -> Result<Found, DnsFailure> {
        let address = spelled.replace('-', ".").parse::<IpAddr>();
        let address = address.or_else(|_| spelled.replace('-', ":").parse::<IpAddr>()).ok();
        let known = self.world.namespace_named(cluster, namespace);
        let Some(address) = address.filter(|_| known.is_some()) else {
            return Err(DnsFailure::NoSuchName { name: format!("{spelled}.{namespace}.pod") });
        };
        self.probe.step(POD_ADDRESS, None, || format!("the name spells {address}"));
        Ok(Found::End(Resolved::Address(address)))
    }
}

/// One step along a chain of aliases.
enum Found {
    End(Resolved),
    Alias(String),
}

/// How CoreDNS names an address that has no hostname.
fn dashed(address: &str) -> String {
    address.replace(['.', ':'], "-")
}
