//! URI templates, as Envoy's `uri_template` matcher and Istio's `{*}` paths read them.
//!
//! `*` and `{name}` stand for one or more characters of one element, `**` and `{name=**}` for
//! any number of elements; `{*}` and `{**}` are Istio's way to write them. `{name=a/*}` holds a
//! pattern of its own.

/// The longest template that is compared; the work is its length times that of the path.
const TEMPLATE_BYTES_MAX: usize = 8 * 1024;
/// The longest path: a proxy takes no more than 60 KiB of headers (`max_request_headers_kb`).
const PATH_BYTES_MAX: usize = 60 * 1024;

/// Whether all of `path` matches.
///
/// Source: Envoy, source/extensions/path/uri_template_lib/uri_template_internal.cc.
pub(super) fn template_matches(template: &str, path: &str) -> bool {
    if template.len() > TEMPLATE_BYTES_MAX || path.len() > PATH_BYTES_MAX {
        return false;
    }
    let path = path.as_bytes();
    // The places up to which the template read so far can match.
    let mut places = vec![false; path.len() + 1];
    places[0] = true;
    let tokens = Tokens { rest: template.as_bytes(), in_variable: false };
    for token in tokens {
        match token {
            Token::Literal(byte) => step(&mut places, path, |at| at == byte),
            Token::Element => {
                step(&mut places, path, is_literal);
                spread(&mut places, path, is_literal);
            }
            Token::Elements => spread(&mut places, path, |at| is_literal(at) || at == b'/'),
        }
    }
    places[path.len()]
}

/// Moves every place one byte on, where the byte is one of `class`.
fn step(places: &mut [bool], path: &[u8], class: impl Fn(u8) -> bool) {
    for at in (0..path.len()).rev() {
        places[at + 1] = places[at] && class(path[at]);
    }
    places[0] = false;
}

/// Lets every place reach on over any number of bytes of `class`.
fn spread(places: &mut [bool], path: &[u8], class: impl Fn(u8) -> bool) {
    for at in 0..path.len() {
        places[at + 1] |= places[at] && class(path[at]);
    }
}

/// What an operator may stand for: the characters of a path element in RFC 3986.
fn is_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;:@=".contains(&byte)
}

/// A piece of a template.
enum Token {
    /// This byte.
    Literal(u8),
    /// One or more characters of an element.
    Element,
    /// Any number of elements.
    Elements,
}

/// Reads a template piece by piece.
struct Tokens<'t> {
    rest: &'t [u8],
    /// Whether the pattern of a `{name=pattern}` is being read.
    in_variable: bool,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let (token, length) = match self.rest {
                [] => return None,
                [b'}', rest @ ..] if self.in_variable => {
                    (self.rest, self.in_variable) = (rest, false);
                    continue;
                }
                [b'{', rest @ ..] if !self.in_variable && rest.contains(&b'}') => {
                    let end = rest.iter().position(|&byte| matches!(byte, b'=' | b'}'))?;
                    let name = &rest[..end];
                    if rest[end] == b'=' {
                        (self.rest, self.in_variable) = (&rest[end + 1..], true);
                        continue;
                    }
                    let token = if name == b"**" { Token::Elements } else { Token::Element };
                    (token, end + 2)
                }
                [b'*', b'*', ..] => (Token::Elements, 2),
                [b'*', ..] => (Token::Element, 1),
                [byte, ..] => (Token::Literal(*byte), 1),
            };
            self.rest = &self.rest[length..];
            return Some(token);
        }
    }
}
