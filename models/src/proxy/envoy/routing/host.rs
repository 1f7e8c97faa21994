//! Which virtual host takes an authority. Which of its routes is `select`'s business.

use std::sync::Arc;

use crate::explain::{Probe, RuleId};
use crate::lookup::LookupMap;

use super::super::config::{RouteTable, VirtualHost};

const DOMAIN: RuleId = RuleId("envoy.route.domain");
const NO_DOMAIN: RuleId = RuleId("envoy.route.no-domain");

/// How specific a domain is; the greater wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// `*`.
    Any,
    /// `prefix.*`, by its length.
    Prefix(usize),
    /// `*.suffix`, by its length.
    Suffix(usize),
    /// The whole name.
    Exact,
}

/// How well `domain` fits a name in lower case; `None` if not at all.
fn fit(domain: &str, name: &str) -> Option<Fit> {
    let same = |text: &[u8], pattern: &str| text.eq_ignore_ascii_case(pattern.as_bytes());
    let name = name.as_bytes();
    if domain == "*" {
        return Some(Fit::Any);
    }
    if let Some(suffix) = domain.strip_prefix('*') {
        // The star stands for one character at least.
        let from = name.len().checked_sub(suffix.len()).filter(|&from| from > 0)?;
        return same(&name[from..], suffix).then_some(Fit::Suffix(suffix.len()));
    }
    if let Some(prefix) = domain.strip_suffix('*') {
        let fits = name.len() > prefix.len() && same(&name[..prefix.len()], prefix);
        return fits.then_some(Fit::Prefix(prefix.len()));
    }
    same(name, domain).then_some(Fit::Exact)
}

/// The name that domains are compared with: the authority, perhaps without its port.
fn name_of<'a>(table: &RouteTable, authority: &'a str) -> &'a str {
    if table.ignore_port_in_host { without_port(authority) } else { authority }
}

/// An authority without its port.
///
/// Source: Envoy, `HeaderUtility::getPortStart`.
pub(super) fn without_port(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if authority.rfind(']').is_none_or(|bracket| bracket < colon) => {
            &authority[..colon]
        }
        _ => authority,
    }
}

/// The virtual host for an authority: the whole name, then the longest `*.suffix`, then the
/// longest `prefix.*`, then `*`. Case does not count.
///
/// Source: Envoy, api/envoy/config/route/v3/route_components.proto, `VirtualHost.domains`;
/// `RouteMatcher::findVirtualHost`.
pub fn find_host<'c, P: Probe>(
    table: &'c RouteTable,
    authority: &str,
    probe: &mut P,
) -> Option<&'c Arc<VirtualHost>> {
    let name = name_of(table, authority);
    let mut best: Option<(Fit, &Arc<VirtualHost>, &str)> = None;
    for host in &table.virtual_hosts {
        for domain in &host.domains {
            if let Some(fit) = fit(domain, name)
                // Of equals the first counts, as in the index.
                && best.as_ref().is_none_or(|(known, ..)| fit > *known)
            {
                best = Some((fit, host, domain));
            }
        }
    }
    probe.enter();
    probe.fact("route table", || table.name.clone());
    probe.fact("authority", || authority.to_owned());
    let Some((fit, host, domain)) = best else {
        probe.leave(NO_DOMAIN, None, || {
            let known = table.virtual_hosts.len();
            format!("none of the {known} virtual hosts of {:?} has a domain for {name}", table.name)
        });
        return None;
    };
    probe.leave(DOMAIN, Some(host.origin), || {
        let how = match fit {
            Fit::Exact => "is its name",
            Fit::Suffix(_) => "is the longest suffix that fits",
            Fit::Prefix(_) => "is the longest prefix that fits",
            Fit::Any => "takes what no other domain takes",
        };
        format!("virtual host {} takes {name}: its domain {domain} {how}", host.name)
    });
    Some(host)
}

/// The virtual hosts of a table, found without looking at all of them.
#[derive(Clone, Debug, Default)]
pub struct HostIndex {
    exact: LookupMap<String, u32>,
    /// Suffixes, the longest first.
    suffixes: Vec<(String, u32)>,
    /// Prefixes, the longest first.
    prefixes: Vec<(String, u32)>,
    any: Option<u32>,
    ignores_port: bool,
}

impl HostIndex {
    /// Indexes the domains of `table`.
    #[must_use]
    pub fn of(table: &RouteTable) -> Self {
        let mut index = Self { ignores_port: table.ignore_port_in_host, ..Self::default() };
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            for domain in &host.domains {
                let domain = domain.to_ascii_lowercase();
                if domain == "*" {
                    index.any.get_or_insert(at);
                } else if let Some(suffix) = domain.strip_prefix('*') {
                    index.suffixes.push((suffix.to_owned(), at));
                } else if let Some(prefix) = domain.strip_suffix('*') {
                    index.prefixes.push((prefix.to_owned(), at));
                } else if index.exact.get(&domain).is_none() {
                    index.exact.insert(domain, at);
                }
            }
        }
        // Stable: of equals the first counts.
        index.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        index.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        index
    }

    /// The place of the virtual host for an authority in its table; the same as [`find_host`]
    /// finds.
    #[must_use]
    pub fn find(&self, authority: &str) -> Option<usize> {
        let name = if self.ignores_port { without_port(authority) } else { authority };
        let name = name.to_ascii_lowercase();
        let longer = |pattern: &str| name.len() > pattern.len();
        let exact = self.exact.get(&name).copied();
        let found = exact.or_else(|| {
            let mut suffixes = self.suffixes.iter();
            let suffix = suffixes.find(|(suffix, _)| longer(suffix) && name.ends_with(suffix));
            let mut prefixes = self.prefixes.iter();
            suffix
                .or_else(|| prefixes.find(|(prefix, _)| longer(prefix) && name.starts_with(prefix)))
                .map(|&(_, at)| at)
        });
        found.or(self.any).map(|at| at as usize)
    }
}
