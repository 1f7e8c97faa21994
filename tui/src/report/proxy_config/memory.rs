//! How much memory a proxy takes by what it holds, and for which namespaces it holds it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meshwalk_models::cost::{CostProfile, Held, MemoryPart, ProxyKind};
use meshwalk_models::proxy::envoy::config::{Cluster, ProxyConfig};
use serde::Serialize;

use crate::terminal::Look;

use super::{Row, or_dash, table};

/// The namespace whose services every Sidecar resource usually keeps.
const ROOT: &str = "istio-system";

/// A part of the memory.
#[derive(Serialize)]
pub(super) struct MemoryRow {
    /// `proxy`, `clusters`, `endpoints`, `connections`, or `total`.
    what: &'static str,
    /// The namespace of the services; empty where there is none.
    namespace: String,
    count: u64,
    each_bytes: Option<u64>,
    bytes: u64,
    relative_error: Option<f64>,
    source: String,
}

impl Row for MemoryRow {
    const HEADERS: &'static [&'static str] =
        &["WHAT", "NAMESPACE", "COUNT", "EACH", "MEMORY", "ERROR", "SOURCE"];

    fn cells(&self) -> Vec<String> {
        let error = self.relative_error.map(|error| format!("{:.0}%", error * 100.0));
        vec![
            self.what.to_owned(),
            or_dash(&self.namespace),
            self.count.to_string(),
            or_dash(&self.each_bytes.map(shown).unwrap_or_default()),
            shown(self.bytes),
            or_dash(&error.unwrap_or_default()),
            self.source.clone(),
        ]
    }
}

/// The parts in the order of what they are and of namespaces, and the total.
pub(super) fn rows(config: &ProxyConfig, costs: &CostProfile) -> Vec<MemoryRow> {
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    for cluster in config.clusters.values() {
        let of = held.entry(namespace(cluster)).or_default();
        of.clusters += 1;
        of.endpoints += endpoints(config, cluster);
    }
    let [proxy, clusters, ends, connections] =
        costs.memory_parts(ProxyKind::Sidecar, Held::default());
    let mut rows = vec![row(&proxy, "", 1)];
    rows.extend(held.iter().map(|(namespace, held)| row(&clusters, namespace, held.clusters)));
    rows.extend(
        held.iter()
            .filter(|(_, held)| held.endpoints > 0)
            .map(|(namespace, held)| row(&ends, namespace, held.endpoints)),
    );
    rows.push(row(&connections, "", 0));
    let bytes = rows.iter().map(|row| row.bytes).sum();
    rows.push(MemoryRow {
        what: "total",
        namespace: String::new(),
        count: 1,
        each_bytes: None,
        bytes,
        relative_error: None,
        source: String::new(),
    });
    rows
}

fn row(part: &MemoryPart, namespace: &str, count: u64) -> MemoryRow {
    MemoryRow {
        what: part.what,
        namespace: namespace.to_owned(),
        count,
        each_bytes: Some(part.each.0),
        bytes: part.each.0 * count,
        relative_error: Some(part.relative_error),
        source: part.source.clone(),
    }
}

/// The namespace of the service that a cluster leads to; empty for the proxy's own clusters.
fn namespace(cluster: &Cluster) -> String {
    cluster.target.as_ref().map_or_else(String::new, |target| target.namespace.clone())
}

fn endpoints(config: &ProxyConfig, cluster: &Cluster) -> u64 {
    let assignment = config.assignments.get(&cluster.name);
    let localities = assignment.into_iter().flat_map(|it| &it.localities);
    localities.map(|it| it.endpoints.len() as u64).sum()
}

/// Prints the parts, and what would be left if the proxy knew its own namespace alone.
pub(super) fn print(
    out: &mut dyn Write,
    config: &ProxyConfig,
    own: Option<&str>,
    costs: &CostProfile,
    look: &Look,
) -> io::Result<()> {
    let rows = rows(config, costs);
    table(out, &rows, look)?;
    let bytes_where = |keep: &dyn Fn(&MemoryRow) -> bool| {
        rows.iter().filter(|row| row.what != "total" && keep(row)).map(|row| row.bytes).sum()
    };
    let total: u64 = bytes_where(&|_| true);
    writeln!(out, "\nabout {} without connections; each one adds its price to that", shown(total))?;
    let Some(own) = own else { return Ok(()) };
    let left: u64 = bytes_where(&|row| {
        row.namespace.is_empty() || [own, ROOT].contains(&row.namespace.as_str())
    });
    if left == total {
        return writeln!(out, "it holds no service of another namespace");
    }
    writeln!(
        out,
        "{} of it is for services of other namespaces: a Sidecar with egress hosts `./*` and \
         `{ROOT}/*` in {own} would leave about {}, if its workloads call nobody else",
        shown(total - left),
        shown(left),
    )
}

/// A size in decimal units, as the sources have them.
fn shown(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_the_units_of_their_sources() {
        let sizes = [0, 999, 1_400, 42_000, 44_000_000];
        assert_eq!(sizes.map(shown), ["0 B", "999 B", "1.4 KB", "42.0 KB", "44.0 MB"]);
    }

    #[test]
    fn a_proxy_that_knows_nothing_takes_its_base() {
        let costs = CostProfile::built_in();
        let rows = rows(&ProxyConfig::default(), &costs);
        let total = rows.last().expect("there is a total");
        assert_eq!(total.bytes, costs.memory(ProxyKind::Sidecar, Held::default()).0);
    }
}
