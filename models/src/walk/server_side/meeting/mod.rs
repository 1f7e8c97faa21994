//! A client's connection at one server: whether its proxy, or the application itself, takes it.

mod sidecar;
mod ztunnel;

use crate::control::Beside;
use crate::explain::{Probe, Tree};
use crate::proxy::envoy::Connection;
use crate::proxy::envoy::config::Transport;
use crate::proxy::envoy::listening::{Arrival, accept_with};
use crate::world::Origin;

use super::super::answer::Finding;
use super::super::proxy::View;
use super::super::verdict::{BoxKind, Ends, Fate, Leg, Taker, legs};
use super::super::{full_name, rules};
use super::connection::{By, Client};
use super::reached::{Declared, Encryption, Group};
use super::tally::{Gets, Met, Refusal};
use super::tunnel::Tunnel;

pub(in crate::walk) use sidecar::{asks_who_calls, denied_by};
pub use ztunnel::BYPASSES_ZTUNNEL;

/// How a meeting went: who takes the connection as a sentence, what becomes of it, and what takes
/// it.
type Judged = (String, Met, Taker);

/// A meeting of a client and a server.
struct Meeting<'m> {
    view: View<'m>,
    group: &'m Group,
    client: &'m Client<'m>,
    connection: Connection,
    /// The server's workload by its name.
    name: String,
}

/// What became of a meeting, and the legs of the way to the application.
pub(super) struct Meets {
    pub(super) met: Met,
    pub(super) legs: Vec<Leg>,
    /// What is worth knowing beside it.
    pub(super) notes: Vec<Finding>,
}

/// What the server makes of the client's connection and request.
pub(super) fn meets(view: View<'_>, group: &Group, client: &Client<'_>, tree: &mut Tree) -> Meets {
    let world = view.world;
    let workload = world.pods[group.pod].workload;
    let connection = client.connection(view, group);
    let meeting = Meeting { view, group, client, connection, name: full_name(world, workload) };
    tree.enter();
    if client.by == By::Ztunnel {
        group.sent.tunnel.tell_sending(group.port, tree);
    }
    tree.fact("encryption", || meeting.encryption_word().to_owned());
    let (sentence, met, taker) = meeting.judge(tree);
    let origin = match &met {
        Met::Refused(refusal) => refusal.origins.first().copied(),
        Met::Taken | Met::Unknown(_) => None,
    };
    let origin = origin.or(Some(world.workloads[workload].origin));
    tree.leave(rules::SERVER_SIDE, origin, || match &met {
        Met::Taken => sentence,
        Met::Refused(refusal) => format!("{sentence}; {}", refusal.sentence),
        Met::Unknown(doubt) => format!("{sentence}; {doubt}"),
    });
    let ends = Ends {
        sender: client.sender,
        pods: &group.pods,
        taker,
        tunnel: group.sent.tunnel,
        encryption: group.sent.encryption,
        connection: &meeting.connection,
        origin: meeting.tls_origin(),
    };
    let legs = legs(view, &ends);
    Meets { met, legs, notes: meeting.notes() }
}

impl Meeting<'_> {
    fn judge(&self, tree: &mut Tree) -> Judged {
        let (view, name) = (self.view, &self.name);
        match view.planes.beside(view.world, self.group.pod) {
            Beside::Nothing if self.is_ambient() => self.beside_ztunnel(tree),
            Beside::Nothing => {
                let sentence =
                    format!("{name} has no sidecar: the application takes the connection itself");
                (sentence, self.at_application(None), Taker::Application)
            }
            Beside::Gateway(config) => {
                let sentence = format!("{name} is a gateway, which has routes of its own");
                let (arrival, external) = (Arrival::Dialled, view.external);
                let met = match accept_with(&config, arrival, &self.connection, external, tree) {
                    Ok(_) => Met::Taken,
                    Err(refusal) => self.refused(&refusal, BoxKind::Gateway),
                };
                (sentence, met, Taker::Gateway)
            }
            Beside::Sidecar(config) => self.beside_sidecar(&config, tree),
        }
    }

    /// No proxy is in the way; `past` is what keeps the server's own from it.
    fn at_application(&self, past: Option<Origin>) -> Met {
        match (self.group.sent.encryption, self.group.sent.declared) {
            (Encryption::AsClient | Encryption::Simple | Encryption::Mutual, _) => Met::Taken,
            (Encryption::Mesh, Declared::Http) => Met::Refused(Refusal {
                sentence: format!(
                    "the client's side sends mutual TLS of the mesh, which nobody ends at {}",
                    self.name
                ),
                origins: past.into_iter().chain(self.tls_origin()).collect(),
                by: (BoxKind::ServerApplication, self.name.clone()),
                gets: Gets::Nothing(Fate::NoHandshake),
            }),
            (Encryption::Mesh, Declared::Anything) => Met::Unknown(format!(
                "the client's side sends mutual TLS of the mesh, and whether the application at \
                 {} ends it is not known",
                self.name
            )),
        }
    }

    /// What says how the client's proxy encrypts.
    fn tls_origin(&self) -> Option<Origin> {
        let cluster = self.group.cluster.as_deref()?;
        Some(self.view.config.clusters.get(cluster)?.tls.origin)
    }

    fn encryption_word(&self) -> &'static str {
        if self.group.sent.tunnel != Tunnel::Missing {
            return "HBONE";
        }
        match (self.group.sent.encryption, self.connection.transport) {
            (Encryption::Mesh, _) => "mutual TLS of the mesh",
            (Encryption::Simple, _) => "TLS without a certificate of the mesh",
            (Encryption::Mutual, _) => "TLS with a certificate of the user's",
            (Encryption::AsClient, Transport::Tls) => "TLS of the client's own",
            (Encryption::AsClient, Transport::RawBuffer) => "plaintext",
        }
    }
}

fn refusal(sentence: String, origins: Vec<Origin>, by: (BoxKind, String), gets: Gets) -> Met {
    Met::Refused(Refusal { sentence, origins, by, gets })
}
