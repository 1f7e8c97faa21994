//! The listeners of a sidecar for calls of its workload: one for each port that HTTP services
//! share, one for each address and port of others, and what becomes of services that want the same
//! port (istio `pilot/pkg/networking/core/listener.go`, `buildSidecarOutboundListeners`).

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::net::IpAddr;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::capture::Interception;
use crate::control::istio::hosts;
use crate::control::istio::http_manager::http_manager;
use crate::control::istio::registry::{Port, Protocol, Resolution, Service};
use crate::control::istio::routes::Outbound;
use crate::control::istio::scope::{Egress, Scope};
use crate::manifest::kinds::istio::CaptureMode;
use crate::proxy::envoy::config::{
    Direction, Inspection, Listener, NetworkFilter, OriginalDestination, RouteSource,
};
use crate::world::Origin;

use super::calls::Class;
use super::catch_all::passthrough_chain;
use super::draft::{Draft, DraftKey, Sniffs};
use super::table_name::TableName;

/// A listener, and the pod that it stands for if it is one of a headless Service.
pub(super) type PodListener = (Arc<Listener>, Option<IpAddr>);

/// A service that gets no chain because an older one has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The listener, such as `0.0.0.0_3306`.
    pub listener: String,
    /// The host of the service.
    pub host: String,
    /// Where the service is declared.
    pub service: Origin,
    /// What has the connections.
    pub holder: Origin,
}

/// All listeners of a proxy for calls.
pub(super) struct Listeners<'l> {
    push: &'l Push,
    scope: &'l Scope,
    class: Class,
    entries: BTreeMap<(String, u16), Entry>,
    tables: BTreeSet<TableName>,
    conflicts: Vec<Conflict>,
}

/// A listener before it is made.
struct Entry {
    protocol: Protocol,
    drafts: Vec<Draft>,
    /// What the drafts ask for, and what made each.
    asked: BTreeMap<DraftKey, Origin>,
    /// Whether services of other listeners of the Sidecar may join.
    is_locked: bool,
    binds: Binds,
    pod: Option<IpAddr>,
    origin: Origin,
}

/// Whether a listener has a socket of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binds {
    Socket,
    Nothing,
}

/// How listeners are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Tcp,
    Auto,
}

/// A port that a service wants.
#[derive(Clone, Copy)]
struct Wanted<'w> {
    outbound: &'w Outbound<'w>,
    service: &'w Service,
    port: &'w Port,
    /// The address that the Sidecar asks for.
    bind: Option<&'w str>,
    binds: Binds,
    pod: Option<IpAddr>,
}

/// What the listeners are made into.
pub(super) struct Made {
    pub(super) listeners: Vec<PodListener>,
    pub(super) tables: BTreeSet<TableName>,
    pub(super) conflicts: Vec<Conflict>,
}

impl<'l> Listeners<'l> {
    /// `outbounds` are the routes of each of the scope's listeners.
    pub(super) fn make(
        push: &'l Push,
        scope: &'l Scope,
        outbounds: &[Outbound<'_>],
        class: Class,
    ) -> Made {
        let mut all = Self {
            push,
            scope,
            class,
            entries: BTreeMap::new(),
            tables: BTreeSet::new(),
            conflicts: Vec::new(),
        };
        for (egress, outbound) in scope.egress.iter().zip(outbounds) {
            all.add_egress(egress, outbound);
        }
        all.finish()
    }

    fn add_egress(&mut self, egress: &Egress, outbound: &Outbound<'_>) {
        let is_dialled = self.class.interception == Interception::None
            || egress.capture == Some(CaptureMode::None);
        let binds = if is_dialled { Binds::Socket } else { Binds::Nothing };
        let loopback = if self.class.wildcard == "::" { "::1" } else { "127.0.0.1" };
        let bind = egress.bind.as_ref().map(|bind| bind.value.as_str());
        let bind = bind.or((binds == Binds::Socket).then_some(loopback));
        let Some(own) = &egress.port else {
            self.entries.values_mut().for_each(|entry| entry.is_locked = true);
            for service in &egress.services {
                for port in &service.ports {
                    let wanted = Wanted { outbound, service, port, bind, binds, pod: None };
                    self.add_port(wanted);
                }
            }
            return;
        };
        let port = Port {
            name: own.name.as_ref().map_or_else(String::new, |name| name.value.clone()),
            number: own.number.value,
            protocol: egress.protocol().unwrap_or(Protocol::Sniffed),
            endpoints: Arc::default(),
            origin: Origin::Manifest(own.number.place),
        };
        for service in &egress.services {
            self.add(Wanted { outbound, service, port: &port, bind, binds, pod: None });
        }
    }

    /// A port of a headless service is one listener for each pod, unless requests are routed.
    fn add_port(&mut self, wanted: Wanted<'_>) {
        let Wanted { service, port, .. } = wanted;
        let is_bytes = port.protocol.is_tcp() || port.protocol == Protocol::Sniffed;
        let by_pod = wanted.bind.is_none()
            && service.resolution == Resolution::Passthrough
            && service.addresses.is_empty()
            && is_bytes;
        if !by_pod || !service.is_kubernetes() && port.endpoints.is_empty() && !service.selects {
            self.add(wanted);
            return;
        }
        for endpoint in port.endpoints.iter() {
            let Ok(ip) = endpoint.address.host.parse::<IpAddr>() else { continue };
            let bind = ip.to_string();
            self.add(Wanted { bind: Some(&bind), pod: Some(ip), ..wanted });
        }
    }

    fn add(&mut self, wanted: Wanted<'_>) {
        if wanted.service.alias_of.is_some() {
            return;
        }
        let Some(kind) = kind(wanted.port.protocol) else { return };
        if let Some(bind) = wanted.bind {
            self.add_at(wanted, kind, bind.to_owned(), &[]);
            return;
        }
        let addresses = &wanted.service.addresses;
        if kind == Kind::Http || addresses.is_empty() {
            self.add_at(wanted, kind, self.class.wildcard.to_owned(), &[]);
            return;
        }
        for range in addresses {
            if range.prefix_len() == range.max_prefix_len() {
                self.add_at(wanted, kind, range.addr().to_string(), &[]);
            } else {
                self.add_at(wanted, kind, self.class.wildcard.to_owned(), &[range.to_string()]);
            }
        }
    }

    /// The same file, `buildSidecarOutboundListener`.
    fn add_at(&mut self, wanted: Wanted<'_>, kind: Kind, bind: String, subnets: &[String]) {
        let Wanted { port, .. } = wanted;
        let is_wildcard = bind == self.class.wildcard;
        let key = (bind, port.number);
        let existing = self.entries.get(&key);
        if existing.is_some_and(|entry| entry.is_locked) {
            return;
        }
        let held = existing.map(|entry| entry.protocol);
        if kind == Kind::Http && held.is_some_and(|held| !held.is_tcp()) {
            return;
        }
        // Sniffing would break protocols whose server speaks first.
        let is_server_first = |it| matches!(it, Protocol::Mongo | Protocol::MySql);
        if let Some(held) = held
            && held != port.protocol
            && (is_server_first(held) || is_server_first(port.protocol))
        {
            self.tell(&key, wanted, None);
            return;
        }
        let mut drafts = Vec::new();
        if kind != Kind::Http {
            drafts.extend(self.network(wanted, is_wildcard, subnets));
        }
        let joins_sniffed = held.is_some_and(|held| kind_of_entry(held) == Kind::Auto);
        if kind == Kind::Http || kind == Kind::Auto && !joins_sniffed {
            drafts.push(self.http(wanted, kind, is_wildcard));
        }
        let replaces = kind == Kind::Auto && held.is_some_and(Protocol::is_http);
        match held {
            Some(_) if !replaces => self.join(&key, wanted, drafts),
            _ => {
                let sniffs = kind == Kind::Http && is_wildcard;
                let protocol = if sniffs { Protocol::Sniffed } else { port.protocol };
                let (binds, pod) = (wanted.binds, wanted.pod);
                let origin = port.origin;
                let asked = drafts.iter().map(|draft| (draft.key(), draft.origin())).collect();
                let is_locked = false;
                let entry = Entry { protocol, drafts, asked, is_locked, binds, pod, origin };
                self.entries.insert(key, entry);
            }
        }
    }

    /// Chains that pass bytes on. Where the address does not tell services apart, SNI does.
    fn network(&self, wanted: Wanted<'_>, is_wildcard: bool, subnets: &[String]) -> Vec<Draft> {
        let Wanted { outbound, service, port, .. } = wanted;
        let by_address = service.addresses.iter().any(|it| it.prefix_len() == it.max_prefix_len());
        let needs_name = !subnets.is_empty()
            || !service.addresses.is_empty() && !by_address
            || service.addresses.is_empty() && is_wildcard
            || hosts::is_wildcard(&service.host) && service.resolution == Resolution::DynamicDns;
        let names = if needs_name { outbound.server_names(service) } else { Vec::new() };
        let chains = outbound.chains(service, port, subnets, &names);
        chains.into_iter().map(Draft::network).collect()
    }

    fn http(&mut self, wanted: Wanted<'_>, kind: Kind, is_wildcard: bool) -> Draft {
        let Wanted { service, port, .. } = wanted;
        let name = if kind == Kind::Auto && !is_wildcard {
            TableName::Sniffed { port: port.number, host: service.host.clone() }
        } else {
            TableName::Port(port.number)
        };
        let routes = RouteSource::Named(name.to_string());
        let manager = NetworkFilter::Http(Arc::new(http_manager(self.push, routes)));
        self.tables.insert(name);
        let sniffs = if kind == Kind::Auto || is_wildcard { Sniffs::Http } else { Sniffs::Nothing };
        Draft::http(manager, sniffs, port.origin)
    }

    /// Adds chains to a listener, but for those that ask for what another one asks for
    /// (the same file, `mergeTCPFilterChains`).
    fn join(&mut self, key: &(String, u16), wanted: Wanted<'_>, drafts: Vec<Draft>) {
        let mut dropped = Vec::new();
        if let Some(entry) = self.entries.get_mut(key) {
            let mixes = kind(entry.protocol) != kind(wanted.port.protocol);
            for draft in drafts {
                match entry.asked.entry(draft.key()) {
                    btree_map::Entry::Occupied(held) => dropped.push(*held.get()),
                    btree_map::Entry::Vacant(free) => {
                        free.insert(draft.origin());
                        entry.drafts.push(draft);
                    }
                }
            }
            if mixes {
                entry.protocol = Protocol::Sniffed;
            }
        }
        for holder in dropped {
            self.tell(key, wanted, Some(holder));
        }
    }

    fn tell(&mut self, key: &(String, u16), wanted: Wanted<'_>, holder: Option<Origin>) {
        let entry = self.entries.get(key);
        let holder = holder.or_else(|| entry.map(|entry| entry.origin));
        self.conflicts.extend(holder.map(|holder| Conflict {
            listener: format!("{}_{}", key.0, key.1),
            host: wanted.service.host.clone(),
            service: wanted.service.origin,
            holder,
        }));
    }

    fn finish(self) -> Made {
        let unclaimed = self.scope.unclaimed();
        let listeners = self.entries.into_iter().map(|((address, port), entry)| {
            let inspects_tls = inspection(&entry.drafts, Draft::inspects_tls);
            let inspects_http = inspection(&entry.drafts, Draft::inspects_http);
            let (whole, some): (Vec<_>, Vec<_>) =
                entry.drafts.into_iter().partition(Draft::takes_all);
            let mut chains: Vec<_> = some.into_iter().map(Draft::chain).collect();
            let mut default_chain = whole.into_iter().next_back().map(Draft::chain);
            if chains.is_empty() {
                chains.extend(default_chain.take());
            } else if default_chain.is_none() {
                default_chain = Some(passthrough_chain(unclaimed.clone()));
            }
            let listener = Listener {
                name: format!("{address}_{port}"),
                address,
                port,
                direction: Direction::Outbound,
                bind_to_port: entry.binds == Binds::Socket,
                original_destination: OriginalDestination::Ignored,
                inspects_tls,
                inspects_http,
                chains,
                default_chain,
                origin: entry.origin,
            };
            (Arc::new(listener), entry.pod)
        });
        Made { listeners: listeners.collect(), tables: self.tables, conflicts: self.conflicts }
    }
}

fn inspection(drafts: &[Draft], looks: fn(&Draft) -> bool) -> Inspection {
    if drafts.iter().any(looks) { Inspection::Always } else { Inspection::Never }
}

/// `None` for what no proxy takes.
const fn kind(protocol: Protocol) -> Option<Kind> {
    match protocol {
        Protocol::Udp => None,
        Protocol::Sniffed => Some(Kind::Auto),
        _ if protocol.is_http() => Some(Kind::Http),
        _ => Some(Kind::Tcp),
    }
}

fn kind_of_entry(protocol: Protocol) -> Kind {
    kind(protocol).unwrap_or(Kind::Auto)
}
