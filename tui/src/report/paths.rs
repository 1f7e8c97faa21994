//! The ways between pairs of data paths as a table, a page or a document.

use std::io::{self, Write};

use meshwalk_models::path::{
    Balancer, Balancing, Callee, Caller, Note, PathBox, Protection, Route, Seen, pairs, route,
};
use serde::Serialize;

use crate::terminal::Look;

use super::columns::{Align, Column, Columns};
use super::json;

const HEAD: [Column; 8] = [
    ("FROM", Align::Left),
    ("TO", Align::Left),
    ("BOXES", Align::Left),
    ("WIRE", Align::Left),
    ("BALANCED", Align::Left),
    ("L4 POLICY", Align::Left),
    ("L7 POLICY", Align::Left),
    ("SEEN AS", Align::Left),
];

/// Prints the table.
pub(crate) fn print(out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut columns = Columns::new(HEAD);
    for (caller, callee) in pairs() {
        columns.row(cells(caller, callee).to_vec());
    }
    columns.print(out, look)
}

/// Prints the table with the port that NetworkPolicies see, the rule, and what holds besides.
pub(crate) fn print_wide(out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let more = [("NETWORK PORT", Align::Left), ("RULE", Align::Left), ("NOTES", Align::Left)];
    let mut columns = Columns::new(HEAD.into_iter().chain(more));
    for (caller, callee) in pairs() {
        let way = route(caller, callee);
        let mut row = cells(caller, callee).to_vec();
        row.extend([ports(way), way.rule.0.to_owned(), numbers(way)]);
        columns.row(row);
    }
    columns.print(out, look)?;
    writeln!(out)?;
    for (number, note) in notes().iter().enumerate() {
        writeln!(out, "{}: {}", number + 1, note.sentence())?;
    }
    Ok(())
}

/// A way as JSON; JSON.md describes the fields.
#[derive(Serialize)]
struct Row {
    caller: Caller,
    callee: Callee,
    legs: Vec<LegRow>,
    balancer: Balancer,
    balancing: Balancing,
    l4_policy: &'static [PathBox],
    l7_policy: &'static [PathBox],
    seen_as: Seen,
    notes: Vec<&'static str>,
    rule: &'static str,
}

#[derive(Serialize)]
struct LegRow {
    from: PathBox,
    to: PathBox,
    in_pod: bool,
    protection: Protection,
    network_port: Option<u16>,
}

/// Prints the ways as a JSON list.
pub(crate) fn print_json(out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Row> = pairs()
        .map(|(caller, callee)| {
            let way = route(caller, callee);
            let legs = way.legs.iter().map(|leg| LegRow {
                from: leg.from,
                to: leg.to,
                in_pod: leg.is_in_pod(),
                protection: leg.protection,
                network_port: leg.network_port(),
            });
            Row {
                caller,
                callee,
                legs: legs.collect(),
                balancer: way.balancer,
                balancing: way.balancing,
                l4_policy: way.l4_policy,
                l7_policy: way.l7_policy,
                seen_as: way.seen,
                notes: way.notes.iter().map(|note| note.sentence()).collect(),
                rule: way.rule.0,
            }
        })
        .collect();
    json::print(out, &rows)
}

const INTRODUCTION: &str = "\
# Data paths

Which boxes the bytes of a call pass, what protects them on the wire, who picks the endpoint, and \
where Istio's policies are enforced: for each pair of caller and callee. This page is printed by \
`meshwalk paths -o markdown`, from what simulations and answers go by.

Calls go to the name of a Service or of a host. No PeerAuthentication and no DestinationRule says \
otherwise: Istio then takes plaintext and mutual TLS, and sends mutual TLS wherever the endpoint \
takes it. An arrow with a word goes from pod to pod; one without stays in the network of a pod. \
NetworkPolicies are enforced on every way, and see port 15008 in place of the application's where \
HBONE arrives. \"Seen as\" is the identity that the last box before the application sees.
";

/// Prints the page.
pub(crate) fn print_markdown(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{INTRODUCTION}")?;
    for caller in Caller::ALL {
        writeln!(out, "## From {}\n", caller.word())?;
        writeln!(out, "| to | way | balanced by | L4 policy | L7 policy | seen as | notes |")?;
        writeln!(out, "|---|---|---|---|---|---|---|")?;
        for (_, callee) in pairs().filter(|(one, _)| *one == caller) {
            let way = route(caller, callee);
            let [_, to, _, _, balanced, l4, l7, seen] = cells(caller, callee);
            let (boxes, notes) = (arrows(way), numbers(way));
            writeln!(out, "| {to} | {boxes} | {balanced} | {l4} | {l7} | {seen} | {notes} |")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "## Notes\n")?;
    for (number, note) in notes().iter().enumerate() {
        writeln!(out, "{}. {}", number + 1, note.sentence())?;
    }
    Ok(())
}

fn cells(caller: Caller, callee: Callee) -> [String; 8] {
    let way = route(caller, callee);
    let how_often = match way.balancing {
        Balancing::PerConnection => "connection",
        Balancing::PerRequest => "request",
    };
    let wires: Vec<_> = way.wires().map(|leg| leg.protection.word()).collect();
    let boxes: Vec<_> = way.boxes().map(PathBox::word).collect();
    [
        caller.word().to_owned(),
        callee.word().to_owned(),
        boxes.join(" > "),
        wires.join(", "),
        format!("{}, per {how_often}", way.balancer.word()),
        places(way.l4_policy),
        places(way.l7_policy),
        way.seen.word().to_owned(),
    ]
}

fn places(boxes: &[PathBox]) -> String {
    let words: Vec<_> = boxes.iter().map(|it| it.word()).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

fn ports(way: &Route) -> String {
    let ports: Vec<String> = way
        .wires()
        .map(|leg| leg.network_port().map_or_else(|| "own".to_owned(), |port| port.to_string()))
        .collect();
    ports.join(", ")
}

/// The boxes with what protects the bytes between pods.
fn arrows(way: &Route) -> String {
    let mut text = way.legs.first().map_or("", |leg| leg.from.word()).to_owned();
    for leg in way.legs {
        if leg.is_in_pod() {
            text.push_str(&format!(" → {}", leg.to.word()));
        } else {
            text.push_str(&format!(" →{}→ {}", leg.protection.word(), leg.to.word()));
        }
    }
    text
}

/// All notes, in their own order.
fn notes() -> Vec<Note> {
    let mut notes: Vec<Note> =
        pairs().flat_map(|(caller, callee)| route(caller, callee).notes.iter().copied()).collect();
    notes.sort_unstable();
    notes.dedup();
    notes
}

/// The numbers of a way's notes.
fn numbers(way: &Route) -> String {
    let all = notes();
    let numbers: Vec<String> = way
        .notes
        .iter()
        .filter_map(|note| all.iter().position(|other| other == note))
        .map(|at| (at + 1).to_string())
        .collect();
    numbers.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_ways_shows_the_waypoint_and_who_is_seen_behind_it() {
        let mut out = Vec::new();
        print_wide(&mut out, &Look::PLAIN).expect("a vector takes everything");
        let text = String::from_utf8(out).expect("text");
        let waypoint = text.lines().find(|line| line.contains("waypoint > ztunnel"));
        let waypoint = waypoint.expect("a way through a waypoint");
        for part in ["HBONE, HBONE", "waypoint, per request", "15008, 15008", "path.waypoint"] {
            assert!(waypoint.contains(part), "{part} in {waypoint}");
        }
    }
}
