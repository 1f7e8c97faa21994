//! Ports in policies: numbers, ranges and names, of one transport or all.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::service::TRANSPORTS;
use crate::manifest::kinds::{TargetPort, Transport};
use crate::manifest::{Diagnostic, Located, Place};

/// One entry of a rule's ports.
#[derive(Clone, Debug)]
pub struct PolicyPort {
    /// The transport; `None` means all.
    pub transport: Option<Transport>,
    /// Which ports of it.
    pub test: PortTest,
    /// Where it stands.
    pub place: Place,
}

/// Which ports an entry means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortTest {
    /// All of the transport.
    All,
    /// From the first to the last.
    Range(u16, u16),
    /// The container port of the pod that is called that has this name.
    Named(String),
    /// It cannot be read; a cluster refuses the object.
    Refused,
}

const REFUSED: &str = "taken to match no port";

/// The ports of a NetworkPolicy's rule; absent and empty mean all.
pub(super) fn read_ports(rule: &mut Fields<'_, '_, '_, '_>) -> Option<Vec<PolicyPort>> {
    read_list(rule, "ports", read_port)
}

/// Reads a list of ports so that nothing which is wrong makes it shorter.
fn read_list(
    rule: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
    read: fn(&mut Fields<'_, '_, '_, '_>) -> PolicyPort,
) -> Option<Vec<PolicyPort>> {
    let place = rule.place();
    let errors = rule.errors();
    let mut ports = rule.list(name, |port| Some(read(port)));
    if rule.errors() > errors {
        ports.push(PolicyPort { transport: None, test: PortTest::Refused, place });
    }
    (!ports.is_empty()).then_some(ports)
}

/// An entry of which every part was read, else one that matches nothing.
fn entry(
    port: &mut Fields<'_, '_, '_, '_>,
    errors: u64,
    transport: Option<Transport>,
    test: PortTest,
) -> PolicyPort {
    let test = if port.errors() > errors { PortTest::Refused } else { test };
    PolicyPort { transport, test, place: port.place() }
}

fn read_port(port: &mut Fields<'_, '_, '_, '_>) -> PolicyPort {
    let errors = port.errors();
    let transport = read_transport(port);
    let first = port.port_or_name("port");
    let last = port.number("endPort", 1..=u16::MAX);
    let test = match (first.map(|it| it.value), last) {
        (None, None) => PortTest::All,
        (Some(TargetPort::Name(name)), None) => PortTest::Named(name),
        (Some(TargetPort::Number(number)), None) => PortTest::Range(number, number),
        (Some(TargetPort::Number(number)), Some(last)) => range(port, number, last),
        (None | Some(TargetPort::Name(_)), Some(last)) => {
            port.add(
                Diagnostic::error("manifest.invalid-port-range", "`endPort` needs a port number")
                    .at(last.place, REFUSED)
                    .help("a cluster refuses this object; give `port` as a number"),
            );
            PortTest::Refused
        }
    };
    entry(port, errors, Some(transport), test)
}

fn range(port: &mut Fields<'_, '_, '_, '_>, first: u16, last: Located<u16>) -> PortTest {
    if first <= last.value {
        return PortTest::Range(first, last.value);
    }
    let message = format!("the range ends at {} before it begins at {first}", last.value);
    port.add(
        Diagnostic::error("manifest.invalid-port-range", message)
            .at(last.place, REFUSED)
            .help("a cluster refuses this object; the last port is not below the first"),
    );
    PortTest::Refused
}

fn read_transport(port: &mut Fields<'_, '_, '_, '_>) -> Transport {
    port.choice("protocol", TRANSPORTS).map(|it| it.value).unwrap_or_default()
}

/// `ports` of an AdminNetworkPolicy or BaselineAdminNetworkPolicy.
pub(super) fn read_admin_ports(rule: &mut Fields<'_, '_, '_, '_>) -> Option<Vec<PolicyPort>> {
    read_list(rule, "ports", |port| {
        let errors = port.errors();
        let number = port.object("portNumber", |number| {
            let transport = read_transport(number);
            let port = number.required_number("port", 1..=u16::MAX);
            let test = port.map_or(PortTest::Refused, |it| PortTest::Range(it.value, it.value));
            (Some(transport), test)
        });
        let span = port.object("portRange", |span| (Some(read_transport(span)), read_span(span)));
        let named = port.string("namedPort").map(|name| (None, PortTest::Named(name.value)));
        one_of(port, errors, [number, span, named])
    })
}

/// `protocols` of a ClusterNetworkPolicy.
pub(super) fn read_protocols(rule: &mut Fields<'_, '_, '_, '_>) -> Option<Vec<PolicyPort>> {
    read_list(rule, "protocols", |port| {
        let errors = port.errors();
        let tcp = port.object("tcp", read_destination).map(|it| (Some(Transport::Tcp), it));
        let udp = port.object("udp", read_destination).map(|it| (Some(Transport::Udp), it));
        let sctp = port.object("sctp", read_destination).map(|it| (Some(Transport::Sctp), it));
        let named = port.string("destinationNamedPort");
        let named = named.map(|name| (None, PortTest::Named(name.value)));
        one_of(port, errors, [tcp, udp, sctp, named])
    })
}

fn read_destination(transport: &mut Fields<'_, '_, '_, '_>) -> PortTest {
    let read = transport.object("destinationPort", |port| {
        let number = port.number("number", 1..=u16::MAX);
        let span = port.object("range", read_span);
        match (number, span) {
            (Some(number), None) => PortTest::Range(number.value, number.value),
            (None, Some(span)) => span,
            (number, _) => {
                let word = if number.is_some() { "and" } else { "or" };
                let place = port.place();
                port.add(wrong_port(place, &format!("expected `number` or `range`, got {word}")));
                PortTest::Refused
            }
        }
    });
    read.unwrap_or(PortTest::All)
}

fn read_span(span: &mut Fields<'_, '_, '_, '_>) -> PortTest {
    let first = span.required_number("start", 1..=u16::MAX);
    let last = span.required_number("end", 1..=u16::MAX);
    match (first, last) {
        (Some(first), Some(last)) => range(span, first.value, last),
        _ => PortTest::Refused,
    }
}

/// What one of several fields says, of which exactly one may be there.
fn one_of<const N: usize>(
    port: &mut Fields<'_, '_, '_, '_>,
    errors: u64,
    found: [Option<(Option<Transport>, PortTest)>; N],
) -> PolicyPort {
    let place = port.place();
    let mut there = found.into_iter().flatten();
    let (transport, test) = match (there.next(), there.next()) {
        (Some(one), None) => one,
        (None, _) => {
            port.add(wrong_port(place, "this entry names no port"));
            (None, PortTest::Refused)
        }
        (Some(_), Some(_)) => {
            port.add(wrong_port(place, "this entry names ports in more than one way"));
            (None, PortTest::Refused)
        }
    };
    entry(port, errors, transport, test)
}

fn wrong_port(place: Place, message: &str) -> Diagnostic {
    Diagnostic::error("manifest.invalid-port", message)
        .at(place, REFUSED)
        .help("a cluster refuses this object; write one entry for each port or range")
}
