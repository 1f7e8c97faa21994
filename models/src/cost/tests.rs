//! The built-in profile is complete and sourced; its formulas are monotone; users' files change
//! what they name and nothing else.

use proptest::prelude::*;
use serde_json::Value;

use crate::manifest::{Diagnostic, SourceSet};
use crate::units::{Bytes, SimDuration};

use super::{
    CostProfile, Held, KubeProxyMode, Layer, Machine, ProxyKind, Traversal, document, read_costs,
};

fn read(text: &str) -> Result<CostProfile, (Vec<Diagnostic>, Vec<String>)> {
    let mut sources = SourceSet::new();
    let file = sources.add("costs.yaml", text);
    read_costs(&sources, file).map_err(|found| {
        let shown = found
            .iter()
            .map(|it| {
                let place = it.place().expect("findings about a file have a place");
                format!("{} {}", sources.show(place), it.message)
            })
            .collect();
        (found, shown)
    })
}

/// Every `{value, source, relative_error}` of a document, with its path.
fn prices(node: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    let Some(object) = node.as_object() else { return };
    if object.contains_key("value") {
        found.push((path.to_owned(), node.clone()));
        return;
    }
    for (key, inner) in object {
        prices(inner, &format!("{path}.{key}"), found);
    }
}

#[test]
fn every_machine_is_read_and_every_number_names_its_source_and_its_error() {
    for machine in Machine::ALL {
        assert_eq!(CostProfile::of_machine(machine).name, machine.name());
        let mut found = Vec::new();
        prices(&document(machine), "", &mut found);
        assert!(found.len() > 150, "{} prices", found.len());
        for (path, price) in found {
            let source = price["source"].as_str().expect("a source is text");
            assert!(source.len() > 8, "{path} names no source");
            let error = price["relative_error"].as_f64().expect("an error is a number");
            assert!((0.0..=1.0).contains(&error), "{path}: {error}");
            let assumed = source.starts_with("assumed");
            assert!(!assumed || error >= 0.1, "{path} is assumed and takes itself for certain");
        }
    }
}

#[test]
fn a_traversal_in_the_lab_takes_the_cpu_that_istio_publishes_within_a_third() {
    let lab = CostProfile::of_machine(Machine::BareMetalLab);
    for (kind, published_us) in
        [(ProxyKind::Sidecar, 200.0), (ProxyKind::Waypoint, 250.0), (ProxyKind::Ztunnel, 60.0)]
    {
        let it = lab.traversal(kind, layer_of(kind), 0);
        let busy = 2 * (it.message.as_ns() - it.batch_saving.as_ns()) + it.after_response.as_ns();
        let ratio = busy as f64 / 1e3 / published_us;
        assert!(
            (0.75..1.34).contains(&ratio),
            "{kind:?} takes {busy} ns, {ratio} of the published"
        );
    }
}

fn layer_of(kind: ProxyKind) -> Layer {
    if kind == ProxyKind::Ztunnel { Layer::Transport } else { Layer::Http1 }
}

#[test]
fn istiods_memory_follows_proxies_and_the_services_that_each_knows() {
    let istiod = CostProfile::built_in().control_plane;
    assert_eq!(istiod.istiod_memory(1_000, 0), Bytes(1_360_000_000));
    assert_eq!(istiod.istiod_memory(1_000, 1_000), Bytes(2_090_000_000));
    assert_eq!(istiod.time_to_push(1_000), SimDuration::from_ms(180));
}

#[test]
fn a_sidecar_grows_by_42_kb_with_each_cluster() {
    let costs = CostProfile::built_in();
    let of = |clusters, endpoints, connections| {
        costs.memory(ProxyKind::Sidecar, Held { clusters, endpoints, connections }).0
    };
    assert_eq!(of(1_000, 0, 0) - of(0, 0, 0), 42_000_000);
    assert_eq!(of(0, 1_000, 0) - of(0, 0, 0), 1_400_000);
    let parts =
        costs.memory_parts(ProxyKind::Sidecar, Held { clusters: 3, endpoints: 5, connections: 7 });
    assert_eq!(parts.iter().map(|part| part.all.0).sum::<u64>(), of(3, 5, 7));
}

#[test]
fn services_slow_down_connections_with_iptables_alone() {
    let kernel = CostProfile::built_in().kernel;
    let at = |mode, services| (kernel.connect.value + kernel.pick(mode, services)).as_ns();
    assert_eq!(at(KubeProxyMode::Iptables, 0), 31_900);
    assert_eq!(at(KubeProxyMode::Iptables, 10_000), 58_000);
    assert_eq!(at(KubeProxyMode::Nftables, 0), at(KubeProxyMode::Nftables, 10_000));
    assert_eq!(at(KubeProxyMode::Ebpf, 0), at(KubeProxyMode::Ebpf, 10_000));
}

#[test]
fn a_users_file_changes_the_numbers_it_names_and_no_other() {
    let text = "base: e2-standard-8\nname: ours\nmachine: {k_cpu: 2}\nproxies:\n  sidecar:\n    c0: 80us\n    workers: {value: 4, source: our own mesh config}\n";
    let ours = read(text).expect("the file is right");
    assert_eq!((ours.name.as_str(), ours.machine.k_cpu.value), ("ours", 2.0));
    assert_eq!(ours.proxies.sidecar.c0.value, SimDuration::from_us(80));
    assert_eq!(ours.proxies.sidecar.c0.source, "costs.yaml:6:9");
    assert_eq!(ours.proxies.sidecar.workers.value, 4);
    assert_eq!(ours.proxies.sidecar.workers.source, "our own mesh config");
    let unnamed = read("machine: {k_cpu: 2}\n").expect("the file is right");
    assert_eq!(unnamed.name, "n2-standard-8, changed by costs.yaml");
    let e2 = CostProfile::of_machine(Machine::E2Standard8);
    assert_eq!(ours.proxies.sidecar.c_post.value, e2.proxies.sidecar.c_post.value);
    assert_eq!(ours.machine.k_lat.value, e2.machine.k_lat.value);
}

#[test]
fn whatever_is_wrong_with_a_users_file_is_told_with_its_line() {
    let text = "base: m7\nmachine: {k_cpu: fast, k_latency: 2}\nproxies:\n  sidecar:\n    c0: 12\n    batch: 1.5\n    m0: 3 parsecs\n    workers: {source: x}\n  envoy: {c0: 1us}\nkernel: 3\n";
    let (_, shown) = read(text).expect_err("nearly everything is wrong");
    insta::assert_snapshot!(shown.join("\n"), @r"
    costs.yaml:1:7 base: expected one of bare-metal-lab, n2-standard-8, e2-standard-8, got a string `m7`
    costs.yaml:2:18 machine.k_cpu: expected a number, got a string `fast`
    costs.yaml:2:24 machine.k_latency: there is no such price
    costs.yaml:5:9 proxies.sidecar.c0: `12` has no unit; write `12ms` or `12s`
    costs.yaml:6:12 proxies.sidecar.batch: expected a number from 0 to 1, got 1.5
    costs.yaml:7:9 proxies.sidecar.m0: expected a size such as `512`, `2KiB` or `1.5MB`, got `3 parsecs`
    costs.yaml:8:14 proxies.sidecar.workers: expected a number, or `value` beside `source`
    costs.yaml:9:3 proxies.envoy: there is no such price
    costs.yaml:10:9 kernel: expected prices by name, got a whole number `3`
    ");
}

#[test]
fn an_unknown_key_is_answered_with_the_one_that_was_meant() {
    let (found, _) = read("machine: {k_lattt: 2}\n").expect_err("there is no such key");
    assert_eq!(found[0].code, "costs.unknown-key");
    assert_eq!(found[0].help.as_deref(), Some("did you mean `k_lat`?"));
}

#[test]
fn files_that_hold_no_prices_are_refused() {
    for text in ["", "- 1\n", "42\n", "machine: [1]\n", "proxies: {sidecar: {c0: 100h}}\n", "{"] {
        assert!(read(text).is_err(), "{text:?} was taken");
    }
}

proptest! {
    #[test]
    fn more_services_are_never_cheaper(one in 0_u64..1_000_000, more in 0_u64..1_000_000) {
        let kernel = CostProfile::built_in().kernel;
        for mode in [KubeProxyMode::Iptables, KubeProxyMode::Nftables, KubeProxyMode::Ebpf] {
            prop_assert!(kernel.pick(mode, one + more) >= kernel.pick(mode, one));
        }
        prop_assert_eq!(
            kernel.pick(KubeProxyMode::Nftables, one),
            kernel.pick(KubeProxyMode::Nftables, one + more)
        );
    }

    #[test]
    fn more_to_hold_never_takes_less_memory(
        clusters in 0_u64..100_000, endpoints in 0_u64..100_000, connections in 0_u64..100_000,
    ) {
        let costs = CostProfile::built_in();
        for kind in ProxyKind::ALL {
            let less = costs.memory(kind, Held { clusters, endpoints, connections });
            let more = Held { clusters: clusters + 1, endpoints: endpoints + 1, connections: connections + 1 };
            prop_assert!(costs.memory(kind, more) >= less);
        }
    }

    #[test]
    fn a_slower_machine_is_never_cheaper(k_cpu in 0.01_f64..50.0, slower in 1.0_f64..10.0) {
        let mut costs = CostProfile::built_in();
        for kind in ProxyKind::ALL {
            costs.machine.k_cpu.value = k_cpu;
            let fast = costs.traversal(kind, layer_of(kind), 1);
            costs.machine.k_cpu.value = k_cpu * slower;
            let slow = costs.traversal(kind, layer_of(kind), 1);
            prop_assert!(slow.message >= fast.message);
            let busy = |it: Traversal| it.message.as_ns() - it.batch_saving.as_ns();
            prop_assert!(busy(slow) >= busy(fast));
            prop_assert!(slow.per_kib >= fast.per_kib);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,80}") {
        let _ = read(&text);
    }
}
