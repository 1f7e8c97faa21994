//! How an exchange differs from what a case expects, in the suite's own terms.
//!
//! Source: gateway-api `conformance/utils/http/http.go`, `CompareRoundTrip`;
//! `conformance/utils/grpc/grpc.go`, `compareResponse`; `conformance/utils/echo/pod.go`,
//! `compareRequest`. What the suite does not look at is not compared here either: the metadata of
//! calls, and the path that a backend of the mesh sees, are written into some cases wrongly.

use std::collections::BTreeMap;

use meshwalk_models::proxy::envoy::HeaderMap;

use super::ask::Asked;
use super::case::{Case, ExpectedRequest, RedirectRequest};
use super::send::{Exchange, Served};

/// Where a request came from, as far as comparing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// At a Gateway.
    Edge,
    /// Inside the mesh.
    Mesh,
}

/// The first difference, if there is one.
pub(super) fn difference(
    side: Side,
    case: &Case,
    asked: &Asked,
    exchange: &Exchange,
) -> Option<String> {
    let compared = match case.call() {
        Some(_) => call(case, asked, exchange),
        None => request(side, case, asked, exchange),
    };
    compared.err()
}

fn same(what: &str, wanted: &str, got: &str) -> Result<(), String> {
    if wanted == got { Ok(()) } else { Err(format!("{what}: expected `{wanted}`, got `{got}`")) }
}

/// A call: its status and who answered it.
fn call(case: &Case, asked: &Asked, exchange: &Exchange) -> Result<(), String> {
    let got = match &exchange.served {
        Some(_) => exchange.code,
        // What a gRPC client makes of an answer that is not gRPC.
        None if exchange.status != 200 => 2,
        None => exchange.code,
    };
    same("gRPC status", &case.response.code.to_string(), &got.to_string())?;
    let Some(served) = exchange.served.as_ref().filter(|_| got == 0) else { return Ok(()) };
    let path = served.request.get(":path").unwrap_or_default();
    same("method at the backend", &asked.path, path)?;
    backend(case, served)
}

fn request(side: Side, case: &Case, asked: &Asked, exchange: &Exchange) -> Result<(), String> {
    let statuses = case.statuses();
    if !statuses.contains(&exchange.status) {
        let wanted: Vec<_> = statuses.iter().map(u16::to_string).collect();
        return same("status", &wanted.join(" or "), &exchange.status.to_string());
    }
    if (300..400).contains(&exchange.status) {
        let wanted = case.redirect_request.as_ref();
        return wanted.map_or(Ok(()), |wanted| redirect(wanted, asked, exchange));
    }
    response(case, &exchange.headers)?;
    let Some(served) = &exchange.served else { return Ok(()) };
    seen(side, case, asked, served)?;
    backend(case, served)?;
    copies(case, exchange)
}

fn backend(case: &Case, served: &Served) -> Result<(), String> {
    if !case.namespace.is_empty() {
        same("namespace of the backend", &case.namespace, &served.namespace)?;
    }
    if served.pod.starts_with(&case.backend) {
        return Ok(());
    }
    same("backend", &case.backend, &served.pod)
}

/// The request as the backend got it: as it was sent, unless the case says otherwise.
fn seen(side: Side, case: &Case, asked: &Asked, served: &Served) -> Result<(), String> {
    let as_sent;
    let wanted = match &case.expected_request {
        Some(wanted) => wanted,
        None => {
            as_sent = ExpectedRequest {
                request: case.request.clone().unwrap_or_default(),
                absent_headers: Vec::new(),
            };
            &as_sent
        }
    };
    let got = |name: &str| served.request.get(name).unwrap_or_default();
    let or = |given: &str, other: &str| {
        if given.is_empty() { other.to_owned() } else { given.to_owned() }
    };
    if side == Side::Edge {
        let request = &wanted.request;
        let method = asked.request.method();
        same("path at the backend", &or(&request.path, &asked.path), got(":path"))?;
        same("method at the backend", &or(&request.method, method), got(":method"))?;
        if !request.host.is_empty() {
            same("host at the backend", &request.host, got(":authority"))?;
        }
    }
    if side == Side::Edge || case.expected_request.is_some() {
        for (name, value) in &wanted.request.headers {
            let what = format!("header {name} at the backend");
            same(&what, value, &joined(&served.request, name).unwrap_or_default())?;
        }
    }
    absent("at the backend", &wanted.absent_headers, &served.request)
}

fn response(case: &Case, headers: &HeaderMap) -> Result<(), String> {
    let wanted = &case.response;
    let plain = |text: String| {
        if wanted.ignore_whitespace { text.replace(' ', "") } else { text }
    };
    for (name, values) in &wanted.headers {
        let got = plain(joined(headers, name).unwrap_or_default());
        same(&format!("header {name} of the response"), &plain(values.joined()), &got)?;
    }
    for (name, values) in &wanted.valid_header_values {
        let got = plain(joined(headers, name).unwrap_or_default());
        let values: Vec<_> = values.iter().map(|value| plain(value.clone())).collect();
        if !values.contains(&got) {
            same(&format!("header {name} of the response"), &values.join(" or "), &got)?;
        }
    }
    absent("of the response", &wanted.absent_headers, headers)
}

fn absent(whose: &str, names: &[String], headers: &HeaderMap) -> Result<(), String> {
    for name in names {
        if let Some(value) = joined(headers, name) {
            return Err(format!("header {name} {whose}: expected none, got `{value}`"));
        }
    }
    Ok(())
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let name = if name == "host" { ":authority".to_owned() } else { name };
    let values: Vec<_> = headers.all(&name).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Services whose copies are expected of every request.
fn copies(case: &Case, exchange: &Exchange) -> Result<(), String> {
    for mirrored in case.mirrored_to.iter().filter(|it| it.percent.is_none()) {
        let wanted = &mirrored.backend_ref;
        let found = exchange.copies.iter().any(|(namespace, service)| {
            *service == wanted.name
                && (wanted.namespace.is_empty() || *namespace == wanted.namespace)
        });
        if !found {
            let got: Vec<_> = exchange.copies.iter().map(|(_, service)| service.as_str()).collect();
            same("copies", &wanted.name, &got.join(", "))?;
        }
    }
    Ok(())
}

fn redirect(wanted: &RedirectRequest, asked: &Asked, exchange: &Exchange) -> Result<(), String> {
    let location = exchange.headers.get("location").unwrap_or_default();
    let got = Location::of(location).ok_or_else(|| format!("`{location}` is no location"))?;
    let or = |given: &str, other: &str| {
        if given.is_empty() { other.to_owned() } else { given.to_owned() }
    };
    if !wanted.host.is_empty() {
        same("host of the redirect", &wanted.host, got.host)?;
    }
    same("scheme of the redirect", &or(&wanted.scheme, "http"), got.scheme)?;
    let usual = BTreeMap::from([("http", "80"), ("https", "443")]);
    let usual = usual.get(got.scheme).copied().unwrap_or_default();
    if wanted.port.is_empty() {
        same("port of the redirect", usual, if got.port.is_empty() { usual } else { got.port })?;
    } else {
        same("port of the redirect", &wanted.port, got.port)?;
    }
    let path = asked.path.split('?').next().unwrap_or_default();
    same("path of the redirect", &or(&wanted.path, path), got.path)
}

/// A location, taken apart.
struct Location<'l> {
    scheme: &'l str,
    host: &'l str,
    port: &'l str,
    path: &'l str,
}

impl<'l> Location<'l> {
    fn of(text: &'l str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
        Some(Self { scheme, host, port, path: path.split('?').next().unwrap_or(path) })
    }
}
