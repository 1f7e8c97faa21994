//! Stories of the calls of a workload: which listener and chain take them, and where they go.

mod laws;

use std::net::IpAddr;
use std::sync::Arc;

use super::Memo;
use crate::control::istio::Workload;
use crate::control::istio::routes::NoMeshRoutes;
use crate::control::istio::testing::{Mesh, PODS};
use crate::explain::Silent;
use crate::manifest::kinds::Labels;
use crate::proxy::envoy::Connection;
use crate::proxy::envoy::config::{
    Direction, HttpManager, ProxyConfig, RouteSource, RouteTable, Transport,
};
use crate::proxy::envoy::listening::{Arrival, Refusal, Service, accept};

/// The proxy of a workload in the namespace `shop` at this address.
fn proxy_at(mesh: &Mesh, address: &str) -> Arc<ProxyConfig> {
    let address: IpAddr = address.parse().expect("an address");
    let workload = Workload::at(mesh.push(), "shop", Labels::new(), vec![address]);
    Memo::default().config(mesh.push(), &workload, &NoMeshRoutes)
}

fn proxy(objects: &[&str]) -> Arc<ProxyConfig> {
    proxy_at(&Mesh::of(&objects.concat()), "192.0.2.1")
}

/// A call, as the first bytes show it.
#[derive(Clone, Copy)]
enum Spoken<'s> {
    Http,
    Bytes,
    Tls(&'s str),
}

/// Where a call goes: `listener > table` or `listener > cluster`.
fn goes(proxy: &ProxyConfig, to: &str, spoken: Spoken<'_>) -> String {
    let to: std::net::SocketAddr = to.parse().expect("an address with a port");
    let (transport, sni, alpn) = match spoken {
        Spoken::Http => (Transport::RawBuffer, None, vec!["http/1.1".to_owned()]),
        Spoken::Bytes => (Transport::RawBuffer, None, Vec::new()),
        Spoken::Tls(name) => (Transport::Tls, Some(name.to_owned()), Vec::new()),
    };
    let connection = Connection {
        source_ip: None,
        destination_ip: Some(to.ip()),
        destination_port: to.port(),
        transport,
        sni,
        alpn,
        principal: None,
    };
    let arrival = Arrival::Redirected(Direction::Outbound);
    match accept(proxy, arrival, &connection, &mut Silent) {
        Ok(accepted) => {
            let to = match accepted.service() {
                Service::Http(manager) => table_name(manager).to_owned(),
                Service::Tcp(tcp) => tcp.clusters[0].0.value.clone(),
                Service::Nothing => "nothing".to_owned(),
            };
            format!("{} > {to}", accepted.listener.name)
        }
        Err(Refusal::TlsToPlaintext { .. }) => "protocol error".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

fn table_name(manager: &HttpManager) -> &str {
    match &manager.routes {
        RouteSource::Named(name) => name,
        RouteSource::Inline(table) => &table.name,
    }
}

/// The names of a table's virtual hosts.
fn hosts(table: &RouteTable) -> Vec<&str> {
    table.virtual_hosts.iter().map(|host| host.name.as_str()).collect()
}

/// A ServiceEntry of the namespace `shop` with one port.
pub(super) fn entry(host: &str, port: &str, more: &str) -> String {
    let name = host.replace(['.', '*'], "");
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: s{name}, namespace: shop}}\n\
         spec: {{hosts: ['{host}'], ports: [{port}]{more}}}\n"
    )
}

const HTTP: &str = "{number: 80, name: http, protocol: HTTP}";
const TCP: &str = "{number: 80, name: tcp, protocol: TCP}";
const TLS: &str = "{number: 443, name: tls, protocol: TLS}";
const REGISTRY_ONLY: &str = "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\n\
     metadata: {name: all, namespace: shop}\n\
     spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}\n";

#[test]
fn services_that_speak_http_share_the_listener_and_the_table_of_their_port() {
    let one = entry("one.example", HTTP, ", addresses: [198.51.100.1]");
    let proxy = proxy(&[PODS, &one, &entry("two.example", HTTP, "")]);
    assert_eq!(goes(&proxy, "198.51.100.1:80", Spoken::Http), "0.0.0.0_80 > 80");
    let all = ["one.example:80", "two.example:80", "allow_any"];
    assert_eq!(hosts(&proxy.route_tables["80"]), all);
    assert_eq!(hosts(&proxy.route_tables["9080"]).len(), 2);
    assert!(proxy.clusters.contains_key("outbound|9080||reviews.shop.svc.cluster.local"));
    let reviews = &proxy.assignments["outbound|9080||reviews.shop.svc.cluster.local"];
    assert_eq!(reviews.localities.iter().map(|it| it.endpoints.len()).sum::<usize>(), 2);
}

#[test]
fn what_no_service_claims_is_passed_on_or_dropped() {
    let free = proxy(&[&entry("one.example", HTTP, "")]);
    let kept = proxy(&[&entry("one.example", HTTP, ""), REGISTRY_ONLY]);
    for (to, free_to, kept_to) in [
        ("203.0.113.9:81", "virtualOutbound > Passthrough", "virtualOutbound > BlackHole"),
        ("203.0.113.9:80", "0.0.0.0_80 > Passthrough", "0.0.0.0_80 > BlackHole"),
        ("203.0.113.9:15001", "virtualOutbound > BlackHole", "virtualOutbound > BlackHole"),
    ] {
        assert_eq!(goes(&free, to, Spoken::Bytes), format!("{free_to}Cluster"));
        assert_eq!(goes(&kept, to, Spoken::Bytes), format!("{kept_to}Cluster"));
    }
    assert_eq!(hosts(&kept.route_tables["80"]), ["one.example:80", "block_all"]);
}

#[test]
fn a_sidecar_may_name_who_takes_what_no_service_claims() {
    let sidecar = "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\n\
         metadata: {name: all, namespace: shop}\n\
         spec: {outboundTrafficPolicy: {mode: ALLOW_ANY, \
         egressProxy: {host: out.example, port: {number: 8080}}}}\n";
    let proxy = proxy(&[&entry("one.example", HTTP, ""), sidecar]);
    let to = |address| goes(&proxy, address, Spoken::Bytes);
    assert_eq!(to("203.0.113.9:81"), "virtualOutbound > outbound|8080||out.example");
    assert_eq!(to("203.0.113.9:80"), "0.0.0.0_80 > outbound|8080||out.example");
}

#[test]
fn a_service_of_bytes_has_a_listener_at_its_address() {
    let proxy = proxy(&[&entry("db.example", TCP, ", addresses: [198.51.100.1]")]);
    let own = "198.51.100.1_80 > outbound|80||db.example";
    assert_eq!(goes(&proxy, "198.51.100.1:80", Spoken::Bytes), own);
    let other = "virtualOutbound > PassthroughCluster";
    assert_eq!(goes(&proxy, "198.51.100.2:80", Spoken::Bytes), other);
    assert!(proxy.route_tables.is_empty());
}

#[test]
fn where_nothing_is_declared_the_first_bytes_decide() {
    let port = "{number: 80, name: web}";
    let proxy = proxy(&[&entry("any.example", port, ", addresses: [198.51.100.1]")]);
    let http = "198.51.100.1_80 > any.example:80";
    assert_eq!(goes(&proxy, "198.51.100.1:80", Spoken::Http), http);
    let bytes = "198.51.100.1_80 > outbound|80||any.example";
    assert_eq!(goes(&proxy, "198.51.100.1:80", Spoken::Bytes), bytes);
    assert_eq!(proxy.route_tables["any.example:80"].virtual_hosts[0].domains, ["*"]);
}

#[test]
fn a_headless_service_of_bytes_has_a_listener_for_each_pod_but_oneself() {
    let mesh = Mesh::of(
        "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\n\
         spec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432}]}\n\
         ---\napiVersion: v1\nkind: Pod\n\
         metadata: {name: db-0, namespace: shop, labels: {app: db}}\n\
         spec: {containers: [{name: db}]}\nstatus: {podIP: 10.1.0.1}\n\
         ---\napiVersion: v1\nkind: Pod\n\
         metadata: {name: db-1, namespace: shop, labels: {app: db}}\n\
         spec: {containers: [{name: db}]}\nstatus: {podIP: 10.1.0.2}\n",
    );
    let cluster = "outbound|5432||db.shop.svc.cluster.local";
    let elsewhere = "virtualOutbound > PassthroughCluster";
    let to = |proxy: &ProxyConfig, address| goes(proxy, address, Spoken::Bytes);
    let outside = proxy_at(&mesh, "192.0.2.1");
    assert_eq!(to(&outside, "10.1.0.1:5432"), format!("10.1.0.1_5432 > {cluster}"));
    let own = proxy_at(&mesh, "10.1.0.1");
    assert_eq!(to(&own, "10.1.0.1:5432"), elsewhere);
    assert_eq!(to(&own, "10.1.0.2:5432"), format!("10.1.0.2_5432 > {cluster}"));
}

#[test]
fn services_without_an_address_are_told_apart_by_server_name() {
    let wide = entry("*.wide.example", TLS, "");
    let proxy = proxy(&[&entry("one.example", TLS, ", resolution: DNS"), &wide]);
    let to = |name| goes(&proxy, "203.0.113.9:443", Spoken::Tls(name));
    assert_eq!(to("one.example"), "0.0.0.0_443 > outbound|443||one.example");
    assert_eq!(to("a.wide.example"), "0.0.0.0_443 > outbound|443||*.wide.example");
    assert_eq!(to("other.example"), "0.0.0.0_443 > PassthroughCluster");
}

#[test]
fn a_range_of_addresses_is_a_chain_of_the_listener_that_takes_all() {
    let ranged = entry("net.example", TCP, ", addresses: [198.51.100.0/24]");
    let proxy = proxy(&[&ranged]);
    let inside = "0.0.0.0_80 > outbound|80||net.example";
    assert_eq!(goes(&proxy, "198.51.100.77:80", Spoken::Bytes), inside);
    let outside = "0.0.0.0_80 > PassthroughCluster";
    assert_eq!(goes(&proxy, "203.0.113.9:80", Spoken::Bytes), outside);
}

#[test]
fn http_and_bytes_on_one_port_are_told_apart_by_their_first_bytes() {
    let proxy = proxy(&[&entry("a.example", TCP, ""), &entry("b.example", HTTP, "")]);
    let to = |spoken| goes(&proxy, "203.0.113.9:80", spoken);
    assert_eq!(to(Spoken::Http), "0.0.0.0_80 > 80");
    assert_eq!(to(Spoken::Bytes), "0.0.0.0_80 > outbound|80||a.example");
}

#[test]
fn of_two_services_that_ask_for_the_same_connections_the_older_has_them() {
    let objects = [entry("a.example", TCP, ""), entry("b.example", TCP, "")].concat();
    let mesh = Mesh::of(&objects);
    let workload =
        Workload::at(mesh.push(), "shop", Labels::new(), vec!["192.0.2.1".parse().expect("it")]);
    let mut memo = Memo::default();
    let proxy = memo.config(mesh.push(), &workload, &NoMeshRoutes);
    let to = goes(&proxy, "203.0.113.9:80", Spoken::Bytes);
    assert_eq!(to, "0.0.0.0_80 > outbound|80||a.example");
    let conflicts = memo.conflicts(mesh.push(), &workload, &NoMeshRoutes);
    let told: Vec<_> = conflicts.iter().map(|it| (&*it.listener, &*it.host)).collect();
    assert_eq!(told, [("0.0.0.0_80", "b.example")]);
}

#[test]
fn a_protocol_whose_server_speaks_first_shares_its_port_with_no_other() {
    let mysql = entry("a.example", "{number: 80, name: db, protocol: MySQL}", "");
    let proxy = proxy(&[&mysql, &entry("b.example", HTTP, "")]);
    let to = |spoken| goes(&proxy, "203.0.113.9:80", spoken);
    assert_eq!(to(Spoken::Http), "0.0.0.0_80 > outbound|80||a.example");
}

#[test]
fn a_sidecars_listener_takes_its_services_and_others_stay_away() {
    let sidecar = "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\n\
         metadata: {name: all, namespace: shop}\n\
         spec: {egress: [{port: {number: 80, protocol: HTTP, name: http}, bind: 127.0.0.1, \
         captureMode: NONE, hosts: ['./one.example']}, {hosts: ['./*']}]}\n";
    let objects = [&*entry("one.example", HTTP, ""), &*entry("two.example", HTTP, ""), sidecar];
    let proxy = proxy(&objects);
    let listener = proxy.listeners.iter().find(|it| it.name == "127.0.0.1_80").expect("its own");
    assert!(listener.bind_to_port && listener.chains.len() == 1);
    assert_eq!(hosts(&proxy.route_tables["80"]), ["one.example:80", "allow_any"]);
    // The other listener of the port has the routes of the first that names it.
    assert_eq!(goes(&proxy, "203.0.113.9:80", Spoken::Http), "0.0.0.0_80 > 80");
}

#[test]
fn workloads_that_istio_treats_alike_share_all_that_they_have() {
    let mesh = Mesh::of(PODS);
    let mut memo = Memo::default();
    let configs: Vec<_> = mesh
        .world
        .pods
        .ids()
        .map(|pod| {
            let workload = Workload::of_pod(mesh.push(), &mesh.world, pod);
            memo.config(mesh.push(), &workload, &NoMeshRoutes)
        })
        .collect();
    let [one, other] = &configs[..] else { panic!("two pods") };
    let calls = |config: &Arc<ProxyConfig>| {
        let listeners = config.listeners.iter().cloned();
        listeners.filter(|it| it.direction == Direction::Outbound).collect::<Vec<_>>()
    };
    let (ones, others) = (calls(one), calls(other));
    assert_eq!((ones.len(), others.len()), (2, 2));
    assert!(ones.iter().zip(&others).all(|(one, other)| Arc::ptr_eq(one, other)));
    assert!(Arc::ptr_eq(&one.route_tables["9080"], &other.route_tables["9080"]));
    let again =
        Workload::of_pod(mesh.push(), &mesh.world, mesh.world.pods.ids().next().expect("it"));
    assert!(Arc::ptr_eq(&memo.config(mesh.push(), &again, &NoMeshRoutes), one));
}
