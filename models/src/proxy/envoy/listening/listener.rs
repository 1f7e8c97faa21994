//! Which listener gets a connection.

use std::net::IpAddr;
use std::sync::Arc;

use crate::explain::{Probe, RuleId};

use super::super::config::{Listener, OriginalDestination, ProxyConfig};
use super::super::request::Connection;
use super::{Arrival, Refusal};

const LISTENER: RuleId = RuleId("envoy.listen.listener");
const HANDED_OVER: RuleId = RuleId("envoy.listen.handed-over");
const NO_LISTENER: RuleId = RuleId("envoy.listen.no-listener");

/// The listener that gets a connection.
///
/// Source: Envoy, `ConnectionHandlerImpl::getBalancedHandlerByAddress`: the listener of the
/// dialled address, else that of the same port on all addresses; "Original destination" listener
/// filter and `use_original_dst`.
pub(super) fn find<'c, P: Probe>(
    config: &'c ProxyConfig,
    arrival: Arrival,
    connection: &Connection,
    probe: &mut P,
) -> Result<&'c Arc<Listener>, Refusal> {
    let wanted = Wanted(connection);
    let found = match arrival {
        Arrival::Dialled => wanted.among(config.listeners.iter().filter(|it| it.bind_to_port)),
        Arrival::Redirected(direction) => {
            let mut all = config.listeners.iter();
            let capturing = all.find(|listener| {
                listener.direction == direction
                    && listener.original_destination != OriginalDestination::Ignored
            });
            capturing.map(|capturing| {
                if capturing.original_destination != OriginalDestination::HandedOver {
                    return capturing;
                }
                let others = config.listeners.iter().filter(|it| !Arc::ptr_eq(it, capturing));
                let owner = wanted.among(others);
                if let Some(owner) = owner {
                    probe.step(HANDED_OVER, Some(owner.origin), || {
                        format!("{} hands the connection over to {}", capturing.name, owner.name)
                    });
                }
                owner.unwrap_or(capturing)
            })
        }
    };
    match found {
        Some(listener) => {
            probe.step(LISTENER, Some(listener.origin), || {
                format!("listener {} takes the connection to {wanted}", listener.name)
            });
            Ok(listener)
        }
        None => {
            probe.step(NO_LISTENER, None, || format!("nobody listens on {wanted}"));
            Err(Refusal::NoListener)
        }
    }
}

/// The address that the peer dialled.
struct Wanted<'a>(&'a Connection);

impl Wanted<'_> {
    /// The listener of this address, else the one of the port on all addresses.
    fn among<'c>(
        &self,
        listeners: impl Iterator<Item = &'c Arc<Listener>> + Clone,
    ) -> Option<&'c Arc<Listener>> {
        let port = self.0.destination_port;
        let mut of_port = listeners.filter(|listener| listener.port == port);
        let mut own = of_port.clone().filter(|listener| {
            let address: Option<IpAddr> = listener.address.parse().ok();
            address.is_some() && address == self.0.destination_ip
        });
        own.next().or_else(|| of_port.find(|it| matches!(it.address.as_str(), "0.0.0.0" | "::")))
    }
}

impl std::fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.destination_ip {
            Some(ip) => write!(f, "{}", std::net::SocketAddr::new(ip, self.0.destination_port)),
            None => write!(f, "port {}", self.0.destination_port),
        }
    }
}
