//! Gateway API's rules as Envoy's configuration: matches, filters, backends, limits. Which rules
//! count at which listener was decided in `attach`; Envoy's own rooms say what a request meets.

mod action;
mod clusters;
mod filters;
mod http;
mod limits;
mod matches;
mod paths;
mod redirect;
mod rule;
mod streams;
mod table;
mod tls_policy;

pub(super) use clusters::{Clusters, plain_cluster};
pub(in crate::control) use clusters::{backend_clusters, cluster_name};
pub(super) use http::{Chains, Order, OrderedMatch, Rules, http_listeners};
pub(in crate::control) use http::{Edge, manager};
pub(super) use redirect::Entrance;
pub(super) use rule::{CompiledRule, compile_rule};
pub(super) use streams::{Stream, stream_chains, tcp_proxy};
pub(super) use table::{Entry, asked, ordered};
pub(super) use tls_policy::{TlsPolicies, tls_policies};

use crate::profile::{GatewayFacts, Profile};

use super::objects::Objects;

/// What compiling goes by.
pub(super) struct Context<'a> {
    pub(super) objects: &'a Objects<'a>,
    pub(super) profile: &'static Profile,
    /// Whose reading of the standard counts.
    pub(super) facts: &'static GatewayFacts,
    /// TLS towards backends.
    pub(super) tls: &'a TlsPolicies,
}
