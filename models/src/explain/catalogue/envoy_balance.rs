//! Rules `envoy.balance.*`: how Envoy picks a host.

use crate::explain::{Fidelity, Rule, RuleId};

const COMMON: &str = "envoy source/extensions/load_balancing_policies/common/load_balancer_impl.cc";
const LEAST: &str =
    "envoy source/extensions/load_balancing_policies/least_request/least_request_lb.cc";

const SUBSET: &str = "envoy source/extensions/load_balancing_policies/subset/subset_lb.cc";

const fn rule(
    id: &'static str,
    sentence: &'static str,
    source: &'static str,
    test: &'static str,
) -> Rule {
    Rule { id: RuleId(id), sentence, source, fidelity: Fidelity::Exact, test }
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "envoy.balance.host-predicate",
        "A retry passes over the hosts that its policy names and draws again, so and so often; the \
         last host drawn is taken all the same.",
        COMMON,
        "upstream::a_retry_passes_over_tried_hosts_and_takes_the_last_draw_at_worst",
    ),
    rule(
        "envoy.balance.least-request",
        "Of some hosts drawn at random the one with the fewest active requests takes the next.",
        LEAST,
        "upstream::the_less_busy_host_of_a_draw_takes_the_request",
    ),
    rule(
        "envoy.balance.locality-weighted",
        "Localities get requests by their weights, lowered by the share of their hosts that is \
         not available.",
        "envoy source/extensions/load_balancing_policies/common/locality_wrr.cc",
        "upstream::localities_share_by_their_weights",
    ),
    rule(
        "envoy.balance.maglev",
        "A hash belongs to the host that Maglev's table names; the table depends on the hosts' \
         addresses and weights only.",
        "envoy source/extensions/load_balancing_policies/maglev/maglev_lb.cc",
        "upstream::maglev_gives_every_hash_one_host_and_moves_few_when_one_goes",
    ),
    rule(
        "envoy.balance.no-host",
        "Without a host that may be used the request is answered with 503 and the flag UH.",
        COMMON,
        "upstream::without_healthy_hosts_and_panic_there_is_none",
    ),
    rule(
        "envoy.balance.panic",
        "With a smaller share of usable hosts than the threshold all hosts of the priority are \
         used, unless all priorities together can take the whole load.",
        COMMON,
        "upstream::too_few_healthy_hosts_mean_that_all_are_used",
    ),
    rule(
        "envoy.balance.previous-priorities",
        "After every so many attempts a retry leaves out the priorities that were tried, until \
         none is left and all count again.",
        "envoy source/extensions/retry/priority/previous_priorities/previous_priorities.cc",
        "upstream::retries_leave_out_the_priorities_that_were_tried",
    ),
    rule(
        "envoy.balance.priority",
        "A priority takes as much of the load as its available hosts times the overprovisioning \
         factor allow; the rest spills over to the next.",
        COMMON,
        "upstream::what_a_priority_cannot_take_spills_over",
    ),
    rule(
        "envoy.balance.random",
        "A random host takes the request.",
        "envoy source/extensions/load_balancing_policies/random/random_lb.cc",
        "upstream::random_reaches_all_hosts_alike",
    ),
    rule(
        "envoy.balance.ring-hash",
        "A hash belongs to the next entry on the ring, where each host stands with hashes of its \
         address, by its weight.",
        "envoy source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc",
        "upstream::a_ring_moves_only_the_keys_of_the_host_that_goes",
    ),
    rule(
        "envoy.balance.round-robin",
        "Hosts of equal weight take turns, from a random one on, each worker for itself.",
        "envoy source/extensions/load_balancing_policies/round_robin/round_robin_lb.h",
        "upstream::hosts_take_turns_from_a_random_one_on",
    ),
    rule(
        "envoy.balance.slow-start",
        "A host that is new gets a share of its weight that rises within the window; an ejection \
         does not make a host new again.",
        COMMON,
        "upstream::a_new_host_gets_its_weight_bit_by_bit",
    ),
    rule(
        "envoy.balance.subset",
        "A request that asks for labels is balanced among the hosts that have them, if a selector \
         names exactly these keys.",
        SUBSET,
        "upstream::a_request_for_labels_stays_among_hosts_that_have_them",
    ),
    rule(
        "envoy.balance.subset-fallback",
        "Without a fitting subset there is no host, or any host, or one of the default subset, as \
         the cluster says.",
        SUBSET,
        "upstream::a_subset_without_hosts_falls_back_as_the_cluster_says",
    ),
    rule(
        "envoy.balance.weighted-least-request",
        "With different weights hosts take turns by earliest deadline, by weight over active \
         requests plus one.",
        LEAST,
        "upstream::weights_are_lowered_by_active_requests",
    ),
    rule(
        "envoy.balance.weighted-round-robin",
        "Hosts of different weights take turns by earliest deadline, a turn each weight.",
        "envoy source/common/upstream/edf_scheduler.h",
        "upstream::weighted_hosts_share_exactly",
    ),
    rule(
        "envoy.balance.zone-aware",
        "A proxy keeps its requests in its own zone as far as the zone's share of hosts reaches \
         its share of proxies; the rest follows what other zones have to spare.",
        COMMON,
        "upstream::a_zone_keeps_what_it_can_serve",
    ),
];
