//! Who answers on the ports of a Service: the pods that its selector picks, and the addresses
//! that EndpointSlices or Endpoints list.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::lookup::LookupMap;
use crate::manifest::kinds::{
    EndpointAddress, EndpointSet, EndpointSetKind, PodSpec, ServicePort, TargetPort,
};
use crate::manifest::{Diagnostic, Place};
use crate::world::{Endpoint, EndpointTarget, HeadlessAddress, Origin, PodId, World};

use super::Draft;
use super::objects::{ClusterObjects, Key};
use super::pods::{Shape, Shapes};
use super::services::Context;

/// Endpoints of all Services together; a selector that fits every pod, many times over, would
/// otherwise fill the memory.
const ENDPOINTS_MAX: usize = 8_000_000;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const SLICE_CONTROLLER: &str = "endpointslice-controller.k8s.io";
const MIRROR_CONTROLLER: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";

/// The endpoint sets of one cluster, by Service.
pub(super) struct Sets<'a> {
    by_service: BTreeMap<Key<'a>, Vec<&'a EndpointSet>>,
}

impl<'a> Sets<'a> {
    pub(super) fn of(cluster: &ClusterObjects<'a>) -> Self {
        let mut by_service: BTreeMap<Key<'a>, Vec<&'a EndpointSet>> = BTreeMap::new();
        for (namespace, set) in cluster.endpoint_sets() {
            if let Some(service) = &set.service {
                by_service.entry((namespace, &service.value)).or_default().push(set);
            }
        }
        Self { by_service }
    }

    /// The sets of a Service, by name.
    pub(super) fn of_service(&self, key: Key<'a>) -> &[&'a EndpointSet] {
        self.by_service.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// What stands behind one Service, before its ports are looked at.
pub(super) struct Members<'m, 'a> {
    shapes: &'m [&'m Shape<'a>],
    sets: Vec<&'a EndpointSet>,
}

/// Works out endpoints.
pub(super) struct Behind<'s, 'a> {
    pods: &'s Shapes<'a>,
    by_declared_ip: LookupMap<IpAddr, PodId>,
    made: usize,
}

impl<'s, 'a> Behind<'s, 'a> {
    pub(super) fn new(draft: &Draft, pods: &'s Shapes<'a>) -> Self {
        let mut by_declared_ip = LookupMap::default();
        for (id, pod) in draft.world.pods.entries().filter(|(_, pod)| pod.ip_is_declared) {
            by_declared_ip.insert(pod.ip, id);
        }
        Self { pods, by_declared_ip, made: 0 }
    }

    /// Which pods and which written sets count.
    pub(super) fn members<'m>(
        &self,
        draft: &mut Draft,
        context: &Context<'_, 'a>,
        selected: Option<&'m [&'m Shape<'a>]>,
        written: &[&'a EndpointSet],
    ) -> Members<'m, 'a> {
        let managed_by = |set: &EndpointSet, controller: &str| {
            set.meta.labels.get(MANAGED_BY).is_some_and(|label| label.value == controller)
        };
        let mirrored = written.iter().any(|set| managed_by(set, MIRROR_CONTROLLER));
        let counts = |set: &&EndpointSet| match set.kind {
            // Controllers write both kinds for a Service with a selector; here the selector
            // itself is followed, so that the scenario may change the pods.
            EndpointSetKind::EndpointSlice if selected.is_some() => {
                !managed_by(set, SLICE_CONTROLLER) && !managed_by(set, MIRROR_CONTROLLER)
            }
            EndpointSetKind::EndpointSlice => true,
            // Without a selector, Endpoints count through the slices that mirror them.
            EndpointSetKind::Endpoints => {
                let skipped = set.meta.labels.get(SKIP_MIRROR);
                let skipped = skipped.is_some_and(|label| label.value == "true");
                selected.is_none() && !mirrored && !skipped
            }
        };
        let sets: Vec<_> = written.iter().copied().filter(counts).collect();
        if selected.is_some() && sets.len() < written.len() {
            let sentence = "its selector decides; the endpoints that a controller wrote for it \
                            are set aside";
            let place = Some(written[0].meta.place);
            draft.notes.assume(format!("Service {}", context.title), sentence, place);
        }
        Members { shapes: selected.unwrap_or(&[]), sets }
    }

    /// The endpoints of one port.
    pub(super) fn endpoints(
        &mut self,
        draft: &mut Draft,
        context: &Context<'_, 'a>,
        port: &ServicePort,
        members: &Members<'_, 'a>,
    ) -> Vec<Endpoint> {
        let publish = context.object.publish_not_ready;
        let mut endpoints = Vec::new();
        let (mut declaring, mut selected) = (0, 0);
        for shape in members.shapes {
            selected += 1;
            let Some((number, declared_at)) = target_of(port, shape.spec) else { continue };
            declaring += usize::from(declared_at.is_some());
            if !self.has_room(draft, context, shape.pods.len()) {
                break;
            }
            let written = port.target_port.as_ref().map_or(port.port.place, |it| it.place);
            let origin = Origin::Manifest(declared_at.unwrap_or(written));
            let pods = shape.pods.iter().map(|pod| Endpoint {
                target: EndpointTarget::Pod(*pod),
                port: number,
                ready: publish || draft.world.pods[*pod].ready,
                origin,
            });
            endpoints.extend(pods);
        }
        context.check_target(draft, port, declaring, selected);
        for set in &members.sets {
            self.add_written(draft, context, port, set, &mut endpoints);
        }
        sort_endpoints(&mut endpoints, &draft.world);
        endpoints
    }

    /// Adds the addresses of a set on the port that has the Service port's name.
    fn add_written(
        &mut self,
        draft: &mut Draft,
        context: &Context<'_, 'a>,
        port: &ServicePort,
        set: &'a EndpointSet,
        endpoints: &mut Vec<Endpoint>,
    ) {
        let name = |name: &Option<crate::manifest::Located<String>>| {
            name.as_ref().map(|name| name.value.clone()).unwrap_or_default()
        };
        let same = set
            .ports
            .iter()
            .filter(|it| it.transport == port.transport && name(&it.name) == name(&port.name));
        for written in same {
            let Some(number) = &written.port else {
                let message = format!("a port behind Service `{}` has no number", context.title);
                draft.notes.find(
                    Diagnostic::note("world.endpoint-port-without-number", message)
                        .at(set.meta.place, "left out, as kube-proxy does it"),
                );
                continue;
            };
            if !self.has_room(draft, context, set.addresses.len()) {
                return;
            }
            endpoints.extend(set.addresses.iter().map(|address| Endpoint {
                target: self.target(context, address),
                port: number.value,
                ready: address.ready || context.object.publish_not_ready,
                origin: Origin::Manifest(address.address.place),
            }));
        }
    }

    /// What DNS answers with for a headless Service, whatever its ports.
    pub(super) fn addresses(
        &mut self,
        draft: &mut Draft,
        context: &Context<'_, 'a>,
        members: &Members<'_, 'a>,
    ) -> Vec<HeadlessAddress> {
        let publish = context.object.publish_not_ready;
        let mut addresses = Vec::new();
        for shape in members.shapes {
            if !self.has_room(draft, context, shape.pods.len()) {
                break;
            }
            addresses.extend(shape.pods.iter().map(|pod| HeadlessAddress {
                target: EndpointTarget::Pod(*pod),
                ready: publish || draft.world.pods[*pod].ready,
            }));
        }
        for set in &members.sets {
            if !self.has_room(draft, context, set.addresses.len()) {
                break;
            }
            addresses.extend(set.addresses.iter().map(|address| HeadlessAddress {
                target: self.target(context, address),
                ready: publish || address.ready,
            }));
        }
        addresses.sort_by(|one, other| order(&one.target).cmp(&order(&other.target)));
        addresses.dedup_by(|later, first| later.target == first.target);
        addresses
    }

    /// The pod that an address means, if it is one of this world's.
    fn target(&self, context: &Context<'_, 'a>, address: &EndpointAddress) -> EndpointTarget {
        let named = address.pod.as_ref().and_then(|pod| {
            self.pods.by_name.get(&(context.namespace, pod.value.clone())).copied()
        });
        let by_address = || {
            let ip: IpAddr = address.address.value.parse().ok()?;
            self.by_declared_ip.get(&ip).copied()
        };
        match named.or_else(by_address) {
            Some(pod) => EndpointTarget::Pod(pod),
            None => EndpointTarget::Address(address.address.value.clone()),
        }
    }

    fn has_room(&mut self, draft: &mut Draft, context: &Context<'_, 'a>, count: usize) -> bool {
        self.made += count;
        let fits = self.made <= ENDPOINTS_MAX;
        if !fits {
            self.made -= count;
            let message = format!("Service `{}` has too many endpoints", context.title);
            draft.notes.find(
                Diagnostic::error("world.too-many-endpoints", message)
                    .at(context.object.meta.place, "some of its endpoints are left out")
                    .help(format!("all Services together have at most {ENDPOINTS_MAX}")),
            );
        }
        fits
    }
}

/// The number that a target port means for pods of this specification, and where a container
/// declares it; `None` if it is a name that no container has.
///
/// Source: kubernetes `pkg/api/v1/pod/util.go`, `FindPort`.
fn target_of(port: &ServicePort, spec: &PodSpec) -> Option<(u16, Option<Place>)> {
    let containers = spec.containers.iter().filter(|container| !container.init);
    let mut ports = containers
        .flat_map(|container| &container.ports)
        .filter(|declared| declared.transport == port.transport);
    match port.target_port.as_ref().map(|target| &target.value) {
        Some(TargetPort::Name(name)) => {
            let named = |text: &String| text == name;
            let found = ports.find(|declared| declared.name.as_deref().is_some_and(named))?;
            Some((found.number.value, Some(found.number.place)))
        }
        Some(TargetPort::Number(number)) => {
            let found = ports.find(|declared| declared.number.value == *number);
            Some((*number, found.map(|found| found.number.place)))
        }
        None => {
            let number = port.port.value;
            let found = ports.find(|declared| declared.number.value == number);
            Some((number, found.map(|found| found.number.place)))
        }
    }
}

/// Pods first, in the order of their ids, then addresses.
fn order(target: &EndpointTarget) -> (Option<&str>, Option<PodId>) {
    match target {
        EndpointTarget::Pod(pod) => (None, Some(*pod)),
        EndpointTarget::Address(address) => (Some(address), None),
    }
}

fn sort_endpoints(endpoints: &mut Vec<Endpoint>, world: &World) {
    endpoints.sort_by(|one, other| {
        (order(&one.target), one.port).cmp(&(order(&other.target), other.port))
    });
    // A slice may repeat a pod that the selector picks.
    endpoints.dedup_by(|later, first| later.target == first.target && later.port == first.port);
    debug_assert!(endpoints.iter().all(|endpoint| match endpoint.target {
        EndpointTarget::Pod(pod) => (pod.0 as usize) < world.pods.len(),
        EndpointTarget::Address(_) => true,
    }));
}
