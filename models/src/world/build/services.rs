//! Makes the rows of Services and says what is odd about them. Who answers on their ports is
//! worked out in `endpoints`.

use std::net::IpAddr;

use crate::explain::Sourced;
use crate::lookup::LookupMap;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::{ExternalTraffic, Service as ServiceObject, ServiceType, TargetPort};
use crate::manifest::nearest;
use crate::world::{NamespaceId, Origin, Service, ServiceKind, ServicePort};

use super::addresses::{self, stable_hash};
use super::endpoints::{Behind, Sets};
use super::objects::ClusterObjects;
use super::pods::{Shape, Shapes};
use super::selector::{LabelIndex, has_all};
use super::{Draft, protocol};

/// The synthetic address range holds no more; Kubernetes supports 10 000.
const SERVICES_MAX: usize = 1_000_000;

/// Makes all Services.
pub(super) fn add<'a>(draft: &mut Draft, clusters: &[ClusterObjects<'a>], shapes: &Shapes<'a>) {
    let mut index = LabelIndex::default();
    for (number, shape) in (0..).zip(&shapes.shapes) {
        index.insert(shape.namespace, number, &shape.labels);
    }
    let mut behind = Behind::new(draft, shapes);
    for cluster in clusters {
        let sets = Sets::of(cluster);
        for ((namespace, name), service) in &cluster.services {
            let title = format!("{namespace}/{name}");
            if draft.world.services.len() >= SERVICES_MAX {
                let finding = Diagnostic::error("world.too-many-services", "too many Services")
                    .at(service.meta.place, format!("a world holds {SERVICES_MAX}"));
                draft.notes.find(finding);
                return;
            }
            let context = Context {
                object: service,
                title: &title,
                cluster: cluster.name,
                namespace: cluster.namespace_id(namespace),
            };
            let selected = select(draft, &context, &index, &shapes.shapes);
            let written = sets.of_service((namespace, name));
            let row = context.row(draft, &mut behind, selected.as_deref(), written);
            draft.world.services.push(row);
        }
    }
}

/// One Service and where it stands.
pub(super) struct Context<'c, 'a> {
    pub(super) object: &'a ServiceObject,
    /// `namespace/name`.
    pub(super) title: &'c str,
    pub(super) cluster: &'a str,
    pub(super) namespace: NamespaceId,
}

impl<'a> Context<'_, 'a> {
    fn row(
        &self,
        draft: &mut Draft,
        behind: &mut Behind<'_, 'a>,
        selected: Option<&[&Shape<'a>]>,
        written: &[&'a crate::manifest::kinds::EndpointSet],
    ) -> Service {
        let service = self.object;
        self.check_ports(draft);
        let kind = self.kind(draft);
        let is_alias = matches!(kind, ServiceKind::ExternalName(_));
        let members = behind.members(draft, self, selected, written);
        let ports = service.ports.iter().map(|port| ServicePort {
            name: port.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            port: port.port.value,
            transport: port.transport,
            app_protocol: protocol::declared(port),
            endpoints: if is_alias {
                Vec::new()
            } else {
                behind.endpoints(draft, self, port, &members)
            },
            origin: Origin::Manifest(port.port.place),
        });
        let ports = ports.collect();
        let addresses = match kind {
            ServiceKind::Headless => behind.addresses(draft, self, &members),
            ServiceKind::ClusterIp(_) | ServiceKind::ExternalName(_) => Vec::new(),
        };
        Service {
            name: service.meta.name.value.clone(),
            namespace: self.namespace,
            kind,
            is_exposed: matches!(
                service.service_type,
                ServiceType::NodePort | ServiceType::LoadBalancer
            ),
            external_traffic: match &service.external_traffic {
                Some(policy) => Sourced::new(policy.value, Origin::Manifest(policy.place)),
                None => Sourced::default_of(
                    ExternalTraffic::Cluster,
                    "kubernetes.external-traffic-policy",
                ),
            },
            ports,
            addresses,
            origin: Origin::Manifest(service.meta.place),
        }
    }

    fn kind(&self, draft: &mut Draft) -> ServiceKind {
        let service = self.object;
        if service.service_type == ServiceType::ExternalName {
            if let Some(name) = &service.external_name {
                let name = name.value.trim_end_matches('.').to_ascii_lowercase();
                return ServiceKind::ExternalName(name);
            }
            let message = format!("Service `{}` is an alias for nothing", self.title);
            draft.notes.find(
                Diagnostic::error("world.no-external-name", message)
                    .at(service.meta.place, "type ExternalName without `externalName`")
                    .help("add `externalName`; the API server rejects this object"),
            );
            return ServiceKind::ExternalName(String::new());
        }
        if service.is_headless() {
            return ServiceKind::Headless;
        }
        let written = service.cluster_ip.as_ref().filter(|ip| !ip.value.is_empty());
        let declared = written.and_then(|ip| ip.value.parse::<IpAddr>().ok());
        if let (Some(text), None) = (written, declared) {
            let message = format!("Service `{}` has an address that is none", self.title);
            let finding = Diagnostic::error("world.invalid-address", message)
                .at(text.place, "it gets a synthetic address")
                .help("write an IP address, `None` or nothing");
            draft.notes.find(finding);
        }
        let namespace = &draft.world.namespaces[self.namespace].name;
        let name = ["service", self.cluster, namespace, &service.meta.name.value];
        let name = stable_hash(&name);
        let address = declared.unwrap_or_else(|| draft.addresses.claim(addresses::SERVICES, name));
        ServiceKind::ClusterIp(address)
    }

    /// What the API server's validation says about the list of ports.
    fn check_ports(&self, draft: &mut Draft) {
        let ports = &self.object.ports;
        let mut names = LookupMap::default();
        let mut numbers = LookupMap::default();
        for port in ports {
            let number = (port.port.value, port.transport as u8);
            if let Some(first) = numbers.insert(number, port.port.place) {
                let message =
                    format!("Service `{}` has port {} twice", self.title, port.port.value);
                draft.notes.find(
                    Diagnostic::error("world.duplicate-port", message)
                        .at(port.port.place, "again here")
                        .at(first, "first here")
                        .help("the API server rejects this object; remove one"),
                );
            }
            let Some(name) = &port.name else {
                if ports.len() > 1 {
                    let message = format!("a port of Service `{}` has no name", self.title);
                    draft.notes.find(
                        Diagnostic::error("world.unnamed-port", message)
                            .at(port.port.place, "this port")
                            .help("a Service with several ports must name each of them"),
                    );
                }
                continue;
            };
            if let Some(first) = names.insert(name.value.as_str(), name.place) {
                let message = format!("Service `{}` has two ports named `{name}`", self.title);
                draft.notes.find(
                    Diagnostic::error("world.duplicate-port-name", message)
                        .at(name.place, "again here")
                        .at(first, "first here")
                        .help("the API server rejects this object; rename one"),
                );
            }
        }
    }

    /// A target port that pods resolve differently from what was probably meant.
    pub(super) fn check_target(
        &self,
        draft: &mut Draft,
        port: &crate::manifest::kinds::ServicePort,
        declaring: usize,
        selected: usize,
    ) {
        if selected == 0 || declaring == selected {
            return;
        }
        let title = self.title;
        let target = port.target_port.as_ref();
        let place = target.map_or(port.port.place, |target| target.place);
        let finding = match target.map(|target| &target.value) {
            Some(TargetPort::Name(name)) if declaring == 0 => Diagnostic::error(
                "world.absent-target-port",
                format!("no pod of Service `{title}` has a port named `{name}`"),
            )
            .at(place, "this port has no endpoints")
            .help("name a container port of the pods, or use its number"),
            Some(TargetPort::Name(name)) => Diagnostic::note(
                "world.partial-target-port",
                format!("some pods of Service `{title}` have no port named `{name}`"),
            )
            .at(place, "those pods are no endpoints of this port"),
            _ if declaring == 0 => Diagnostic::note(
                "world.undeclared-target-port",
                format!("no pod of Service `{title}` declares the port that it targets"),
            )
            .at(place, "traffic is sent there all the same")
            .help("Kubernetes does not need the declaration; check the number"),
            _ => return,
        };
        draft.notes.find(finding);
    }
}

/// The shapes that the Service selects; `None` if it has no selector, so that somebody else
/// writes its endpoints.
fn select<'s, 'a>(
    draft: &mut Draft,
    context: &Context<'_, 'a>,
    index: &LabelIndex<'s>,
    shapes: &'s [Shape<'a>],
) -> Option<Vec<&'s Shape<'a>>>
where
    'a: 's,
{
    let service = context.object;
    if service.service_type == ServiceType::ExternalName {
        return None;
    }
    // An empty selector means the same as none here, unlike in other kinds.
    let selector = service.selector.as_ref().filter(|selector| !selector.value.is_empty())?;
    let candidates = index.candidates(context.namespace, &selector.value);
    let candidates = candidates.iter().map(|number| &shapes[*number as usize]);
    let selected: Vec<_> =
        candidates.filter(|shape| has_all(&shape.labels, &selector.value)).collect();
    if !selected.is_empty() {
        return Some(selected);
    }
    let message = format!("Service `{}` selects no pods", context.title);
    let mut finding = Diagnostic::warning("world.selects-nothing", message)
        .at(selector.place, "no workload of the namespace has all these labels");
    for (key, value) in &selector.value {
        let known = index.values_of(context.namespace, key);
        if known.contains(&value.value.as_str()) {
            continue;
        }
        let near = nearest(&value.value, known.iter().copied());
        let text = match near {
            Some(near) => format!("no pod has this value; `{near}` is near"),
            None if known.is_empty() => "no pod has this label".to_owned(),
            None => "no pod has this value".to_owned(),
        };
        finding = finding.at(value.place, text);
    }
    draft.notes.find(finding.help("correct the selector or the labels of the pod template"));
    Some(selected)
}
