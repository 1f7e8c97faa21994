//! The rules of policies of the network.

use crate::explain::{Fidelity, Rule};

use super::rule;

use Fidelity::{Exact, Simplified};

const PAGE: &str = "https://kubernetes.io/docs/concepts/services-networking/network-policies/";
const CLUSTER_API: &str =
    "network-policy-api apis/v1alpha2/clusternetworkpolicy_types.go, ClusterNetworkPolicySpec";

pub(super) const RULES: &[Rule] = &[
    rule(
        "network.admin",
        Exact,
        "Policies of the tier Admin are asked before every NetworkPolicy; their first rule that \
         matches allows, denies, or passes the connection on to the NetworkPolicies.",
        CLUSTER_API,
        "network::tests::tiers::the_first_rule_that_matches_decides_and_pass_goes_on",
    ),
    rule(
        "network.baseline",
        Exact,
        "Policies of the tier Baseline are asked only where no NetworkPolicy isolates the pod; what \
         they leave open is allowed.",
        CLUSTER_API,
        "network::tests::tiers::the_baseline_counts_only_where_nothing_isolates",
    ),
    rule(
        "network.both-ends",
        Exact,
        "A connection needs the egress of its client's pod and the ingress of its server's; what \
         either does not allow is dropped, so the client waits until it gives up.",
        PAGE,
        "network::tests::isolation::both_ends_have_to_allow",
    ),
    rule(
        "network.controller",
        Simplified,
        "What serves an Ingress or Route is whoever may come from anywhere, unless a pod is known \
         to serve it: which selectors pick it is not known.",
        "no manifest says what serves an Ingress",
        "network::tests::peers::of_an_ingress_controller_only_its_being_somewhere_is_known",
    ),
    rule(
        "network.end",
        Exact,
        "At each end the tiers are asked in the order Admin, NetworkPolicy, Baseline, and where \
         none decides the connection is allowed.",
        CLUSTER_API,
        "network::tests::tiers::the_baseline_counts_only_where_nothing_isolates",
    ),
    rule(
        "network.host-network",
        Simplified,
        "Pods on the host network count as their node: no policy isolates them, and no selector of \
         pods picks them.",
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/\
         #networkpolicy-and-hostnetwork-pods, the more common of two behaviours",
        "network::tests::nodes::a_pod_on_the_host_network_is_its_node",
    ),
    rule(
        "network.isolation",
        Exact,
        "A NetworkPolicy isolates the pods that it selects, and allows what its rules name; \
         policies add up, and a pod that none selects is open.",
        PAGE,
        "network::tests::isolation::policies_add_up_and_pods_that_none_selects_are_open",
    ),
    rule(
        "network.own-node",
        Exact,
        "Traffic between a pod and the node that it runs on is always allowed, probes of the \
         kubelet above all.",
        PAGE,
        "network::tests::nodes::a_pods_own_node_always_gets_through",
    ),
    rule(
        "network.peer",
        Simplified,
        "Peers of a list are alternatives; both selectors of one peer have to pick; a pod selector \
         alone means the policy's own namespace; a block means addresses, pods' too as far as they \
         are given, without its exceptions.",
        "kubernetes api networking/v1, NetworkPolicyPeer and IPBlock; whether a block means pods \
         is left to plug-ins",
        "network::tests::peers::selectors_of_one_peer_are_joined_and_peers_are_alternatives",
    ),
    rule(
        "network.port",
        Exact,
        "A port of a rule is the pod's own, behind the Service; a name means what each pod \
         declares, a range includes its ends, and without a protocol it is TCP.",
        "kubernetes api networking/v1, NetworkPolicyPort",
        "network::tests::ports::ports_are_those_of_the_pod_with_names_ranges_and_transports",
    ),
    rule(
        "network.priority",
        Exact,
        "Lower numbers are asked first; policies of one tier and number that disagree leave the \
         connection undecided.",
        CLUSTER_API,
        "network::tests::tiers::policies_of_one_priority_that_disagree_leave_it_open",
    ),
    rule(
        "network.refused",
        Simplified,
        "What cannot be read of a policy never lets more through: it allows nothing, and what it \
         might deny is not told as allowed.",
        "network-policy-api, ClusterNetworkPolicyIngressPeer: fail closed; the API server refuses \
         such objects",
        "network::tests::refused::a_policy_that_cannot_be_read_lets_nothing_more_through",
    ),
    rule(
        "network.rule",
        Exact,
        "A rule matches when one of its peers and one of its ports do; no list, and an empty list \
         in a NetworkPolicy, means any.",
        "kubernetes api networking/v1, NetworkPolicyIngressRule",
        "network::tests::isolation::no_rules_deny_and_an_empty_rule_allows_everything",
    ),
    rule(
        "network.to-itself",
        Exact,
        "A pod can always talk to itself.",
        PAGE,
        "network::tests::isolation::a_pod_can_always_talk_to_itself",
    ),
    rule(
        "network.types",
        Exact,
        "Without policyTypes a policy isolates for ingress, and for egress only if it has egress \
         rules.",
        "kubernetes pkg/apis/networking/v1/defaults.go, SetDefaults_NetworkPolicy",
        "network::tests::isolation::a_policy_isolates_only_in_its_directions",
    ),
];
