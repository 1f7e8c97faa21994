//! What is said of kinds that are not modelled; the list itself is the text file beside it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::manifest::report::Sort;

/// Why objects of a kind have no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) struct OtherKind {
    pub(in crate::manifest) sort: Sort,
    pub(in crate::manifest) reason: &'static str,
}

const UNKNOWN: OtherKind =
    OtherKind { sort: Sort::Unknown, reason: "this kind is not known, and no effect is assumed" };

/// By group and kind; the kind is `*` for a whole group.
static OTHERS: LazyLock<BTreeMap<(&'static str, &'static str), OtherKind>> = LazyLock::new(|| {
    parse(include_str!("others.txt")).unwrap_or_else(|line| panic!("others.txt is broken: {line}"))
});

/// Looks a kind up that is not modelled. The core group is the empty string.
pub(in crate::manifest) fn other_kind(group: &str, kind: &str) -> OtherKind {
    let group = if group.is_empty() { "core" } else { group };
    let exact = OTHERS.get(&(group, kind)).or_else(|| OTHERS.get(&(group, "*")));
    // `*.knative.dev` stands for `serving.knative.dev` and the like.
    let domain = || {
        let (_, domain) = group.split_once('.')?;
        OTHERS.iter().find(|((known, _), _)| known.strip_prefix("*.") == Some(domain))
    };
    exact.copied().or_else(|| domain().map(|(_, &other)| other)).unwrap_or(UNKNOWN)
}

fn parse(
    text: &'static str,
) -> Result<BTreeMap<(&'static str, &'static str), OtherKind>, &'static str> {
    let mut others = BTreeMap::new();
    let mut heading = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with(' ') {
            let mut words = line.split_whitespace();
            let group = words.next().ok_or(line)?;
            let other = heading.ok_or(line)?;
            others.extend(words.map(|kind| ((group, kind), other)));
        } else {
            let (sort, reason) = line.split_once(": ").ok_or(line)?;
            let sort = match sort {
                "irrelevant" => Sort::Irrelevant,
                "not modelled yet" => Sort::NotModelledYet,
                _ => return Err(line),
            };
            heading = Some(OtherKind { sort, reason });
        }
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_can_be_read() {
        assert!(parse(include_str!("others.txt")).is_ok_and(|others| others.len() > 50));
        for broken in ["  core Pod\n", "sometimes: a\n", "irrelevant\n"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }
}
