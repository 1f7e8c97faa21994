//! Command operators in header values, such as `%REQ(x-user)%`: what is known is put in their
//! place, what is not stays and is reported.

use super::super::request::{Connection, HeaderMap};

/// What operators can refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// The headers of the request, as they are by now.
    pub request: &'a HeaderMap,
    /// Its connection.
    pub connection: &'a Connection,
    /// The cluster, where there is one.
    pub cluster: Option<&'a str>,
    /// The name of the route.
    pub route: Option<&'a str>,
    /// The name of the virtual host.
    pub host: &'a str,
    /// Status and headers of the response, once there is one.
    pub response: Option<(u16, &'a HeaderMap)>,
}

/// What an operator stands for.
enum Meaning {
    /// This; empty where there is no such thing.
    Text(String),
    /// It cannot be told here.
    Unknown,
}

/// `value` with its operators resolved. Those that cannot be stay as they are and are added to
/// `unresolved`.
///
/// Source: Envoy, "Access logging", command operators; "HTTP header manipulation", custom
/// request/response headers. A missing value is empty.
pub(super) fn format(value: &str, known: &Known<'_>, unresolved: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, from)) = rest.split_once('%') {
        out.push_str(before);
        let Some(end) = end_of(from) else {
            // No operator: Envoy refuses such a configuration.
            out.push('%');
            rest = from;
            continue;
        };
        let operator = &from[..end];
        rest = &from[end + 1..];
        if operator.is_empty() {
            out.push('%');
            continue;
        }
        match resolve(operator, known) {
            Meaning::Text(text) => out.push_str(&text),
            Meaning::Unknown => {
                out.push('%');
                out.push_str(operator);
                out.push('%');
                unresolved.push(operator.to_owned());
            }
        }
    }
    out.push_str(rest);
    out
}

/// Where the `%` stands that ends an operator which begins here; its argument may hold others.
fn end_of(from: &str) -> Option<usize> {
    let first = from.find(['%', '('])?;
    if from.as_bytes()[first] == b'%' {
        return Some(first);
    }
    let closed = first + from[first..].find(')')?;
    Some(closed + from[closed..].find('%')?)
}

/// What one operator, as `NAME`, `NAME(argument)` or `NAME(argument):length`, stands for.
fn resolve(operator: &str, known: &Known<'_>) -> Meaning {
    let (name, argument, length) = parts(operator);
    let connection = known.connection;
    let source_ip = connection.source_ip.map(|ip| ip.to_string());
    let local_ip = connection.destination_ip.map(|ip| ip.to_string());
    let port = connection.destination_port;
    let optional = |text: Option<&str>| Meaning::Text(text.unwrap_or_default().to_owned());
    let meaning = match name {
        "REQ" | "REQUEST_HEADER" => optional(header(known.request, argument)),
        "RESP" | "RESPONSE_HEADER" => match known.response {
            Some((_, headers)) => optional(header(headers, argument)),
            None => optional(None),
        },
        "RESPONSE_CODE" => match known.response {
            Some((status, _)) => Meaning::Text(status.to_string()),
            None => Meaning::Text("0".to_owned()),
        },
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
        | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => {
            source_ip.map_or(Meaning::Unknown, Meaning::Text)
        }
        "DOWNSTREAM_LOCAL_ADDRESS" => {
            local_ip.map_or(Meaning::Unknown, |ip| Meaning::Text(format!("{ip}:{port}")))
        }
        "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" => local_ip.map_or(Meaning::Unknown, Meaning::Text),
        "DOWNSTREAM_LOCAL_PORT" => Meaning::Text(port.to_string()),
        "DOWNSTREAM_PEER_URI_SAN" => optional(connection.principal.as_deref()),
        "REQUESTED_SERVER_NAME" => optional(connection.sni.as_deref()),
        "UPSTREAM_CLUSTER" | "UPSTREAM_CLUSTER_RAW" => optional(known.cluster),
        "ROUTE_NAME" => optional(known.route),
        "VIRTUAL_HOST_NAME" => Meaning::Text(known.host.to_owned()),
        _ => Meaning::Unknown,
    };
    match (meaning, length) {
        (Meaning::Text(text), Some(length)) => Meaning::Text(text.chars().take(length).collect()),
        (meaning, _) => meaning,
    }
}

/// Name, argument and greatest length.
fn parts(operator: &str) -> (&str, &str, Option<usize>) {
    let Some((name, rest)) = operator.split_once('(') else { return (operator, "", None) };
    match rest.split_once(')') {
        Some((argument, length)) => {
            (name, argument, length.strip_prefix(':').and_then(|length| length.parse().ok()))
        }
        None => (operator, "", None),
    }
}

/// The first value of a header; of `a?b` that of `b` where there is no `a`.
fn header<'h>(headers: &'h HeaderMap, names: &str) -> Option<&'h str> {
    let names = names.to_ascii_lowercase();
    let (first, other) = names.split_once('?').unwrap_or((&names, ""));
    headers.get(first).or_else(|| headers.get(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::envoy::config::Transport;

    fn formatted(value: &str) -> (String, Vec<String>) {
        let request = [(":path", "/cart?x=1"), ("x-user", "jane")].into_iter().collect();
        let connection = Connection {
            source_ip: Some([10, 1, 0, 7].into()),
            destination_ip: Some([10, 1, 0, 9].into()),
            destination_port: 8080,
            transport: Transport::RawBuffer,
            sni: None,
            alpn: Vec::new(),
            principal: None,
        };
        let known = Known {
            request: &request,
            connection: &connection,
            cluster: Some("cart"),
            route: None,
            host: "shop",
            response: None,
        };
        let mut unresolved = Vec::new();
        let text = format(value, &known, &mut unresolved);
        (text, unresolved)
    }

    #[test]
    fn known_operators_are_put_in_their_place() {
        for (value, text) in [
            ("plain, 100%%", "plain, 100%"),
            ("%REQ(X-User)%@%UPSTREAM_CLUSTER%", "jane@cart"),
            ("%REQ(x-none?x-user):2%", "ja"),
            ("[%REQ(x-none)%]", "[]"),
            ("%REQ(:PATH)%", "/cart?x=1"),
            ("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.1.0.7"),
            ("%DOWNSTREAM_LOCAL_ADDRESS%", "10.1.0.9:8080"),
            ("%ROUTE_NAME%", ""),
        ] {
            assert_eq!(formatted(value), (text.to_owned(), Vec::new()), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_told_stays_and_is_reported() {
        let (text, unresolved) = formatted("%START_TIME(%s)% %PROTOCOL%");
        assert_eq!(text, "%START_TIME(%s)% %PROTOCOL%");
        assert!(unresolved.contains(&"PROTOCOL".to_owned()), "{unresolved:?}");
    }
}
