//! Rules `envoy.health.*`: who is ejected, and when that shows.

use crate::explain::{Fidelity, Rule, RuleId};

const DETECTION: &str = "envoy source/common/upstream/outlier_detection_impl.cc";

const fn rule(id: &'static str, sentence: &'static str, test: &'static str) -> Rule {
    Rule { id: RuleId(id), sentence, source: DETECTION, fidelity: Fidelity::Exact, test }
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "envoy.health.consecutive-5xx",
        "So many 5xx in a row make a host an outlier; any other answer starts the count anew.",
        "outlier::failures_in_a_row_eject_and_a_success_starts_anew",
    ),
    rule(
        "envoy.health.consecutive-gateway-failure",
        "So many 502, 503 and 504 in a row make a host an outlier; not enforced by default.",
        "outlier::gateway_failures_are_found_but_not_enforced_by_default",
    ),
    rule(
        "envoy.health.consecutive-local-origin-failure",
        "Where they are counted apart, so many failures of the proxy's own making in a row make a \
         host an outlier; otherwise they count as the status that the client sees.",
        "outlier::local_failures_are_counted_apart_only_if_asked",
    ),
    rule(
        "envoy.health.ejection-time",
        "An ejection lasts the base time times the number of recent ejections, at most the \
         greatest time, and a random jitter.",
        "outlier::each_ejection_in_a_row_lasts_longer",
    ),
    rule(
        "envoy.health.enforcing",
        "A detector ejects only so often, in percent, as it is enforced.",
        "outlier::gateway_failures_are_found_but_not_enforced_by_default",
    ),
    rule(
        "envoy.health.failure-percentage",
        "A host whose share of failures in the last interval reaches the threshold is an outlier, \
         if enough hosts had enough requests.",
        "outlier::a_sweep_ejects_who_fails_too_large_a_share",
    ),
    rule(
        "envoy.health.max-ejection-percent",
        "A host is not ejected if a greater share of hosts than allowed would then be ejected; \
         Envoy before 1.28 compared the share before the ejection.",
        "outlier::the_limit_counts_the_next_host_in_new_versions_only",
    ),
    rule(
        "envoy.health.return",
        "An ejected host returns at the first sweep after its time; quiet intervals lower the \
         multiplier again.",
        "outlier::hosts_return_at_sweeps_only",
    ),
    rule(
        "envoy.health.success-rate",
        "A host whose success rate in the last interval lies some standard deviations below the \
         mean is an outlier, if enough hosts had enough requests.",
        "outlier::a_success_rate_far_below_the_others_ejects",
    ),
    Rule {
        id: RuleId("envoy.health.update-merge-window"),
        sentence: "Workers learn of a change at once; further changes within the window after it \
                   reach them together, a window later.",
        source: "envoy source/common/upstream/cluster_manager_impl.cc, scheduleUpdate",
        fidelity: Fidelity::Exact,
        test: "outlier::changes_soon_after_another_reach_the_workers_together",
    },
];
