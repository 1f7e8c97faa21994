//! The connections that a case expects, as the analyser writes them: one a line as text, or a list
//! as JSON.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshwalk_models::manifest::kinds::Transport;
use meshwalk_models::policy::ConnectionSet;
use serde::Deserialize;

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// Addresses from the first to the last.
    Outside(IpAddr, IpAddr),
    /// A workload, as `namespace/name[Kind]`, or `{ingress-controller}`.
    Named(String),
}

/// What is expected, by client and server.
pub(super) type Expected = BTreeMap<(Side, Side), ConnectionSet>;

/// A line of the JSON form.
#[derive(Deserialize)]
struct Line {
    src: String,
    dst: String,
    conn: String,
}

/// Reads the text form.
pub(super) fn of_text(text: &str) -> Result<Expected, String> {
    let mut expected = Expected::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parts = line.split_once(" => ").and_then(|(from, rest)| {
            let (to, set) = rest.split_once(" : ")?;
            Some((from, to, set))
        });
        let (from, to, set) = parts.ok_or_else(|| format!("not `from => to : set`: {line}"))?;
        add(&mut expected, from, to, set)?;
    }
    Ok(expected)
}

/// Reads the JSON form.
pub(super) fn of_json(text: &str) -> Result<Expected, String> {
    let lines: Vec<Line> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut expected = Expected::new();
    for line in lines {
        add(&mut expected, &line.src, &line.dst, &line.conn)?;
    }
    Ok(expected)
}

fn add(expected: &mut Expected, from: &str, to: &str, set: &str) -> Result<(), String> {
    let set = connections(set)?;
    for from in sides(from)? {
        for to in sides(to)? {
            let known = expected.entry((from.clone(), to)).or_default();
            *known = known.union(&set);
        }
    }
    Ok(())
}

/// The ranges of an external side, or the one name.
fn sides(text: &str) -> Result<Vec<Side>, String> {
    let text = text.trim();
    // The JSON form leaves the mark out.
    let marked = text.strip_suffix("[External]");
    let is_range =
        |text: &str| text.starts_with(|first: char| first.is_ascii_digit() || first == ':');
    let Some(ranges) = marked.or(Some(text).filter(|text| is_range(text) && !text.contains('[')))
    else {
        return Ok(vec![Side::Named(text.to_owned())]);
    };
    ranges.split(',').map(|range| range_of(range.trim())).collect()
}

fn range_of(text: &str) -> Result<Side, String> {
    let wrong = || format!("no range of addresses: {text}");
    if let Ok(block) = text.parse::<ipnet::IpNet>() {
        return Ok(Side::Outside(block.network(), block.broadcast()));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => Ok(Side::Outside(first, last)),
        _ => Err(wrong()),
    }
}

/// Such as `All Connections`, or `SCTP 9003,TCP 80,8080-8081`: a number without a transport belongs
/// to the one before it.
fn connections(text: &str) -> Result<ConnectionSet, String> {
    let text = text.trim();
    match text {
        "All Connections" => return Ok(ConnectionSet::all()),
        "No Connections" => return Ok(ConnectionSet::none()),
        _ => {}
    }
    let wrong = || format!("no set of connections: {text}");
    let mut set = ConnectionSet::none();
    let mut transport = None;
    for part in text.split(',') {
        let part = part.trim();
        let ports = match part.split_once(' ') {
            Some((word, ports)) => {
                transport = Some(match word {
                    "TCP" => Transport::Tcp,
                    "UDP" => Transport::Udp,
                    "SCTP" => Transport::Sctp,
                    _ => return Err(wrong()),
                });
                ports
            }
            None => part,
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let transport = transport.ok_or_else(wrong)?;
        let first = first.parse().map_err(|_| wrong())?;
        let last = last.parse().map_err(|_| wrong())?;
        set = set.union(&ConnectionSet::range(transport, first, last));
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_sides_are_read() {
        let expected = of_text(
            "1.0.0.0-1.255.255.255,2.0.0.0/8[External] => a/b[Pod] : SCTP 1-65535,TCP 80,90-91\n\
             {ingress-controller} => a/b[Pod] : All Connections\n",
        )
        .expect("well formed");
        assert_eq!(expected.len(), 3);
        let ingress = Side::Named("{ingress-controller}".to_owned());
        assert!(expected[&(ingress, Side::Named("a/b[Pod]".to_owned()))].is_all());
        let set = expected.values().next().expect("one").to_string();
        assert_eq!(set, "TCP 80, 90-91; SCTP");
        for wrong in ["a : b", "a => b", "a => b : HTTP 1", "1.2.3[External] => b : TCP 1"] {
            assert!(of_text(wrong).is_err(), "{wrong}");
        }
        let json = r#"[{"src": "0.0.0.0-255.255.255.255", "dst": "a/b[Pod]", "conn": "UDP 53"}]"#;
        assert_eq!(of_json(json).expect("well formed").len(), 1);
    }
}
