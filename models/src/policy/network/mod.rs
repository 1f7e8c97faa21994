//! Policies of the network: NetworkPolicy and the policies of a whole cluster, decided for one
//! connection at both of its ends. When a dropped packet is sent again is not said here.

use std::net::IpAddr;

use crate::explain::Probe;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::policy::Direction;
use crate::profile::Profile;
use crate::world::{ClusterManifests, Origin, PodId, World};

/// The policies of all clusters.
#[derive(Clone, Debug)]
pub struct NetworkPolicies {
    profile: &'static Profile,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkPeer {
    /// A pod of the world, or a server of a host outside.
    Pod(PodId),
    /// An address that no pod has.
    Address(IpAddr),
    /// Whatever serves Ingresses and Routes, when it is none of the pods that are known.
    IngressController,
}

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkVerdict {
    /// Both ends let it pass.
    Allowed,
    /// Its packets are dropped, so the client waits until it gives up.
    Dropped {
        /// Where: as it leaves its client, or as it reaches its server.
        direction: Direction,
        /// The pod whose policies drop it.
        at: Option<PodId>,
        /// The policies or rules that do.
        origins: Vec<Origin>,
    },
    /// It turns on something that the manifests do not say.
    Unknown {
        /// What that is, as a sentence.
        why: String,
        /// The lines that ask for it.
        origins: Vec<Origin>,
    },
}

impl NetworkPolicies {
    /// Reads the policies of all clusters. The findings say what is wrong with them.
    #[must_use]
    pub fn new(
        _world: &World,
        _clusters: &[ClusterManifests<'_>],
        profile: &'static Profile,
    ) -> (Self, Vec<Diagnostic>) {
        (Self { profile }, Vec::new())
    }

    /// No policies at all.
    #[must_use]
    pub fn none(profile: &'static Profile) -> Self {
        Self { profile }
    }

    /// The facts that they go by.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Whether there are none: then every connection passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        true
    }

    /// What becomes of a connection to `port`, which is the port of the pod that is called, after
    /// the Service's translation.
    pub fn decide(
        &self,
        _world: &World,
        _from: NetworkPeer,
        _to: NetworkPeer,
        _port: u16,
        _transport: Transport,
        _probe: &mut impl Probe,
    ) -> NetworkVerdict {
        NetworkVerdict::Allowed
    }
}
