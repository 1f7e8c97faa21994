//! Values of HTTP rules that do something else than it seems: patterns that do not compile, retries
//! that cannot happen, words that nobody knows.

use crate::manifest::kinds::istio::{
    FaultRule, HttpMatch, HttpRule, RetryRule, StringMatch, StringMatchTest,
};
use crate::manifest::{Diagnostic, Located, Place};
use crate::proxy::envoy::config::Pattern;
use crate::units::SimDuration;

use super::super::effective::EffectiveVirtualService;
use super::super::retry;
use super::super::rule::REDIRECT_CODES;

/// Headers of this form match claims of a token (istio `pkg/jwt/routing_claim`).
const CLAIMS: &str = "@request.auth.claims";

pub(super) fn check(object: &EffectiveVirtualService, findings: &mut Vec<Diagnostic>) {
    for rule in &object.http {
        patterns(rule, findings);
        if let Some(retries) = &rule.retries {
            retries_can_happen(rule, retries, findings);
        }
        if let Some(fault) = &rule.fault {
            faults_happen(fault, findings);
        }
        for found in &rule.matches {
            claims(found, findings);
        }
        let code = rule.redirect.as_ref().and_then(|redirect| redirect.code.as_ref());
        if let Some(code) = code.filter(|code| !REDIRECT_CODES.contains(&code.value)) {
            let message = format!("{} is no status of a redirect", code.value);
            findings.push(
                Diagnostic::error("istio.redirect-code", message)
                    .at(code.place, "the proxy gets no route for this rule")
                    .help("one of 301, 302, 303, 307, 308"),
            );
        }
    }
}

fn patterns(rule: &HttpRule, findings: &mut Vec<Diagnostic>) {
    for found in &rule.matches {
        let single = [&found.scheme, &found.method, &found.authority];
        let named = found
            .headers
            .iter()
            .chain(&found.without_headers)
            .chain(&found.query_params)
            .map(|(_, test)| test);
        // A lone `*` stands for presence there, but not in a path.
        let tests = single.into_iter().flatten().chain(named);
        tests.filter(|test| !is_star(test)).for_each(|test| compiles(test, findings));
        found.uri.iter().for_each(|uri| compiles(uri, findings));
    }
    let origins = rule.cors.iter().flat_map(|cors| &cors.allow_origins);
    origins.for_each(|origin| compiles(origin, findings));
    let rewrite = rule.rewrite.as_ref().and_then(|rewrite| rewrite.uri_regex.as_ref());
    if let Some((pattern, _)) = rewrite {
        compiles_at(&pattern.value, pattern.place, findings);
    }
}

fn is_star(test: &StringMatch) -> bool {
    matches!(&test.test, StringMatchTest::Regex(pattern) if pattern == "*")
}

fn compiles(test: &StringMatch, findings: &mut Vec<Diagnostic>) {
    if let StringMatchTest::Regex(pattern) = &test.test {
        compiles_at(pattern, test.place, findings);
    }
}

fn compiles_at(text: &str, place: Place, findings: &mut Vec<Diagnostic>) {
    let pattern = Pattern::new(text);
    if let Some(error) = pattern.error() {
        let why = error.lines().last().unwrap_or(error).trim_start_matches("error: ");
        findings.push(
            Diagnostic::error("istio.regex", format!("the pattern does not compile: {why}"))
                .at(place, "the proxy refuses the configuration; here it matches nothing")
                .help("patterns are RE2: no look-around and no back-references"),
        );
    }
}

/// The route's timeout covers all tries (api/envoy/config/route/v3/route_components.proto, `timeout`).
fn retries_can_happen(rule: &HttpRule, retries: &RetryRule, findings: &mut Vec<Diagnostic>) {
    if let Some(words) = &retries.retry_on {
        for word in retry::words(&words.value).unknown {
            findings.push(
                Diagnostic::warning("istio.retry-on", format!("`{word}` is no retry condition"))
                    .at(words.place, "the proxy leaves it out"),
            );
        }
    }
    let attempts = retries.attempts.as_ref().map_or(0, |attempts| attempts.value);
    let timeout = rule.timeout.filter(|timeout| timeout.value > SimDuration::ZERO);
    if let (Some(try_timeout), Some(timeout)) = (&retries.per_try_timeout, timeout)
        && attempts > 0
    {
        spends_the_timeout(try_timeout, &timeout, findings);
    }
    if attempts <= 0 {
        let place = retries.attempts.as_ref().map_or(retries.place, |attempts| attempts.place);
        if retries.retry_on.is_some() || retries.per_try_timeout.is_some() {
            findings.push(
                Diagnostic::warning("istio.retries-disabled", "there are no retries")
                    .at(place, "without `attempts` the other settings do not count"),
            );
        }
    }
}

fn spends_the_timeout(
    try_timeout: &Located<SimDuration>,
    timeout: &Located<SimDuration>,
    findings: &mut Vec<Diagnostic>,
) {
    if try_timeout.value >= timeout.value {
        let message = "a try that times out leaves no time for another";
        findings.push(
            Diagnostic::warning("istio.retry-timeout", message)
                .at(try_timeout.place, "the route's timeout ends the first try: 504, flag UT")
                .at(timeout.place, "for all tries together")
                .help("make `perTryTimeout` shorter than `timeout`"),
        );
    }
}

fn faults_happen(fault: &FaultRule, findings: &mut Vec<Diagnostic>) {
    if let Some(delay) = &fault.delay {
        match (&delay.fixed, &delay.share) {
            (None, _) => findings.push(no_fault(delay.place, "there is no `fixedDelay`")),
            (_, None) => findings.push(no_fault(delay.place, "there is no `percentage`")),
            _ => {}
        }
    }
    if let Some(abort) = &fault.abort {
        match (&abort.answer, &abort.share) {
            (None, _) => findings.push(no_fault(abort.place, "there is no `httpStatus`")),
            (_, None) => findings.push(no_fault(abort.place, "there is no `percentage`")),
            _ => {}
        }
    }
}

fn no_fault(place: Place, why: &str) -> Diagnostic {
    Diagnostic::warning("istio.no-fault", format!("the fault happens to no request: {why}"))
        .at(place, "the proxy leaves requests as they are")
}

fn claims(found: &HttpMatch, findings: &mut Vec<Diagnostic>) {
    let named = found.headers.iter().chain(&found.without_headers);
    for (name, _) in named.filter(|(name, _)| name.value.starts_with(CLAIMS)) {
        findings.push(
            Diagnostic::warning("istio.claims", "claims of tokens are not modelled here")
                .at(name.place, "every request counts as one without this claim"),
        );
    }
}
