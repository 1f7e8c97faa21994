//! Rules `envoy.retry.*`: when Envoy tries again, gives up or overflows.

use crate::explain::{Fidelity, Rule, RuleId};

const ROUTER: &str = "Envoy, source/common/router/router.cc; held to Envoy 1.40";
const RETRY_STATE: &str = "Envoy, source/common/router/retry_state_impl.cc; held to Envoy 1.40";

const fn exact(
    id: &'static str,
    sentence: &'static str,
    source: &'static str,
    test: &'static str,
) -> Rule {
    Rule { id: RuleId(id), sentence, source, fidelity: Fidelity::Exact, test }
}

pub(super) const RULES: &[Rule] = &[
    exact(
        "envoy.retry.attempt-duration",
        "An attempt may live as long as x-envoy-upstream-stream-duration-ms of a trusted caller \
         says, from its connection on; then it counts as reset, and at last as 504 and UMSDR.",
        "Envoy, router.cc, onStreamMaxDurationReached; held to Envoy 1.40",
        "router::tests::timeouts::\
         the_longest_life_of_an_attempt_counts_from_its_connection_and_is_retried_as_a_reset",
    ),
    exact(
        "envoy.retry.back-off",
        "The pause before a retry is uniform from zero to below a window that starts at the base \
         (25 ms) and doubles with each retry up to the longest (ten times the base).",
        "Envoy, source/common/common/backoff_strategy.cc, JitteredExponentialBackOffStrategy",
        "router::tests::retries::pauses_are_drawn_from_a_window_that_doubles",
    ),
    exact(
        "envoy.retry.back-off-asked-for",
        "Where a response header says how long to wait, the pause is that long and up to half as \
         much more, unless it is longer than allowed.",
        "Envoy, RetryPolicy.RateLimitedRetryBackOff; retry_state_impl.cc, parseResetInterval",
        "router::tests::retries::\
         a_pause_that_the_response_asks_for_takes_the_place_of_the_drawn_one",
    ),
    exact(
        "envoy.retry.breaker",
        "A retry needs a place in the cluster's retry breaker from the decision to the next one; \
         without a place the failure goes to the client with UO.",
        RETRY_STATE,
        "router::tests::retries::a_full_breaker_lets_the_failure_through",
    ),
    exact(
        "envoy.retry.buffer-limit",
        "A request whose body exceeds the limit of what is kept, 1 MiB unless the virtual host says \
         otherwise, is sent once; if a retry is waiting then, the answer is 507.",
        ROUTER,
        "router::tests::retries::a_body_too_large_to_keep_is_sent_once",
    ),
    exact(
        "envoy.retry.hedge",
        "With hedging an attempt goes on after its per-try timeout, and another one starts beside \
         it.",
        ROUTER,
        "router::tests::timeouts::\
         a_hedge_starts_beside_the_slow_attempt_and_the_first_good_answer_wins",
    ),
    exact(
        "envoy.retry.limit",
        "There are at most as many retries as the policy says, so one attempt more than that; the \
         last failure then goes to the client with URX.",
        RETRY_STATE,
        "router::tests::retries::\
         the_last_failure_goes_to_the_client_when_all_retries_are_made",
    ),
    exact(
        "envoy.retry.no-host",
        "Without a host that can take the request the answer is 503 with UH, and nothing is tried \
         again.",
        ROUTER,
        "router::tests::retries::without_a_host_there_is_no_further_attempt",
    ),
    exact(
        "envoy.retry.others-are-waited-for",
        "A failure is thrown away while another attempt of the request may still succeed.",
        ROUTER,
        "router::tests::timeouts::\
         a_bad_answer_is_thrown_away_while_its_hedge_may_do_better",
    ),
    exact(
        "envoy.retry.per-try-timeout",
        "The per-try timeout counts from the connection of each attempt and is retried like a \
         reset; otherwise the answer is 504 with UT.",
        ROUTER,
        "router::tests::timeouts::\
         the_per_try_timeout_counts_from_the_connection_and_is_retried_like_a_reset",
    ),
    exact(
        "envoy.retry.reset",
        "5xx, gateway-error and reset include every reset but an overflow; connect-failure, \
         refused-stream and reset-before-request only their own.",
        RETRY_STATE,
        "router::tests::retries::\
         each_reset_condition_is_met_by_its_own_resets_only",
    ),
    exact(
        "envoy.retry.reset-reply",
        "A reset that is not retried becomes 503, or 502 after a protocol error.",
        ROUTER,
        "router::tests::retries::a_reset_becomes_a_reply_that_names_it",
    ),
    exact(
        "envoy.retry.response",
        "A response is retried if its status, its headers or the gRPC status in its headers fulfil \
         a condition of the policy.",
        RETRY_STATE,
        "router::tests::retries::each_condition_is_met_by_its_own_statuses_only",
    ),
    exact(
        "envoy.retry.response-started",
        "Once the head of a response has gone to the client nothing is tried again.",
        ROUTER,
        "router::tests::retries::a_response_that_has_begun_is_never_tried_again",
    ),
    exact(
        "envoy.retry.route-timeout",
        "The route timeout covers all attempts and the pauses between them; it is never retried, \
         and the answer is 504 with UT.",
        ROUTER,
        "router::tests::timeouts::\
         the_route_timeout_ends_the_request_and_is_not_retried",
    ),
    exact(
        "envoy.retry.stream-timeout",
        "A stream that is silent or lives too long is ended by the connection manager: 504, or 408 \
         while the request is still coming.",
        "Envoy, source/common/http/conn_manager_impl.cc",
        "router::tests::timeouts::\
         silence_of_the_stream_is_the_connection_managers_business",
    ),
];
