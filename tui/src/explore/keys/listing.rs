//! All actions with their keys, as text: a table for the terminal, one for documents, and a file
//! of keys to begin with.

use std::fmt::Write as _;

use super::bindings::Bindings;
use crate::explore::action::{Group, Id, Row, Takes, rows};

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Columns.
    Table,
    /// A Markdown table for each group.
    Markdown,
    /// A file of keys that can be read back.
    Toml,
}

/// The list.
pub(crate) fn list(bindings: &Bindings, listing: Listing) -> String {
    match listing {
        Listing::Table => table(bindings),
        Listing::Markdown => markdown(bindings),
        Listing::Toml => toml(bindings),
    }
}

/// The groups in the order of the table, with their actions.
fn groups() -> Vec<(Group, Vec<&'static Row>)> {
    let mut groups: Vec<(Group, Vec<&'static Row>)> = Vec::new();
    for row in rows() {
        match groups.iter_mut().find(|(group, _)| *group == row.group) {
            Some((_, own)) => own.push(row),
            None => groups.push((row.group, vec![row])),
        }
    }
    groups
}

/// The keys of an action, as they are shown in a list.
fn keys(bindings: &Bindings, row: &Row) -> String {
    // What waits for a letter shows it.
    let letter = match row.takes {
        Takes::Must(crate::explore::action::Expected::Mark) => "{a-z}",
        _ => "",
    };
    let keys = bindings.keys_of(row.id).into_iter().map(|key| key + letter);
    keys.collect::<Vec<_>>().join("  ")
}

fn table(bindings: &Bindings) -> String {
    let cells = |row: &Row| [row.name.to_owned(), keys(bindings, row), format!(":{}", row.usage())];
    let mut widths = [6, 4, 7];
    for row in rows() {
        for (width, cell) in widths.iter_mut().zip(cells(row)) {
            *width = cell.len().max(*width);
        }
    }
    let [names, keys, words] = widths;
    let mut text = String::new();
    for (index, (group, own)) in groups().into_iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        let title = group.word().to_uppercase();
        let _ = writeln!(text, "{gap}{title:<names$}  {:<keys$}  {:<words$}", "KEYS", "COMMAND");
        text.truncate(text.trim_end().len());
        text.push('\n');
        for row in own {
            let [name, key, word] = cells(row);
            let _ =
                writeln!(text, "{name:<names$}  {key:<keys$}  {word:<words$}  {}", row.sentence);
        }
    }
    text
}

fn markdown(bindings: &Bindings) -> String {
    let mut text = String::new();
    for (index, (group, own)) in groups().into_iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{gap}| {} | keys | command | what it does |", group.word());
        text.push_str("|---|---|---|---|\n");
        for row in own {
            let keys: Vec<String> = keys(bindings, row).split_whitespace().map(code).collect();
            let word = code(&format!(":{}", row.usage()));
            let (keys, sentence) = (keys.join(" "), row.sentence);
            let _ = writeln!(text, "| `{}` | {keys} | {word} | {sentence} |", row.name);
        }
    }
    text
}

/// As code in a cell of a Markdown table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn toml(bindings: &Bindings) -> String {
    let mut text =
        "# What is pressed for each action of `meshwalk open`. Leave out what stays as it \
                    is; [] takes an\n# action's keys away.\n[keys]\n"
            .to_owned();
    for (group, own) in groups() {
        let _ = writeln!(text, "\n# {}", group.word());
        for row in own.into_iter().filter(|row| row.id != Id::QuitNow) {
            let keys = bindings.keys_of(row.id);
            let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
            let _ = writeln!(text, "{} = [{}]  # {}", row.name, keys.join(", "), row.sentence);
        }
    }
    text
}

fn quoted(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}
