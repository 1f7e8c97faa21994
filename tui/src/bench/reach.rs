//! `reach` on 10 000 pods with 1000 policies: who can talk to whom, from text to rows.

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::profile::Profile;
use meshwalk_models::reach::{Ask, Refusals, reach, rows};
use meshwalk_models::world::{ClusterManifests, Topology, build};
use meshwalk_sim::run::DEFAULT_CLUSTER;

use super::clock::{peak_memory_bytes, timed};
use super::texts::service;
use super::{Aim, Measurement, Size};

/// Pods of each service.
const PODS_EACH: u32 = 10;
/// Services of one namespace.
const TEAM: u32 = 20;
/// What the whole may take.
const WHOLE_S: f64 = 10.0;
/// What the process may hold.
const MEMORY_BYTES: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;

fn namespace(number: u32) -> String {
    format!("team-{}", number / TEAM)
}

/// Every second namespace is in the mesh.
fn namespaces(services: u32) -> String {
    let each = (0..services.div_ceil(TEAM)).map(|team| {
        let injected = if team % 2 == 0 { "enabled" } else { "disabled" };
        format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: team-{team}, labels: \
             {{istio-injection: {injected}, group: g{}}}}}\n",
            team % 5
        )
    });
    each.collect()
}

/// A policy for each service: its namespace, a group of namespaces and one service may call it.
/// In the mesh, every second service has an access policy too.
fn policies(services: u32, number: u32) -> String {
    let (name, namespace) = (format!("svc-{number}"), namespace(number));
    let friend = (number * 7_919 + 1) % services;
    let mut text = format!(
        "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  podSelector: {{matchLabels: {{app.kubernetes.io/name: {name}}}}}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {{}}
    - namespaceSelector: {{matchLabels: {{group: g{}}}}}
    - namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}
      podSelector: {{matchLabels: {{app.kubernetes.io/name: svc-{friend}}}}}
    ports: [{{port: 8080}}]
",
        number % 5,
        self::namespace(friend),
    );
    if number.is_multiple_of(2) {
        text.push_str(&format!(
            "---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app.kubernetes.io/name: {name}}}}}
  rules:
  - from: [{{source: {{namespaces: [{namespace}]}}}}]
    to: [{{operation: {{methods: [GET], paths: [/v1/*]}}}}]
"
        ));
    }
    text
}

fn manifests(services: u32) -> String {
    let each = (0..services).map(|number| {
        service(&namespace(number), &format!("svc-{number}"), PODS_EACH)
            + &policies(services, number)
    });
    std::iter::once(namespaces(services)).chain(each).collect()
}

/// Reads the manifests, and finds out everything.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let services = size.pick(100, 1_000);
    let text = manifests(services);
    let ((world, planes), load_s) = timed(|| {
        let mut sources = SourceSet::default();
        let file = sources.add("manifests.yaml", text);
        let manifests = load(&sources, [file]);
        let cluster = ClusterManifests {
            name: DEFAULT_CLUSTER,
            default_namespace: "default",
            resources: &manifests.resources,
        };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
        (world, planes)
    });
    let ask = Ask {
        external: &[],
        cuts: &[],
        entrances: &[],
        refusals: Refusals::LeftOut,
        from: None,
        to: None,
    };
    let (found, find_s) = timed(|| reach(&world, &planes, &ask, &mut |_, _| {}));
    let (count, rows_s) = timed(|| rows(&found, |_, _| true).len());
    assert!(count > 0, "somebody reaches somebody");
    let mut all = vec![
        Measurement::new("reach, load the objects", load_s, "s"),
        Measurement::new("reach, find the connections", find_s, "s"),
        Measurement::new("reach, put them in rows", rows_s, "s"),
        Measurement::new("reach, in all", load_s + find_s + rows_s, "s").aim(Aim::AtMost(WHOLE_S)),
    ];
    if let Some(bytes) = peak_memory_bytes() {
        let peak = Measurement::new("reach, peak memory so far", bytes as f64, "bytes");
        all.push(peak.aim(Aim::AtMost(MEMORY_BYTES)));
    }
    match size {
        Size::Full => all,
        Size::Quick => all.into_iter().map(Measurement::without_aim).collect(),
    }
}
