//! What becomes of fields that nobody asked for: the kind's table says why they have no effect.

use super::{Entry, FieldTable, Fields, NodeRef, Path, Sort, Verdict};
use crate::manifest::diagnostic::nearest;
use crate::manifest::yaml::NodeKind;

const UNKNOWN: &str = "the kind has no such field";

impl<'d> Fields<'_, '_, '_, 'd> {
    pub(super) fn report_leftovers(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        for (entry, _) in self.node.entries().zip(taken).filter(|(_, taken)| !taken) {
            let asked = std::mem::take(&mut self.asked);
            self.report_leftover(entry, Path::join(self.path, entry.key), self.table, &asked);
            self.asked = asked;
        }
    }

    fn report_leftover(
        &mut self,
        entry: Entry<'d>,
        path: String,
        table: Option<&'static FieldTable>,
        asked: &[&'static str],
    ) {
        let row = table.and_then(|table| table.child(entry.key));
        let verdict = match row {
            Some(row) => match row.rule_for(entry.value.text()) {
                Some(rule) => Verdict { sort: rule.sort, reason: rule.reason },
                None => return self.report_below(entry.value, &path, row),
            },
            None => Verdict { sort: Sort::Unknown, reason: UNKNOWN },
        };
        let suggest = || {
            let known = table.into_iter().flat_map(FieldTable::names);
            let known = known.chain(asked.iter().copied());
            (verdict.sort == Sort::Unknown).then(|| nearest(entry.key, known)).flatten()
        };
        let kind = self.reading.kind;
        let report = &mut self.reading.findings.report;
        report.add(kind, Some(path), verdict, entry.key_place, suggest);
    }

    /// A mapping that was not opened, and of which the table says something only further in. The
    /// recursion ends where the table ends.
    fn report_below(&mut self, node: NodeRef<'d>, path: &str, table: &'static FieldTable) {
        if !table.has_children() {
            return;
        }
        for entry in node.entries() {
            self.report_leftover(entry, format!("{path}.{}", entry.key), Some(table), &[]);
        }
        for item in node.items().filter(|item| item.kind() == NodeKind::Mapping) {
            for entry in item.entries() {
                self.report_leftover(entry, format!("{path}[].{}", entry.key), Some(table), &[]);
            }
        }
    }
}
