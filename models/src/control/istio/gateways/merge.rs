//! Joins the servers of all Gateways that one workload serves: which share a port, which get in
//! each other's way, and under which name their routes stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::kinds::istio::{GatewayProtocol, GatewayServer, GatewayTlsMode};
use crate::manifest::{Diagnostic, Place};

use super::effective::{EffectiveGateway, GatewayProxy, ServiceTarget, Workloads};

/// A port of the workload, as a server opens it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerPort {
    /// The number that is listened on.
    pub number: u16,
    /// The protocol.
    pub protocol: GatewayProtocol,
    /// The address; `None` is all.
    pub bind: Option<String>,
}

/// A server on one port of the workload.
#[derive(Clone, Debug)]
pub struct MergedServer {
    /// Its Gateway, as `namespace/name`.
    pub gateway: String,
    /// What is written.
    pub server: GatewayServer,
    /// The name of its route table; empty where connections are passed on.
    pub routes: String,
    /// Where its Gateway begins.
    pub gateway_place: Place,
}

/// All servers of one workload.
#[derive(Clone, Debug, Default)]
pub struct MergedGateway {
    /// The ports, in the order in which they were opened.
    pub ports: Vec<ServerPort>,
    /// The servers of each port, by their position in `servers`.
    pub by_port: BTreeMap<ServerPort, Vec<usize>>,
    /// The servers of each route table, by their position in `servers`.
    pub by_routes: BTreeMap<String, Vec<usize>>,
    /// All servers that were taken.
    pub servers: Vec<MergedServer>,
}

impl MergedServer {
    /// Whether requests are routed here: HTTP, or HTTPS whose TLS ends here.
    pub(super) fn routes_requests(&self) -> bool {
        is_http(&self.server)
    }

    /// Its hosts as server names, without namespaces, sorted.
    pub(super) fn server_names(&self) -> Vec<String> {
        let names = self.server.hosts.iter().map(|host| bare(host).to_owned());
        let names: BTreeSet<String> = names.collect();
        names.into_iter().collect()
    }
}

/// A host without the namespace in front of it.
pub(super) fn bare(host: &str) -> &str {
    host.split_once('/').map_or(host, |(_, bare)| bare)
}

/// Whether TLS is passed on.
pub(super) fn passes_tls_on(server: &GatewayServer) -> bool {
    let mode = server.tls.as_ref().map(|tls| tls.mode.value);
    matches!(mode, Some(GatewayTlsMode::Passthrough | GatewayTlsMode::AutoPassthrough))
}

/// Whether a server ends TLS and routes the requests inside.
pub(super) fn ends_https(server: &GatewayServer) -> bool {
    server.tls.is_some()
        && server.port.protocol.value == GatewayProtocol::Https
        && !passes_tls_on(server)
}

fn is_http(server: &GatewayServer) -> bool {
    let protocol = server.port.protocol.value;
    protocol.is_http() || protocol == GatewayProtocol::Https && !passes_tls_on(server)
}

/// Whether connections carry TLS: settings on an HTTP port are about redirects alone.
fn is_tls(server: &GatewayServer) -> bool {
    server.tls.is_some() && !server.port.protocol.value.is_http()
}

/// Joins the servers of the Gateways that a workload serves, the oldest Gateway first; the findings
/// name servers that are left out (istio `pilot/pkg/model/gateway.go`, `mergeGateways`). `None` if
/// it serves none.
#[must_use]
pub fn merge(
    gateways: &[EffectiveGateway],
    proxy: &GatewayProxy<'_>,
) -> (Option<MergedGateway>, Vec<Diagnostic>) {
    let mut merging = Merging::default();
    let mut any = false;
    for gateway in gateways {
        let Some(targets) = gateway.targets(proxy) else { continue };
        any = true;
        let translation = match gateway.workloads {
            Workloads::Labels(_) => Translation::Guessed,
            Workloads::Services { .. } => Translation::Referenced,
        };
        for server in &gateway.servers {
            for port in listened(server.port.number.value, &targets, translation) {
                merging.add(gateway, server, port);
            }
        }
    }
    (any.then_some(merging.merged), merging.findings)
}

/// How the port of a Gateway becomes one of the workload.
#[derive(Clone, Copy)]
enum Translation {
    /// The workload was selected by labels: the first Service with this port says, or else the
    /// port is taken as it is.
    Guessed,
    /// The Gateway names its Services: their target ports, and nothing else.
    Referenced,
}

/// The ports of the workload that stand for a Gateway's port (the same file, `resolvePorts`).
fn listened(number: u16, targets: &[&ServiceTarget], translation: Translation) -> Vec<u16> {
    match translation {
        Translation::Guessed => {
            let found = targets.iter().find(|it| !it.keeps_ports && it.port == number);
            vec![found.map_or(number, |target| target.target_port)]
        }
        Translation::Referenced => {
            let found = targets.iter().filter(|it| it.port == number).map(|it| it.target_port);
            let found: BTreeSet<u16> = found.collect();
            found.into_iter().collect()
        }
    }
}

/// Why a server is left out.
enum Rejection {
    /// Another server has one of its hosts.
    SameHost(Place),
    /// Another server speaks something else on the port.
    OtherProtocol,
    /// Another server passes bytes on, and there is nothing by which to tell them apart.
    NoRoutes,
    /// Another server has the same name of routes.
    SameRoutes,
}

#[derive(Default)]
struct Merging {
    merged: MergedGateway,
    findings: Vec<Diagnostic>,
    opened: BTreeSet<u16>,
    /// The port without TLS, by its number.
    plain: BTreeMap<u16, ServerPort>,
    /// Hosts of servers with TLS, by port and address.
    names: BTreeMap<(u16, Option<String>, String), Place>,
}

impl Merging {
    fn add(&mut self, gateway: &EffectiveGateway, server: &GatewayServer, number: u16) {
        let merged = MergedServer {
            gateway: gateway.full_name(),
            server: server.clone(),
            routes: routes_name(gateway, server, number),
            gateway_place: gateway.place,
        };
        let port = ServerPort {
            number,
            protocol: server.port.protocol.value,
            bind: server.bind.as_ref().map(|bind| bind.value.clone()),
        };
        if let Err(rejection) = self.take(merged, port) {
            self.findings.push(finding(server, number, &rejection));
        }
    }

    fn take(&mut self, merged: MergedServer, port: ServerPort) -> Result<(), Rejection> {
        if merged.server.tls.is_some() {
            self.take_names(&merged, &port)?;
        }
        if self.opened.insert(port.number) {
            self.open(merged, port);
            return Ok(());
        }
        match self.plain.get(&port.number).cloned() {
            Some(current) if current.bind == port.bind => self.join_plain(merged, &port, current),
            Some(_) => {
                self.open_or_join(merged, port);
                Ok(())
            }
            None if !is_tls(&merged.server) => {
                self.open(merged, port);
                Ok(())
            }
            None => self.join_tls(merged, port),
        }
    }

    /// Two chains of one listener must not match the same server name.
    fn take_names(&mut self, merged: &MergedServer, port: &ServerPort) -> Result<(), Rejection> {
        let keys = merged
            .server
            .hosts
            .iter()
            .map(|host| ((port.number, port.bind.clone(), host.value.clone()), host.place));
        let keys: Vec<_> = keys.collect();
        if let Some(place) = keys.iter().find_map(|(key, _)| self.names.get(key)) {
            return Err(Rejection::SameHost(*place));
        }
        self.names.extend(keys);
        Ok(())
    }

    /// Only HTTP joins HTTP.
    fn join_plain(
        &mut self,
        merged: MergedServer,
        port: &ServerPort,
        current: ServerPort,
    ) -> Result<(), Rejection> {
        if !(port.protocol.is_http() && current.protocol.is_http()) {
            return Err(Rejection::OtherProtocol);
        }
        if merged.routes.is_empty() {
            return Err(Rejection::NoRoutes);
        }
        self.push(merged, current);
        Ok(())
    }

    /// TLS joins TLS, for SNI tells the servers apart.
    fn join_tls(&mut self, merged: MergedServer, port: ServerPort) -> Result<(), Rejection> {
        if merged.routes_requests() && self.merged.by_routes.contains_key(&merged.routes) {
            return Err(Rejection::SameRoutes);
        }
        self.push(merged, port);
        Ok(())
    }

    fn open_or_join(&mut self, merged: MergedServer, port: ServerPort) {
        if self.merged.by_port.contains_key(&port) {
            self.push(merged, port);
        } else {
            self.open(merged, port);
        }
    }

    /// The first server of a port; its routes replace those that had the same name.
    fn open(&mut self, merged: MergedServer, port: ServerPort) {
        if !is_tls(&merged.server) {
            self.plain.insert(port.number, port.clone());
        }
        if merged.routes_requests() {
            self.merged.by_routes.remove(&merged.routes);
        }
        self.merged.by_port.remove(&port);
        self.push(merged, port);
    }

    fn push(&mut self, merged: MergedServer, port: ServerPort) {
        let at = self.merged.servers.len();
        if merged.routes_requests() {
            self.merged.by_routes.entry(merged.routes.clone()).or_default().push(at);
        }
        if !self.merged.ports.contains(&port) {
            self.merged.ports.push(port.clone());
        }
        self.merged.by_port.entry(port).or_default().push(at);
        self.merged.servers.push(merged);
    }
}

/// The name of a server's route table. HTTP servers of one port share it; each HTTPS server has its
/// own, because each has a chain of its own (the same file, `gatewayRDSRouteName`).
fn routes_name(gateway: &EffectiveGateway, server: &GatewayServer, number: u16) -> String {
    let bind = server.bind.as_ref().map(|bind| format!(".{}", bind.value)).unwrap_or_default();
    if server.port.protocol.value.is_http() {
        return format!("http.{number}{bind}");
    }
    if !is_http(server) {
        return String::new();
    }
    let port = &server.port;
    let (name, namespace) = (&gateway.name, &gateway.namespace);
    format!("https.{}.{}.{name}.{namespace}{bind}", port.number.value, port.name)
}

fn finding(server: &GatewayServer, number: u16, rejection: &Rejection) -> Diagnostic {
    let (message, other) = match rejection {
        Rejection::SameHost(place) => {
            (format!("another server on port {number} has this host already"), Some(*place))
        }
        Rejection::OtherProtocol => {
            (format!("an older server on port {number} speaks another protocol"), None)
        }
        Rejection::NoRoutes | Rejection::SameRoutes => {
            (format!("an older server on port {number} cannot be told from this one"), None)
        }
    };
    let finding = Diagnostic::warning("istio.gateway-conflict", message)
        .at(server.place, "this server is left out");
    match other {
        Some(place) => finding.at(place, "first here"),
        None => finding.help("move it to another port, or let its Gateway be the older one"),
    }
}
