use std::sync::Arc;

use super::*;
use crate::explain::{Silent, Tree};
use crate::proxy::envoy::config::{
    ChainMatch, Inspection, OriginalDestination, Permission, Principal, Rbac, RbacAction,
    RbacPolicy, RbacRules, TcpProxy,
};
use crate::proxy::envoy::routing::tests::testing::{HERE, get, set};
use crate::units::SimDuration;

fn tcp() -> NetworkFilter {
    NetworkFilter::TcpProxy(Arc::new(TcpProxy {
        clusters: vec![(set("cart".to_owned()), 1)],
        idle_timeout: set(SimDuration::ZERO),
        origin: HERE,
    }))
}

fn http() -> NetworkFilter {
    NetworkFilter::Http(Arc::new(crate::proxy::envoy::routing::tests::testing::manager()))
}

fn chain(name: &str, matches: ChainMatch) -> FilterChain {
    FilterChain {
        name: name.to_owned(),
        matches,
        tls: DownstreamTls::None,
        filters: vec![tcp()],
        origin: HERE,
    }
}

fn any() -> ChainMatch {
    ChainMatch::default()
}

fn names(names: &[&str]) -> ChainMatch {
    ChainMatch { server_names: names.iter().map(|&name| name.to_owned()).collect(), ..any() }
}

fn protocols(protocols: &[&str]) -> ChainMatch {
    let application_protocols = protocols.iter().map(|&name| name.to_owned()).collect();
    ChainMatch { application_protocols, ..any() }
}

fn listener(name: &str, address: &str, port: u16, chains: Vec<FilterChain>) -> Listener {
    Listener {
        name: name.to_owned(),
        address: address.to_owned(),
        port,
        direction: Direction::Outbound,
        bind_to_port: true,
        original_destination: OriginalDestination::Ignored,
        inspects_tls: Inspection::Always,
        inspects_http: Inspection::Always,
        chains,
        default_chain: None,
        origin: HERE,
    }
}

fn proxy(listeners: Vec<Listener>) -> ProxyConfig {
    ProxyConfig {
        listeners: listeners.into_iter().map(Arc::new).collect(),
        ..ProxyConfig::default()
    }
}

/// Plaintext to 10.0.0.9:8080.
fn plain() -> Connection {
    get("/").connection
}

fn tls(sni: &str) -> Connection {
    Connection { transport: Transport::Tls, sni: Some(sni.to_owned()), ..plain() }
}

fn offering(connection: Connection, protocols: &[&str]) -> Connection {
    Connection { alpn: protocols.iter().map(|&name| name.to_owned()).collect(), ..connection }
}

fn dial(config: &ProxyConfig, connection: &Connection) -> Result<String, Refusal> {
    let accepted = accept(config, Arrival::Dialled, connection, &mut Silent)?;
    Ok(accepted.chain.name.clone())
}

/// The chain of a lone listener that takes a connection.
fn taken(chains: Vec<FilterChain>, connection: &Connection) -> Result<String, Refusal> {
    dial(&proxy(vec![listener("l", "0.0.0.0", 8080, chains)]), connection)
}

fn name(name: &str) -> Result<String, Refusal> {
    Ok(name.to_owned())
}

#[test]
fn the_listener_of_the_address_goes_before_the_one_of_all_addresses() {
    let all = || listener("all", "0.0.0.0", 8080, vec![chain("all", any())]);
    let own = listener("own", "10.0.0.9", 8080, vec![chain("own", any())]);
    let unbound = Listener { bind_to_port: false, ..listener("off", "10.0.0.9", 8080, Vec::new()) };
    assert_eq!(dial(&proxy(vec![all(), own]), &plain()), name("own"));
    assert_eq!(dial(&proxy(vec![unbound, all()]), &plain()), name("all"));
    let elsewhere = Connection { destination_port: 81, ..plain() };
    assert_eq!(dial(&proxy(vec![all()]), &elsewhere), Err(Refusal::NoListener));
}

#[test]
fn a_capturing_listener_hands_over_to_the_listener_of_the_address_or_serves_itself() {
    let capturing = |direction, original_destination, own: &str| Listener {
        direction,
        original_destination,
        ..listener(own, "0.0.0.0", 15001, vec![chain(own, any())])
    };
    let service = || Listener {
        bind_to_port: false,
        ..listener("service", "10.0.0.9", 8080, vec![chain("service", any())])
    };
    let config = proxy(vec![
        capturing(Direction::Outbound, OriginalDestination::HandedOver, "out"),
        capturing(Direction::Inbound, OriginalDestination::Restored, "in"),
        service(),
    ]);
    let redirected = |direction, connection: &Connection| {
        let accepted = accept(&config, Arrival::Redirected(direction), connection, &mut Silent);
        accepted.map(|accepted| accepted.listener.name.clone())
    };
    let elsewhere = Connection { destination_port: 81, ..plain() };
    assert_eq!(redirected(Direction::Outbound, &plain()), name("service"));
    assert_eq!(redirected(Direction::Outbound, &elsewhere), name("out"));
    assert_eq!(redirected(Direction::Inbound, &plain()), name("in"));
    assert_eq!(redirected(Direction::Gateway, &plain()), Err(Refusal::NoListener));
}

#[test]
fn the_whole_server_name_goes_before_the_longest_suffix_and_that_before_none() {
    let chains = || {
        vec![
            chain("none", any()),
            chain("suffix", names(&["*.example"])),
            chain("longer", names(&["*.shop.example"])),
            chain("whole", names(&["cart.shop.example", "other.test"])),
        ]
    };
    for (sni, takes) in [
        ("cart.shop.example", "whole"),
        ("CART.shop.Example", "whole"),
        ("stock.shop.example", "longer"),
        ("a.b.example", "suffix"),
        ("example", "none"),
        ("elsewhere.test", "none"),
    ] {
        assert_eq!(taken(chains(), &tls(sni)), name(takes), "{sni}");
    }
    assert_eq!(taken(chains(), &plain()), name("none"));
}

#[test]
fn criteria_count_in_order_and_there_is_no_way_back() {
    // The chain for the server name wants plaintext, which a connection with a name never is.
    let of_name = ChainMatch { transport: Some(Transport::RawBuffer), ..names(&["a.example"]) };
    let chains = vec![chain("name", of_name), chain("any", any())];
    let refused = Err(Refusal::NoChain { listener: "l".to_owned() });
    assert_eq!(taken(chains.clone(), &tls("a.example")), refused);
    assert_eq!(taken(chains, &tls("b.example")), name("any"));

    let port = ChainMatch { destination_port: Some(8080), ..any() };
    let chains = vec![chain("name", names(&["a.example"])), chain("port", port)];
    assert_eq!(taken(chains, &tls("a.example")), name("port"), "ports count before names");
}

#[test]
fn longer_prefixes_of_addresses_go_first() {
    let to = |prefixes: &[&str]| ChainMatch {
        destination_prefixes: prefixes.iter().map(|text| text.parse().expect("a net")).collect(),
        ..any()
    };
    let from = |prefix: &str| ChainMatch {
        source_prefixes: vec![prefix.parse().expect("a net")],
        ..any()
    };
    let chains = vec![
        chain("any", any()),
        chain("wide", to(&["10.0.0.0/8"])),
        chain("narrow", to(&["192.168.0.0/16", "10.0.0.9/32"])),
    ];
    assert_eq!(taken(chains, &plain()), name("narrow"));
    let chains = vec![chain("peer", from("10.0.0.0/24")), chain("others", any())];
    assert_eq!(taken(chains.clone(), &plain()), name("peer"));
    let unknown = Connection { source_ip: None, ..plain() };
    assert_eq!(taken(chains, &unknown), Err(Refusal::Unknown));
}

#[test]
fn the_first_protocol_that_the_peer_offers_counts_if_somebody_looks_at_it() {
    let chains = || {
        vec![
            chain("any", any()),
            chain("h1", protocols(&["http/1.1"])),
            chain("h2", protocols(&["h2", "h2c"])),
        ]
    };
    let both = offering(tls("a"), &["h2", "http/1.1"]);
    assert_eq!(taken(chains(), &both), name("h2"));
    assert_eq!(taken(chains(), &offering(tls("a"), &["http/1.1", "h2"])), name("h1"));
    assert_eq!(taken(chains(), &offering(plain(), &["http/1.1"])), name("h1"));
    assert_eq!(taken(chains(), &offering(plain(), &[])), name("any"));
    let blind = |inspects_tls, inspects_http| {
        proxy(vec![Listener {
            inspects_tls,
            inspects_http,
            ..listener("l", "0.0.0.0", 8080, chains())
        }])
    };
    assert_eq!(dial(&blind(Inspection::Never, Inspection::Always), &both), name("any"));
    assert_eq!(
        dial(&blind(Inspection::Always, Inspection::Never), &offering(plain(), &["http/1.1"])),
        name("any")
    );
}

#[test]
fn without_a_look_at_tls_every_connection_is_plaintext() {
    let wants = |transport| ChainMatch { transport: Some(transport), ..any() };
    let chains =
        vec![chain("tls", wants(Transport::Tls)), chain("raw", wants(Transport::RawBuffer))];
    assert_eq!(taken(chains.clone(), &tls("a")), name("tls"));
    let blind =
        Listener { inspects_tls: Inspection::Never, ..listener("l", "0.0.0.0", 8080, chains) };
    assert_eq!(dial(&proxy(vec![blind]), &tls("a")), name("raw"));
}

#[test]
fn a_listener_may_look_at_connections_to_some_ports_alone() {
    let wants = |transport| ChainMatch { transport: Some(transport), ..any() };
    let taken = |inspects_tls| {
        let chains =
            vec![chain("tls", wants(Transport::Tls)), chain("raw", wants(Transport::RawBuffer))];
        dial(
            &proxy(vec![Listener { inspects_tls, ..listener("l", "0.0.0.0", 8080, chains) }]),
            &tls("a"),
        )
    };
    assert_eq!(taken(Inspection::On([8080].into())), name("tls"));
    assert_eq!(taken(Inspection::On([8081].into())), name("raw"));
    assert_eq!(taken(Inspection::ExceptOn([8080].into())), name("raw"));
    assert_eq!(taken(Inspection::ExceptOn([8081].into())), name("tls"));
}

#[test]
fn no_chain_is_a_reset_unless_there_is_a_default_and_several_are_an_error() {
    let strict = || vec![chain("a", names(&["a.example"]))];
    let refused = Err(Refusal::NoChain { listener: "l".to_owned() });
    assert_eq!(taken(strict(), &plain()), refused);
    let default_chain = Some(chain("rest", any()));
    let lenient = Listener { default_chain, ..listener("l", "0.0.0.0", 8080, strict()) };
    assert_eq!(dial(&proxy(vec![lenient]), &plain()), name("rest"));
    let twice = vec![chain("one", names(&["a.example"])), chain("two", names(&["b", "a.example"]))];
    let chains = vec!["one".to_owned(), "two".to_owned()];
    let several = Err(Refusal::SeveralChains { listener: "l".to_owned(), chains });
    assert_eq!(taken(twice, &tls("a.example")), several);
}

#[test]
fn peer_and_chain_must_agree_on_encryption_and_certificates() {
    let ending = |tls| vec![FilterChain { tls, filters: vec![http()], ..chain("c", any()) }];
    let known = |connection| Connection { principal: Some("spiffe://a".to_owned()), ..connection };
    let named = || "c".to_owned();
    for mode in [DownstreamTls::Simple, DownstreamTls::OptionalMutual] {
        assert_eq!(taken(ending(mode), &tls("a")), name("c"));
    }
    for mode in [DownstreamTls::Mutual, DownstreamTls::IstioMutual] {
        let refused = Err(Refusal::NoCertificate { chain: named() });
        assert_eq!(taken(ending(mode), &tls("a")), refused);
        assert_eq!(taken(ending(mode), &known(tls("a"))), name("c"));
        let refused = Err(Refusal::PlaintextToTls { chain: named() });
        assert_eq!(taken(ending(mode), &plain()), refused);
    }
    let refused = Err(Refusal::TlsToPlaintext { chain: named() });
    assert_eq!(taken(ending(DownstreamTls::None), &tls("a")), refused);
    assert_eq!(taken(vec![chain("passes on", any())], &tls("a")), name("passes on"));
}

#[test]
fn access_rules_of_the_chain_close_connections() {
    let policy = RbacPolicy {
        title: "p".to_owned(),
        permissions: vec![Permission::Any],
        principals: vec![Principal::Authenticated(None)],
        origin: HERE,
    };
    let policies = [("known".to_owned(), policy)].into_iter().collect();
    let rules = Some(RbacRules { action: RbacAction::Allow, policies, left_out: Vec::new() });
    let rbac = || NetworkFilter::Rbac(Arc::new(Rbac { rules: rules.clone(), shadow: None }));
    let guarded =
        |tls| vec![FilterChain { tls, filters: vec![rbac(), tcp()], ..chain("c", any()) }];
    let known = Connection { principal: Some("spiffe://a".to_owned()), ..tls("a") };
    assert_eq!(taken(guarded(DownstreamTls::OptionalMutual), &known), name("c"));
    let denied = Err(Refusal::Denied { policy: None });
    assert_eq!(taken(guarded(DownstreamTls::OptionalMutual), &tls("a")), denied);
    assert_eq!(taken(guarded(DownstreamTls::None), &known), denied, "the certificate is hidden");
}

#[test]
fn every_chain_that_is_passed_over_says_why() {
    let chains =
        vec![chain("other", names(&["b"])), chain("any", any()), chain("a", names(&["a"]))];
    let config = proxy(vec![listener("l", "0.0.0.0", 8080, chains)]);
    let mut tree = Tree::default();
    accept(&config, Arrival::Dialled, &tls("a"), &mut tree).expect("taken");
    let told: Vec<String> = tree.finish().into_iter().map(|step| step.finding).collect();
    assert_eq!(
        told,
        [
            "listener l takes the connection to 10.0.0.9:8080",
            "chain other is passed over: its server name does not fit",
            "chain any is passed over: its server name fits less well",
            "chain a fits best",
        ]
    );
}
