//! What simulators of a mesh get wrong, topic by topic, and the rules that say how it is: a
//! checklist of the catalogue. The rules themselves are not written here.

use std::collections::BTreeSet;

use super::rules;

/// Topics with the rules that cover them.
type Topics = &'static [(&'static str, &'static [&'static str])];

const GATEWAY_API: Topics = &[
    ("matches are ordered over all routes", &["gateway.match.precedence"]),
    ("hostnames are ordered before matches", &["gateway.match.precedence", "envoy.route.domain"]),
    ("a port in the authority", &["gateway.host.port-ignored"]),
    ("wildcards of hostnames", &["gateway.attach.hostname"]),
    ("prefixes by element, and raw ones", &["gateway.match.path-prefix", "istio.route.raw-prefix"]),
    ("repeated entries of a match", &["gateway.match.first-of-name"]),
    (
        "backends that are invalid, and those without endpoints",
        &["gateway.backend.invalid", "gateway.backend.no-endpoints"],
    ),
    ("no match, and unknown filters", &["gateway.no-match", "gateway.filter.unsupported"]),
    ("ports of redirects", &["gateway.redirect.port"]),
    ("timeouts of requests and of attempts", &["gateway.timeout", "gateway.retry"]),
    ("backends of other namespaces", &["gateway.grant", "gateway.mesh.no-grant"]),
    ("routes of producers and consumers", &["gateway.mesh.consumer"]),
    ("the front end of a service", &["gateway.mesh.frontend"]),
    ("several kinds of routes for one service", &["gateway.mesh.one-kind"]),
    (
        "hostnames and ports of mesh routes",
        &["gateway.mesh.hostnames-ignored", "gateway.mesh.port"],
    ),
];

const ISTIO: Topics = &[
    (
        "order of rules, and rules that take everything",
        &[
            "envoy.route.first-match",
            "istio.route.catch-all-ends",
            "istio.route.catch-all-last",
            "istio.route.gateway-merge",
        ],
    ),
    ("two VirtualServices for one host", &["istio.route.oldest-wins"]),
    ("exact hosts and wildcards", &["istio.route.exact-host-first"]),
    ("short names", &["istio.route.short-names"]),
    ("gateways of a rule, and its source", &["istio.route.gateways", "istio.route.source-labels"]),
    (
        "which DestinationRule counts",
        &["istio.cluster.destination-rule-lookup", "istio.cluster.destination-rule-selector"],
    ),
    (
        "settings of ports and subsets",
        &["istio.cluster.port-settings-replace", "istio.cluster.subset-overlays"],
    ),
    ("the load balancer", &["istio.cluster.load-balancer"]),
    ("weight zero", &["istio.route.zero-weight"]),
    (
        "timeouts of routes and connections",
        &["istio.route.no-timeout", "istio.cluster.connect-timeout"],
    ),
    ("unknown hosts", &["istio.route.unknown-host"]),
    ("what a port speaks", &["istio.cluster.protocol"]),
    (
        "listeners of gateways",
        &[
            "envoy.listen.no-listener",
            "istio.route.gateway-404",
            "istio.route.gateway-https-redirect",
            "istio.route.gateway-target-port",
        ],
    ),
    (
        "which Sidecar counts, and its ingress",
        &["istio.inbound.ports", "istio.route.sidecar-scope"],
    ),
];

const RESILIENCE: Topics = &[
    (
        "retries are counted without the first try",
        &["envoy.retry.limit", "istio.route.retry-attempts", "istio.route.retry-disabled"],
    ),
    ("what is retried by default", &["istio.route.retry-conditions"]),
    (
        "conditions that a rule leaves out",
        &["istio.route.retry-keeps-conditions", "istio.route.retry-numerals"],
    ),
    ("retries beside the server", &["istio.inbound.retry"]),
    ("hosts that were tried", &["envoy.balance.host-predicate", "istio.route.retry-other-hosts"]),
    ("which failures a condition covers", &["envoy.retry.reset", "envoy.retry.response"]),
    (
        "what timeouts cover",
        &["envoy.retry.per-try-timeout", "envoy.retry.route-timeout", "walk.timeouts"],
    ),
    ("pauses before retries", &["envoy.retry.back-off"]),
    (
        "limits of circuit breakers",
        &[
            "envoy.breaker.connections",
            "envoy.breaker.pending",
            "envoy.breaker.requests",
            "envoy.breaker.retries",
            "envoy.breaker.retry-budget",
            "istio.cluster.limits",
        ],
    ),
    ("overflow and resets", &["envoy.retry.breaker", "envoy.retry.reset-reply"]),
    ("outlier detection is off", &["istio.cluster.ejection", "envoy.health.ejection-time"]),
    ("how many hosts may be ejected", &["envoy.health.max-ejection-percent"]),
    ("panic", &["envoy.balance.panic", "istio.cluster.panic"]),
    (
        "what counts as a failure, and when hosts return",
        &[
            "envoy.health.consecutive-5xx",
            "envoy.health.consecutive-local-origin-failure",
            "envoy.health.return",
        ],
    ),
    ("failover between localities", &["istio.cluster.locality-needs-outlier-detection"]),
    (
        "statuses and flags",
        &[
            "envoy.balance.no-host",
            "envoy.filter.fault-abort",
            "envoy.filter.fault-delay",
            "envoy.filter.rate-limit",
            "envoy.filter.rbac",
            "envoy.retry.limit",
            "envoy.retry.reset-reply",
            "envoy.retry.route-timeout",
            "envoy.retry.stream-timeout",
            "envoy.route.no-cluster",
            "envoy.route.no-domain",
            "envoy.route.no-match",
        ],
    ),
];

/// What is said of tokens stands with them, and ambient has topics of its own.
const SECURITY: Topics = &[
    ("the order of actions", &["istio.authz.order", "istio.authz.dry-run", "istio.authz.custom"]),
    ("empty policies and rules", &["istio.authz.empty"]),
    ("fields, values and stars", &["istio.authz.values", "envoy.filter.rbac-policy"]),
    ("rules on requests where bytes are carried", &["istio.authz.bytes"]),
    ("which policies count where", &["istio.authz.attach", "istio.authz.refused"]),
    ("what a denial looks like", &["envoy.filter.rbac", "envoy.listen.denied"]),
    ("identities need mutual TLS", &["istio.authz.identity", "istio.authz.trust-domain"]),
    ("hosts, methods and templates of paths", &["istio.authz.values"]),
    ("which PeerAuthentication counts", &["istio.inbound.peer-authentication"]),
    (
        "modes of ports, and what a strict one does to plaintext",
        &["istio.inbound.port-policy", "istio.inbound.mutual-tls", "envoy.listen.no-chain"],
    ),
    (
        "modes of a DestinationRule win over automatic mutual TLS",
        &["istio.cluster.auto-mtls", "istio.inbound.mutual-tls"],
    ),
    ("probes of the kubelet", &["istio.inbound.probes"]),
    ("paths are normalised before they are judged", &["envoy.route.normalization"]),
];

const NETWORK_POLICY: Topics = &[
    ("policies add up, and both ends count", &["network.both-ends", "network.isolation"]),
    ("directions by default", &["network.types"]),
    ("empty lists", &["network.rule"]),
    ("selectors joined and alternatives", &["network.peer"]),
    ("ports of pods, names, ranges, transports", &["network.port"]),
    ("blocks and their exceptions", &["network.peer"]),
    (
        "a pod itself, its node, the host network",
        &["network.host-network", "network.own-node", "network.to-itself"],
    ),
    ("what is not allowed is dropped", &["network.both-ends"]),
    ("tiers and priorities", &["network.admin", "network.baseline", "network.priority"]),
];

const AMBIENT: Topics = &[
    (
        "policies on requests where no waypoint stands",
        &["ambient.policy.allow", "ambient.policy.deny", "ztunnel.rbac.empty-match"],
    ),
    ("actions that ztunnel does not know", &["ztunnel.rbac.ignored"]),
    ("whom the server sees behind a waypoint", &["ztunnel.inbound.waypoint"]),
    ("what a denial of a connection looks like", &["ztunnel.inbound.refusal"]),
    ("identities and plaintext", &["ztunnel.rbac.identity", "ztunnel.inbound.passthrough"]),
    (
        "mutual TLS that is demanded, and DISABLE",
        &["ambient.policy.mutual-tls", "ambient.policy.port-exceptions"],
    ),
    ("policies of the network and tunnels", &["walk.tunnel-port"]),
    ("probes of the kubelet", &["ztunnel.inbound.probes"]),
    ("no shortcut on one node", &["ztunnel.outbound.direct"]),
    (
        "who uses which waypoint",
        &["istio.waypoint.allowed", "istio.waypoint.chosen", "istio.waypoint.serves"],
    ),
    (
        "whose traffic goes past a waypoint",
        &[
            "istio.waypoint.from-gateway",
            "istio.waypoint.from-outside",
            "istio.waypoint.from-sidecar",
            "istio.waypoint.headless",
        ],
    ),
    ("policies by selector at a waypoint", &["istio.waypoint.policies"]),
    ("waypoints that are gone", &["ztunnel.outbound.waypoint", "ztunnel.outbound.waypoint-gone"]),
    (
        "connections share tunnels",
        &["ztunnel.pool.key", "ztunnel.pool.release", "ztunnel.pool.streams"],
    ),
    ("trust domains have no aliases", &["ambient.policy.trust-domains", "ztunnel.rbac.values"]),
];

#[test]
fn everything_that_is_easily_got_wrong_has_its_rules() {
    let known: BTreeSet<_> = rules().map(|rule| rule.id.0).collect();
    let topics = [GATEWAY_API, ISTIO, RESILIENCE, SECURITY, NETWORK_POLICY, AMBIENT];
    assert_eq!(topics.map(<[_]>::len), [15, 14, 16, 13, 9, 15]);
    for (topic, ids) in topics.into_iter().flatten() {
        assert!(!ids.is_empty(), "{topic}");
        for id in *ids {
            assert!(known.contains(id), "{topic}: there is no rule {id}");
        }
    }
}

#[test]
fn every_rule_has_a_sentence_and_a_source() {
    for rule in rules() {
        assert!(rule.sentence.ends_with('.'), "{}: {}", rule.id.0, rule.sentence);
        assert!(rule.source.len() > 2, "{} has no source", rule.id.0);
    }
}
