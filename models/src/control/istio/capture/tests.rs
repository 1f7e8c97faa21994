//! Stories of which connections are redirected.

use super::*;
use crate::explain::Silent;
use crate::manifest::{Place, SourceId};

const PLACE: Place = Place { source: SourceId(0), line: 7, column: 3 };

fn annotations(pairs: &[(&str, &str)]) -> Labels {
    let located = |text: &str| Located::new(text.to_owned(), PLACE);
    pairs.iter().map(|(name, value)| ((*name).to_owned(), located(value))).collect()
}

fn takes(pairs: &[(&str, &str)], port: u16) -> Capture {
    inbound(&annotations(pairs), port, &mut Silent).value
}

fn sends(pairs: &[(&str, &str)], to: &str, port: u16) -> Capture {
    let own = ["10.1.0.5".parse().expect("an address")];
    let dialled = (to.parse().ok(), port);
    outbound(&annotations(pairs), &own, dialled, &mut Silent).value
}

#[test]
fn all_ports_are_redirected_but_those_of_the_proxy_and_those_that_an_annotation_excludes() {
    assert_eq!(takes(&[], 8080), Capture::Proxy);
    for port in [15008, 15020, 15021, 15090] {
        assert_eq!(takes(&[], port), Capture::Bypass, "{port}");
    }
    let exclude = (EXCLUDE_INBOUND_PORTS, "9000, 9001");
    assert_eq!(takes(&[exclude], 9001), Capture::Bypass);
    assert_eq!(takes(&[exclude], 8080), Capture::Proxy);
    assert_eq!(takes(&[(STATUS_PORT, "16000")], 16000), Capture::Bypass);
    assert_eq!(takes(&[(STATUS_PORT, "16000")], 15020), Capture::Proxy);
    let origin = inbound(&annotations(&[exclude]), 9000, &mut Silent).origin;
    assert_eq!(origin, Origin::Manifest(PLACE));
}

#[test]
fn a_list_of_included_ports_replaces_all_and_exclusions_no_longer_count() {
    let include = (INCLUDE_INBOUND_PORTS, "8080,9000");
    assert_eq!(takes(&[include], 8080), Capture::Proxy);
    assert_eq!(takes(&[include], 80), Capture::Bypass);
    assert_eq!(takes(&[include, (EXCLUDE_INBOUND_PORTS, "9000")], 9000), Capture::Proxy);
    assert_eq!(takes(&[(INCLUDE_INBOUND_PORTS, "")], 8080), Capture::Bypass);
    assert_eq!(takes(&[(INCLUDE_INBOUND_PORTS, "*")], 8080), Capture::Proxy);
    assert_eq!(takes(&[(MODE, "NONE")], 8080), Capture::Bypass);
    assert_eq!(takes(&[(INCLUDE_INBOUND_PORTS, "http")], 8080), Capture::Unknown);
}

#[test]
fn calls_are_redirected_unless_their_port_or_address_is_excluded() {
    assert_eq!(sends(&[], "10.0.0.1", 80), Capture::Proxy);
    assert_eq!(sends(&[], "127.0.0.1", 80), Capture::Bypass);
    assert_eq!(sends(&[], "10.1.0.5", 80), Capture::Bypass);
    assert_eq!(sends(&[(EXCLUDE_OUTBOUND_PORTS, "3306,6379")], "10.0.0.1", 6379), Capture::Bypass);
    let ranges = (EXCLUDE_OUTBOUND_RANGES, "192.0.2.0/24, 198.51.100.7");
    assert_eq!(sends(&[ranges], "192.0.2.9", 80), Capture::Bypass);
    assert_eq!(sends(&[ranges], "198.51.100.7", 80), Capture::Bypass);
    assert_eq!(sends(&[ranges], "10.0.0.1", 80), Capture::Proxy);
    assert_eq!(sends(&[ranges], "nowhere", 80), Capture::Unknown);
}

#[test]
fn included_ranges_replace_all_and_included_ports_go_before_them() {
    let ranges = (INCLUDE_OUTBOUND_RANGES, "10.0.0.0/8");
    assert_eq!(sends(&[ranges], "10.0.0.1", 80), Capture::Proxy);
    assert_eq!(sends(&[ranges], "192.0.2.9", 80), Capture::Bypass);
    assert_eq!(sends(&[ranges], "nowhere", 80), Capture::Unknown);
    let ports = (INCLUDE_OUTBOUND_PORTS, "443");
    assert_eq!(sends(&[ranges, ports], "192.0.2.9", 443), Capture::Proxy);
    assert_eq!(sends(&[(INCLUDE_OUTBOUND_RANGES, "")], "10.0.0.1", 80), Capture::Bypass);
    assert_eq!(
        sends(&[("istio.io/reroute-virtual-interfaces", "net1")], "10.0.0.1", 80),
        Capture::Unknown
    );
}
