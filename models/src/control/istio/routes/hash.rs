//! What a route hashes, as the DestinationRule of its destination asks for it. Which host a hash
//! stands for is the proxy's business.

use crate::control::istio::Push;
use crate::manifest::kinds::istio::Destination;
use crate::proxy::envoy::config::HashPolicy;

use super::matches::Client;

/// What is hashed for a destination whose host is whole; nothing yet, for DestinationRules are not
/// looked up.
pub(super) fn of_destination(_: &Push, _: Client<'_>, _: &Destination) -> Option<HashPolicy> {
    None
}

/// What is hashed for a service without a VirtualService; nothing yet either.
pub(super) fn of_service(_: &Push, _: Client<'_>, _: &str, _: u16) -> Option<HashPolicy> {
    None
}
