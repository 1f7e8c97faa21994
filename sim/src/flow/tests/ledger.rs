//! Stories about bytes on the wire: who could have read them.

use crate::kernel::Seed;
use crate::run::run;
use crate::stats::EdgeCounters;

use super::rig::{edge, prepared, services};

/// Headers of one message, as the engine counts them.
const HEADERS: u64 = 512;

/// `web` in two pods calls `api` in four, over two nodes.
fn edge_of(data_path: &str) -> EdgeCounters {
    let scenario = format!(
        "version: 1
duration: 30s
data_path: {data_path}
topology: {{ clusters: [{{ name: cluster, zones: [{{ name: a, nodes: 1 }}, {{ name: b, nodes: 1 }}] }}] }}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, request_size: 100B }} }}] }}] }}
  api: {{ routes: [{{ response_size: 1000B }}] }}
traffic:
  - {{ name: load, to: web, stop: 20s, load: {{ arrivals: {{ poisson: {{ rate: 50/s }} }} }} }}
"
    );
    let prepared = prepared(&services(&[("web", 2), ("api", 4)]), &scenario);
    let statistics = run(&prepared.plan, Seed(7)).expect("the load is below the capacity");
    edge(&prepared, &statistics, "default/web", "default/api").clone()
}

#[test]
fn every_byte_of_an_edge_is_plain_or_encrypted_or_stays_on_its_node() {
    for data_path in ["none", "istio-sidecar"] {
        let edge = edge_of(data_path);
        let payload = edge.request_bytes + edge.response_bytes;
        assert_eq!(edge.wire.total(), payload + 2 * HEADERS * edge.requests(), "{data_path}");
        assert!(edge.wire.same_node > 0, "some pods share a node: {:?}", edge.wire);
    }
}

#[test]
fn without_a_mesh_what_leaves_a_node_is_plaintext_and_with_sidecars_none_of_it_is() {
    let plain = edge_of("none").wire;
    assert!(plain.plaintext > 0 && plain.encrypted == 0, "{plain:?}");
    let meshed = edge_of("istio-sidecar").wire;
    assert!(meshed.encrypted > 0 && meshed.plaintext == 0, "{meshed:?}");
}
