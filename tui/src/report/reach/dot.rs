//! Connections as a graph for Graphviz, in one order always.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meshwalk_models::reach::{Fate, Requests, names};

use super::{View, ports, requests};

/// Prints the graph: solid edges pass, dashed ones are unknown, dotted ones are refused.
pub(crate) fn print(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let parties = view.reach.parties();
    let mut edges: BTreeMap<(String, String), Vec<(&str, String)>> = BTreeMap::new();
    for row in view.rows {
        let fate = &row.link.fate;
        let mut label = ports(&row.link.set);
        if let Fate::Allowed(these @ Requests::Some { .. }) = fate {
            label.push_str(&format!("\n{}", requests(these, view.places)));
        }
        let style = match fate {
            Fate::Allowed(_) => "solid",
            Fate::Unknown { .. } => "dashed",
            Fate::Refused { .. } => "dotted",
        };
        for from in names(parties, &row.from) {
            for to in names(parties, &row.to) {
                let own = edges.entry((from.clone(), to)).or_default();
                own.push((style, label.clone()));
            }
        }
    }
    writeln!(out, "digraph reach {{\n  rankdir=LR;\n  node [shape=box];")?;
    let mut nodes: Vec<&String> = edges.keys().flat_map(|(from, to)| [from, to]).collect();
    nodes.sort();
    nodes.dedup();
    for node in nodes {
        writeln!(out, "  {};", quoted(node))?;
    }
    for ((from, to), labels) in &edges {
        for (style, label) in labels {
            let (from, to, label) = (quoted(from), quoted(to), quoted(label));
            writeln!(out, "  {from} -> {to} [label={label}, style={style}];")?;
        }
    }
    writeln!(out, "}}")
}

/// A quoted string of the language (graphviz.org/doc/info/lang.html): a quote is escaped, and a
/// backslash too, which labels would read as an escape.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_end_no_string() {
        assert_eq!(quoted("a\"b\\"), "\"a\\\"b\\\\\"");
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
    }
}
