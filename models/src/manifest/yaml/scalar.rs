//! What a scalar means: the core schema of YAML 1.2.2 (section 10.3.2); it keeps no text.

use super::super::diagnostic::quoted;

/// The sort of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number, perhaps too large for any Rust integer.
    Integer,
    /// A number with a fraction or an exponent, an infinity, or not-a-number.
    Float,
    /// Any other scalar.
    String,
    /// A sequence.
    Sequence,
    /// A mapping.
    Mapping,
}

impl NodeKind {
    /// With its article, for messages such as "expected …, got a string".
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "a boolean",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::String => "a string",
            Self::Sequence => "a list",
            Self::Mapping => "a mapping",
        }
    }

    pub(super) const fn is_collection(self) -> bool {
        matches!(self, Self::Sequence | Self::Mapping)
    }

    /// What was found, for messages: the noun and, for scalars, the text.
    pub(crate) fn describe(self, text: &str) -> String {
        match self {
            Self::Null | Self::Sequence | Self::Mapping => self.noun().to_owned(),
            _ => format!("{} {}", self.noun(), quoted(text)),
        }
    }
}

/// The kind of an unquoted, untagged scalar.
pub(super) fn resolve_plain(text: &str) -> NodeKind {
    // Most scalars are words; the first byte rules the other kinds out.
    match text.as_bytes().first() {
        None => NodeKind::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => resolve_number(text),
        Some(b'~' | b'n' | b'N') if matches!(text, "~" | "null" | "Null" | "NULL") => {
            NodeKind::Null
        }
        Some(b't' | b'T' | b'f' | b'F') if parse_bool(text).is_some() => NodeKind::Bool,
        Some(_) => NodeKind::String,
    }
}

fn resolve_number(text: &str) -> NodeKind {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_digits(unsigned) || is_radix(text) {
        return NodeKind::Integer;
    }
    let special =
        matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN");
    if special || is_decimal(unsigned) { NodeKind::Float } else { NodeKind::String }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `0o17` or `0xFF`; the core schema allows no sign there.
fn is_radix(text: &str) -> bool {
    let all = |digits: &str, test: fn(&u8) -> bool| {
        !digits.is_empty() && digits.as_bytes().iter().all(test)
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    text.strip_prefix("0x").is_some_and(|digits| all(digits, u8::is_ascii_hexdigit))
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, after the sign.
fn is_decimal(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let exponent_fits =
        exponent.is_none_or(|digits| is_digits(digits.strip_prefix(['+', '-']).unwrap_or(digits)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    exponent_fits && mantissa_fits
}

/// The value of a scalar of kind [`NodeKind::Bool`].
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The value of a scalar of kind [`NodeKind::Integer`]; `None` when it does not fit.
pub(super) fn parse_integer(text: &str) -> Option<i128> {
    if let Some(digits) = text.strip_prefix("0o") {
        return i128::from_str_radix(digits, 8).ok();
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return i128::from_str_radix(digits, 16).ok();
    }
    text.parse().ok()
}

/// The value of a scalar of kind [`NodeKind::Float`] or [`NodeKind::Integer`].
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ => parse_integer(text).map(|whole| whole as f64).or_else(|| text.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let cases: [(NodeKind, &[&str]); 5] = [
            (NodeKind::Null, &["", "~", "null", "Null", "NULL"]),
            (NodeKind::Bool, &["true", "True", "TRUE", "false"]),
            (NodeKind::Integer, &["0", "8080", "-12", "+3", "0o17", "0xFF", "007"]),
            (NodeKind::Float, &["1.5", ".5", "1.", "1e3", "-2.5E-7", ".inf", "-.INF", ".nan"]),
            (
                NodeKind::String,
                &[
                    "yes", "no", "on", "nUll", "-", "+", ".", "1.2.3", "10.0.0.1", "1e", "0o8",
                    "0x", "-0x1", "1_000", "12:30:45", "100m", "-.nan", "tRUE", "1e5x",
                ],
            ),
        ];
        for (kind, texts) in cases {
            for text in texts {
                assert_eq!(resolve_plain(text), kind, "{text}");
            }
        }
    }

    #[test]
    fn numbers_have_their_value() {
        assert_eq!(parse_integer("0o17"), Some(15));
        assert_eq!(parse_integer("0xff"), Some(255));
        assert_eq!(parse_integer("-5"), Some(-5));
        assert_eq!(parse_integer(&"9".repeat(60)), None);
        assert_eq!(parse_float("-.inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_float("1."), Some(1.0));
        assert_eq!(parse_float(".5"), Some(0.5));
        assert_eq!(parse_float("3"), Some(3.0));
        assert!(parse_float(".nan").is_some_and(f64::is_nan));
    }
}
