//! Changes of the path, by a rewrite or a redirect, as Envoy can make them.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, the table at
//! `HTTPPathModifier.ReplacePrefixMatch`.

use crate::manifest::kinds::gateway::PathModifier;
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{PathMatcher, PathRewrite, Pattern, RedirectPath, Substitution};

use super::matches::escape;

/// What becomes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// All of it is replaced.
    Full(String),
    /// The matched prefix is replaced, as a piece of text.
    Prefix(String),
    /// The matched prefix is cut off.
    CutPrefix(Substitution),
}

fn change(
    facts: &GatewayFacts,
    modifier: &PathModifier,
    matched: &PathMatcher,
) -> Result<Change, String> {
    let (prefix, replacement) = match (modifier, matched) {
        (PathModifier::Full(path), _) => return Ok(Change::Full(absolute(&path.value))),
        (PathModifier::Prefix(replacement), PathMatcher::Prefix(_)) => ("", replacement),
        (PathModifier::Prefix(replacement), PathMatcher::PathSeparatedPrefix(prefix)) => {
            (prefix.as_str(), replacement)
        }
        (PathModifier::Prefix(_), _) => {
            return Err("replacePrefixMatch needs a match of type PathPrefix".to_owned());
        }
    };
    // "A trailing `/` is ignored."
    let replacement = absolute(&replacement.value);
    let replacement = replacement.trim_end_matches('/');
    Ok(match (prefix, replacement) {
        ("", replacement) if facts.differs(GatewayDifference::RootPrefix) => {
            Change::Prefix(if replacement.is_empty() { "/" } else { replacement }.to_owned())
        }
        // The proxy replaces the prefix `/` with its slash, so the slash is given back.
        ("", replacement) => Change::Prefix(format!("{replacement}/")),
        // Nothing in place of the whole path would be no path.
        (prefix, "") => Change::CutPrefix(Substitution {
            pattern: Pattern::new(format!("^{}(/?)(.*)", escape(prefix))),
            replacement: r"/\2".to_owned(),
        }),
        (_, replacement) => Change::Prefix(replacement.to_owned()),
    })
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// A change of the request's path; `matched` is the match of the same rule.
pub(super) fn rewrite(
    facts: &GatewayFacts,
    modifier: &PathModifier,
    matched: &PathMatcher,
) -> Result<PathRewrite, String> {
    Ok(match change(facts, modifier, matched)? {
        Change::Full(path) => PathRewrite::Full(path),
        Change::Prefix(text) => PathRewrite::Prefix(text),
        Change::CutPrefix(substitution) => PathRewrite::Regex(substitution),
    })
}

/// The path of a redirect, `None` if it stays; `matched` is the match of the same rule.
pub(super) fn redirect(
    facts: &GatewayFacts,
    modifier: &PathModifier,
    matched: &PathMatcher,
) -> Result<Option<RedirectPath>, String> {
    let change = change(facts, modifier, matched)?;
    if let PathModifier::Prefix(text) = modifier
        && facts.differs(GatewayDifference::RedirectPrefix)
    {
        let text = text.value.clone();
        return Ok(Some(text).filter(|text| !text.is_empty()).map(RedirectPath::Prefix));
    }
    Ok(Some(match change {
        Change::Full(path) => RedirectPath::Full(path),
        Change::Prefix(text) => RedirectPath::Prefix(text),
        Change::CutPrefix(substitution) => RedirectPath::Regex(substitution),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::world::testing::text;

    fn facts(profile: &str) -> &'static GatewayFacts {
        &Profile::named(profile).expect("a built-in profile").gateway
    }

    /// What a request for `path` becomes, as Envoy applies the rewrite.
    fn rewritten(prefix: &str, replacement: &str, path: &str) -> String {
        let matched = match prefix {
            "/" => PathMatcher::Prefix("/".to_owned()),
            _ => PathMatcher::PathSeparatedPrefix(prefix.to_owned()),
        };
        match rewrite(facts("gateway-api"), &PathModifier::Prefix(text(replacement)), &matched) {
            Ok(PathRewrite::Prefix(new)) => format!("{new}{}", &path[prefix.len()..]),
            Ok(PathRewrite::Regex(_)) => {
                let rest = path[prefix.len()..].trim_start_matches('/');
                format!("/{rest}")
            }
            other => panic!("no change of a prefix: {other:?}"),
        }
    }

    #[test]
    fn prefixes_are_replaced_as_the_table_of_the_standard_says() {
        for (path, prefix, replacement, wanted) in [
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo/", "/foo", "", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "/foo", "/", "/"),
            ("/foo/bar", "/", "/xyz", "/xyz/foo/bar"),
            ("/foo", "/", "", "/foo"),
        ] {
            assert_eq!(
                rewritten(prefix, replacement, path),
                wanted,
                "{path} {prefix} {replacement}"
            );
        }
    }

    #[test]
    fn a_prefix_can_only_be_replaced_where_a_prefix_matched() {
        let modifier = PathModifier::Prefix(text("/x"));
        let facts = facts("gateway-api");
        assert!(rewrite(facts, &modifier, &PathMatcher::Exact("/a".to_owned())).is_err());
        assert!(redirect(facts, &modifier, &PathMatcher::Regex(Pattern::new("/a"))).is_err());
        let full = PathModifier::Full(text("x"));
        let path = rewrite(facts, &full, &PathMatcher::Exact("/a".to_owned()));
        assert_eq!(path, Ok(PathRewrite::Full("/x".to_owned())));
    }

    #[test]
    fn istio_takes_replacements_as_pieces_of_text() {
        let istio = facts("istio");
        let root = PathMatcher::Prefix("/".to_owned());
        let below = PathMatcher::PathSeparatedPrefix("/a".to_owned());
        let with = |replacement: &str| PathModifier::Prefix(text(replacement));
        // `/foo` becomes `/xfoo`.
        let glued = Ok(PathRewrite::Prefix("/x".to_owned()));
        assert_eq!(rewrite(istio, &with("/x"), &root), glued);
        let kept = Ok(Some(RedirectPath::Prefix("/x/".to_owned())));
        assert_eq!(redirect(istio, &with("/x/"), &below), kept);
        assert_eq!(redirect(istio, &with(""), &below), Ok(None));
        let trimmed = Ok(Some(RedirectPath::Prefix("/x".to_owned())));
        assert_eq!(redirect(facts("gateway-api"), &with("/x/"), &below), trimmed);
    }
}
