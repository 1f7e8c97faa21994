//! What takes a connection or a request, in a few words.

use meshwalk_models::proxy::envoy::config::{
    Case, ChainMatch, HeaderMatcher, HeaderTest, Invert, PathMatcher, QueryMatcher, QueryTest,
    RouteMatch, StringMatcher, StringTest, Transport,
};

/// What a chain takes, as istioctl says it; `ALL` where nothing is asked for.
pub(super) fn chain(matches: &ChainMatch) -> String {
    let mut parts = Vec::new();
    if let Some(port) = matches.destination_port {
        parts.push(format!("Port: {port}"));
    }
    if !matches.server_names.is_empty() {
        parts.push(format!("SNI: {}", matches.server_names.join(",")));
    }
    match matches.transport {
        Some(Transport::Tls) => parts.push("Trans: tls".to_owned()),
        Some(Transport::RawBuffer) => parts.push("Trans: raw_buffer".to_owned()),
        None => {}
    }
    if !matches.application_protocols.is_empty() {
        parts.push(format!("App: {}", matches.application_protocols.join(",")));
    }
    if !matches.destination_prefixes.is_empty() {
        let prefixes: Vec<_> =
            matches.destination_prefixes.iter().map(ToString::to_string).collect();
        parts.push(format!("Addr: {}", prefixes.join(",")));
    }
    if !matches.source_prefixes.is_empty() {
        let prefixes: Vec<_> = matches.source_prefixes.iter().map(ToString::to_string).collect();
        parts.push(format!("Source: {}", prefixes.join(",")));
    }
    if parts.is_empty() { "ALL".to_owned() } else { parts.join("; ") }
}

/// What a route takes: the path as istioctl shows it, then everything else.
pub(super) fn route(matches: &RouteMatch) -> String {
    let mut parts = vec![path(&matches.path, matches.case)];
    parts.extend(matches.headers.iter().map(header));
    parts.extend(matches.query.iter().map(query));
    if matches.grpc_only {
        parts.push("gRPC".to_owned());
    }
    if let Some(fraction) = &matches.fraction {
        parts.push(format!("{}%", fraction.default.as_percent_f64()));
    }
    parts.join(" ")
}

fn path(matcher: &PathMatcher, case: Case) -> String {
    let text = match matcher {
        PathMatcher::Prefix(prefix) => format!("{prefix}*"),
        PathMatcher::Exact(path) => path.clone(),
        PathMatcher::PathSeparatedPrefix(prefix) => format!("{prefix}/*"),
        PathMatcher::Regex(pattern) => format!("regex {}", pattern.text()),
        PathMatcher::Template(template) => format!("template {template}"),
        PathMatcher::Connect => "CONNECT".to_owned(),
    };
    if case == Case::Ignored { format!("{text} (any case)") } else { text }
}

fn header(matcher: &HeaderMatcher) -> String {
    let test = match &matcher.test {
        HeaderTest::Present => "present".to_owned(),
        HeaderTest::Absent => "absent".to_owned(),
        HeaderTest::Value(value) => string(value),
        HeaderTest::Range { start, end } => format!("in [{start}, {end})"),
    };
    let not = if matcher.invert == Invert::Yes { "not " } else { "" };
    format!("{} {not}{test}", matcher.name)
}

fn query(matcher: &QueryMatcher) -> String {
    let test = match &matcher.test {
        QueryTest::Present => "present".to_owned(),
        QueryTest::Absent => "absent".to_owned(),
        QueryTest::Value(value) => string(value),
    };
    format!("?{} {test}", matcher.name)
}

fn string(matcher: &StringMatcher) -> String {
    match &matcher.test {
        StringTest::Exact(text) => format!("= {text}"),
        StringTest::Prefix(text) => format!("= {text}*"),
        StringTest::Suffix(text) => format!("= *{text}"),
        StringTest::Contains(text) => format!("= *{text}*"),
        StringTest::Regex(pattern) => format!("~ {}", pattern.text()),
    }
}
