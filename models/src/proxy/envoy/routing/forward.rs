//! A request that is forwarded: its cluster, the headers that the upstream gets, what is hashed,
//! and where copies go.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::{Probe, RuleId};

use super::super::config::{Bootstrap, Cluster, Forward, Mirror};
use super::super::dice::{Dice, Purpose};
use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};
use super::super::router::{LocalReply, ROUTER_HEADERS};
use super::format::Known;
use super::hash_policy::{MadeCookie, hash};
use super::mutate::{Changes, Target, apply, levels};
use super::pick::Pick;
use super::plan::{Context, Plan, Taken};
use super::response::{Status, finish_reply, finish_response};
use super::rewrite::{AutoHost, OldHost, rewrite_host, rewrite_path};

const NO_CLUSTER: RuleId = RuleId("envoy.route.no-cluster");
const MIRROR: RuleId = RuleId("envoy.route.mirror");

/// A request that is forwarded.
#[derive(Clone, Debug)]
pub struct ForwardPlan<'c> {
    /// Its route.
    pub taken: Taken<'c>,
    /// What the route says.
    pub forward: &'c Forward,
    /// The cluster it goes to.
    pub pick: Pick<'c>,
    /// The same, as configured.
    pub cluster: &'c Arc<Cluster>,
    /// Labels that the endpoint must have.
    pub subset: Cow<'c, BTreeMap<String, String>>,
    /// The headers that the upstream gets, but for those that an attempt adds.
    pub headers: HeaderMap,
    /// Whether the host that is picked gives the authority.
    pub auto_host: AutoHost,
    /// How the headers came to differ from those of the client.
    pub changes: Changes,
    /// What hashing balancers hash.
    pub hash: Option<u64>,
    /// Cookies that the response sets.
    pub cookies: Vec<MadeCookie>,
    /// Where copies of the request go.
    pub mirrors: Vec<&'c Mirror>,
}

impl ForwardPlan<'_> {
    /// Applies the route's changes to the headers of the upstream's response.
    /// `request` is the request as the client sent it.
    pub fn finish_response<P: Probe>(
        &self,
        context: Context<'_>,
        request: &Request,
        status: u16,
        headers: &mut HeaderMap,
        probe: &mut P,
    ) -> Changes {
        let request = (request, &self.headers);
        let pick = Some(&self.pick);
        let status = Status::OfUpstream(status);
        finish_response(context, self.taken, pick, request, (status, headers), probe)
    }

    /// What the client gets when the router, or the connection manager, answers after `attempts`.
    ///
    /// Source: Envoy, router.cc, the header functions given to `sendLocalReply`; the order of the
    /// headers is held to Envoy 1.40.
    #[must_use]
    pub fn local_reply<P: Probe>(
        &self,
        context: Context<'_>,
        request: &Request,
        reply: &LocalReply,
        attempts: u32,
        probe: &mut P,
    ) -> Reply {
        let mut answer = reply.to_reply();
        let headers = (Status::OfProxy, &mut answer.headers);
        let request_headers = (request, &self.headers);
        let pick = Some(&self.pick);
        finish_response(context, self.taken, pick, request_headers, headers, probe);
        if reply.is_overload() {
            answer.headers.append("x-envoy-overloaded", "true");
        }
        if reply.is_routers() {
            self.write_attempts(attempts, &mut answer.headers);
        }
        answer.for_client(request)
    }

    /// Writes down how many attempts a response took, if the virtual host wants it.
    pub fn write_attempts(&self, attempts: u32, headers: &mut HeaderMap) {
        if self.taken.host.attempt_count_in_response {
            headers.set("x-envoy-attempt-count", attempts.to_string());
        }
    }
}

/// Works out how a request is forwarded, or that there is no such cluster.
pub(super) fn forward_plan<'c, P: Probe>(
    context: Context<'c>,
    taken: Taken<'c>,
    forward: &'c Forward,
    pick: Option<Pick<'c>>,
    request: &Request,
    dice: &mut impl Dice,
    probe: &mut P,
) -> Plan<'c> {
    let found = pick.and_then(|pick| {
        let cluster = context.clusters.get(pick.cluster.value.as_ref());
        if cluster.is_none() {
            probe.step(NO_CLUSTER, Some(pick.cluster.origin), || {
                format!("there is no cluster {}", pick.cluster.value)
            });
        }
        Some((cluster?, pick))
    });
    let Some((cluster, pick)) = found else {
        let status = forward.cluster_not_found_status.value;
        let flags = ResponseFlags::of(ResponseFlag::NoClusterFound);
        let mut reply = Reply { flags, ..Reply::new(status, "cluster_not_found") };
        finish_reply(context, taken, None, request, &mut reply, probe);
        return Plan::Reply(Box::new(reply));
    };
    let mut changes = Changes::default();
    let (headers, auto_host) =
        rewritten(context, taken, forward, &pick, request, &mut changes, probe);
    let source_ip = request.connection.source_ip;
    let (hash, cookies) = hash(&forward.hash, &headers, source_ip, dice, probe);
    Plan::Forward(Box::new(ForwardPlan {
        taken,
        forward,
        subset: subset(forward, &pick),
        cluster,
        pick,
        headers,
        auto_host,
        changes,
        hash,
        cookies,
        mirrors: mirrors(context.bootstrap, forward, dice, probe),
    }))
}

/// The headers that the upstream gets: levels of changes, then the authority, then the path.
///
/// Source: Envoy, `RouteEntryImplBase::finalizeRequestHeaders`,
/// `WeightedClusterEntry::finalizeRequestHeaders`.
fn rewritten<P: Probe>(
    context: Context<'_>,
    taken: Taken<'_>,
    forward: &Forward,
    pick: &Pick<'_>,
    request: &Request,
    changes: &mut Changes,
    probe: &mut P,
) -> (HeaderMap, AutoHost) {
    let mut headers = request.headers.clone();
    ROUTER_HEADERS.into_iter().for_each(|name| headers.remove(name));
    let Taken { host, route } = taken;
    let known = Known {
        request: &request.headers,
        connection: &request.connection,
        cluster: Some(&pick.cluster.value),
        route: route.name.as_deref(),
        host: &host.name,
        response: None,
    };
    let weighted = pick.weighted.map(|weighted| &weighted.headers);
    for level in levels(context.table, &host.headers, &route.headers, weighted) {
        apply(level, &mut Target::Request(&mut headers), known, changes, probe);
    }
    let mut auto_host = AutoHost::No;
    let of_cluster = pick.weighted.and_then(|weighted| weighted.host_rewrite.as_ref());
    if let Some(rewrite) = of_cluster {
        auto_host = rewrite_host(rewrite, OldHost::Lost, &mut headers, changes, probe);
    }
    if let Some(rewrite) = &forward.host_rewrite {
        auto_host = rewrite_host(rewrite, OldHost::Kept, &mut headers, changes, probe);
    }
    if let Some(rewrite) = &forward.path_rewrite {
        rewrite_path(rewrite, &route.matches.path, &mut headers, changes, probe);
    }
    (headers, auto_host)
}

/// The labels that an endpoint must have; those of the weighted cluster win.
fn subset<'c>(forward: &'c Forward, pick: &Pick<'c>) -> Cow<'c, BTreeMap<String, String>> {
    match pick.weighted.map(|weighted| &weighted.subset) {
        None => Cow::Borrowed(&forward.subset),
        Some(own) if own.is_empty() => Cow::Borrowed(&forward.subset),
        Some(own) if forward.subset.is_empty() => Cow::Borrowed(own),
        Some(own) => {
            let mut both = forward.subset.clone();
            both.extend(own.clone());
            Cow::Owned(both)
        }
    }
}

/// Where copies of the request go. One draw decides for all mirrors, as Envoy takes the number
/// that is stable for the request.
///
/// Source: Envoy, router.cc, `FilterUtility::shouldShadow`.
fn mirrors<'c>(
    bootstrap: &Bootstrap,
    forward: &'c Forward,
    dice: &mut impl Dice,
    probe: &mut impl Probe,
) -> Vec<&'c Mirror> {
    if forward.mirrors.is_empty() {
        return Vec::new();
    }
    let draw = dice.roll(Purpose::Mirror);
    let copied = forward.mirrors.iter().filter(|mirror| {
        let share = mirror.fraction.in_force(bootstrap);
        probe.step(MIRROR, Some(mirror.cluster.origin), || {
            let (cluster, percent) = (&mirror.cluster.value, share.as_percent_f64());
            format!("{percent} % of the requests are copied to cluster {cluster}")
        });
        share.happens(draw)
    });
    copied.collect()
}
