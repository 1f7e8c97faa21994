//! Objects about requests that hold nowhere in ambient mode: policies that no waypoint counts, and
//! routes and policies of Services before which no waypoint stands.

use std::collections::BTreeSet;

use crate::control::istio::Push;
use crate::control::istio::ambient::authorization::translate;
use crate::control::istio::config::{Config, HasMeta, selects};
use crate::control::istio::enrolment::Enrolled;
use crate::control::istio::hosts;
use crate::control::istio::registry::Service;
use crate::control::istio::routes::MESH;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{AccessAction, AuthorizationPolicy, PolicyTarget};
use crate::manifest::{Diagnostic, Located, Place};
use crate::world::{PodId, World};

use super::super::choice::Choice;
use super::super::served;
use super::{named, pods_with};

const WITHOUT: &str = "ambient.l7-without-waypoint";
const BY_SELECTOR: &str = "ambient.selector-policy-at-waypoint";

/// All of them.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let ambient: BTreeSet<_> = pods_with(push, world, Enrolled::Ambient).collect();
    let room = Room { push, world, ambient };
    let mut found = Vec::new();
    for policy in &push.authorization_policies {
        found.extend(room.of_access(policy));
    }
    for policy in &push.request_authentications {
        let object = &policy.object;
        let about = About {
            title: format!("RequestAuthentication `{}`", policy.title()),
            place: object.meta().place,
            what: "its tokens",
        };
        let whom = Whom {
            namespace: &policy.namespace,
            selector: object.selector.as_ref(),
            targets: &object.targets,
        };
        found.extend(room.of_targets(&about, &whom));
        found.extend(room.of_selector(&about, &whom, Elsewhere::Nowhere));
    }
    found.extend(room.of_routes());
    found
}

struct Room<'p> {
    push: &'p Push,
    world: &'p World,
    ambient: BTreeSet<PodId>,
}

/// An object, and what of it is in question.
struct About {
    title: String,
    place: Place,
    what: &'static str,
}

/// Whom a policy names.
struct Whom<'p> {
    namespace: &'p str,
    selector: Option<&'p Located<Labels>>,
    targets: &'p [PolicyTarget],
}

/// What becomes of a policy where no waypoint stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    /// Nobody looks at it.
    Nowhere,
    /// Ztunnel makes something of it, which is told elsewhere.
    AtZtunnel,
}

impl Room<'_> {
    fn of_access(&self, policy: &Config<AuthorizationPolicy>) -> Vec<Diagnostic> {
        let object = &policy.object;
        let about = About {
            title: format!("AuthorizationPolicy `{}`", policy.title()),
            place: object.meta.place,
            what: "what it says of requests",
        };
        let whom = Whom {
            namespace: &policy.namespace,
            selector: object.selector.as_ref(),
            targets: &object.targets,
        };
        let mut found = self.of_targets(&about, &whom);
        let lost = translate(policy).of_requests;
        let asks = matches!(object.action.value, AccessAction::Custom | AccessAction::Audit);
        if let Some(field) = lost.first() {
            let about = About { place: field.place, ..about };
            found.extend(self.of_selector(&about, &whom, Elsewhere::AtZtunnel));
        } else if asks {
            let about = About { place: object.action.place, ..about };
            found.extend(self.of_selector(&about, &whom, Elsewhere::AtZtunnel));
        }
        found
    }

    /// A policy for a Service before which no waypoint stands is enforced by nobody.
    fn of_targets(&self, about: &About, whom: &Whom<'_>) -> Vec<Diagnostic> {
        let lost = whom.targets.iter().filter_map(|target| {
            let kubernetes = match target.kind.as_str() {
                "Service" => true,
                "ServiceEntry" => false,
                _ => return None,
            };
            let services = self.push.registry.services().iter();
            let service = services.clone().find(|it| {
                it.is_kubernetes() == kubernetes
                    && it.namespace == whom.namespace
                    && it.name == target.name.value
            })?;
            (!self.has_waypoint(service)).then(|| {
                let host = format!("{} `{}/{}`", target.kind, service.namespace, service.name);
                let message = format!("{} holds nowhere", about.title);
                Diagnostic::warning(WITHOUT, message)
                    .at(target.name.place, format!("no waypoint stands before {host}"))
                    .help(
                        "what `targetRefs` names a Service is enforced at its waypoint alone: \
                         label the Service or its namespace with `istio.io/use-waypoint`",
                    )
            })
        });
        lost.collect()
    }

    /// A policy without `targetRefs` counts at no waypoint.
    fn of_selector(&self, about: &About, whom: &Whom<'_>, elsewhere: Elsewhere) -> Vec<Diagnostic> {
        if !whom.targets.is_empty() {
            return Vec::new();
        }
        let pods: BTreeSet<PodId> =
            self.ambient.iter().copied().filter(|&pod| self.selects(whom, pod)).collect();
        let behind = |service: &&std::sync::Arc<Service>| {
            service.pods().iter().any(|pod| pods.contains(pod))
        };
        let services = self.push.registry.services().iter().filter(behind);
        let (with, without): (Vec<_>, Vec<_>) =
            services.partition(|service| self.has_waypoint(service));
        let titles = |services: &[&std::sync::Arc<Service>]| {
            let each = services.iter().map(|it| format!("`{}/{}`", it.namespace, it.name));
            named(&each.collect::<Vec<_>>())
        };
        let mut found = Vec::new();
        if !with.is_empty() {
            let message = format!("{} does not hold at waypoints", about.title);
            let label = format!("nobody enforces {} on traffic to {}", about.what, titles(&with));
            found.push(Diagnostic::warning(BY_SELECTOR, message).at(about.place, label).help(
                "a waypoint never counts a selector, nor a policy for a whole namespace: name the \
                 Service in `targetRefs`",
            ));
        }
        if !without.is_empty() && elsewhere == Elsewhere::Nowhere {
            let message = format!("{} holds nowhere in ambient mode", about.title);
            let label = format!(
                "ztunnel knows nothing of requests, and no waypoint stands before {}",
                titles(&without)
            );
            found.push(Diagnostic::warning(WITHOUT, message).at(about.place, label).help(
                "give the Services a waypoint with `istio.io/use-waypoint`, and name them in \
                 `targetRefs`",
            ));
        }
        found
    }

    fn selects(&self, whom: &Whom<'_>, pod: PodId) -> bool {
        let namespace = self.world.workload_of(pod).namespace;
        let namespace = namespace.map_or("", |it| self.world.namespaces[it].name.as_str());
        let root = self.push.mesh.root_namespace.value.as_str();
        let in_scope = whom.namespace == namespace || whom.namespace == root;
        let labels = &self.world.pods[pod].labels;
        in_scope && whom.selector.is_none_or(|it| selects(&it.value, labels))
    }

    fn has_waypoint(&self, service: &Service) -> bool {
        matches!(served::choice_of(self.push, self.world, service), Choice::Uses(_))
    }

    /// Whether pods in ambient mode answer, and no waypoint stands before them.
    fn is_bare(&self, service: &Service) -> bool {
        let is_ambient = service.pods().iter().any(|pod| self.ambient.contains(pod));
        is_ambient && !self.has_waypoint(service)
    }

    /// Routes for Services in ambient mode before which no waypoint stands.
    fn of_routes(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for object in &self.push.virtual_services {
            let of_mesh = object.gateways.iter().any(|gateway| gateway.value == MESH);
            if !of_mesh || object.http.is_empty() {
                continue;
            }
            for host in &object.hosts {
                let mut services = self.push.registry.services().iter();
                let bare =
                    services.find(|it| hosts::overlap(&host.value, &it.host) && self.is_bare(it));
                if let Some(service) = bare {
                    let title = format!("VirtualService `{}/{}`", object.namespace, object.name);
                    found.push(without(&title, host.place, service));
                }
            }
        }
        for route in &self.push.service_routes {
            let mut services = self.push.registry.services().iter();
            let bare = services.find(|it| {
                it.is_kubernetes()
                    && (&it.namespace, &it.name) == (&route.service.0, &route.service.1)
                    && self.is_bare(it)
            });
            if let Some(service) = bare {
                found.push(without(&route.title, route.place, service));
            }
        }
        found
    }
}

fn without(title: &str, place: Place, service: &Service) -> Diagnostic {
    let message = format!("{title} has no effect for callers in ambient mode");
    let label = format!("no waypoint stands before `{}/{}`", service.namespace, service.name);
    Diagnostic::warning(WITHOUT, message).at(place, label).help(
        "its rules are for a waypoint to follow: label the Service or its namespace with \
         `istio.io/use-waypoint`",
    )
}
