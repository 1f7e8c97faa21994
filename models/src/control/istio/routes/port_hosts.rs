//! The virtual hosts of one port, and the tables that are made of them. Which hosts there are is
//! decided in `sidecar`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::proxy::envoy::config::{RouteTable, VirtualHost};

use super::sidecar::table;

/// The virtual hosts of a port.
#[derive(Clone, Debug)]
pub struct PortHosts {
    pub(super) port: u16,
    /// By name.
    pub(super) hosts: Vec<Arc<VirtualHost>>,
    /// For hosts that nobody knows.
    pub(super) unknown: Arc<VirtualHost>,
}

impl PortHosts {
    /// The table of the port, with the virtual host for unknown hosts behind the others.
    #[must_use]
    pub fn table(&self) -> RouteTable {
        let hosts = self.hosts.iter().chain([&self.unknown]).cloned().collect();
        table(self.port.to_string(), hosts)
    }

    /// The tables of listeners that serve one service each, where sniffing finds HTTP: its virtual
    /// host alone, for every authority (istio `pilot/pkg/networking/core/httproute.go`,
    /// `getVirtualHostsForSniffedServicePort`).
    #[must_use]
    pub fn sniffed<'h>(&self, services: impl IntoIterator<Item = &'h str>) -> Vec<RouteTable> {
        let mut by_domain: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (at, host) in self.hosts.iter().enumerate() {
            for domain in &host.domains {
                by_domain.entry(domain.as_str()).or_default().insert(at);
            }
        }
        let one = |host: &str| {
            let name = format!("{host}:{}", self.port);
            let places = [name.as_str(), host].into_iter().filter_map(|it| by_domain.get(it));
            let places: BTreeSet<usize> = places.flatten().copied().collect();
            let mut found: Vec<_> = places.iter().map(|&at| Arc::clone(&self.hosts[at])).collect();
            if let [only] = &mut found[..] {
                Arc::make_mut(only).domains = vec!["*".to_owned()];
            }
            table(name, found)
        };
        services.into_iter().map(one).collect()
    }
}
