//! Paths such as `traffic[0].load`: made by the checks, looked up in the file for a place.

use std::fmt;

/// The keys and list positions that lead from the root of the file to a value.
///
/// Displays as `--set` and [`super::Scenario::place_of`] read it: keys with dots between them,
/// `[n]` for items, and keys with other characters than letters, digits, `_`, `-` and `/` in quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPath {
    steps: Vec<KeyStep>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyStep {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl KeyPath {
    /// The path of the whole file.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of `name` in the mapping that stands here.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.with(KeyStep::Key(name.to_owned()))
    }

    /// The path of the `position`-th item of the list that stands here.
    #[must_use]
    pub fn index(&self, position: usize) -> Self {
        self.with(KeyStep::Index(position))
    }

    fn with(&self, step: KeyStep) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { steps }
    }

    pub(super) fn steps(&self) -> &[KeyStep] {
        &self.steps
    }

    /// Reads what [`KeyPath`] displays; `None` when `text` is no path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (position, tail) = inside.split_once(']')?;
                steps.push(KeyStep::Index(position.parse().ok()?));
                rest = tail;
            } else if let Some(inside) = rest.strip_prefix('"') {
                let (key, tail) = inside.split_once('"')?;
                steps.push(KeyStep::Key(key.to_owned()));
                rest = tail;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return None;
                }
                steps.push(KeyStep::Key(rest[..end].to_owned()));
                rest = &rest[end..];
            }
            rest = match rest.strip_prefix('.') {
                Some("") => return None,
                Some(tail) => tail,
                None => rest,
            };
        }
        Some(Self { steps })
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                KeyStep::Index(index) => write!(f, "[{index}]")?,
                KeyStep::Key(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    if !key.is_empty() && key.chars().all(is_plain) {
                        f.write_str(key)?;
                    } else {
                        write!(f, "\"{key}\"")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_it_is_shown() {
        let path = KeyPath::root().key("outside").key("api.example.com").key("routes").index(2);
        assert_eq!(path.to_string(), "outside.\"api.example.com\".routes[2]");
        assert_eq!(KeyPath::parse(&path.to_string()), Some(path));
        assert_eq!(KeyPath::parse(""), Some(KeyPath::root()));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["a.", ".a", "a[", "a[x]", "\"a", "a..b"] {
            assert_eq!(KeyPath::parse(text), None, "{text}");
        }
    }
}
