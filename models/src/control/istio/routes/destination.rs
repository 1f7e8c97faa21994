//! From `destination` of a VirtualService to the name of a cluster. Whether that cluster exists is
//! not decided here: traffic to one that does not is lost.

use crate::explain::Sourced;
use crate::manifest::kinds::istio::Destination;
use crate::proxy::envoy::config::HashPolicy;
use crate::world::Origin;

/// What the routes of a proxy need to know of the services that it sees.
pub trait Services {
    /// The service with this host; `None` where the proxy sees none.
    fn service(&self, host: &str) -> Option<KnownService>;

    /// What the DestinationRule of a destination hashes, if it asks for consistent hashing.
    fn hash(&self, destination: &Destination) -> Option<HashPolicy>;
}

/// A service, as far as routes look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownService {
    /// Its ports.
    pub ports: Vec<u16>,
    /// The host that it is an alias of.
    pub external_name: Option<String>,
}

/// The name of the cluster for a destination whose host is whole: the port that is written, or
/// else the only one of the service, or else the one that the client dialled
/// (istio `pilot/pkg/networking/core/route/route.go`, `GetDestinationCluster`).
pub(super) fn cluster(
    destination: &Destination,
    listen_port: u16,
    services: &dyn Services,
) -> Sourced<String> {
    let service = services.service(&destination.host);
    let only_port = service.as_ref().and_then(|service| match service.ports[..] {
        [port] => Some(port),
        _ => None,
    });
    let port = destination.port.as_ref().map(|port| port.value).or(only_port);
    let port = port.unwrap_or(listen_port);
    let host = service.and_then(|service| service.external_name);
    let host = host.as_deref().unwrap_or(&destination.host);
    let subset = destination.subset.as_ref().map_or("", |subset| subset);
    Sourced::new(outbound(port, subset, host), Origin::Manifest(destination.place))
}

/// The name of an outbound cluster.
pub(crate) fn outbound(port: u16, subset: &str, host: &str) -> String {
    format!("outbound|{port}|{subset}|{host}")
}
