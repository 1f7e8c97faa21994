//! What a connection manager does to a request before it looks for a route: it normalises the
//! path, and removes what an outsider may not ask for.

use crate::explain::{Probe, RuleId};

use super::super::config::HttpManager;
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};
use super::host::without_port;
use super::normalize::{Normalized, normalize};
use super::scheme;

const PATH: RuleId = RuleId("envoy.route.normalization");
const UNTRUSTED: RuleId = RuleId("envoy.route.untrusted-headers");

/// Headers that only a caller inside may send.
///
/// Source: Envoy, `ConnectionManagerUtility::mutateRequestHeaders`.
const INTERNAL_HEADERS: [&str; 14] = [
    "x-envoy-internal",
    "x-envoy-retriable-status-codes",
    "x-envoy-retriable-header-names",
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-ip-tags",
    "x-envoy-hedge-on-per-try-timeout",
];

/// Prepares a request.
///
/// # Errors
/// The answer to a request that is not looked at any further: 400 for a path that is refused, a
/// redirect where escaped slashes are decoded that way.
pub fn prepare<P: Probe>(
    manager: &HttpManager,
    request: &mut Request,
    probe: &mut P,
) -> Result<(), Box<Reply>> {
    prepare_path(manager, &mut request.headers, probe)?;
    if manager.strips_port {
        let stripped = without_port(request.authority()).to_owned();
        if stripped.len() < request.authority().len() {
            request.headers.set(":authority", stripped);
        }
    }
    if manager.uses_remote_address {
        request.headers.remove("x-forwarded-proto");
        // A peer whose address is not known must not pass for the one that its header names.
        let has_list = request.headers.get("x-forwarded-for").is_some();
        match request.connection.source_ip {
            Some(ip) => append_to_list(&mut request.headers, "x-forwarded-for", &ip.to_string()),
            None if has_list => {
                append_to_list(&mut request.headers, "x-forwarded-for", "unknown");
            }
            None => {}
        }
    }
    if request.headers.get("x-forwarded-proto").is_none() {
        let scheme = scheme(request).to_owned();
        request.headers.set("x-forwarded-proto", scheme);
    }
    if manager.trusts_envoy_headers {
        request.headers.set("x-envoy-internal", "true");
    } else {
        for name in INTERNAL_HEADERS {
            if request.headers.get(name).is_some() {
                request.headers.remove(name);
                probe.step(UNTRUSTED, None, || {
                    format!("header {name} is removed: the caller counts as external")
                });
            }
        }
    }
    Ok(())
}

fn prepare_path(
    manager: &HttpManager,
    headers: &mut HeaderMap,
    probe: &mut impl Probe,
) -> Result<(), Box<Reply>> {
    let Some(before) = headers.get(":path") else { return Ok(()) };
    let how = manager.normalization;
    match normalize(before, how.value) {
        Normalized::Path(after) => {
            if after != before {
                probe.step(PATH, Some(how.origin), || format!("the path {before} becomes {after}"));
                headers.set(":path", after);
            }
            Ok(())
        }
        Normalized::Redirect(after) => {
            probe.step(PATH, Some(how.origin), || {
                format!("the path {before} has an escaped slash: the client is sent to {after}")
            });
            let mut reply = Reply::new(307, "path_normalization_failed");
            reply.headers.append("location", after);
            Err(Box::new(reply))
        }
        Normalized::Rejected(why) => {
            probe.step(PATH, Some(how.origin), || format!("{before} is rejected: {why}"));
            Err(Box::new(Reply::new(400, "path_normalization_failed")))
        }
    }
}

/// Adds to a header that holds a list with commas.
fn append_to_list(headers: &mut HeaderMap, name: &str, more: &str) {
    let list = match headers.get(name) {
        Some(list) if !list.is_empty() => format!("{list},{more}"),
        _ => more.to_owned(),
    };
    headers.set(name, list);
}
