//! The proxy beside the server: whether it takes the connection and lets the request pass. Who the
//! servers are, the client's proxy or kube-proxy has decided before.

mod connection;
mod meeting;
mod reached;
#[cfg(test)]
mod tests;
mod verdict;

use crate::explain::Tree;
use crate::proxy::envoy::Request;
use crate::world::PodId;

use self::connection::Client;
use self::reached::{Servers, groups};
use self::verdict::Tally;
use super::answer::{Answer, Outcome};
use super::proxy::View;
use super::untold;

/// How many sorts of servers behind an answer are looked at; with more, it cannot be told.
const GROUPS_MAX: usize = 64;
/// How many of them are told one by one.
const TOLD_MAX: usize = 16;

/// Walks the request on at the servers behind an answer of a proxy. `sender` is the pod beside
/// that proxy; `None` at a gateway.
pub(super) fn walk(
    view: View<'_>,
    sender: Option<PodId>,
    request: &Request,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    if answer.outcome != Outcome::Routed {
        return;
    }
    let after = answer.request_after.as_ref();
    let headers = after.map_or_else(|| request.headers.clone(), |after| after.headers.clone());
    let request = Request { headers, ..request.clone() };
    let client = Client::proxy(view, sender, &request, answer);
    let servers = reached::by_proxy(view, &request, answer);
    judge(view, &client, &servers, answer, tree);
}

/// Walks on a connection that no proxy of the caller made.
pub(super) fn walk_plain(view: View<'_>, request: &Request, answer: &mut Answer, tree: &mut Tree) {
    if answer.outcome != Outcome::Routed {
        return;
    }
    let client = Client::itself(request);
    let servers = reached::by_kube_proxy(answer);
    judge(view, &client, &servers, answer, tree);
}

fn judge(
    view: View<'_>,
    client: &Client<'_>,
    servers: &Servers,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    let groups = groups(view.world, answer, &servers.pods);
    let mut tally = Tally::default();
    for (at, group) in groups.iter().enumerate() {
        if at >= GROUPS_MAX {
            tally.leave_out(group);
            continue;
        }
        let mut unheard = Tree::default();
        let tree = if at < TOLD_MAX { &mut *tree } else { &mut unheard };
        let verdict = meeting::meets(view, group, client, tree);
        tally.add(group, verdict);
    }
    if servers.undecided > 0 {
        let doubt = "what the proxies of workloads that are no pods demand is not modelled";
        tally.doubt(servers.undecided, doubt.to_owned());
    }
    tally.settle(client, answer);
    let pods: Vec<PodId> = groups.iter().map(|group| group.pod).collect();
    untold::at_servers(view, &pods, answer, tree);
}
