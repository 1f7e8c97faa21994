//! Faults and cross-origin settings of a VirtualService, as settings of Envoy's filters for one
//! route. What the filters do is the proxy's business.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::istio::{
    AbortAnswer, AbortRule, CorsPolicy, DelayRule, FaultRule, HttpRule, UnmatchedPreflights,
};
use crate::proxy::envoy::config::{Cors, Fault, FaultAbort, FaultDelay, FilterOverride};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::matches::origin_matcher;

/// The name of the fault filter.
pub const FAULT_FILTER: &str = "envoy.filters.http.fault";

/// The name of the filter for cross-origin requests.
pub const CORS_FILTER: &str = "envoy.filters.http.cors";

/// The settings that a rule makes for its routes.
pub(super) fn overrides(rule: &HttpRule) -> BTreeMap<String, FilterOverride> {
    let fault = rule.fault.as_ref().and_then(fault);
    let fault = fault.map(|fault| (FAULT_FILTER.to_owned(), FilterOverride::Fault(fault)));
    let cors = rule.cors.as_ref().map(cors);
    let cors = cors.map(|cors| (CORS_FILTER.to_owned(), FilterOverride::Cors(cors)));
    fault.into_iter().chain(cors).collect()
}

/// `None` where nothing is left of it (istio `pilot/pkg/networking/core/route/route.go`,
/// `TranslateFault`). A share that is not written is no share.
fn fault(rule: &FaultRule) -> Option<Fault> {
    let delay = rule.delay.as_ref().and_then(delay);
    let abort = rule.abort.as_ref().and_then(abort);
    let any = delay.is_some() || abort.is_some();
    any.then_some(Fault { abort, delay, headers: Vec::new(), max_active: None })
}

fn delay(rule: &DelayRule) -> Option<Sourced<FaultDelay>> {
    let pause: &Located<SimDuration> = rule.fixed.as_ref()?;
    let share = rule.share.as_ref().map_or(Ppm::ZERO, |share| share.value);
    let delay = FaultDelay::Fixed { pause: pause.value, share };
    Some(Sourced::new(delay, Origin::Manifest(rule.place)))
}

fn abort(rule: &AbortRule) -> Option<Sourced<FaultAbort>> {
    let share = rule.share.as_ref().map_or(Ppm::ZERO, |share| share.value);
    let abort = match rule.answer.as_ref()?.value {
        AbortAnswer::Http(status) => FaultAbort::Http { status, share },
        AbortAnswer::Grpc(status) => FaultAbort::Grpc { status, share },
    };
    Some(Sourced::new(abort, Origin::Manifest(rule.place)))
}

fn cors(policy: &CorsPolicy) -> Cors {
    let joined = |list: &[Located<String>]| {
        let words: Vec<_> = list.iter().map(|word| word.value.as_str()).collect();
        (!words.is_empty()).then(|| words.join(","))
    };
    Cors {
        allow_origins: policy.allow_origins.iter().map(origin_matcher).collect(),
        allow_methods: joined(&policy.allow_methods),
        allow_headers: joined(&policy.allow_headers),
        expose_headers: joined(&policy.expose_headers),
        // Envoy takes whole seconds here.
        max_age: policy.max_age.as_ref().map(|age| (age.as_ns() / 1_000_000_000).to_string()),
        allow_credentials: policy.allow_credentials,
        forwards_unmatched_preflights: policy.unmatched_preflights == UnmatchedPreflights::Forward,
        origin: Origin::Manifest(policy.place),
    }
}
