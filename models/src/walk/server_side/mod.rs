//! The proxy beside the server: whether it takes the connection and lets the request pass. Who the
//! servers are, the client's proxy or kube-proxy has decided before.

mod carried;
mod connection;
mod door;
mod meeting;
mod reached;
mod tally;
#[cfg(test)]
mod tests;
mod tunnel;

use crate::explain::Tree;
use crate::proxy::envoy::Request;
use crate::world::PodId;

use self::connection::Client;
pub(super) use self::connection::{By, Sending, identity, trust_domain};
pub use self::door::{Encounter, Opener, Received, Reception, Why, receive, wire_port};
pub use self::meeting::BYPASSES_ZTUNNEL;
pub(super) use self::meeting::{asks_who_calls, denied_by};
pub(super) use self::reached::Encryption;
use self::reached::{Servers, groups};
pub use self::reached::{Takes, Writes};
use self::tally::{Said, Tally};
pub(super) use self::tunnel::Tunnel;
use super::answer::{Answer, Outcome};
use super::proxy::View;
use super::verdict::EndKind;
use super::{full_name, untold};

/// How many sorts of servers behind an answer are looked at; with more, it cannot be told.
const GROUPS_MAX: usize = 64;
/// How many of them are told one by one.
const TOLD_MAX: usize = 16;

/// Walks the request on at the servers behind an answer of the sender's proxy.
pub(super) fn walk(
    view: View<'_>,
    sender: &Sending,
    request: &Request,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    if answer.outcome != Outcome::Routed {
        return;
    }
    let after = answer.request_after.as_ref();
    let headers = after.map_or_else(|| request.headers.clone(), |after| after.headers.clone());
    let tokens = after.map_or(&request.tokens, |after| &after.tokens).clone();
    let request = Request { headers, tokens, ..request.clone() };
    let client = Client::proxy(view.config.bootstrap.product, sender, &request, answer);
    let servers = reached::by_proxy(view, sender, &request, answer);
    judge(view, &client, &servers, answer, tree);
}

/// Walks on a connection that no proxy beside the caller made.
pub(super) fn walk_plain(
    view: View<'_>,
    sender: &Sending,
    request: &Request,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    if answer.outcome != Outcome::Routed {
        return;
    }
    let client = match sender.kind {
        EndKind::Ztunnel => Client::ztunnel(sender, request),
        _ => Client::itself(sender, request),
    };
    let servers = reached::by_kube_proxy(view, sender, answer);
    judge(view, &client, &servers, answer, tree);
}

fn judge(
    view: View<'_>,
    client: &Client<'_>,
    servers: &Servers,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    let mut tally = Tally::default();
    let carried = carried::pods(view, client, servers, (&mut tally, answer), tree);
    let groups = groups(view.world, answer, &carried);
    for (at, group) in groups.iter().enumerate() {
        if at >= GROUPS_MAX {
            tally.leave_out(group);
            continue;
        }
        let mut unheard = Tree::default();
        let tree = if at < TOLD_MAX { &mut *tree } else { &mut unheard };
        let met = meeting::meets(view, group, client, tree);
        let identity = met.legs.first().map(|leg| leg.from.believed.clone());
        answer.identity = answer.identity.take().or_else(|| identity.clone());
        for note in met.notes {
            if !answer.findings.contains(&note) {
                answer.findings.push(note);
            }
        }
        if at < TOLD_MAX {
            answer.legs.extend(met.legs);
        }
        let server = full_name(view.world, view.world.pods[group.pod].workload);
        let (share, places) = (group.share, &group.places);
        tally.add(Said { server, share, places, identity }, met.met);
    }
    if servers.undecided > 0 {
        let doubt = "what the proxies of workloads that are no pods demand is not modelled";
        tally.doubt(servers.undecided, doubt.to_owned());
    }
    tally.settle(client, answer, tree);
    let pods: Vec<PodId> = groups.iter().map(|group| group.pod).collect();
    untold::at_servers(view, &pods, answer, tree);
}
