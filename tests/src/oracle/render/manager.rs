//! The connection manager, the listener before it, and what the case adds to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;
use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::{
    ChainMatch, Direction, DownstreamTls, EscapedSlashes, FilterChain, HttpFilter, HttpManager,
    Inspection, Listener, NetworkFilter, OriginalDestination, PathNormalization, RouteSource,
    RouteTable,
};
use meshwalk_models::units::SimDuration;

use super::super::fields::{Fields, Read};
use super::{LISTENER_PORT, ORIGIN, given};

/// The manager, and what decides whether a caller counts as internal.
#[derive(Clone, Debug)]
pub(super) struct Managed {
    pub(super) manager: HttpManager,
    pub(super) internal: Vec<IpNet>,
}

/// Keys of the manager that change nothing of what is recorded.
const WITHOUT_EFFECT: [&str; 8] = [
    "generate_request_id",
    "delayed_close_timeout",
    "server_header_transformation",
    "server_name",
    "stat_prefix",
    "preserve_external_request_id",
    "always_set_request_id_in_response",
    "skip_xff_append",
];

/// `hcm`: what is merged into Envoy's own connection manager.
pub(super) fn manager(
    fields: Option<&Fields<'_>>,
    table: RouteTable,
    filters: Vec<HttpFilter>,
) -> Read<Managed> {
    let minutes_5 = SimDuration::from_secs(300);
    let mut managed = Managed {
        manager: HttpManager {
            routes: RouteSource::Inline(Arc::new(table)),
            filters,
            stream_idle_timeout: Sourced::default_of(minutes_5, "envoy.stream-idle-timeout"),
            request_timeout: Sourced::default_of(SimDuration::ZERO, "envoy.no-request-timeout"),
            max_stream_duration: None,
            normalization: given(PathNormalization::default()),
            strips_port: false,
            trusts_envoy_headers: false,
            uses_remote_address: false,
            server_name: "envoy".to_owned(),
            local_replies: BTreeMap::new(),
        },
        internal: Vec::new(),
    };
    let Some(fields) = fields else { return Ok(managed) };
    for name in WITHOUT_EFFECT {
        fields.get(name);
    }
    let own = &mut managed.manager;
    if let Some(timeout) = fields.seconds("stream_idle_timeout")? {
        own.stream_idle_timeout = given(timeout);
    }
    if let Some(timeout) = fields.seconds("request_timeout")? {
        own.request_timeout = given(timeout);
    }
    let longest = fields.object("common_http_protocol_options", |inner| {
        // Connections are not kept between requests.
        inner.get("idle_timeout");
        inner.seconds("max_stream_duration")
    })?;
    own.max_stream_duration = longest.flatten().map(given);
    own.normalization = given(normalization(fields)?);
    own.strips_port = fields.switch("strip_any_host_port")?;
    own.uses_remote_address = fields.switch("use_remote_address")?;
    managed.internal = fields
        .object("internal_address_config", |inner| {
            inner.switch("unix_sockets")?;
            inner.objects("cidr_ranges", range)
        })?
        .unwrap_or_default();
    Ok(managed)
}

fn range(fields: &Fields<'_>) -> Read<IpNet> {
    let address = fields.required_text("address_prefix")?;
    let length: u8 = fields.whole("prefix_len")?.unwrap_or(0);
    format!("{address}/{length}")
        .parse()
        .map_err(|_| format!("{}: no range of addresses", fields.place("address_prefix")))
}

fn normalization(fields: &Fields<'_>) -> Read<PathNormalization> {
    let escaped = fields.text("path_with_escaped_slashes_action")?;
    let escaped_slashes = match escaped.unwrap_or("KEEP_UNCHANGED") {
        "IMPLEMENTATION_SPECIFIC_DEFAULT" | "KEEP_UNCHANGED" => EscapedSlashes::Keep,
        "REJECT_REQUEST" => EscapedSlashes::Reject,
        "UNESCAPE_AND_REDIRECT" => EscapedSlashes::UnescapeAndRedirect,
        "UNESCAPE_AND_FORWARD" => EscapedSlashes::UnescapeAndForward,
        other => {
            let why = format!("`{other}` is no action");
            return fields.wrong("path_with_escaped_slashes_action", &why);
        }
    };
    Ok(PathNormalization {
        normalizes: fields.switch("normalize_path")?,
        merges_slashes: fields.switch("merge_slashes")?,
        escaped_slashes,
    })
}

/// The one listener of a case. `tls` is `mtls` where clients must show a certificate, anything
/// else where they may.
pub(super) fn listener(manager: HttpManager, tls: Option<&str>) -> Listener {
    let tls = match tls {
        None => DownstreamTls::None,
        Some("mtls") => DownstreamTls::Mutual,
        Some(_) => DownstreamTls::OptionalMutual,
    };
    Listener {
        name: "l".to_owned(),
        address: "127.0.0.1".to_owned(),
        port: LISTENER_PORT,
        direction: Direction::Gateway,
        bind_to_port: true,
        original_destination: OriginalDestination::Ignored,
        inspects_tls: Inspection::Never,
        inspects_http: Inspection::Never,
        chains: vec![FilterChain {
            name: "c".to_owned(),
            matches: ChainMatch::default(),
            tls,
            filters: vec![NetworkFilter::Http(Arc::new(manager))],
            origin: ORIGIN,
        }],
        default_chain: None,
        origin: ORIGIN,
    }
}
