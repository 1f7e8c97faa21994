//! A request as a proxy sees it: headers, and what is known of the connection it came over.

use std::net::IpAddr;
use std::sync::Arc;

use crate::token::TokenFacts;

use super::config::Transport;

/// Headers in the order in which they came, pseudo-headers (`:method`, `:path`, `:authority`,
/// `:scheme`) among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMap {
    entries: Vec<(String, String)>,
}

impl HeaderMap {
    /// No headers.
    pub const EMPTY: Self = Self { entries: Vec::new() };

    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first value of a header; `name` is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header, in order; `name` is in lower case.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.entries.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Adds a value behind those that are there.
    pub fn append(&mut self, name: &str, value: impl Into<String>) {
        self.entries.push((name.to_ascii_lowercase(), value.into()));
    }

    /// Sets a header to one value, in the place of its first.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let name = name.to_ascii_lowercase();
        let value = value.into();
        match self.entries.iter().position(|(known, _)| *known == name) {
            Some(at) => {
                self.entries[at].1 = value;
                let mut index = 0;
                self.entries.retain(|(known, _)| {
                    index += 1;
                    index <= at + 1 || *known != name
                });
            }
            None => self.entries.push((name, value)),
        }
    }

    /// Removes a header; `name` is in lower case.
    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|(known, _)| known != name);
    }

    /// The headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for HeaderMap {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut map = Self::new();
        headers.into_iter().for_each(|(name, value)| map.append(name.as_ref(), value));
        map
    }
}

/// A request that reaches a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its headers.
    pub headers: HeaderMap,
    /// The connection that carries it.
    pub connection: Connection,
    /// What is known of its tokens beside its headers.
    pub tokens: Arc<TokenFacts>,
}

/// A connection that reaches a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address of the peer, where it is known.
    pub source_ip: Option<IpAddr>,
    /// The address that the peer dialled, where it is known.
    pub destination_ip: Option<IpAddr>,
    /// The port that the peer dialled.
    pub destination_port: u16,
    /// Plaintext or TLS.
    pub transport: Transport,
    /// The server name that the peer asked for.
    pub sni: Option<String>,
    /// The protocols that the peer offered, or what its first bytes show.
    pub alpn: Vec<String>,
    /// The identity of the peer's certificate, such as `spiffe://cluster.local/ns/a/sa/b`.
    pub principal: Option<String>,
}

impl Request {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.headers.get(":method").unwrap_or("GET")
    }

    /// The path with its query.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.headers.get(":path").unwrap_or("/")
    }

    /// The path without query and fragment.
    #[must_use]
    pub fn path(&self) -> &str {
        let whole = self.path_and_query();
        whole.split(['?', '#']).next().unwrap_or(whole)
    }

    /// The authority, perhaps with a port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.headers.get(":authority").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_header_leaves_one_value_in_the_place_of_the_first() {
        let mut headers: HeaderMap =
            [("X-A", "1"), ("x-b", "2"), ("x-a", "3")].into_iter().collect();
        headers.set("x-a", "4");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("x-a", "4"), ("x-b", "2")]);
    }
}
