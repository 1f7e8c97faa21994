//! What a connection manager does to paths before anything else looks at them. The query is left
//! as it is.

use super::super::config::{EscapedSlashes, PathNormalization};

/// What becomes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Normalized {
    /// It is used; the same or another one.
    Path(String),
    /// The client is sent to this path.
    Redirect(String),
    /// The request is rejected, because of this.
    Rejected(&'static str),
}

/// Normalises a path with its query.
///
/// Source: Envoy, `ConnectionManagerUtility::maybeNormalizePath` and `PathUtil`; which characters
/// are escaped was observed with Envoy 1.40.
pub(super) fn normalize(whole: &str, how: PathNormalization) -> Normalized {
    if whole.contains('#') {
        return Normalized::Rejected("the path has a fragment");
    }
    if !whole.starts_with('/') {
        return Normalized::Path(whole.to_owned());
    }
    let (path, query) = match whole.find('?') {
        Some(at) => whole.split_at(at),
        None => (whole, ""),
    };
    let mut path = path.to_owned();
    let mut redirects = false;
    if how.escaped_slashes != EscapedSlashes::Keep {
        let unescaped = unescape_slashes(&path);
        if unescaped != path {
            match how.escaped_slashes {
                EscapedSlashes::Reject => {
                    return Normalized::Rejected("the path has an escaped slash");
                }
                EscapedSlashes::UnescapeAndRedirect => redirects = true,
                EscapedSlashes::Keep | EscapedSlashes::UnescapeAndForward => {}
            }
            path = unescaped;
        }
    }
    if how.normalizes {
        match canonical(&path) {
            Some(canonical) => path = canonical,
            None => return Normalized::Rejected("the path has an escaped zero"),
        }
    }
    if how.merges_slashes {
        path = merge_slashes(&path);
    }
    path.push_str(query);
    if redirects { Normalized::Redirect(path) } else { Normalized::Path(path) }
}

/// Decodes `%2F` and `%5C`.
fn unescape_slashes(path: &str) -> String {
    let path = path.replace("%2F", "/").replace("%2f", "/");
    path.replace("%5C", "\\").replace("%5c", "\\")
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !merged.ends_with('/') {
            merged.push(letter);
        }
    }
    merged
}

/// The path after RFC 3986: unreserved characters are decoded, others escaped where they must be,
/// and dot segments resolved. `None` for a path that cannot be.
fn canonical(path: &str) -> Option<String> {
    let escaped = normalize_escapes(path)?;
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = escaped[1..].split('/').peekable();
    while let Some(segment) = rest.next() {
        let last = rest.peek().is_none();
        match segment {
            "." if last => segments.push(""),
            "." => {}
            ".." => {
                segments.pop();
                if last {
                    segments.push("");
                }
            }
            _ => segments.push(segment),
        }
    }
    Some(format!("/{}", segments.join("/")))
}

/// Decodes and encodes single characters; a backslash becomes a slash.
fn normalize_escapes(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'%'
            && let Some(digits) = path.get(at + 1..at + 3)
            && let Ok(decoded) = u8::from_str_radix(digits, 16)
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        {
            match decoded {
                0 => return None,
                _ if is_unreserved(decoded) => out.push(char::from(decoded)),
                _ => out.push_str(&path[at..at + 3]),
            }
            at += 3;
            continue;
        }
        match byte {
            b'\\' => out.push('/'),
            _ if must_be_escaped(byte) => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
        at += 1;
    }
    Some(out)
}

/// Letters, digits, `-`, `.`, `_` and `~` (RFC 3986).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn must_be_escaped(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || b"\"<>`{}|^".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: PathNormalization = PathNormalization {
        normalizes: false,
        merges_slashes: false,
        escaped_slashes: EscapedSlashes::Keep,
    };

    fn path(whole: &str, how: PathNormalization) -> String {
        match normalize(whole, how) {
            Normalized::Path(path) => path,
            other => panic!("{whole}: {other:?}"),
        }
    }

    #[test]
    fn dot_segments_and_unreserved_escapes_are_resolved_and_queries_are_not() {
        let how = PathNormalization { normalizes: true, ..PLAIN };
        for (before, after) in [
            ("/a/./b/../c", "/a/c"),
            ("/../../x", "/x"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a//../b", "/a/b"),
            ("/%61%2e%2E%2d", "/a..-"),
            ("/a/%2e%2E/b", "/b"),
            ("/a%2Fb%5c", "/a%2Fb%5c"),
            ("/a\\b", "/a/b"),
            ("/a\"{é", "/a%22%7B%C3%A9"),
            ("/a%zz%4", "/a%zz%4"),
            ("/a?x=/../%61", "/a?x=/../%61"),
        ] {
            assert_eq!(path(before, how), after);
            assert_eq!(path(before, PLAIN), before);
        }
        assert!(matches!(normalize("/a%00", how), Normalized::Rejected(_)));
    }

    #[test]
    fn slashes_are_merged_after_dots_are_resolved() {
        let how = PathNormalization { normalizes: true, merges_slashes: true, ..PLAIN };
        assert_eq!(path("/a//../b", how), "/a/b");
        assert_eq!(path("///a/..//b//?x=//", how), "/b/?x=//");
    }

    #[test]
    fn escaped_slashes_are_kept_rejected_decoded_or_redirected() {
        let how = |escaped_slashes| PathNormalization {
            normalizes: true,
            merges_slashes: true,
            escaped_slashes,
        };
        let before = "/a%2F..%5Cb%2f%2fc?d=%2f";
        let after = "/b/c?d=%2f".to_owned();
        let given = |action| normalize(before, how(action));
        assert!(matches!(given(EscapedSlashes::Reject), Normalized::Rejected(_)));
        assert_eq!(given(EscapedSlashes::UnescapeAndForward), Normalized::Path(after.clone()));
        assert_eq!(given(EscapedSlashes::UnescapeAndRedirect), Normalized::Redirect(after));
        assert_eq!(path("/plain", how(EscapedSlashes::Reject)), "/plain");
    }

    #[test]
    fn a_fragment_is_always_rejected() {
        assert!(matches!(normalize("/a#b", PLAIN), Normalized::Rejected(_)));
    }
}
