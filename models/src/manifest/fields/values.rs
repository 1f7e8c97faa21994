//! Values that meshes write and Kubernetes does not: decimal numbers and maps of mappings.

use super::{Fields, Path};
use crate::manifest::diagnostic::{nearest, quoted};
use crate::manifest::yaml::NodeKind;
use crate::manifest::{Diagnostic, Located};

impl<'r, 's, 'd> Fields<'_, 'r, 's, 'd> {
    /// A finite number that is not negative, with or without a fraction.
    pub(in crate::manifest) fn decimal(&mut self, name: &'static str) -> Option<Located<f64>> {
        let node = self.take(name)?;
        let value = node.as_float().filter(|value| value.is_finite() && *value >= 0.0);
        let Some(value) = value else {
            let finding = self.misfit(name, node, "a number that is not negative");
            self.lose(finding);
            return None;
        };
        self.reading.content.scalar(name, node.text());
        Some(Located::new(value, node.place()))
    }

    /// A list of words of a closed set; others are left out, with a finding.
    pub(in crate::manifest) fn choices<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Vec<Located<T>> {
        let words = self.strings(name);
        let mut values = Vec::with_capacity(words.len());
        for word in words {
            match choices.iter().find(|(known, _)| *known == word.value) {
                Some(&(_, value)) => values.push(Located::new(value, word.place)),
                None => {
                    let known: Vec<_> = choices.iter().map(|(it, _)| format!("`{it}`")).collect();
                    let (path, known) = (Path::join(self.path, name), known.join(", "));
                    let got = quoted(&word.value);
                    let message = format!("`{path}[]`: expected {known}, got {got}");
                    let mut finding = Diagnostic::error("manifest.wrong-type", message)
                        .at(word.place, format!("expected {known}"));
                    let near = nearest(&word.value, choices.iter().map(|&(it, _)| it));
                    finding.help = near.map(|near| format!("did you mean `{near}`?"));
                    self.add(finding);
                }
            }
        }
        values
    }

    /// A mapping with free keys to mappings, in the order of the keys; values that cannot be read
    /// are left out.
    pub(in crate::manifest) fn map<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'_, 'r, 's, 'd>) -> Option<T>,
    ) -> Vec<(Located<String>, T)> {
        let Some(node) = self.take(name) else { return Vec::new() };
        if !self.expect(name, node, NodeKind::Mapping) {
            return Vec::new();
        }
        self.reading.content.name(name);
        self.reading.content.open();
        let path = Path { parent: self.path, name, is_list: false };
        let mut entries: Vec<_> = node.entries().collect();
        entries.sort_by_key(|entry| entry.key);
        let mut values = Vec::with_capacity(entries.len());
        for entry in entries {
            self.reading.content.name(entry.key);
            let below = Path { parent: Some(&path), name: entry.key, is_list: false };
            let value = match entry.value.kind() {
                // A null is an empty mapping here, as it is for the API server.
                NodeKind::Null | NodeKind::Mapping => {
                    self.below(&below, entry.value).run(&mut read)
                }
                _ => {
                    self.expect(&format!("{name}.{}", entry.key), entry.value, NodeKind::Mapping);
                    None
                }
            };
            let key = Located::new(entry.key.to_owned(), entry.key_place);
            values.extend(value.map(|value| (key, value)));
        }
        self.reading.content.close();
        values
    }
}
