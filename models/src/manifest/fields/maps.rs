//! Maps whose keys the author chooses, and text that is YAML itself.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::{FieldTable, Fields, Path};
use crate::manifest::yaml::{self, NodeKind};
use crate::manifest::{Diagnostic, Located};

impl<'r, 's> Fields<'_, 'r, 's, '_> {
    /// A mapping from numbers to mappings; entries that cannot be read are left out.
    pub(in crate::manifest) fn keyed<N, T>(
        &mut self,
        name: &'static str,
        range: RangeInclusive<N>,
        mut read: impl FnMut(N, &mut Fields<'_, 'r, 's, '_>) -> T,
    ) -> Vec<(Located<N>, T)>
    where
        N: FromStr + PartialOrd + Display + Copy,
    {
        let Some(node) = self.take(name) else { return Vec::new() };
        if !self.expect(name, node, NodeKind::Mapping) {
            return Vec::new();
        }
        self.reading.content.name(name);
        // All entries are told of under one path, as the items of a list are.
        let path = Path { parent: self.path, name, is_list: true };
        let mut values = Vec::new();
        // In the order of keys, so that the fingerprint does not depend on the order written.
        let mut entries: Vec<_> = node.entries().collect();
        entries.sort_by_key(|entry| entry.key);
        for entry in entries {
            let Some(key) = entry.key.parse().ok().filter(|key| range.contains(key)) else {
                let field = Path::join(self.path, name);
                let (start, end) = (range.start(), range.end());
                let message = format!("`{field}`: expected a number from {start} to {end} as key");
                let finding = Diagnostic::error("manifest.wrong-type", message);
                self.add(finding.at(entry.key_place, "this entry is skipped"));
                continue;
            };
            if self.expect(entry.key, entry.value, NodeKind::Mapping) {
                self.reading.content.name(entry.key);
                let value = self.below(&path, entry.value).run(|fields| read(key, fields));
                values.push((Located::new(key, entry.key_place), value));
            }
        }
        values
    }

    /// A map of whole numbers within `range`; entries that are none are left out.
    pub(in crate::manifest) fn number_map(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> BTreeMap<String, Located<u32>> {
        let Some(node) = self.take(name) else { return BTreeMap::new() };
        if !self.expect(name, node, NodeKind::Mapping) {
            return BTreeMap::new();
        }
        let mut numbers = BTreeMap::new();
        for entry in node.entries() {
            let field = format!("{name}.{}", entry.key);
            if let Some(number) = self.number_at(&field, entry.value, range.clone()) {
                numbers.insert(entry.key.to_owned(), Located::new(number, entry.value.place()));
            }
        }
        self.reading.content.name(name);
        self.reading.content.open();
        for (key, number) in &numbers {
            self.reading.content.scalar(key, &number.value.to_string());
        }
        self.reading.content.close();
        numbers
    }

    /// A string that holds a YAML mapping, as the settings of many controllers do. Its fields are
    /// those of the table `shape`; their places are those of the lines of the manifest.
    pub(in crate::manifest) fn embedded<T>(
        &mut self,
        name: &'static str,
        shape: &'static str,
        read: impl FnOnce(&mut Fields<'_, 'r, 's, '_>) -> T,
    ) -> Option<T> {
        let node = self.take(name)?;
        let text = self.text_of(name, node)?;
        let lines = self.reading.findings.report.lines_of_scalar(node.place());
        let parsed = yaml::embedded(text, lines);
        for finding in parsed.diagnostics {
            self.add(finding);
        }
        let document = parsed.document.filter(|document| !document.is_empty())?;
        let root = document.root();
        if root.kind() != NodeKind::Mapping {
            let message = format!("`{name}`: expected settings, got {}", root.describe());
            let finding = Diagnostic::error("manifest.wrong-type", message);
            self.add(finding.at(root.place(), "expected `name: value` lines"));
            return None;
        }
        self.reading.content.name(name);
        let path = Path { parent: self.path, name, is_list: false };
        let fields = Fields {
            reading: self.reading,
            node: root,
            path: Some(&path),
            table: FieldTable::of(shape),
            taken: Vec::new(),
            asked: Vec::new(),
        };
        Some(fields.run(read))
    }
}
