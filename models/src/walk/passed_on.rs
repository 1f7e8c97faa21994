//! Requests and connections that a proxy passes on to where the client dialled: who stands there.

use std::net::{IpAddr, SocketAddr};

use crate::proxy::envoy::config::{Discovery, Target};
use crate::units::Ppm;
use crate::world::{EndpointTarget, PodId, Service, ServiceId, ServiceKind, World};

use super::answer::{Answer, EndpointShare, InUse, Outcome, Share};
use super::plain::{endpoint_share, pod_share};
use super::proxy::View;

/// Fills in who gets the shares of clusters that pass connections on; those that nobody takes end
/// the walk.
pub(super) fn settle(view: View<'_>, answer: &mut Answer) {
    let is_passed_on = |share: &Share| {
        let cluster = view.config.clusters.get(&share.cluster);
        cluster.is_some_and(|it| it.discovery == Discovery::OriginalDestination)
    };
    let Some(ip) = view.dial.destination else { return };
    let speaks_http = answer.request_after.is_some();
    let mut refused = None;
    for share in answer.weights.iter_mut().filter(|share| is_passed_on(share)) {
        let Some((id, service)) = service_at(view, share, ip) else {
            // One pod, or an address that no manifest speaks of.
            share.endpoints = pod_at(view, ip).into_iter().collect();
            continue;
        };
        share.endpoints = endpoints(view.world, service, view.dial.port);
        if share.destination.namespace.is_empty() {
            share.destination = target(view.world, id, view.dial.port);
        }
        if !share.endpoints.iter().any(|it| it.in_use == InUse::Yes) {
            share.fails_with = Some((if speaks_http { 503 } else { 0 }, "UF"));
            refused = Some((service.name.clone(), service.origin));
        }
    }
    answer.destination = super::destination::common(&answer.weights);
    let Some((name, origin)) = refused.filter(|_| answer.outcome == Outcome::Routed) else {
        return;
    };
    let port = view.dial.port;
    let sentence = format!(
        "nothing answers on port {port} of Service {name}: it has no such port, or nobody ready"
    );
    answer.tell("path.ends", sentence, vec![origin]);
    let used = answer.weights.iter().filter(|share| share.share.as_ppm() > 0);
    if used.clone().all(|share| share.fails_with.is_some()) {
        answer.outcome = Outcome::NoRoute;
        answer.status = speaks_http.then_some(503);
        answer.flags = Some("UF".to_owned());
    }
}

/// The Service that the cluster stands for, or the one with the dialled address.
fn service_at<'w>(view: View<'w>, share: &Share, ip: IpAddr) -> Option<(ServiceId, &'w Service)> {
    let world = view.world;
    let wanted = &share.destination;
    let named = world.services.entries().find(|(_, service)| {
        service.name == wanted.service
            && world.namespaces[service.namespace].name == wanted.namespace
    });
    let by_address =
        || world.services.entries().find(|(_, it)| it.kind == ServiceKind::ClusterIp(ip));
    named.or_else(by_address)
}

/// The pod with the dialled address.
fn pod_at(view: View<'_>, ip: IpAddr) -> Option<EndpointShare> {
    let found: Option<(PodId, _)> = view.world.pods.entries().find(|(_, pod)| pod.ip == ip);
    let (pod, _) = found?;
    Some(EndpointShare {
        share: Ppm::ONE,
        address: SocketAddr::new(ip, view.dial.port).to_string(),
        ..pod_share(view.world, pod, view.dial.port, InUse::Yes)
    })
}

/// Who answers on a port of a Service, each with an equal share.
fn endpoints(world: &World, service: &Service, port: u16) -> Vec<EndpointShare> {
    let rows = service.ports.iter().filter(|row| row.port == port);
    let mut found: Vec<EndpointShare> = rows
        .flat_map(|row| row.endpoints.iter().map(move |it| endpoint_share(world, it, row.origin)))
        .collect();
    // A headless Service is dialled at its pods, on any port.
    if found.is_empty() && service.kind == ServiceKind::Headless {
        let all = service.ports.iter().flat_map(|row| row.endpoints.iter());
        let mut pods: Vec<PodId> = all
            .filter_map(|it| match it.target {
                EndpointTarget::Pod(pod) => Some(pod),
                EndpointTarget::Address(_) => None,
            })
            .collect();
        pods.sort_unstable();
        pods.dedup();
        found.extend(pods.into_iter().map(|pod| pod_share(world, pod, port, InUse::Yes)));
    }
    share_out(&mut found);
    found
}

/// Every endpoint in use gets the same.
pub(super) fn share_out(endpoints: &mut [EndpointShare]) {
    let used = endpoints.iter().filter(|it| it.in_use == InUse::Yes).count();
    for endpoint in endpoints.iter_mut().filter(|it| it.in_use == InUse::Yes) {
        endpoint.share = Ppm::from_percent_f64(100.0 / used as f64);
    }
}

fn target(world: &World, id: ServiceId, port: u16) -> Target {
    let service = &world.services[id];
    Target {
        namespace: world.namespaces[service.namespace].name.clone(),
        service: service.name.clone(),
        port,
        subset: None,
    }
}
