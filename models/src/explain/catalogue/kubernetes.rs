//! The rules of plain Kubernetes.

use crate::explain::{Fidelity, Rule};

use super::rule;

use Fidelity::{Assumed, Exact, Simplified};

const DNS_PAGE: &str = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/";
const INGRESS_PAGE: &str = "https://kubernetes.io/docs/concepts/services-networking/ingress/";
const PROBER: &str = "kubernetes pkg/kubelet/prober/prober.go, runProbe";
const SERVICE_PAGE: &str = "https://kubernetes.io/docs/concepts/services-networking/service/";

pub(super) const RULES: &[Rule] = &[
    rule(
        "k8s.dns.address",
        Exact,
        "An address is used as it is; no DNS server is asked.",
        "getaddrinfo(3)",
        "dns::addresses_need_no_dns_and_pod_names_spell_them",
    ),
    rule(
        "k8s.dns.alias",
        Exact,
        "An ExternalName Service is an alias; the DNS server follows at most ten of them.",
        "https://kubernetes.io/docs/concepts/services-networking/service/#externalname; \
         coredns plugin/backend_lookup.go",
        "dns::aliases_in_a_ring_end_in_an_explained_failure",
    ),
    rule(
        "k8s.dns.cluster-ip",
        Exact,
        "A Service with a virtual address resolves to it, whether or not it has endpoints.",
        DNS_PAGE,
        "dns::short_names_are_found_through_the_search_list",
    ),
    rule(
        "k8s.dns.forward",
        Simplified,
        "Names that are not the cluster's are forwarded; only declared hosts outside exist.",
        "https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/",
        "dns::a_full_name_costs_four_questions_and_a_trailing_dot_saves_three",
    ),
    rule(
        "k8s.dns.headless",
        Exact,
        "A headless Service resolves to its ready addresses, and to none if there are none.",
        DNS_PAGE,
        "dns::a_headless_name_answers_with_its_ready_pods",
    ),
    rule(
        "k8s.dns.host-network",
        Assumed,
        "Pods on the host network use the cluster's DNS; their dnsPolicy is not modelled.",
        "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/\
         #pod-s-dns-policy",
        "dns::pods_on_the_host_network_are_said_to_be_assumed",
    ),
    rule(
        "k8s.dns.name",
        Exact,
        "The first name of the search list that has an address is the answer.",
        "resolv.conf(5)",
        "dns::the_explanation_names_the_rule_and_the_line_of_the_service",
    ),
    rule(
        "k8s.dns.pod-address",
        Exact,
        "A name below pod.cluster.local resolves to the address that it spells.",
        "coredns plugin/kubernetes, `pods insecure`",
        "dns::addresses_need_no_dns_and_pod_names_spell_them",
    ),
    rule(
        "k8s.dns.pod-name",
        Exact,
        "A pod with hostname and subdomain has a name below the headless Service of that name.",
        "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/\
         #pod-s-hostname-and-subdomain-fields",
        "dns::a_stateful_pod_has_a_name_of_its_own",
    ),
    rule(
        "k8s.dns.search-list",
        Exact,
        "A name with fewer than five dots is tried with each search domain before it is tried as \
         written; other names the other way round; a trailing dot means no search.",
        DNS_PAGE,
        "dns::a_full_name_costs_four_questions_and_a_trailing_dot_saves_three",
    ),
    rule(
        "k8s.ingress.backend",
        Simplified,
        "All Ingresses of a class form one set of rules; the backend of the rule that fits gets \
         the request.",
        INGRESS_PAGE,
        "ingress::exact_beats_prefix_and_long_beats_short_across_ingresses",
    ),
    rule(
        "k8s.ingress.default-backend",
        Exact,
        "Requests that fit no rule go to the default backend, or get 404.",
        "https://kubernetes.io/docs/concepts/services-networking/ingress/#default-backend",
        "ingress::the_default_backend_gets_the_rest",
    ),
    rule(
        "k8s.ingress.host",
        Assumed,
        "An exact host beats a wildcard of one label, which beats rules without a host; the most \
         specific host decides alone.",
        "https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards; \
         which of several hosts decides is left open there",
        "ingress::an_exact_host_beats_a_wildcard_of_one_label",
    ),
    rule(
        "k8s.ingress.nginx",
        Simplified,
        "ingress-nginx takes an exact path first and then the longest prefix; a path that is left to \
         it is a prefix of characters, and one Ingress with patterns makes all paths of its host \
         patterns. It serves the classes that are named after it.",
        "kubernetes/ingress-nginx docs/user-guide/ingress-path-matching.md; \
         internal/ingress/controller/config/config.go",
        "nginx::tests::a_path_that_is_left_to_the_controller_is_a_prefix_of_characters",
    ),
    rule(
        "k8s.ingress.path",
        Simplified,
        "The longest path that fits counts, an exact one before a prefix; prefixes are compared \
         element by element.",
        "https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches",
        "ingress::prefixes_are_compared_element_by_element",
    ),
    rule(
        "k8s.port.by-name",
        Exact,
        "A Service port is found by its name.",
        SERVICE_PAGE,
        "service_port::a_port_is_found_by_number_by_name_or_by_what_is_spoken",
    ),
    rule(
        "k8s.port.by-number",
        Exact,
        "A Service port is found by the number that clients dial.",
        SERVICE_PAGE,
        "service_port::an_absent_or_ambiguous_port_lists_those_there_are",
    ),
    rule(
        "k8s.port.default",
        Assumed,
        "A caller that names no port means the only one, else the one that declares what the \
         caller speaks.",
        "a convention of this tool: real callers always name a port",
        "service_port::a_port_is_found_by_number_by_name_or_by_what_is_spoken",
    ),
    rule(
        "k8s.port.headless",
        Exact,
        "The pods of a headless Service are dialled themselves; ports are not translated.",
        "https://kubernetes.io/docs/concepts/services-networking/service/#headless-services",
        "service_port::a_headless_service_does_not_translate_ports",
    ),
    rule(
        "k8s.probe.asked",
        Exact,
        "The kubelet of a pod's node asks the container itself, at the pod's address.",
        PROBER,
        "probes::tests::without_a_mesh_the_kubelet_asks_the_application",
    ),
    rule(
        "k8s.probe.exec",
        Exact,
        "A command of a probe runs inside the container; nothing stands on its way.",
        PROBER,
        "probes::tests::a_command_runs_inside_the_container_on_every_data_path",
    ),
    rule(
        "k8s.probe.node",
        Exact,
        "Policies of the network do not stop what the pod's own node sends, as far as the profile \
         says so.",
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/; profile, own_node",
        "probes::tests::policies_of_the_network_do_not_stop_the_pods_own_node",
    ),
    rule(
        "k8s.probe.port",
        Exact,
        "The name of a probe's port means a port of its own container; errors of the kubelet's own \
         are thrown away, so that a liveness probe that names none restarts nothing.",
        "kubernetes pkg/probe/util.go, ResolveContainerPort; pkg/kubelet/prober/worker.go, doProbe",
        "probes::tests::a_port_is_named_by_the_container_itself",
    ),
    rule(
        "k8s.world.app-protocol",
        Exact,
        "appProtocol says what is spoken on a port; else the port's name up to its first hyphen.",
        "istio pkg/config/kube/conversion.go, ConvertProtocol",
        "protocol::app_protocol_beats_the_port_name",
    ),
    rule(
        "k8s.world.endpoint-slices",
        Exact,
        "EndpointSlices speak for a Service; Endpoints count only where no slice mirrors them.",
        "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/\
         #endpointslice-mirroring",
        "tests::endpoints::mirrored_endpoints_count_once",
    ),
    rule(
        "k8s.world.named-target-port",
        Exact,
        "A target port by name means what each pod declares; pods without it are no endpoints.",
        "https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
        "tests::endpoints::a_named_target_port_means_what_each_pod_says",
    ),
    rule(
        "k8s.world.placement",
        Simplified,
        "Pods of a workload go round its zones and then round the nodes of each zone.",
        "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/; \
         free resources, taints and affinity are not modelled",
        "tests::nodes::pods_go_round_the_zones_even_if_one_zone_has_more_nodes",
    ),
    rule(
        "k8s.world.ready",
        Exact,
        "Pods that are not ready take no traffic unless publishNotReadyAddresses is set.",
        SERVICE_PAGE,
        "tests::endpoints::unready_pods_are_published_on_request",
    ),
    rule(
        "k8s.world.replicas",
        Simplified,
        "Each controller makes the pods that it makes when all is well; autoscalers are not \
         modelled.",
        "https://kubernetes.io/docs/concepts/workloads/controllers/",
        "tests::pods::each_controller_makes_pods_in_its_own_way",
    ),
    rule(
        "k8s.world.selector",
        Exact,
        "A Service selects the pods of its namespace that have all its labels.",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/",
        "tests::endpoints::all_pairs_of_a_selector_must_agree_and_namespaces_do_not_mix",
    ),
];
