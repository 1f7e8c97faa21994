//! Retry and hedge policies.

use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::{
    Backoff, Hedge, HostPredicate, RateLimitedBackoff, ResetFormat, ResetHeader, RetryOn,
    RetryPolicy,
};
use meshwalk_models::units::SimDuration;

use super::super::fields::{Fields, Read};
use super::super::json::Json;
use super::{ORIGIN, given, matcher};

/// Envoy's own longest pause that a response may ask for.
const MAX_ASKED_MS: u64 = 300_000;

pub(super) fn policy(fields: &Fields<'_>) -> Read<RetryPolicy> {
    let mut on = RetryOn::NONE;
    let words = fields.text("on")?.unwrap_or_default().split(',').map(str::trim);
    for word in words.filter(|word| !word.is_empty()) {
        let Some(condition) = RetryOn::of_word(word) else {
            return fields.wrong("on", &format!("`{word}` is no condition"));
        };
        on = on.with(condition);
    }
    let previous_hosts = fields.switch("previous_hosts")?;
    let host_attempts = fields.whole("host_attempts")?;
    Ok(RetryPolicy {
        retry_on: given(on),
        retries: given(fields.whole("num")?.unwrap_or(1)),
        per_try_timeout: fields.ms("per_try_timeout_ms")?.map(given),
        per_try_idle_timeout: fields.ms("per_try_idle_timeout_ms")?.map(given),
        status_codes: codes(fields)?,
        response_headers: fields.objects("headers", matcher::header)?,
        request_headers: fields.objects("request_headers", matcher::header)?,
        backoff: given(backoff(fields)?),
        rate_limited: fields.object("rate_limited", rate_limited)?,
        host_predicates: previous_hosts
            .then_some(HostPredicate::PreviousHosts)
            .into_iter()
            .collect(),
        host_selection_attempts: if previous_hosts { host_attempts.unwrap_or(5) } else { 1 },
        previous_priorities: fields.whole("previous_priorities")?,
        origin: ORIGIN,
    })
}

fn codes(fields: &Fields<'_>) -> Read<Vec<u16>> {
    let items = fields.list("status_codes")?.into_iter();
    items
        .map(|(place, item)| match item {
            Json::Whole(code) => u16::try_from(*code).map_err(|_| format!("{place}: no status")),
            _ => Err(format!("{place}: expected a status, found {item}")),
        })
        .collect()
}

/// One millisecond without jitter, unless the case asks for Envoy's own or another.
fn backoff(fields: &Fields<'_>) -> Read<Backoff> {
    let (base, max) = (SimDuration::from_ms(25), SimDuration::from_ms(250));
    match fields.get("backoff") {
        None => Ok(Backoff { base: SimDuration::from_ms(1), max: SimDuration::from_ms(1) }),
        Some(Json::Text(text)) if text == "envoy" => Ok(Backoff { base, max }),
        Some(json) => Fields::read(json, &fields.place("backoff"), |own| {
            let Some(base) = own.ms("base_ms")? else { return own.wrong("base_ms", "is missing") };
            let Some(max) = own.ms("max_ms")? else { return own.wrong("max_ms", "is missing") };
            Ok(Backoff { base, max })
        }),
    }
}

fn rate_limited(fields: &Fields<'_>) -> Read<RateLimitedBackoff> {
    let format = match fields.text("format")?.unwrap_or("SECONDS") {
        "SECONDS" => ResetFormat::Seconds,
        "UNIX_TIMESTAMP" => ResetFormat::UnixTimestamp,
        other => return fields.wrong("format", &format!("`{other}` is no format")),
    };
    let name = fields.required_text("header")?.to_ascii_lowercase();
    let max = fields.ms("max_ms")?.unwrap_or(SimDuration::from_ms(MAX_ASKED_MS));
    Ok(RateLimitedBackoff { headers: vec![ResetHeader { name, format }], max })
}

/// The hedge policy, as Envoy's configuration writes it. Envoy implements neither
/// `initial_requests` nor `additional_request_chance`.
pub(super) fn hedge(fields: &Fields<'_>) -> Read<Hedge> {
    fields.get("additional_request_chance");
    Ok(Hedge {
        on_per_try_timeout: Sourced::new(fields.switch("hedge_on_per_try_timeout")?, ORIGIN),
        initial_requests: fields.whole("initial_requests")?.unwrap_or(1),
    })
}
