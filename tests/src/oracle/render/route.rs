//! Virtual hosts and routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::{
    AppendAction, Destination, DirectResponse, Forward, HashPolicy, HashSource, HeaderMutation,
    HeaderMutations, HostRewrite, Mirror, PathRewrite, Pattern, Redirect, RedirectPath, Route,
    RouteAction, RoutingPriority, RuntimeFraction, Substitution, TlsRequirement, VirtualHost,
    WeightedCluster,
};
use meshwalk_models::units::{Ppm, SimDuration};

use super::super::fields::{Fields, Read};
use super::{ORIGIN, given, matcher, retry};

/// Envoy's own route timeout.
const ROUTE_TIMEOUT: SimDuration = SimDuration::from_secs(15);

pub(super) fn virtual_host(fields: &Fields<'_>, buffer: Option<u64>) -> Read<Arc<VirtualHost>> {
    let domains = fields.texts("domains")?;
    let host = host(fields.required_text("name")?, domains, fields, buffer)?;
    Ok(Arc::new(host))
}

/// The virtual host of a case that lists routes only.
pub(super) fn sole_host(fields: &Fields<'_>, buffer: Option<u64>) -> Read<Arc<VirtualHost>> {
    let routes = fields.objects("routes", |fields| route(fields).map(Arc::new))?;
    Ok(Arc::new(bare_host("v", vec!["*".to_owned()], routes, buffer)))
}

fn host(
    name: &str,
    domains: Vec<String>,
    fields: &Fields<'_>,
    buffer: Option<u64>,
) -> Read<VirtualHost> {
    let routes = fields.objects("routes", |fields| route(fields).map(Arc::new))?;
    Ok(VirtualHost {
        headers: mutations(fields)?,
        retry: fields.object("retry", retry::policy)?.map(Arc::new),
        ..bare_host(name, domains, routes, buffer)
    })
}

fn bare_host(
    name: &str,
    domains: Vec<String>,
    routes: Vec<Arc<Route>>,
    buffer: Option<u64>,
) -> VirtualHost {
    VirtualHost {
        name: name.to_owned(),
        domains,
        routes,
        headers: HeaderMutations::default(),
        retry: None,
        hedge: None,
        tls: TlsRequirement::None,
        attempt_count_in_request: true,
        attempt_count_in_response: true,
        request_buffer_bytes: buffer,
        filters: BTreeMap::new(),
        origin: ORIGIN,
    }
}

/// Changes to headers of one level.
pub(super) fn mutations(fields: &Fields<'_>) -> Read<HeaderMutations> {
    let lower = |names: Vec<String>| names.iter().map(|name| name.to_ascii_lowercase()).collect();
    Ok(HeaderMutations {
        request_set: fields.objects("request_headers_to_add", mutation)?,
        request_remove: lower(fields.texts("request_headers_to_remove")?),
        response_set: fields.objects("response_headers_to_add", mutation)?,
        response_remove: lower(fields.texts("response_headers_to_remove")?),
    })
}

fn mutation(fields: &Fields<'_>) -> Read<HeaderMutation> {
    let action = match fields.text("action")?.unwrap_or("APPEND_IF_EXISTS_OR_ADD") {
        "APPEND_IF_EXISTS_OR_ADD" => AppendAction::AppendOrAdd,
        "ADD_IF_ABSENT" => AppendAction::AddIfAbsent,
        "OVERWRITE_IF_EXISTS_OR_ADD" => AppendAction::OverwriteOrAdd,
        "OVERWRITE_IF_EXISTS" => AppendAction::OverwriteIfExists,
        other => return fields.wrong("action", &format!("`{other}` is no action")),
    };
    let name = fields.required_text("name")?.to_ascii_lowercase();
    let value = fields.required_text("value")?.to_owned();
    Ok(HeaderMutation { name, value, action, origin: ORIGIN })
}

fn route(fields: &Fields<'_>) -> Read<Route> {
    let matches = fields.object("match", |fields| matcher::route(Some(fields)))?;
    let matches = match matches {
        Some(matches) => matches,
        None => matcher::route(None)?,
    };
    let action = if let Some(redirect) = fields.object("redirect", redirect)? {
        RouteAction::Redirect(redirect)
    } else if let Some(direct) = fields.object("direct", direct)? {
        RouteAction::Direct(direct)
    } else {
        RouteAction::Forward(Box::new(forward(fields)?))
    };
    Ok(Route {
        name: fields.text("name")?.map(str::to_owned),
        matches,
        action,
        headers: mutations(fields)?,
        filters: BTreeMap::new(),
        origin: ORIGIN,
    })
}

fn direct(fields: &Fields<'_>) -> Read<DirectResponse> {
    let Some(status) = fields.whole("status")? else {
        return fields.wrong("status", "is missing");
    };
    let body = fields.text("body")?.unwrap_or_default().to_owned();
    Ok(DirectResponse { status: given(status), body, origin: ORIGIN })
}

/// A redirect, as Envoy's configuration writes it.
fn redirect(fields: &Fields<'_>) -> Read<Redirect> {
    let own = |name| Ok::<_, String>(fields.text(name)?.map(str::to_owned));
    let https = fields.switch("https_redirect")?.then(|| "https".to_owned());
    let path = if let Some(path) = own("path_redirect")? {
        Some(RedirectPath::Full(path))
    } else if let Some(prefix) = own("prefix_rewrite")? {
        Some(RedirectPath::Prefix(prefix))
    } else {
        fields.object("regex_rewrite", substitution)?.map(RedirectPath::Regex)
    };
    let status = match fields.text("response_code")?.unwrap_or("MOVED_PERMANENTLY") {
        "MOVED_PERMANENTLY" => 301,
        "FOUND" => 302,
        "SEE_OTHER" => 303,
        "TEMPORARY_REDIRECT" => 307,
        "PERMANENT_REDIRECT" => 308,
        other => return fields.wrong("response_code", &format!("`{other}` is no redirect")),
    };
    Ok(Redirect {
        status: given(status),
        scheme: own("scheme_redirect")?.or(https).map(given),
        host: own("host_redirect")?.map(given),
        port: fields.whole("port_redirect")?.map(given),
        path: path.map(given),
        strip_query: fields.switch("strip_query")?,
        origin: ORIGIN,
    })
}

/// A substitution, as Envoy's configuration writes it.
fn substitution(fields: &Fields<'_>) -> Read<Substitution> {
    let pattern = fields.object("pattern", |inner| {
        // The engine is RE2 whatever is said of it.
        inner.get("google_re2");
        inner.required_text("regex").map(Pattern::new)
    })?;
    let Some(pattern) = pattern else { return fields.wrong("pattern", "is missing") };
    let replacement = fields.text("substitution")?.unwrap_or_default().to_owned();
    Ok(Substitution { pattern, replacement })
}

fn forward(fields: &Fields<'_>) -> Read<Forward> {
    let hash = fields.text("hash_header")?.map(|name| HashPolicy {
        source: HashSource::Header(name.to_ascii_lowercase()),
        terminal: false,
        origin: ORIGIN,
    });
    Ok(Forward {
        destination: destination(fields)?,
        cluster_not_found_status: Sourced::default_of(503, "envoy.cluster-not-found"),
        subset: fields.text_map("subset")?.into_iter().collect(),
        path_rewrite: path_rewrite(fields)?,
        host_rewrite: host_rewrite(fields)?,
        timeout: given(fields.ms("timeout_ms")?.unwrap_or(ROUTE_TIMEOUT)),
        idle_timeout: fields.ms("idle_timeout_ms")?.map(given),
        max_stream_duration: fields.ms("max_stream_duration_ms")?.map(given),
        grpc_timeout_max: None,
        retry: fields.object("retry", retry::policy)?.map(Arc::new),
        hedge: fields.object("hedge", retry::hedge)?,
        mirrors: fields.objects("mirror", mirror)?,
        hash: hash.into_iter().collect(),
        priority: RoutingPriority::Default,
        cors: None,
    })
}

fn destination(fields: &Fields<'_>) -> Read<Destination> {
    let clusters = fields.objects("weighted", |fields| {
        Ok(WeightedCluster {
            cluster: given(fields.required_text("cluster")?.to_owned()),
            weight: given(fields.whole("weight")?.unwrap_or(0)),
            headers: HeaderMutations::default(),
            subset: BTreeMap::new(),
            host_rewrite: None,
            filters: BTreeMap::new(),
        })
    })?;
    let header = fields.text("weighted_header")?.map(str::to_ascii_lowercase);
    let cluster = fields.text("cluster")?;
    let by_header = fields.text("cluster_header")?;
    if !clusters.is_empty() {
        Ok(Destination::Weighted { clusters, header })
    } else if let Some(name) = by_header {
        Ok(Destination::ClusterHeader(name.to_ascii_lowercase()))
    } else if let Some(name) = cluster {
        Ok(Destination::Cluster(given(name.to_owned())))
    } else {
        fields.wrong("cluster", "the route names no cluster")
    }
}

fn path_rewrite(fields: &Fields<'_>) -> Read<Option<Sourced<PathRewrite>>> {
    let regex = fields.object("regex_rewrite", |inner| {
        let pattern = Pattern::new(inner.required_text("pattern")?);
        Ok(Substitution { pattern, replacement: inner.required_text("sub")?.to_owned() })
    })?;
    let prefix = fields.text("prefix_rewrite")?.map(|by| PathRewrite::Prefix(by.to_owned()));
    Ok(prefix.or(regex.map(PathRewrite::Regex)).map(given))
}

fn host_rewrite(fields: &Fields<'_>) -> Read<Option<Sourced<HostRewrite>>> {
    let literal = fields.text("host_rewrite_literal")?;
    let auto = fields.switch("auto_host_rewrite")?.then_some(HostRewrite::Auto);
    Ok(literal.map(|host| HostRewrite::Literal(host.to_owned())).or(auto).map(given))
}

fn mirror(fields: &Fields<'_>) -> Read<Mirror> {
    let default = fields.percent("pct")?.unwrap_or(Ppm::ONE);
    Ok(Mirror {
        cluster: given(fields.required_text("cluster")?.to_owned()),
        fraction: given(RuntimeFraction { default, runtime_key: None }),
    })
}
