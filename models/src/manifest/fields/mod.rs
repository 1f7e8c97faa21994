//! A cursor over a mapping that fills typed resources and knows which fields nobody asked for.
//!
//! It decides nothing about kinds; their tables say what the fields mean that were not read.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::digest::ContentHash;
use super::findings::Findings;
use super::kinds::{Labels, TargetPort};
use super::report::{Sort, Verdict};
use super::yaml::{Entry, NodeKind, NodeRef};
use super::{Diagnostic, Located, Place};

mod aside;
mod leftover;
mod maps;
mod table;
mod values;

pub(super) use table::FieldTable;

/// What the cursors of one object share.
pub(super) struct Reading<'r, 's> {
    pub(super) findings: &'r mut Findings<'s>,
    /// The kind of the object, for messages.
    pub(super) kind: &'static str,
    /// What was read of the object so far.
    pub(super) content: ContentHash,
    /// How many values of it could not be read.
    pub(super) lost: u32,
}

/// The steps from the object to a mapping.
#[derive(Clone, Copy)]
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p str,
    is_list: bool,
}

impl Path<'_> {
    /// Such as `spec.ports[].name`, for the field `name` of the mapping at `path`.
    fn join(path: Option<&Self>, name: &str) -> String {
        let Some(path) = path else { return name.to_owned() };
        let mut text = Path::join(path.parent, path.name);
        if path.is_list {
            text.push_str("[]");
        }
        text.push('.');
        text.push_str(name);
        text
    }
}

/// A mapping that is being read. Every field that was asked for counts as read, whatever its value.
pub(super) struct Fields<'f, 'r, 's, 'd> {
    reading: &'f mut Reading<'r, 's>,
    node: NodeRef<'d>,
    path: Option<&'f Path<'f>>,
    table: Option<&'static FieldTable>,
    /// For each entry of the mapping, whether it was asked for.
    taken: Vec<bool>,
    asked: Vec<&'static str>,
}

impl<'f, 'r, 's, 'd> Fields<'f, 'r, 's, 'd> {
    /// Reads an object: runs `read` and then reports the fields it did not ask for.
    pub(super) fn read_object<T>(
        reading: &'f mut Reading<'r, 's>,
        node: NodeRef<'d>,
        table: Option<&'static FieldTable>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        Self { reading, node, path: None, table, taken: Vec::new(), asked: Vec::new() }.run(read)
    }

    fn run<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.taken = vec![false; self.node.entries().len()];
        self.reading.content.open();
        let value = read(&mut self);
        self.reading.content.close();
        self.report_leftovers();
        value
    }

    /// How many values of the object could not be read so far: what is left of it means less than
    /// its author wrote.
    pub(super) fn lost(&self) -> u32 {
        self.reading.lost
    }

    /// Where the mapping begins.
    pub(super) fn place(&self) -> Place {
        self.node.place()
    }

    /// A string.
    pub(super) fn string(&mut self, name: &'static str) -> Option<Located<String>> {
        let node = self.take(name)?;
        let text = self.text_of(name, node)?;
        self.reading.content.scalar(name, text);
        Some(Located::new(text.to_owned(), node.place()))
    }

    /// A string in a notation of its own, such as a duration or a time.
    pub(super) fn parsed<T>(&mut self, name: &'static str) -> Option<Located<T>>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.string(name)?;
        match text.value.parse() {
            Ok(value) => Some(Located::new(value, text.place)),
            Err(error) => {
                self.reading.lost += 1;
                let path = Path::join(self.path, name);
                let message = format!("`{path}`: {error}");
                self.add(
                    Diagnostic::error("manifest.wrong-type", message)
                        .at(text.place, "read as if it were absent"),
                );
                None
            }
        }
    }

    /// A string without which the object cannot be read.
    pub(super) fn required_string(&mut self, name: &'static str) -> Option<Located<String>> {
        self.require(name)?;
        self.string(name)
    }

    /// A string that the API server insists on and the models can do without.
    pub(super) fn expected_string(&mut self, name: &'static str) -> Option<Located<String>> {
        let value = self.string(name);
        if !self.has(name) {
            let path = Path::join(self.path, name);
            let finding =
                Diagnostic::warning("manifest.missing-field", format!("`{path}` is missing"))
                    .at(self.node.place(), "read without it")
                    .help("a cluster refuses this object");
            self.reading.findings.add(finding);
        }
        value
    }

    /// A boolean.
    pub(super) fn boolean(&mut self, name: &'static str) -> Option<Located<bool>> {
        let node = self.take(name)?;
        let value = match node.as_bool() {
            Some(value) => value,
            None => self.old_boolean(name, node)?,
        };
        self.reading.content.scalar(name, if value { "true" } else { "false" });
        Some(Located::new(value, node.place()))
    }

    /// A whole number within `range`.
    pub(super) fn number<T>(
        &mut self,
        name: &'static str,
        range: RangeInclusive<T>,
    ) -> Option<Located<T>>
    where
        T: TryFrom<i128> + Into<i128> + Copy,
    {
        let node = self.take(name)?;
        let value = self.number_at(name, node, range)?;
        self.reading.content.scalar(name, &Into::<i128>::into(value).to_string());
        Some(Located::new(value, node.place()))
    }

    /// A whole number without which the object cannot be read.
    pub(super) fn required_number<T>(
        &mut self,
        name: &'static str,
        range: RangeInclusive<T>,
    ) -> Option<Located<T>>
    where
        T: TryFrom<i128> + Into<i128> + Copy,
    {
        self.require(name)?;
        self.number(name, range)
    }

    /// One of a closed set of words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Option<Located<T>> {
        let node = self.take(name)?;
        let text = self.text_of(name, node)?;
        let Some(&(word, value)) = choices.iter().find(|(word, _)| *word == text) else {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            let near = super::diagnostic::nearest(text, choices.iter().map(|&(word, _)| word));
            let mut finding = self.misfit(name, node, &words.join(", "));
            finding.help = near.map(|near| format!("did you mean `{near}`?"));
            self.lose(finding);
            return None;
        };
        self.reading.content.scalar(name, word);
        Some(Located::new(value, node.place()))
    }

    /// One of a closed set of words, without which the object cannot be read.
    pub(super) fn required_choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Option<Located<T>> {
        self.require(name)?;
        self.choice(name, choices)
    }

    /// A port by number or by name (`IntOrString` of the Kubernetes API).
    pub(super) fn port_or_name(&mut self, name: &'static str) -> Option<Located<TargetPort>> {
        let node = self.take(name)?;
        self.reading.content.name(name);
        let value = match node.kind() {
            NodeKind::String => {
                self.reading.content.scalar("name", node.text());
                TargetPort::Name(node.text().to_owned())
            }
            _ => {
                let number = self.number_at(name, node, 1..=u16::MAX)?;
                self.reading.content.scalar("number", &number.to_string());
                TargetPort::Number(number)
            }
        };
        Some(Located::new(value, node.place()))
    }

    /// A map of strings.
    pub(super) fn labels(&mut self, name: &'static str) -> Labels {
        self.located_labels(name).map(|labels| labels.value).unwrap_or_default()
    }

    /// A map of strings, if the field is there.
    pub(super) fn located_labels(&mut self, name: &'static str) -> Option<Located<Labels>> {
        let node = self.take(name)?;
        if !self.expect(name, node, NodeKind::Mapping) {
            return None;
        }
        let mut labels = Labels::new();
        for entry in node.entries() {
            // The API server takes a null as an empty string here.
            let text = match entry.value.kind() {
                NodeKind::Null => Some(""),
                _ => self.text_of(&format!("{name}.{}", entry.key), entry.value),
            };
            if let Some(text) = text {
                let value = Located::new(text.to_owned(), entry.value.place());
                labels.insert(entry.key.to_owned(), value);
            }
        }
        self.reading.content.map(name, &labels);
        Some(Located::new(labels, node.place()))
    }

    /// A list of strings.
    pub(super) fn strings(&mut self, name: &'static str) -> Vec<Located<String>> {
        let Some(node) = self.take(name) else { return Vec::new() };
        if !self.expect(name, node, NodeKind::Sequence) {
            return Vec::new();
        }
        self.reading.content.open();
        let mut strings = Vec::with_capacity(node.items().len());
        for item in node.items() {
            if let Some(text) = self.text_of(name, item) {
                self.reading.content.scalar(name, text);
                strings.push(Located::new(text.to_owned(), item.place()));
            }
        }
        self.reading.content.close();
        strings
    }

    /// A list of whole numbers within `range`; items that are none are left out.
    pub(super) fn numbers<T>(&mut self, name: &'static str, range: RangeInclusive<T>) -> Vec<T>
    where
        T: TryFrom<i128> + Into<i128> + Copy,
    {
        let Some(node) = self.take(name) else { return Vec::new() };
        if !self.expect(name, node, NodeKind::Sequence) {
            return Vec::new();
        }
        self.reading.content.open();
        let mut numbers = Vec::with_capacity(node.items().len());
        for item in node.items() {
            if let Some(number) = self.number_at(name, item, range.clone()) {
                self.reading.content.scalar(name, &Into::<i128>::into(number).to_string());
                numbers.push(number);
            }
        }
        self.reading.content.close();
        numbers
    }

    /// A mapping under this one.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_, 'r, 's, 'd>) -> T,
    ) -> Option<T> {
        let node = self.take(name)?;
        if !self.expect(name, node, NodeKind::Mapping) {
            return None;
        }
        self.reading.content.name(name);
        let path = Path { parent: self.path, name, is_list: false };
        Some(self.below(&path, node).run(read))
    }

    /// A list of mappings; items that cannot be read are left out.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'_, 'r, 's, 'd>) -> Option<T>,
    ) -> Vec<T> {
        let Some(node) = self.take(name) else { return Vec::new() };
        if !self.expect(name, node, NodeKind::Sequence) {
            return Vec::new();
        }
        self.reading.content.name(name);
        let path = Path { parent: self.path, name, is_list: true };
        let mut values = Vec::with_capacity(node.items().len());
        for item in node.items() {
            if self.expect(&format!("{name}[]"), item, NodeKind::Mapping) {
                values.extend(self.below(&path, item).run(&mut read));
            }
        }
        values
    }

    /// A mapping without which the object cannot be read.
    pub(super) fn required_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_, 'r, 's, 'd>) -> T,
    ) -> Option<T> {
        self.require(name)?;
        self.object(name, read)
    }

    /// Leaves the rest of the mapping unjudged, because the object as a whole is not used.
    pub(super) fn leave(&mut self) {
        self.taken.fill(true);
    }

    /// How many errors were found so far. A reader for which it grew while it read a part knows that
    /// a cluster refuses the object on account of that part.
    pub(super) fn errors(&self) -> u64 {
        self.reading.findings.errors()
    }

    /// Reports something about a value that was read.
    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        self.reading.findings.add(diagnostic);
    }

    /// Reports the entries of a free-form map that are known to matter and are not modelled.
    pub(super) fn report_keys(&mut self, name: &'static str, map: &Labels, section: &str) {
        let Some(table) = FieldTable::of(section) else { return };
        for (key, value) in map {
            if let Some(rule) = table::key_rule(table, key) {
                let field = Path::join(self.path, &format!("{name}[{key}]"));
                let verdict = Verdict { sort: rule.sort, reason: rule.reason };
                self.reading.findings.report.add(
                    self.reading.kind,
                    Some(field),
                    verdict,
                    value.place,
                    || None,
                );
            }
        }
    }

    fn below<'g>(&'g mut self, path: &'g Path<'g>, node: NodeRef<'d>) -> Fields<'g, 'r, 's, 'd> {
        let table = self.table.and_then(|table| table.child(path.name));
        let (taken, asked) = (Vec::new(), Vec::new());
        Fields { reading: self.reading, node, path: Some(path), table, taken, asked }
    }

    /// The value of a field, which then counts as read. A null counts as absent, as it does for
    /// the API server.
    fn take(&mut self, name: &'static str) -> Option<NodeRef<'d>> {
        self.asked.push(name);
        let (at, entry) = self.node.entries().enumerate().find(|(_, entry)| entry.key == name)?;
        self.taken[at] = true;
        (entry.value.kind() != NodeKind::Null).then_some(entry.value)
    }

    fn has(&self, name: &str) -> bool {
        self.node.get(name).is_some_and(|node| node.kind() != NodeKind::Null)
    }

    fn require(&mut self, name: &'static str) -> Option<()> {
        self.asked.push(name);
        if self.has(name) {
            return Some(());
        }
        let path = Path::join(self.path, name);
        self.lose(
            Diagnostic::error("manifest.missing-field", format!("`{path}` is missing"))
                .at(self.node.place(), format!("this {} needs it", self.reading.kind)),
        );
        None
    }

    fn expect(&mut self, name: &str, node: NodeRef<'d>, kind: NodeKind) -> bool {
        let fits = node.kind() == kind;
        if !fits {
            let finding = self.misfit(name, node, kind.noun());
            self.lose(finding);
        }
        fits
    }

    /// Reports why a value was not read.
    fn lose(&mut self, finding: Diagnostic) {
        self.reading.lost += 1;
        self.reading.findings.add(finding);
    }

    fn misfit(&self, name: &str, node: NodeRef<'d>, expected: &str) -> Diagnostic {
        let path = Path::join(self.path, name);
        let got = node.describe();
        Diagnostic::error(
            "manifest.wrong-type",
            format!("`{path}`: expected {expected}, got {got}"),
        )
        .at(node.place(), format!("expected {expected}"))
    }

    /// The text of a string. Numbers and booleans are an error, but what their author meant is
    /// clear, so reading goes on with their text.
    fn text_of(&mut self, name: &str, node: NodeRef<'d>) -> Option<&'d str> {
        match node.kind() {
            NodeKind::String => Some(node.text()),
            NodeKind::Bool | NodeKind::Integer | NodeKind::Float => {
                let finding = self.misfit(name, node, "a string");
                let help = format!("put it in quotes: \"{}\"", node.text());
                self.reading.findings.add(finding.help(help));
                Some(node.text())
            }
            NodeKind::Null | NodeKind::Sequence | NodeKind::Mapping => {
                let finding = self.misfit(name, node, "a string");
                self.lose(finding);
                None
            }
        }
    }

    fn number_at<T>(&mut self, name: &str, node: NodeRef<'d>, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i128> + Into<i128> + Copy,
    {
        let (from, to): (i128, i128) = ((*range.start()).into(), (*range.end()).into());
        let number = node.as_integer().filter(|number| (from..=to).contains(number));
        let value = number.and_then(|number| T::try_from(number).ok());
        if value.is_none() {
            let expected = format!("a whole number from {from} to {to}");
            let finding = self.misfit(name, node, &expected);
            self.lose(finding);
        }
        value
    }

    /// The booleans of YAML 1.1, which `kubectl` still knows
    /// (yaml.org/type/bool.html, without its single letters).
    fn old_boolean(&mut self, name: &str, node: NodeRef<'d>) -> Option<bool> {
        let value = match node.text().to_ascii_lowercase().as_str() {
            "yes" | "on" => true,
            "no" | "off" => false,
            _ => {
                self.expect(name, node, NodeKind::Bool);
                return None;
            }
        };
        self.reading.findings.add(
            Diagnostic::warning("manifest.old-boolean", "this is a boolean only in YAML 1.1")
                .at(node.place(), format!("read as {value}"))
                .help(format!("write `{value}`")),
        );
        Some(value)
    }
}
