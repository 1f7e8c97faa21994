//! The names by which clients may call a service, as the domains of its virtual host. Which routes
//! stand under them is decided elsewhere.

use super::sidecar::OutboundService;

/// The domains of a service's virtual host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Domains {
    /// All of them, in order.
    pub(super) all: Vec<String>,
    /// Those that are short forms of its host. A short form gives way to a service whose whole
    /// name it is.
    pub(super) short: Vec<String>,
}

/// The domains under which a client finds a service; ports are left out, for they are ignored when
/// an authority is compared (istio `pilot/pkg/networking/core/httproute.go`,
/// `generateVirtualHostDomains`).
///
/// `client` is the search domain of the client, such as `shop.svc.cluster.local`.
pub(super) fn domains(service: &OutboundService, client: &str) -> Domains {
    let mut domains = Domains::default();
    let names = std::iter::once(&service.host).chain(&service.aliases);
    for name in names {
        let short = short_forms(name, client);
        domains.all.push(name.clone());
        domains.all.extend(short.iter().cloned());
        domains.short.extend(short);
    }
    if service.answers_for_pods {
        let below: Vec<_> = domains.all.iter().map(|domain| format!("*.{domain}")).collect();
        domains.all.extend(below);
    }
    domains.all.extend(service.addresses.iter().map(|address| bracketed(address)));
    domains
}

/// An IPv6 address stands in brackets in an authority.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// The other forms of a whole name: with a dot at its end, and for a Kubernetes Service of the
/// client's domain the parts that the resolver would complete. Only clients of its own namespace
/// may leave the namespace away (the same file, `GenerateAltVirtualHosts`).
pub(super) fn short_forms(host: &str, client: &str) -> Vec<String> {
    let mut forms = Vec::new();
    if host.parse::<std::net::IpAddr>().is_err() {
        forms.push(format!("{host}."));
    }
    match client.split_once(".svc.") {
        Some((namespace, domain)) => {
            let suffix = format!(".svc.{domain}");
            if let Some(name) = host.strip_suffix(suffix.as_str()) {
                forms.extend(kubernetes_forms(name, namespace));
            }
        }
        None => forms.extend(shared_forms(host, client)),
    }
    forms
}

/// `name` is `service.namespace`.
fn kubernetes_forms(name: &str, client_namespace: &str) -> Vec<String> {
    let Some((service, namespace)) = name.split_once('.') else { return Vec::new() };
    let qualified = format!("{name}.svc");
    if namespace == client_namespace {
        vec![service.to_owned(), qualified, name.to_owned()]
    } else {
        vec![name.to_owned(), qualified]
    }
}

/// Outside Kubernetes, what the host has before the part that it shares with the client.
fn shared_forms(host: &str, client: &str) -> Vec<String> {
    let shared = host
        .rsplit('.')
        .zip(client.rsplit('.'))
        .take_while(|(one, other)| one == other && !one.is_empty())
        .count();
    let parts: Vec<&str> = host.split('.').collect();
    if shared == 0 || shared == parts.len() {
        return Vec::new();
    }
    let own = parts.len() - shared;
    let mut forms = vec![parts[..own].join(".")];
    if own == 2 {
        forms.push(parts[..=own].join("."));
    }
    forms
}
