//! Services that ask for the same connections: only one of them gets any.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::registry::{Resolution, Service};
use crate::manifest::Diagnostic;
use crate::world::Origin;

/// Findings about ports of plain bytes that the address does not tell apart.
pub(in crate::control::istio) fn findings(push: &Push) -> Vec<Diagnostic> {
    let mut claims: BTreeMap<(String, u16), Vec<&Arc<Service>>> = BTreeMap::new();
    for service in push.registry.services() {
        // The pods of a headless Service are told apart by their own addresses.
        let by_pod = service.is_kubernetes() && service.resolution == Resolution::Passthrough;
        if by_pod || service.alias_of.is_some() {
            continue;
        }
        let plain = service.ports.iter().filter(|it| it.protocol.is_tcp() && !it.protocol.is_tls());
        for port in plain {
            for address in addresses(service) {
                claims.entry((address, port.number)).or_default().push(service);
            }
        }
    }
    let mut findings = Vec::new();
    for ((address, port), services) in claims {
        let [first, others @ ..] = &services[..] else { continue };
        // One host in several namespaces is one service to each client.
        let others = others.iter().filter(|it| it.host != first.host && meet(first, it));
        findings.extend(others.filter_map(|other| finding(&address, port, first, other)));
    }
    findings
}

/// What a listener is told apart by; nothing stands for any address.
fn addresses(service: &Service) -> Vec<String> {
    if service.addresses.is_empty() {
        return vec![String::new()];
    }
    service.addresses.iter().map(ToString::to_string).collect()
}

/// Whether some namespace sees both.
fn meet(one: &Service, other: &Service) -> bool {
    one.export_to.reaches(&one.namespace, &other.namespace)
        || other.export_to.reaches(&other.namespace, &one.namespace)
}

fn finding(address: &str, port: u16, first: &Service, other: &Service) -> Option<Diagnostic> {
    let (Origin::Manifest(winner), Origin::Manifest(place)) = (first.origin, other.origin) else {
        return None;
    };
    let whose = if address.is_empty() { "any address" } else { address };
    let message = format!("two services of plain TCP on port {port} of {whose}");
    let dated = first.created.is_some() && other.created.is_some();
    let why = if dated {
        "the older one gets all connections; give each an address of its own"
    } else {
        "the older one gets all connections; without creation times the first by name is assumed \
         to be it. Give each an address of its own"
    };
    let finding = Diagnostic::warning("istio.port-conflict", message)
        .at(place, "sidecars send it no connections")
        .at(winner, format!("{} gets them all", first.host));
    Some(finding.help(why))
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use crate::control::istio::testing::Mesh;

    fn codes(objects: &[String]) -> Vec<&'static str> {
        let mesh = Mesh::of(&objects.concat());
        mesh.findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn two_services_of_bytes_without_an_address_on_one_port_are_told() {
        let tcp = "{number: 3306, name: tcp, protocol: TCP}";
        let (one, other) = (entry("a.example", tcp, ""), entry("b.example", tcp, ""));
        assert_eq!(codes(&[one.clone(), other]), ["istio.port-conflict"]);
        let addressed = entry("b.example", tcp, ", addresses: [198.51.100.1]");
        assert_eq!(codes(&[one.clone(), addressed]), [""; 0]);
        let http = entry("b.example", "{number: 3306, name: http, protocol: HTTP}", "");
        assert_eq!(codes(&[one, http]), [""; 0]);
    }
}
