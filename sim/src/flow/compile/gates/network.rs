//! What network policies make of a connection.

use meshwalk_models::explain::Silent;
use meshwalk_models::manifest::kinds::Transport;
use meshwalk_models::manifest::kinds::policy::Direction;
use meshwalk_models::policy::network::{NetworkPeer, NetworkVerdict};
use meshwalk_models::walk::CLIENTS_OF_RUNS;
use meshwalk_models::world::{PodId, TableId};

use crate::flow::plan::ConnectionFate;

use super::super::Compiler;
use super::super::sendings::Sending;
use super::{Pair, Said};

impl Compiler<'_> {
    pub(super) fn network(&mut self, sending: &Sending, pair: Pair) -> Said {
        let (world, policies) = (self.input.world, self.input.policies);
        if policies.is_empty() {
            return Said::Nothing;
        }
        let from = self.peer(sending, pair.client);
        let to = match self.waypoints.peer(pair.server) {
            Some(waypoint) => waypoint,
            None => NetworkPeer::Pod(PodId::from_index(pair.server as usize)),
        };
        let port = self.wire_port(sending, pair);
        let verdict = policies.decide(world, from, to, port, Transport::Tcp, &mut Silent);
        match verdict {
            NetworkVerdict::Allowed => Said::Nothing,
            // Nobody says which pods the controller runs in; its other properties are assumed too.
            NetworkVerdict::Unknown { .. } if from == NetworkPeer::IngressController => {
                self.assume(
                    "ingress.admitted",
                    "network policies ask for labels or the namespace of the Ingress controller, \
                     which no manifest gives: they are taken to let it in"
                        .to_owned(),
                );
                Said::Nothing
            }
            NetworkVerdict::Unknown { why, origins } => Said::Unknown(why, origins),
            NetworkVerdict::Dropped { direction, at, origins } => {
                let pod = at.map_or_else(|| self.pod_name(pair.server), |pod| self.pod_name(pod.0));
                let way = match direction {
                    Direction::Egress => "as they leave",
                    Direction::Ingress => "before they reach",
                };
                let sentence = format!("network policy drops the packets {way} {pod}");
                Said::Ends(ConnectionFate::Dropped, sentence, origins)
            }
        }
    }

    /// A client as network policies see it.
    fn peer(&mut self, sending: &Sending, client: u32) -> NetworkPeer {
        if (client as usize) < self.input.world.pods.len() {
            return NetworkPeer::Pod(PodId::from_index(client as usize));
        }
        if let Some(waypoint) = self.waypoints.peer(client) {
            return waypoint;
        }
        let target = self.calls[sending.call as usize].target;
        if self.targets.plans[target as usize].balance.is_per_request() {
            return NetworkPeer::IngressController;
        }
        self.assume(
            "clients.address",
            format!("to network policies, clients outside come from {CLIENTS_OF_RUNS}"),
        );
        NetworkPeer::Address(CLIENTS_OF_RUNS)
    }
}
