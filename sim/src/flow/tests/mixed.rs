//! Stories about clusters in the middle of a migration: the shop of the repository on each data
//! path and in ten mixed placements, held against the same shop without a mesh.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{SourceSet, load};

use crate::flow::plan::BoxKind::{self, Sidecar, Waypoint, Ztunnel};
use crate::kernel::Seed;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare, run};
use crate::scenario;
use crate::stats::{BoxCounters, Ruling, RunStatistics};

use super::rig::edge;

/// A mixture of data paths.
struct Mixture {
    name: &'static str,
    /// What most workloads have.
    data_path: &'static str,
    /// What others have.
    others: &'static [(&'static str, &'static str)],
    /// What the manifests say in place of what they say: file, old and new text.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// The boxes that requests pass.
    boxes: &'static [BoxKind],
}

/// The database and what watches are never in a mesh.
const OUTSIDERS: [(&str, &str); 3] =
    [("data/orders-db", "none"), ("ops/log-agent", "none"), ("ops/prober", "none")];
const NO_EDITS: &[(&str, &str, &str)] = &[];
const AMBIENT_AND_WAYPOINTS: &str = "istio-ambient+waypoint";

/// Recommendations stand on the network of their nodes.
const ON_HOSTS: &[(&str, &str, &str)] = &[(
    "storefront/recommendations.yaml",
    "      serviceAccountName: recommendations\n",
    "      serviceAccountName: recommendations\n      hostNetwork: true\n",
)];

/// The shop has sidecars but for its catalog, which is in ambient as payments and data are; those
/// have a waypoint, and the database is in nothing.
const LABELS: &[(&str, &str, &str)] = &[
    (
        "platform/namespaces.yaml",
        "  name: payments\n  labels:\n    app.kubernetes.io/part-of: shop\n    istio-injection: enabled\n",
        "  name: payments\n  labels:\n    istio.io/dataplane-mode: ambient\n    istio.io/use-waypoint: waypoint\n",
    ),
    (
        "platform/namespaces.yaml",
        "  name: data\n  labels:\n    app.kubernetes.io/part-of: shop\n    istio-injection: enabled\n",
        "  name: data\n  labels:\n    istio.io/dataplane-mode: ambient\n    istio.io/use-waypoint: waypoint\n",
    ),
    (
        "storefront/catalog.yaml",
        "  template:\n    metadata:\n      labels:\n",
        "  template:\n    metadata:\n      labels:\n        sidecar.istio.io/inject: \"false\"\n        istio.io/dataplane-mode: ambient\n",
    ),
    (
        "data/orders-db.yaml",
        "        sidecar.istio.io/inject: \"false\"\n",
        "        istio.io/dataplane-mode: none\n",
    ),
    ("data/cache.yaml", "", WAYPOINTS),
];

const WAYPOINTS: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: data}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: payments}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
";

/// What the policy for payments, which names the port of the application, has to say of tunnels.
const TUNNELS: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tunnels, namespace: payments}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
          podSelector: {matchLabels: {app.kubernetes.io/name: checkout}}
        - podSelector: {}
      ports: [{port: 15008, protocol: TCP}]
";

const MIXTURES: [Mixture; 10] = [
    Mixture {
        name: "each namespace on another path",
        data_path: "istio-sidecar",
        others: &[("payments/payments", "istio-ambient"), ("data/cache", AMBIENT_AND_WAYPOINTS)],
        edits: NO_EDITS,
        boxes: &[Sidecar, Ztunnel],
    },
    Mixture {
        name: "the shop in ambient, payments with sidecars, data in nothing",
        data_path: "istio-ambient",
        others: &[("payments/payments", "istio-sidecar"), ("data/cache", "none")],
        edits: NO_EDITS,
        boxes: &[Sidecar, Ztunnel],
    },
    Mixture {
        name: "clients with sidecars, servers in ambient behind waypoints",
        data_path: AMBIENT_AND_WAYPOINTS,
        others: &[("web", "istio-sidecar"), ("checkout", "istio-sidecar")],
        edits: NO_EDITS,
        boxes: &[Sidecar, Ztunnel, Waypoint],
    },
    Mixture {
        name: "clients in ambient with waypoints, servers with sidecars",
        data_path: "istio-sidecar",
        others: &[("web", AMBIENT_AND_WAYPOINTS), ("checkout", AMBIENT_AND_WAYPOINTS)],
        edits: NO_EDITS,
        boxes: &[Sidecar, Ztunnel, Waypoint],
    },
    Mixture {
        name: "the catalog out of the mesh in the middle of sidecars",
        data_path: "istio-sidecar",
        others: &[("catalog", "none")],
        edits: NO_EDITS,
        boxes: &[Sidecar],
    },
    Mixture {
        name: "the checkout out of the mesh in the middle of ambient",
        data_path: AMBIENT_AND_WAYPOINTS,
        others: &[("checkout", "none")],
        edits: NO_EDITS,
        boxes: &[Ztunnel, Waypoint],
    },
    Mixture {
        name: "one workload of the shop keeps its sidecar",
        data_path: "istio-ambient",
        others: &[("inventory", "istio-sidecar")],
        edits: NO_EDITS,
        boxes: &[Sidecar, Ztunnel],
    },
    Mixture {
        name: "two workloads go ahead into ambient, one of them with plain clients",
        data_path: "istio-sidecar",
        others: &[("accounts", "istio-ambient"), ("catalog", "istio-ambient"), ("cart", "none")],
        edits: NO_EDITS,
        boxes: &[Sidecar, Ztunnel],
    },
    Mixture {
        name: "a workload on the network of its nodes, called from both meshes",
        data_path: AMBIENT_AND_WAYPOINTS,
        others: &[("web", "istio-sidecar"), ("recommendations", "none")],
        edits: ON_HOSTS,
        boxes: &[Sidecar, Ztunnel, Waypoint],
    },
    Mixture {
        name: "labels of both sorts",
        data_path: "from-labels",
        others: &[],
        edits: LABELS,
        boxes: &[Sidecar, Ztunnel, Waypoint],
    },
];

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the shop can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

/// The shop with three seconds of customers, all of them in open loops, and time to serve them.
fn scenario_of(data_path: &str, others: &[(&str, &str)]) -> String {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/shop/baseline.yaml");
    let text = fs::read_to_string(shop).expect("the shop can be read");
    let (text, _) = text.split_once("\nexpectations:").expect("it expects something");
    let outsiders = OUTSIDERS.map(|(name, path)| format!("  {name}: {path}\n")).concat();
    let others: String = match data_path {
        "from-labels" => "data_paths: {}\n".to_owned(),
        _ => {
            let others = others.iter().map(|(name, path)| format!("  {name}: {path}\n"));
            format!("data_paths:\n{outsiders}{}", others.collect::<String>())
        }
    };
    let mut text = text.to_owned();
    for (old, new) in [
        ("duration: 70s\nwarm_up: 10s\n", "duration: 12s\n".to_owned()),
        ("data_path: istio-sidecar\n", format!("data_path: {data_path}\n")),
        (&format!("data_paths:\n{outsiders}"), others),
        ("    to: ingress\n", "    to: ingress\n    stop: 3s\n".to_owned()),
        ("    to: web.shop:80\n", "    to: web.shop:80\n    stop: 3s\n".to_owned()),
        ("{poisson: {rate: 430/s}}", "{poisson: {rate: 150/s}}".to_owned()),
        (
            "users: {count: 12, think_time: {exponential: {mean: 500ms}}}",
            "arrivals: {poisson: {rate: 20/s}}".to_owned(),
        ),
    ] {
        assert!(text.contains(old), "the shop says {old}");
        text = text.replace(old, &new);
    }
    text
}

fn shop(
    data_path: &str,
    others: &[(&str, &str)],
    edits: &[(&str, &str, &str)],
    policy: &str,
) -> Prepared {
    let mut sources = SourceSet::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/shop/manifests");
    let mut all = vec![sources.add("tunnels.yaml", policy)];
    for path in files_below(&folder) {
        let mut text = fs::read_to_string(&path).expect("the shop can be read");
        for (_, old, new) in edits.iter().filter(|(file, ..)| path.ends_with(file)) {
            assert!(text.contains(old), "{} says {old}", path.display());
            text = text.replacen(old, new, 1);
        }
        all.push(sources.add(path.to_string_lossy(), text));
    }
    let file = sources.add("scenario.yaml", scenario_of(data_path, others));
    let manifests = load(&sources, all);
    assert!(manifests.diagnostics.is_empty(), "{:?}", manifests.diagnostics);
    let scenario = scenario::read(&mut sources, file, &[]).expect("a good scenario");
    let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources }];
    prepare(&clusters, &scenario, &CostProfile::built_in())
}

fn ran(prepared: &Prepared) -> RunStatistics {
    run(&prepared.plan, Seed(7)).expect("the load is below the capacity")
}

/// What applications have to do: requests sent and served well for each source, and requests and
/// work for each workload whose workers do not wait for others.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    served: Vec<(u64, u64)>,
    done: BTreeMap<String, (u64, u64, u128)>,
}

fn work(prepared: &Prepared, statistics: &RunStatistics) -> Work {
    let sources = statistics.traffic.iter();
    let served = sources.map(|it| (it.sent, it.endings.successes())).collect();
    let rows = prepared.plan.layout.workloads.iter().zip(&statistics.workloads);
    let done = rows.map(|(entry, it)| {
        let name = format!("{}/{}", entry.namespace, entry.name);
        let waits = ["shop/checkout", "shop/accounts"].contains(&name.as_str());
        let busy_ns = if waits { 0 } else { it.busy_ns };
        (name, (it.arrived, it.finished, busy_ns))
    });
    Work { served, done: done.collect() }
}

/// All that goes into boxes comes out, and everything between two boxes has two ends.
#[track_caller]
fn conserves(name: &str, prepared: &Prepared, statistics: &RunStatistics) -> BTreeSet<BoxKind> {
    let mut all = BoxCounters::default();
    let mut kinds = BTreeSet::new();
    for (entry, row) in prepared.plan.layout.proxies.iter().zip(&statistics.proxies) {
        all.merge(&row.all);
        assert_eq!(row.all.bytes_in, row.all.bytes_out, "{name}: {}", entry.owner);
        if row.all.requests > 0 {
            kinds.insert(entry.kind);
        }
    }
    // The answer of an order page is a stream of ten messages, and there are six of them.
    let pages = statistics.traffic[1].sent;
    assert_eq!((all.responses - all.requests) % (9 * pages), 0, "{name}: {all:?}");
    assert_eq!(all.handshakes_as_client, all.handshakes_as_server, "{name}");
    assert_eq!(all.streams_opened, all.streams_accepted, "{name}");
    assert_eq!((statistics.in_flight_at_end, statistics.censored), (0, 0), "{name}");
    kinds
}

/// What the same manifests do without a mesh.
fn plain(edits: &[(&str, &str, &str)]) -> Work {
    let plain = shop("none", &[], edits, TUNNELS);
    let statistics = ran(&plain);
    assert!(conserves("none", &plain, &statistics).is_empty());
    work(&plain, &statistics)
}

#[test]
fn the_shop_does_the_same_work_in_ten_mixed_placements_and_nothing_is_lost_on_the_way() {
    let (pods, hosts) = (plain(NO_EDITS), plain(ON_HOSTS));
    assert!(pods.served[0].0 > 350 && pods.done["payments/payments"].1 > 10, "{pods:?}");
    for mixture in &MIXTURES {
        let Mixture { name, data_path, others, edits, boxes } = mixture;
        let prepared = shop(data_path, others, edits, TUNNELS);
        let statistics = ran(&prepared);
        let kinds = conserves(name, &prepared, &statistics);
        assert_eq!(kinds, boxes.iter().copied().collect(), "{name}");
        let expected = if edits == &ON_HOSTS { &hosts } else { &pods };
        assert_eq!(&work(&prepared, &statistics), expected, "{name}");
    }
}

#[test]
fn the_shop_does_the_same_work_on_each_data_path_and_nothing_is_lost_on_the_way() {
    let expected = plain(NO_EDITS);
    for (data_path, boxes) in [
        ("istio-sidecar", &[Sidecar][..]),
        ("istio-ambient", &[Ztunnel]),
        (AMBIENT_AND_WAYPOINTS, &[Ztunnel, Waypoint]),
    ] {
        let prepared = shop(data_path, &[], NO_EDITS, TUNNELS);
        let statistics = ran(&prepared);
        let kinds = conserves(data_path, &prepared, &statistics);
        assert_eq!(kinds, boxes.iter().copied().collect(), "{data_path}");
        assert_eq!(work(&prepared, &statistics), expected, "{data_path}");
    }
}

#[test]
fn a_policy_that_names_the_port_of_payments_drops_their_tunnels() {
    for (data_path, others, is_charged) in [
        ("none", &[][..], true),
        ("istio-sidecar", &[], true),
        ("istio-ambient", &[], false),
        ("istio-ambient", &[("payments/payments", "none")], true),
        ("istio-sidecar", &[("payments/payments", "istio-ambient")], false),
        ("istio-ambient", &[("payments/payments", "istio-sidecar")], false),
        ("istio-ambient", &[("checkout", "none")], true),
    ] {
        let prepared = shop(data_path, others, NO_EDITS, "");
        let statistics = ran(&prepared);
        let charges = edge(&prepared, &statistics, "shop/checkout", "payments/payments");
        let what = format!("{data_path}, {others:?}: {:?}", charges.rulings);
        assert!(charges.requests() > 5, "{what}");
        let wanted = if is_charged { charges.requests() } else { 0 };
        assert_eq!(charges.successes(), wanted, "{what}");
        let dropped = charges.rulings.iter().any(|(ruling, _)| ruling == Ruling::Dropped);
        assert_eq!(dropped, !is_charged, "{what}");
    }
}
