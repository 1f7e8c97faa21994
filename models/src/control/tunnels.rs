//! What policies of the network make of an ambient mesh, as findings: calls between its pods come
//! in tunnels on one port, and the kubelet's probes from one address. What becomes of a single call
//! is said in `walk`.

use std::collections::BTreeMap;

use crate::explain::Silent;
use crate::manifest::kinds::Transport;
use crate::manifest::{Diagnostic, Place};
use crate::path::DataPath;
use crate::policy::network::{NetworkPeer, NetworkVerdict};
use crate::proxy::ztunnel::{HBONE_PORT, PROBE_SOURCE};
use crate::world::{EndpointTarget, Origin, PodId, World};

use super::ControlPlanes;

/// How many pairs of workloads are looked at.
const PAIRS_MAX: usize = 20_000;
/// How many ports of a workload are looked at.
const PORTS_MAX: usize = 8;

/// The pods of a workload, by one of them.
struct Row {
    pod: PodId,
    path: DataPath,
    ports: Vec<u16>,
}

/// What is found of one policy.
#[derive(Default)]
struct Found {
    /// A port that it lets through, and whose tunnel it drops.
    tunnel: Option<(u16, String)>,
    /// A workload whose probes it drops.
    probes: Option<String>,
}

/// The findings, in the order of the policies' places.
pub(super) fn findings(world: &World, planes: &ControlPlanes) -> Vec<Diagnostic> {
    if planes.network_policies().is_empty() {
        return Vec::new();
    }
    let rows = rows(world, planes);
    let mut found: BTreeMap<Place, Found> = BTreeMap::new();
    let scene = Scene { world, planes };
    let mut pairs = 0;
    for server in &rows {
        if server.path == DataPath::IstioAmbient {
            scene.probes(server, &mut found);
        }
        for client in rows.iter().filter(|client| is_tunnel(client.path, server.path)) {
            pairs += 1;
            if pairs > PAIRS_MAX {
                break;
            }
            scene.tunnel(client, server, &mut found);
        }
    }
    found.into_iter().flat_map(|(place, found)| said(place, found)).collect()
}

/// Whether calls between pods with these data paths come in tunnels.
pub(crate) const fn is_tunnel(client: DataPath, server: DataPath) -> bool {
    use DataPath::{IstioAmbient, IstioSidecar};
    matches!(
        (client, server),
        (IstioAmbient, IstioAmbient | IstioSidecar) | (IstioSidecar, IstioAmbient)
    )
}

/// One pod of each workload that is part of the mesh; nothing where no pod is in ambient.
fn rows(world: &World, planes: &ControlPlanes) -> Vec<Row> {
    let workloads = world.workloads.iter().filter(|workload| workload.namespace.is_some());
    let first = workloads.filter(|it| it.pods.start < it.pods.end).map(|it| it.pods.start);
    let row = |pod| Row { pod, path: planes.data_path(world, pod), ports: Vec::new() };
    let mut rows: Vec<Row> = first.map(row).filter(|row| row.path != DataPath::None).collect();
    if rows.iter().all(|row| row.path != DataPath::IstioAmbient) {
        return Vec::new();
    }
    let targets = target_ports(world);
    for row in &mut rows {
        let own = world.workload_of(row.pod).container_ports.iter();
        let tcp = own.filter(|(_, _, transport)| *transport == Transport::Tcp);
        row.ports.extend(tcp.map(|(_, port, _)| *port));
        row.ports.extend(targets.get(&row.pod).into_iter().flatten());
        row.ports.sort_unstable();
        row.ports.dedup();
        row.ports.truncate(PORTS_MAX);
    }
    rows
}

/// The ports of pods that Services lead to.
fn target_ports(world: &World) -> BTreeMap<PodId, Vec<u16>> {
    let mut targets: BTreeMap<PodId, Vec<u16>> = BTreeMap::new();
    let ports = world.services.iter().flat_map(|service| &service.ports);
    for endpoint in ports.filter(|it| it.transport == Transport::Tcp).flat_map(|it| &it.endpoints) {
        if let EndpointTarget::Pod(pod) = endpoint.target {
            targets.entry(pod).or_default().push(endpoint.port);
        }
    }
    targets
}

struct Scene<'s> {
    world: &'s World,
    planes: &'s ControlPlanes,
}

impl Scene<'_> {
    fn fate(&self, from: NetworkPeer, to: PodId, port: u16) -> NetworkVerdict {
        let policies = self.planes.network_policies();
        let to = NetworkPeer::Pod(to);
        policies.decide(self.world, from, to, port, Transport::Tcp, &mut Silent)
    }

    /// A port that is let through, and whose tunnels are dropped.
    fn tunnel(&self, client: &Row, server: &Row, found: &mut BTreeMap<Place, Found>) {
        let from = NetworkPeer::Pod(client.pod);
        let NetworkVerdict::Dropped { origins, .. } = self.fate(from, server.pod, HBONE_PORT)
        else {
            return;
        };
        let mut ports = server.ports.iter();
        let passes = |port: &&u16| self.fate(from, server.pod, **port) == NetworkVerdict::Allowed;
        let Some(port) = ports.find(passes) else { return };
        for place in origins.into_iter().filter_map(place_of) {
            let own = &mut found.entry(place).or_default().tunnel;
            own.get_or_insert_with(|| (*port, self.name(server.pod)));
        }
    }

    fn probes(&self, server: &Row, found: &mut BTreeMap<Place, Found>) {
        let Some(port) = server.ports.first() else { return };
        let from = NetworkPeer::Address(PROBE_SOURCE);
        let NetworkVerdict::Dropped { origins, .. } = self.fate(from, server.pod, *port) else {
            return;
        };
        for place in origins.into_iter().filter_map(place_of) {
            let own = &mut found.entry(place).or_default().probes;
            own.get_or_insert_with(|| self.name(server.pod));
        }
    }

    fn name(&self, pod: PodId) -> String {
        let workload = self.world.workload_of(pod);
        let namespace = workload.namespace.map_or("", |it| &self.world.namespaces[it].name);
        format!("{namespace}/{}", workload.name)
    }
}

const fn place_of(origin: Origin) -> Option<Place> {
    match origin {
        Origin::Manifest(place) => Some(place),
        _ => None,
    }
}

fn said(place: Place, found: Found) -> Vec<Diagnostic> {
    let tunnel = found.tunnel.map(|(port, server)| {
        let message = format!(
            "calls of the mesh to {server} are dropped: port {port} is let through, and not port \
             {HBONE_PORT}, on which they come in tunnels"
        );
        let help = format!(
            "let {HBONE_PORT}/TCP pass as well; rules on ports then no longer keep callers of the \
             mesh apart, policies of the mesh do"
        );
        Diagnostic::warning("ambient.networkpolicy-without-15008", message)
            .at(place, "this decides")
            .help(help)
    });
    let probes = found.probes.map(|server| {
        let message = format!(
            "probes of the kubelet reach {server} from {PROBE_SOURCE}, as it is in ambient, and no rule \
             lets them pass"
        );
        Diagnostic::note("ambient.networkpolicy-without-probes", message)
            .at(place, "this isolates the pod")
            .help(format!("let the ipBlock {PROBE_SOURCE}/32 pass"))
    });
    tunnel.into_iter().chain(probes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{SourceSet, load};
    use crate::profile::Profile;
    use crate::world::{ClusterManifests, Topology, build};

    const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {MODE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {matchLabels: {app: cart}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}PROBES]
      ports: [PORTS]
";

    /// The codes of what is found of such a policy.
    fn codes(mode: &str, ports: &str, probes: &str) -> Vec<&'static str> {
        let text = PODS.replace("MODE", mode).replace("PORTS", ports).replace("PROBES", probes);
        let mut sources = SourceSet::new();
        let id = sources.add("mesh.yaml", text);
        let manifests = load(&sources, [id]);
        let resources = &manifests.resources[..];
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (_, found) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
        let ours = found.into_iter().filter(|it| it.code.starts_with("ambient.networkpolicy"));
        ours.map(|it| it.code).collect()
    }

    #[test]
    fn a_policy_for_ports_of_applications_drops_the_tunnels_of_ambient() {
        const AMBIENT: &str = "istio.io/dataplane-mode: ambient";
        let probes = ", {ipBlock: {cidr: 169.254.7.127/32}}";
        let both = ["ambient.networkpolicy-without-15008", "ambient.networkpolicy-without-probes"];
        assert_eq!(codes(AMBIENT, "{port: 8080}", ""), both);
        assert_eq!(codes(AMBIENT, "{port: 8080}", probes), both[..1]);
        assert_eq!(codes(AMBIENT, "{port: 8080}, {port: 15008}", probes), [""; 0]);
        assert_eq!(codes("istio-injection: enabled", "{port: 8080}", ""), [""; 0]);
    }
}
