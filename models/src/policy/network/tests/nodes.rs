//! Nodes, and pods on their network.

use super::*;

const NODES: &str = "\
apiVersion: v1
kind: Node
metadata: {name: one, labels: {pool: a}}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: two, labels: {pool: b}}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: one, containers: [{name: a}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: loose, namespace: shop, labels: {app: loose}}
spec: {containers: [{name: a}]}
status: {podIP: 10.1.0.9}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: true, containers: [{name: a}]}
---
";

fn lab_of(spec: &str) -> Lab {
    Lab::of(&format!("{NODES}{}", policy("a", spec)))
}

#[test]
fn a_pod_on_the_host_network_is_its_node() {
    let closed = lab_of("podSelector: {}, policyTypes: [Ingress, Egress]");
    // It is not isolated, and nothing but its node's address is seen of it.
    assert_eq!(closed.word("10.9.9.9 -> shop/agent-one 80"), "allowed");
    let by_labels = lab_of(
        "podSelector: {matchLabels: {app: web}}, \
         ingress: [{from: [{podSelector: {matchLabels: {app: agent}}}]}]",
    );
    assert_eq!(by_labels.word("shop/agent-two -> shop/web 80"), "ingress");
    let by_address = lab_of(
        "podSelector: {matchLabels: {app: web}}, \
         ingress: [{from: [{ipBlock: {cidr: 192.168.0.2/32}}]}]",
    );
    assert_eq!(by_address.word("shop/agent-two -> shop/web 80"), "allowed");
    let analyser = Profile::named("netpol-analyzer").expect("a built-in profile");
    let policy = policy("a", "podSelector: {}, policyTypes: [Ingress]");
    let as_pods = Lab::with_profile(&format!("{NODES}{policy}"), analyser);
    assert_eq!(as_pods.word("10.9.9.9 -> shop/agent-one 80"), "ingress");
}

#[test]
fn a_pods_own_node_always_gets_through() {
    let lab = lab_of("podSelector: {}, policyTypes: [Ingress, Egress]");
    assert_eq!(lab.word("shop/agent-one -> shop/web 80"), "allowed");
    assert_eq!(lab.word("shop/agent-two -> shop/web 80"), "ingress");
    assert_eq!(lab.word("192.168.0.1 -> shop/web 80"), "allowed");
    assert_eq!(lab.word("192.168.0.2 -> shop/web 80"), "ingress");
    assert_eq!(lab.word("shop/web -> 192.168.0.1 10250"), "allowed");
    assert_eq!(lab.word("shop/web -> shop/agent-two 80"), "egress");
    // Where no manifest binds the pod, its node is not known.
    assert_eq!(lab.word("shop/agent-one -> shop/loose 80"), "unknown");
    assert_eq!(lab.word("192.168.0.2 -> shop/loose 80"), "unknown");
    assert_eq!(lab.word("192.168.0.3 -> shop/loose 80"), "ingress");
}

#[test]
fn peers_by_nodes_mean_nodes_with_their_labels() {
    let rules = "egress: [{action: Accept, to: [{nodes: {matchLabels: {pool: a}}}]}, \
                 {action: Deny, to: [{networks: [0.0.0.0/0]}]}]";
    let lab = Lab::of(&format!("{NODES}{}", cluster_policy("a", "Admin", 1, rules)));
    assert_eq!(lab.word("shop/web -> 192.168.0.2 10250"), "egress");
    assert_eq!(lab.word("shop/web -> shop/agent-two 10250"), "egress");
    let other = rules.replace("pool: a", "pool: b");
    let lab = Lab::of(&format!("{NODES}{}", cluster_policy("a", "Admin", 1, &other)));
    assert_eq!(lab.word("shop/web -> 192.168.0.2 10250"), "allowed");
    assert_eq!(lab.word("shop/web -> shop/agent-two 10250"), "allowed");
}
