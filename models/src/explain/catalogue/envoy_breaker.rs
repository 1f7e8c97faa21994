//! Rules `envoy.breaker.*`: how much may be under way.

use crate::explain::{Fidelity, Rule, RuleId};

const SOURCE: &str = "Envoy, source/common/upstream/resource_manager_impl.h; circuit_breaker.proto; \
                      held to Envoy 1.40";

const fn rule(id: &'static str, sentence: &'static str, test: &'static str) -> Rule {
    Rule { id: RuleId(id), sentence, source: SOURCE, fidelity: Fidelity::Exact, test }
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "envoy.breaker.connections",
        "A cluster has at most so many connections, 1024 unless configured, each priority for \
         itself; a host without any gets a first one all the same.",
        "upstream::breakers_have_the_defaults_of_envoy",
    ),
    rule(
        "envoy.breaker.pending",
        "At most so many requests wait for a connection, 1024 unless configured.",
        "upstream::breakers_have_the_defaults_of_envoy",
    ),
    rule(
        "envoy.breaker.requests",
        "At most so many requests are under way, 1024 unless configured.",
        "upstream::breakers_have_the_defaults_of_envoy",
    ),
    rule(
        "envoy.breaker.retries",
        "At most so many retries are under way, three unless configured.",
        "upstream::breakers_have_the_defaults_of_envoy",
    ),
    rule(
        "envoy.breaker.retry-budget",
        "Retries are at most a share of the requests that are under way or wait, and a least \
         number of them is always allowed.",
        "upstream::a_retry_budget_follows_what_is_under_way",
    ),
];
