//! Retry policies as Istio writes them: its defaults, and what a VirtualService changes of them.
//! When a request is tried again is the proxy's business.

use std::sync::Arc;

use crate::control::istio::Push;
use crate::explain::Sourced;
use crate::manifest::kinds::istio::RetryRule;
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    Backoff, HostPredicate, RetryOn, RetryPolicy, Route, RouteAction,
};
use crate::units::SimDuration;
use crate::world::Origin;

/// Envoy's pauses where none are written: a base of 25 ms, and ten times that at most
/// (api/envoy/config/route/v3/route_components.proto, `RetryBackOff`).
const BACKOFF_BASE: SimDuration = SimDuration::from_ms(25);
const BACKOFF_MAX_FACTOR: u64 = 10;

/// How often a host is drawn again when it was tried before.
const HOST_SELECTION_ATTEMPTS: u32 = 5;

/// The same where nobody says so (`RetryPolicy.host_selection_retry_max_attempts`).
const HOST_SELECTION_ATTEMPTS_ENVOY: u32 = 1;

/// After so many tries, priorities that were tried are passed over.
const PRIORITY_UPDATE_FREQUENCY: u32 = 2;

/// Where Istio's own policy comes from.
const BY_DEFAULT: Origin = Origin::Default("istio.retry-policy");

/// The statuses with a name in Go's `net/http`, which Istio takes for codes in `retryOn`; other
/// numbers stay words.
const NAMED_STATUSES: &[std::ops::RangeInclusive<u16>] = &[
    100..=103,
    200..=208,
    226..=226,
    300..=305,
    307..=308,
    400..=418,
    421..=426,
    428..=429,
    431..=431,
    451..=451,
    500..=508,
    510..=511,
];

/// Whether a destination is chosen by consistent hashing; then the same host is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hashing {
    /// It is not.
    No,
    /// It is.
    Consistent,
}

/// `retryOn`, read as Istio does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RetryWords {
    /// The conditions.
    pub(super) conditions: RetryOn,
    /// The numerals.
    pub(super) status_codes: Vec<u16>,
    /// Words that Envoy does not know and leaves out.
    pub(super) unknown: Vec<String>,
}

/// The retry policy of a route; `None` means that nothing is tried again.
///
/// `rule` is the VirtualService's, or else the mesh's `defaultHttpRetryPolicy`; without both Istio's
/// own default holds (istio `pilot/pkg/networking/core/route/retry/retry.go`, `ConvertPolicy`).
pub(super) fn policy(
    rule: Option<&RetryRule>,
    hashing: Hashing,
    profile: &Profile,
) -> Option<RetryPolicy> {
    let default = default_policy(hashing, profile);
    let Some(rule) = rule else { return Some(default) };
    let attempts = rule.attempts.as_ref().filter(|attempts| attempts.value > 0)?;
    let mut policy = RetryPolicy {
        retries: Sourced::new(attempts.value.unsigned_abs(), Origin::Manifest(attempts.place)),
        origin: Origin::Manifest(rule.place),
        ..default
    };
    if let Some(retry_on) = &rule.retry_on {
        let words = words(&retry_on.value);
        policy.retry_on = Sourced::new(words.conditions, Origin::Manifest(retry_on.place));
        policy.status_codes = words.status_codes;
    }
    if let Some(timeout) = &rule.per_try_timeout {
        policy.per_try_timeout = Some(Sourced::new(timeout.value, Origin::Manifest(timeout.place)));
    }
    if let Some(ignore) = &rule.ignore_previous_hosts {
        policy.host_predicates =
            if ignore.value { vec![HostPredicate::PreviousHosts] } else { Vec::new() };
    }
    if rule.remote_localities.as_ref().is_some_and(|remote| remote.value) {
        policy.previous_priorities = Some(PRIORITY_UPDATE_FREQUENCY);
    }
    if let Some(base) = &rule.backoff {
        policy.backoff = Sourced::new(backoff(base.value), Origin::Manifest(base.place));
    }
    Some(policy)
}

/// Istio's own default, for routes that come from elsewhere.
pub(in crate::control) fn default_retries(profile: &Profile) -> Option<RetryPolicy> {
    policy(None, Hashing::No, profile)
}

/// What the proxy beside a server tries again: by default only what was never sent to the
/// application. `rule` is the mesh's `defaultInboundHttpRetryPolicy`; `None` means that nothing is
/// tried again (the same file, `ConvertInboundPolicy`).
pub(in crate::control) fn inbound_retries(
    rule: Option<&RetryRule>,
    profile: &Profile,
) -> Option<RetryPolicy> {
    let attempts = *profile.istio.inbound_retry_attempts;
    if rule.is_none() && attempts == 0 {
        return None;
    }
    let own = rule.map(|rule| RetryRule {
        per_try_timeout: None,
        ignore_previous_hosts: None,
        remote_localities: None,
        ..rule.clone()
    });
    let policy = policy(own.as_ref(), Hashing::Consistent, profile)?;
    let written = rule.is_some_and(|rule| rule.retry_on.is_some());
    let retry_on = if written {
        policy.retry_on
    } else {
        Sourced::default_of(RetryOn::RESET_BEFORE_REQUEST, "istio.inbound-retry-on")
    };
    let retries = match rule {
        Some(_) => policy.retries,
        None => Sourced::default_of(attempts, "istio.inbound-retry-attempts"),
    };
    let origin = match rule {
        Some(_) => policy.origin,
        None => Origin::Default("istio.inbound-retry-policy"),
    };
    Some(RetryPolicy {
        retry_on,
        retries,
        status_codes: if written { policy.status_codes.clone() } else { Vec::new() },
        host_selection_attempts: HOST_SELECTION_ATTEMPTS_ENVOY,
        origin,
        ..policy
    })
}

/// Routes from elsewhere with the mesh's own policy wherever they have Istio's default.
pub(in crate::control::istio) fn with_mesh_default(
    push: &Push,
    routes: &[Arc<Route>],
) -> Vec<Arc<Route>> {
    let Some(rule) = &push.mesh.retries else { return routes.to_vec() };
    let policy = policy(Some(rule), Hashing::No, push.profile).map(Arc::new);
    let replaced = routes.iter().map(|route| {
        let mut route = Arc::clone(route);
        let is_default = match &route.action {
            RouteAction::Forward(forward) => {
                forward.retry.as_ref().is_some_and(|retry| retry.origin == BY_DEFAULT)
            }
            RouteAction::Redirect(_) | RouteAction::Direct(_) => false,
        };
        if is_default && let RouteAction::Forward(forward) = &mut Arc::make_mut(&mut route).action {
            forward.retry.clone_from(&policy);
        }
        route
    });
    replaced.collect()
}

fn default_policy(hashing: Hashing, profile: &Profile) -> RetryPolicy {
    let words = words(&profile.istio.retry_on);
    RetryPolicy {
        retry_on: Sourced::default_of(words.conditions, "istio.retry-on"),
        retries: Sourced::default_of(*profile.istio.retry_attempts, "istio.retry-attempts"),
        per_try_timeout: None,
        per_try_idle_timeout: None,
        status_codes: words.status_codes,
        response_headers: Vec::new(),
        request_headers: Vec::new(),
        backoff: Sourced::default_of(backoff(BACKOFF_BASE), "envoy.retry-backoff"),
        rate_limited: None,
        host_predicates: match hashing {
            Hashing::No => vec![HostPredicate::PreviousHosts],
            Hashing::Consistent => Vec::new(),
        },
        host_selection_attempts: HOST_SELECTION_ATTEMPTS,
        previous_priorities: None,
        origin: BY_DEFAULT,
    }
}

fn backoff(base: SimDuration) -> Backoff {
    Backoff { base, max: SimDuration::from_ns(base.as_ns().saturating_mul(BACKOFF_MAX_FACTOR)) }
}

/// Reads `retryOn`: numerals are status codes, and codes imply `retriable-status-codes`
/// (the same file, `parseRetryOn`).
pub(super) fn words(text: &str) -> RetryWords {
    let mut found = RetryWords::default();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        if let Some(code) = status_code(word) {
            found.status_codes.push(code);
        } else if let Some(condition) = RetryOn::of_word(word) {
            found.conditions = found.conditions.with(condition);
        } else {
            found.unknown.push(word.to_owned());
        }
    }
    if !found.status_codes.is_empty() {
        found.conditions = found.conditions.with(RetryOn::RETRIABLE_STATUS_CODES);
    }
    found
}

fn status_code(word: &str) -> Option<u16> {
    let code = word.parse().ok()?;
    NAMED_STATUSES.iter().any(|named| named.contains(&code)).then_some(code)
}
