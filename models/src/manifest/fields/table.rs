//! Which fields are known and not read, and why; the tables themselves are text files beside it.
//!
//! A table file has sections, `[Shape]`. In a section, a heading names a sort and a reason, and the
//! indented words under it are the paths it holds for:
//!
//! ```text
//! [Service]
//! not modelled yet: clients would stick to a pod
//!   spec.sessionAffinity
//! default:
//!   spec.sessionAffinity=None
//! use meta at metadata
//! ```
//!
//! A path stands for everything under it. `default:` lists values at which a field changes nothing.
//! `use` puts a section that was defined before under a path. `[]` marks lists for the reader's eye.
//! `modelled:` lists keys that a pattern would otherwise say something of.
//! In a section `[keys: …]` the words are whole keys of a free-form map, perhaps with a `*` at the end.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::manifest::report::Sort;

/// How the names of sections begin that list keys rather than paths.
const KEYS: &str = "keys: ";

/// The tables of all modelled kinds, a shared shape before the kinds that use it.
const TABLES: &[&str] = &[
    include_str!("tables/metadata.txt"),
    include_str!("tables/pod.txt"),
    include_str!("tables/workload.txt"),
    include_str!("tables/core.txt"),
    include_str!("tables/service.txt"),
    include_str!("tables/ingress.txt"),
    include_str!("tables/policy.txt"),
    include_str!("tables/istio.txt"),
    include_str!("tables/gateway.txt"),
];

static SHAPES: LazyLock<BTreeMap<&'static str, FieldTable>> = LazyLock::new(|| {
    parse_tables(TABLES).unwrap_or_else(|error| panic!("the field tables are broken: {error}"))
});

/// The fields under one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::manifest) struct FieldTable {
    rule: Option<Rule>,
    /// The value at which the field changes nothing.
    default: Option<&'static str>,
    children: BTreeMap<&'static str, FieldTable>,
}

/// Why a field has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) struct Rule {
    pub(in crate::manifest) sort: Sort,
    pub(in crate::manifest) reason: &'static str,
}

/// What is said of a field that stands at its default.
pub(in crate::manifest) const AT_DEFAULT: Rule = Rule {
    sort: Sort::Irrelevant,
    reason: "this is the default, and the models do what the default says",
};

impl FieldTable {
    /// The table of a kind or shape.
    pub(in crate::manifest) fn of(shape: &str) -> Option<&'static Self> {
        SHAPES.get(shape)
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.children.keys().copied()
    }

    /// What holds for the field when its value has the text `text`.
    pub(super) fn rule_for(&self, text: &str) -> Option<Rule> {
        if self.default.is_some_and(|default| default == text) {
            Some(AT_DEFAULT)
        } else {
            self.rule
        }
    }

    pub(super) fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    fn child_mut(&mut self, name: &'static str) -> &mut Self {
        self.children.entry(name).or_default()
    }

    fn at(&mut self, path: &'static str) -> &mut Self {
        path.split('.').fold(self, |table, step| table.child_mut(step.trim_end_matches("[]")))
    }

    fn absorb(&mut self, other: &Self) {
        self.rule = self.rule.or(other.rule);
        self.default = self.default.or(other.default);
        for (&name, child) in &other.children {
            self.child_mut(name).absorb(child);
        }
    }
}

/// What the indented lines of a section stand for.
#[derive(Clone, Copy)]
enum Heading {
    Rule(Rule),
    Default,
    /// Keys that a longer pattern would say something of, and that the models read.
    Modelled,
}

fn parse_tables(texts: &[&'static str]) -> Result<BTreeMap<&'static str, FieldTable>, String> {
    let mut shapes = BTreeMap::new();
    let mut current: Option<(&'static str, FieldTable)> = None;
    let mut heading = None;
    for line in texts.iter().flat_map(|text| text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            shapes.extend(current.replace((name, FieldTable::default())));
            heading = None;
            continue;
        }
        let (name, table) = current.as_mut().ok_or_else(|| format!("outside a section: {line}"))?;
        if line.starts_with(' ') {
            let heading = heading.ok_or_else(|| format!("no heading above: {line}"))?;
            match name.strip_prefix(KEYS) {
                Some(_) => parse_keys(table, heading, line),
                None => parse_paths(table, heading, line)?,
            }
        } else if let Some(rest) = line.strip_prefix("use ") {
            let (shape, paths) = rest.split_once(" at ").ok_or_else(|| line.to_owned())?;
            let shape = shapes.get(shape).ok_or_else(|| format!("not defined yet: {line}"))?;
            paths.split_whitespace().for_each(|path| table.at(path).absorb(shape));
        } else {
            heading = Some(parse_heading(line)?);
        }
    }
    shapes.extend(current);
    Ok(shapes)
}

fn parse_heading(line: &'static str) -> Result<Heading, String> {
    let rule = |sort, reason: &'static str| Heading::Rule(Rule { sort, reason: reason.trim() });
    match line.split_once(':') {
        Some(("default", "")) => Ok(Heading::Default),
        Some(("modelled", "")) => Ok(Heading::Modelled),
        Some(("irrelevant", reason)) => Ok(rule(Sort::Irrelevant, reason)),
        Some(("not modelled yet", reason)) => Ok(rule(Sort::NotModelledYet, reason)),
        _ => Err(format!("unknown heading: {line}")),
    }
}

fn parse_paths(table: &mut FieldTable, heading: Heading, line: &'static str) -> Result<(), String> {
    for word in line.split_whitespace() {
        match heading {
            Heading::Rule(rule) => table.at(word).rule = Some(rule),
            Heading::Default => {
                let (path, value) =
                    word.split_once('=').ok_or_else(|| format!("no value: {word}"))?;
                table.at(path).default = Some(value);
            }
            Heading::Modelled => return Err(format!("only for keys: {word}")),
        }
    }
    Ok(())
}

fn parse_keys(table: &mut FieldTable, heading: Heading, line: &'static str) {
    let rule = match heading {
        Heading::Rule(rule) => Some(rule),
        Heading::Modelled | Heading::Default => None,
    };
    line.split_whitespace().for_each(|key| table.child_mut(key).rule = rule);
}

/// Whether `key` has a rule in a section of keys; of several names that fit, the
/// longest counts.
pub(in crate::manifest) fn key_rule(table: &FieldTable, key: &str) -> Option<Rule> {
    let fits = |name: &str| match name.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => key == name,
    };
    let longest = table.children.iter().filter(|(name, _)| fits(name));
    longest.max_by_key(|(name, _)| name.len()).and_then(|(_, child)| child.rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_can_be_read_and_every_field_has_a_reason() {
        fn check(table: &FieldTable) {
            assert!(table.rule.is_none_or(|rule| rule.reason.len() > 10), "{table:?}");
            assert!(table.default.is_none() || table.rule.is_some(), "{table:?}");
            table.children.values().for_each(check);
        }
        SHAPES.values().for_each(check);
        assert!(SHAPES.len() > 10);
    }

    #[test]
    fn shapes_are_put_under_paths_and_defaults_change_the_verdict() {
        let text = "[a]\nirrelevant: of no use here\n  x.y\n[b]\nuse a at p.q[]\n\
            not modelled yet: some day\n  z\ndefault:\n  z=None\n";
        let shapes = parse_tables(&[text]).expect("well formed");
        let rule = |path: &[&str], text| {
            let found = path.iter().try_fold(&shapes["b"], |table, step| table.child(step));
            found.and_then(|table| table.rule_for(text)).map(|rule| rule.sort)
        };
        assert_eq!(rule(&["p", "q", "x", "y"], ""), Some(Sort::Irrelevant));
        assert_eq!(rule(&["z"], "ClientIP"), Some(Sort::NotModelledYet));
        assert_eq!(rule(&["z"], "None"), Some(Sort::Irrelevant));
        assert_eq!(rule(&["p", "q"], ""), None);
    }

    #[test]
    fn broken_tables_are_refused() {
        for text in
            ["x\n", "[a]\n  x\n", "[a]\nwhy: x\n", "[a]\nuse b at c\n", "[a]\ndefault:\n  x\n"]
        {
            assert!(parse_tables(&[text.to_owned().leak()]).is_err(), "{text}");
        }
    }
}
