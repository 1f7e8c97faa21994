//! Changes to the path and the authority of a request that is forwarded.

use crate::explain::{Probe, RuleId, Sourced};

use super::super::config::{HostRewrite, PathMatcher, PathRewrite};
use super::super::request::HeaderMap;
use super::mutate::Changes;

const PATH: RuleId = RuleId("envoy.route.path-rewrite");
const HOST: RuleId = RuleId("envoy.route.host-rewrite");

/// The path and the query, with its question mark.
pub(super) fn split_query(whole: &str) -> (&str, &str) {
    match whole.find('?') {
        Some(at) => whole.split_at(at),
        None => (whole, ""),
    }
}

/// `path` with what a route matched of it replaced: the prefix of a prefix match, else the whole.
///
/// Source: Envoy, `RouteEntryImplBase::finalizePathHeader` and the `rewritePathHeader` of each
/// kind of route.
pub(super) fn replace_matched(path: &str, matched: &PathMatcher, by: &str) -> String {
    let rest = match matched {
        PathMatcher::Prefix(prefix) | PathMatcher::PathSeparatedPrefix(prefix) => {
            // The match may have ignored case, but never the length.
            path.get(prefix.len()..).unwrap_or_default()
        }
        _ => "",
    };
    format!("{by}{rest}")
}

/// Rewrites the path, and keeps the old one in `x-envoy-original-path`.
pub(super) fn rewrite_path(
    rewrite: &Sourced<PathRewrite>,
    matched: &PathMatcher,
    headers: &mut HeaderMap,
    changes: &mut Changes,
    probe: &mut impl Probe,
) {
    let Some(whole) = headers.get(":path").map(str::to_owned) else { return };
    let (path, query) = split_query(&whole);
    let new = match &rewrite.value {
        PathRewrite::Prefix(by) if by.is_empty() => return,
        PathRewrite::Prefix(by) => replace_matched(path, matched, by),
        PathRewrite::Regex(by) => by.pattern.replace_all(path, &by.replacement),
        PathRewrite::Full(by) => by.clone(),
    };
    probe.step(PATH, Some(rewrite.origin), || format!("the path {path} becomes {new}"));
    changes.set(headers, ":path", format!("{new}{query}"), Some(rewrite.origin));
    changes.set(headers, "x-envoy-original-path", whole, None);
}

/// Whether the authority becomes the name of the host that is chosen later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AutoHost {
    /// No.
    #[default]
    No,
    /// Yes; whoever picks the host sets `:authority` to its DNS name, if it has one.
    FromUpstream,
}

/// Whether the old authority is kept in `x-envoy-original-host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldHost {
    /// It is.
    Kept,
    /// It is not: so do weighted clusters.
    Lost,
}

/// Rewrites the authority.
///
/// Source: Envoy, `RouteEntryImplBase::finalizeRequestHeaders`; `x-envoy-original-host` was
/// observed with Envoy 1.40.
pub(super) fn rewrite_host(
    rewrite: &Sourced<HostRewrite>,
    old_host: OldHost,
    headers: &mut HeaderMap,
    changes: &mut Changes,
    probe: &mut impl Probe,
) -> AutoHost {
    let old = headers.get(":authority").unwrap_or_default().to_owned();
    let new = match &rewrite.value {
        HostRewrite::Literal(host) => host.clone(),
        HostRewrite::Auto => {
            probe.step(HOST, Some(rewrite.origin), || {
                format!("the authority {old} becomes the DNS name of the upstream host")
            });
            return AutoHost::FromUpstream;
        }
        HostRewrite::Header(name) => match headers.get(name) {
            Some(host) if !host.is_empty() => host.to_owned(),
            _ => return AutoHost::No,
        },
        HostRewrite::PathRegex(by) => {
            let (path, _) = split_query(headers.get(":path").unwrap_or_default());
            by.pattern.replace_all(path, &by.replacement)
        }
    };
    probe.step(HOST, Some(rewrite.origin), || format!("the authority {old} becomes {new}"));
    changes.set(headers, ":authority", new, Some(rewrite.origin));
    if old_host == OldHost::Kept {
        changes.set(headers, "x-envoy-original-host", old, None);
    }
    AutoHost::No
}
