//! Which servers the network's policies let a client connect to. What those make of the connection
//! is not looked at here.

use crate::explain::{Probe, Silent, Tree};
use crate::manifest::kinds::Transport;
use crate::policy::network::{NetworkPeer, NetworkVerdict};
use crate::proxy::ztunnel::HBONE_PORT;
use crate::world::Origin;

use super::super::answer::{Answer, Finding};
use super::super::proxy::View;
use super::super::question::Admission;
use super::super::verdict::Fate;
use super::super::{full_name, network, rules};
use super::TOLD_MAX;
use super::connection::Client;
use super::reached::{Group, Reached, Servers, groups};
use super::tally::{Gets, Met, Refusal, Said, Tally};
use super::tunnel::Tunnel;

/// The pods that the client's connections reach; what is dropped is told to the tally.
pub(super) fn pods(
    view: View<'_>,
    client: &Client<'_>,
    servers: &Servers,
    (tally, answer): (&mut Tally, &mut Answer),
    tree: &mut Tree,
) -> Vec<Reached> {
    if view.planes.network_policies().is_empty() {
        return servers.pods.clone();
    }
    let from = client.sender.peer;
    if servers.pods.iter().any(|it| it.sent.tunnel != Tunnel::Missing) {
        tree.step(rules::TUNNEL_PORT, None, || {
            format!("policies of the network see port {HBONE_PORT} of what comes in tunnels")
        });
    }
    let wire = Wire { view, from, admission: client.sender.admission };
    for (at, other) in servers.others.iter().enumerate() {
        let fate = match at < TOLD_MAX {
            true => wire.fate(other.peer, other.port, tree),
            false => wire.fate(other.peer, other.port, &mut Silent),
        };
        let (server, share, places) = (other.name.clone(), other.share, &[other.place][..]);
        let met = wire.met(&fate, &server, other.port).unwrap_or(Met::Taken);
        tally.add(Said { server, share, places, identity: None }, met);
    }
    let mut fates: Vec<(NetworkVerdict, Vec<Reached>)> = Vec::new();
    for it in &servers.pods {
        let port = it.sent.tunnel.wire_port(it.port);
        let fate = wire.fate(NetworkPeer::Pod(it.pod), port, &mut Silent);
        let fate = wire.of_workload(fate);
        match fates.iter_mut().find(|(known, _)| *known == fate) {
            Some((_, all)) => all.push(*it),
            None => fates.push((fate, vec![*it])),
        }
    }
    let mut carried = Vec::new();
    for (fate, reached) in fates {
        for (at, group) in groups(view.world, answer, &reached).iter().enumerate() {
            let port = group.sent.tunnel.wire_port(group.port);
            if at < TOLD_MAX {
                wire.fate(NetworkPeer::Pod(group.pod), port, tree);
            }
            let server = full_name(view.world, view.world.pods[group.pod].workload);
            if let Some(note) = wire.let_in(&fate) {
                tree.step(rules::CONTROLLER_ADMITTED, Some(ADMITTED), || note.sentence.clone());
                if !answer.findings.contains(&note) {
                    answer.findings.push(note);
                }
                continue;
            }
            if let Some(note) = wire.tunnelled(&fate, group, &server)
                && !answer.findings.contains(&note)
            {
                answer.findings.push(note);
            }
            if let Some(met) = wire.met(&fate, &server, port) {
                let (share, places) = (group.share, &group.places);
                tally.add(Said { server, share, places, identity: None }, met);
            }
        }
        if fate == NetworkVerdict::Allowed || wire.let_in(&fate).is_some() {
            carried.extend(reached);
        }
    }
    carried
}

/// The network between a client and its servers.
struct Wire<'w> {
    view: View<'w>,
    from: NetworkPeer,
    admission: Admission,
}

/// Why a controller passes policies that ask for what nobody knows of it.
const ADMITTED: Origin = Origin::Assumed("the controller is not in the manifests");

impl Wire<'_> {
    fn fate(&self, to: NetworkPeer, port: u16, probe: &mut impl Probe) -> NetworkVerdict {
        let policies = self.view.planes.network_policies();
        policies.decide(self.view.world, self.from, to, port, Transport::Tcp, probe)
    }

    /// Pods of one workload are dropped alike.
    fn of_workload(&self, fate: NetworkVerdict) -> NetworkVerdict {
        match fate {
            NetworkVerdict::Dropped { direction, at, origins } => {
                let first = at.map(|at| self.view.world.workload_of(at).pods.start);
                NetworkVerdict::Dropped { direction, at: first, origins }
            }
            other => other,
        }
    }

    /// What is said where it is assumed that the sender is let in.
    fn let_in(&self, fate: &NetworkVerdict) -> Option<Finding> {
        match (self.admission, fate) {
            (Admission::Assumed, NetworkVerdict::Unknown { why, origins }) => Some(Finding {
                id: "ingress.admitted",
                sentence: format!(
                    "whether the Ingress controller is let in turns on {why}: it is taken to be, as \
                     in the run"
                ),
                origins: origins.clone(),
            }),
            _ => None,
        }
    }

    /// What the port of tunnels hides from policies that name ports.
    fn tunnelled(&self, fate: &NetworkVerdict, group: &Group, server: &str) -> Option<Finding> {
        if group.sent.tunnel == Tunnel::Missing {
            return None;
        }
        let plain = self.fate(NetworkPeer::Pod(group.pod), group.port, &mut Silent);
        let port = group.port;
        match (fate, plain) {
            (NetworkVerdict::Dropped { origins, .. }, NetworkVerdict::Allowed) => Some(Finding {
                id: "ambient.networkpolicy-without-15008",
                sentence: format!(
                    "port {port} of {server} is let through, but calls of the mesh come in \
                     tunnels on port {HBONE_PORT}, which no policy lets pass: allow \
                     {HBONE_PORT}/TCP as well"
                ),
                origins: origins.clone(),
            }),
            (NetworkVerdict::Allowed, NetworkVerdict::Dropped { origins, .. }) => Some(Finding {
                id: "ambient.ports-not-separated",
                sentence: format!(
                    "the network would drop port {port} of {server}, but the call comes in a \
                     tunnel on port {HBONE_PORT}, which is let through: rules on ports do not \
                     keep callers of the mesh apart"
                ),
                origins,
            }),
            _ => None,
        }
    }

    /// What a server is met with that the network keeps connections from.
    fn met(&self, fate: &NetworkVerdict, server: &str, port: u16) -> Option<Met> {
        match fate {
            NetworkVerdict::Allowed => None,
            fate if self.let_in(fate).is_some() => None,
            NetworkVerdict::Unknown { why, .. } => Some(Met::Unknown(format!(
                "whether the network carries connections to {server} turns on {why}"
            ))),
            NetworkVerdict::Dropped { direction, at, origins } => {
                let of = network::whose(self.view.world, *at);
                let sentence = format!(
                    "connections to port {port} of {server} are dropped: no policy for {} of {of} \
                     lets them pass",
                    direction.word()
                );
                let by = (network::dropping_box(*direction), of);
                let gets = Gets::Nothing(Fate::Dropped);
                Some(Met::Refused(Refusal { sentence, origins: origins.clone(), by, gets }))
            }
        }
    }
}
