//! Cross-origin requests: preflight requests are answered, answers to others get headers.

use crate::explain::{Probe, RuleId};

use super::super::config::Cors;
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};

const CORS: RuleId = RuleId("envoy.filter.cors");

/// What becomes of a request.
pub(super) enum Verdict {
    /// It goes on, and its answer gets these headers.
    Continue(HeaderMap),
    /// It is answered.
    Respond(Box<Reply>),
}

/// Looks at the origin of a request.
///
/// Source: Envoy, source/extensions/filters/http/cors/cors_filter.cc; held to Envoy 1.40.
pub(super) fn decide(cors: &Cors, request: &Request, probe: &mut impl Probe) -> Verdict {
    let none = || Verdict::Continue(HeaderMap::new());
    let Some(origin) = request.headers.get("origin").filter(|origin| !origin.is_empty()) else {
        return none();
    };
    let asked = request.headers.get("access-control-request-method");
    let preflight = request.method() == "OPTIONS" && asked.is_some_and(|asked| !asked.is_empty());
    let allowed = cors.allow_origins.iter().any(|one| one.matches(origin));
    let forwarded = !preflight || (!allowed && cors.forwards_unmatched_preflights);
    probe.step(CORS, Some(cors.origin), || {
        let known = if allowed { "is allowed" } else { "is not allowed" };
        let then = match (forwarded, allowed) {
            (false, _) => "the preflight request is answered",
            (true, true) => "the answer will say so",
            (true, false) => "the answer will not allow it",
        };
        format!("origin {origin} {known}: {then}")
    });
    let mut headers = HeaderMap::new();
    if allowed {
        headers.append("access-control-allow-origin", origin);
    }
    if (allowed || !forwarded) && cors.allow_credentials {
        headers.append("access-control-allow-credentials", "true");
    }
    let mut add = |name, value: &Option<String>| {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            headers.append(name, value.as_str());
        }
    };
    if !forwarded {
        add("access-control-allow-methods", &cors.allow_methods);
        add("access-control-allow-headers", &cors.allow_headers);
        add("access-control-max-age", &cors.max_age);
    }
    if allowed {
        add("access-control-expose-headers", &cors.expose_headers);
    }
    if forwarded {
        return Verdict::Continue(headers);
    }
    Verdict::Respond(Box::new(Reply { headers, ..Reply::new(200, "cors_response") }))
}
