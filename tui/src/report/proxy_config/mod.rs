//! What a proxy holds, in the columns of `istioctl proxy-config`, each line with its origin. It
//! evaluates nothing.

mod clusters;
mod endpoints;
mod listeners;
mod matches;
mod memory;
mod routes;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use meshwalk_models::cost::CostProfile;
use meshwalk_models::proxy::envoy::config::ProxyConfig;
use serde::Serialize;

use crate::terminal::Look;

use super::columns::{Align, Columns};
use super::json;
use super::objects::Objects;
use super::places::Places;

/// Which lines are shown; all that is given must fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// The port of the listener, cluster or endpoint, or of the domain.
    pub(crate) port: Option<u16>,
    /// The host behind a cluster, or a domain.
    pub(crate) fqdn: Option<String>,
    /// The name of the listener, route table or cluster.
    pub(crate) name: Option<String>,
}

impl Filter {
    fn port(&self, port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port)
    }

    fn fqdn(&self, host: &str) -> bool {
        self.fqdn.as_ref().is_none_or(|wanted| wanted == host)
    }

    fn name(&self, name: &str) -> bool {
        self.name.as_ref().is_none_or(|wanted| wanted == name)
    }
}

/// Where things come from: lines, and the objects that they stand in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origins<'o> {
    /// Lines.
    pub(crate) places: Places<'o>,
    /// Objects.
    pub(crate) objects: &'o Objects,
}

/// A part of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Where connections come in.
    Listeners,
    /// Where requests go.
    Routes,
    /// What they are sent to.
    Clusters,
    /// Who stands behind that.
    Endpoints,
}

/// A line of a table, and an object of the JSON list.
trait Row: Serialize {
    /// The headers.
    const HEADERS: &'static [&'static str];
    /// A cell for each of them.
    fn cells(&self) -> Vec<String>;
}

/// A part of a configuration as text: headers, and a cell for each of them in every row.
pub(crate) struct Listing {
    /// The headers.
    pub(crate) headers: &'static [&'static str],
    /// The rows.
    pub(crate) rows: Vec<Vec<String>>,
}

/// A part of `config` as text, for screens.
pub(crate) fn listing(
    config: &ProxyConfig,
    part: Part,
    filter: &Filter,
    origins: Origins<'_>,
) -> Listing {
    fn of<R: Row>(rows: &[R]) -> Listing {
        Listing { headers: R::HEADERS, rows: rows.iter().map(Row::cells).collect() }
    }
    match part {
        Part::Listeners => of(&listeners::rows(config, filter, origins)),
        Part::Routes => of(&routes::rows(config, filter, origins)),
        Part::Clusters => of(&clusters::rows(config, filter, origins)),
        Part::Endpoints => of(&endpoints::rows(config, filter, origins)),
    }
}

/// Prints a part of `config` as a table.
pub(crate) fn print(
    out: &mut dyn Write,
    config: &ProxyConfig,
    part: Part,
    filter: &Filter,
    origins: Origins<'_>,
    look: &Look,
) -> io::Result<()> {
    match part {
        Part::Listeners => table(out, &listeners::rows(config, filter, origins), look),
        Part::Routes => table(out, &routes::rows(config, filter, origins), look),
        Part::Clusters => table(out, &clusters::rows(config, filter, origins), look),
        Part::Endpoints => table(out, &endpoints::rows(config, filter, origins), look),
    }
}

/// Prints a part of `config` as a JSON list.
pub(crate) fn print_json(
    out: &mut dyn Write,
    config: &ProxyConfig,
    part: Part,
    filter: &Filter,
    origins: Origins<'_>,
) -> io::Result<()> {
    match part {
        Part::Listeners => json::print(out, &listeners::rows(config, filter, origins)),
        Part::Routes => json::print(out, &routes::rows(config, filter, origins)),
        Part::Clusters => json::print(out, &clusters::rows(config, filter, origins)),
        Part::Endpoints => json::print(out, &endpoints::rows(config, filter, origins)),
    }
}

/// Prints what the proxy of a workload of namespace `own` takes in memory.
pub(crate) fn print_memory(
    out: &mut dyn Write,
    config: &ProxyConfig,
    own: Option<&str>,
    costs: &CostProfile,
    look: &Look,
) -> io::Result<()> {
    memory::print(out, config, own, costs, look)
}

/// Prints the same as a JSON list.
pub(crate) fn print_memory_json(
    out: &mut dyn Write,
    config: &ProxyConfig,
    costs: &CostProfile,
) -> io::Result<()> {
    json::print(out, &memory::rows(config, costs))
}

fn table<R: Row>(out: &mut dyn Write, rows: &[R], look: &Look) -> io::Result<()> {
    let mut table = Columns::new(R::HEADERS.iter().map(|&header| (header, Align::Left)));
    rows.iter().for_each(|row| table.row(row.cells()));
    table.print(out, look)
}

/// `-` where a text is empty, as istioctl prints it.
fn or_dash(text: &str) -> String {
    if text.is_empty() { super::format::ABSENT.to_owned() } else { text.to_owned() }
}
