//! The parts of an HTTP rule of a VirtualService: redirects, rewrites, retries, faults, CORS.

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};
use crate::units::{Ppm, SimDuration};

use super::virtual_service_match::{StringMatch, StringMatchTest, read_string_match};

/// `redirect`.
#[derive(Clone, Debug)]
pub struct RedirectRule {
    /// The new path.
    pub uri: Option<Located<String>>,
    /// In place of the matched prefix.
    pub prefix_rewrite: Option<Located<String>>,
    /// The new authority.
    pub authority: Option<Located<String>>,
    /// The new port.
    pub port: Option<Located<u16>>,
    /// Where the port comes from otherwise.
    pub derive_port: Option<Located<DerivePort>>,
    /// The new scheme.
    pub scheme: Option<Located<String>>,
    /// The status; absent means 301.
    pub code: Option<Located<u16>>,
    /// Where it begins.
    pub place: Place,
}

/// `derivePort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivePort {
    /// The port that is the scheme's default.
    FromProtocolDefault,
    /// The port on which the request came.
    FromRequestPort,
}

const DERIVE_PORTS: &[(&str, DerivePort)] = &[
    ("FROM_PROTOCOL_DEFAULT", DerivePort::FromProtocolDefault),
    ("FROM_REQUEST_PORT", DerivePort::FromRequestPort),
];

/// `directResponse`.
#[derive(Clone, Debug)]
pub struct DirectResponseRule {
    /// The status.
    pub status: Located<u16>,
    /// The body; one in base 64 stays as it is written.
    pub body: String,
    /// Where it begins.
    pub place: Place,
}

/// `rewrite`.
#[derive(Clone, Debug)]
pub struct RewriteRule {
    /// In place of the matched path or prefix.
    pub uri: Option<Located<String>>,
    /// The new authority.
    pub authority: Option<Located<String>>,
    /// `uriRegexRewrite`: the pattern and what it is replaced by.
    pub uri_regex: Option<(Located<String>, String)>,
}

/// `retries`.
#[derive(Clone, Debug)]
pub struct RetryRule {
    /// How many retries; absent counts as zero, and that disables them.
    pub attempts: Option<Located<i32>>,
    /// How long each try may take.
    pub per_try_timeout: Option<Located<SimDuration>>,
    /// The conditions, with commas between them.
    pub retry_on: Option<Located<String>>,
    /// Whether other localities are tried.
    pub remote_localities: Option<Located<bool>>,
    /// Whether hosts that were tried are passed over.
    pub ignore_previous_hosts: Option<Located<bool>>,
    /// The base of the pauses.
    pub backoff: Option<Located<SimDuration>>,
    /// Where they begin.
    pub place: Place,
}

/// `fault`.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// A pause before the request goes on.
    pub delay: Option<DelayRule>,
    /// An answer in place of the upstream's.
    pub abort: Option<AbortRule>,
}

/// `fault.delay`.
#[derive(Clone, Debug)]
pub struct DelayRule {
    /// How long.
    pub fixed: Option<Located<SimDuration>>,
    /// For which share of the requests; absent means none.
    pub share: Option<Located<Ppm>>,
    /// Where it begins.
    pub place: Place,
}

/// `fault.abort`.
#[derive(Clone, Debug)]
pub struct AbortRule {
    /// With what.
    pub answer: Option<Located<AbortAnswer>>,
    /// For which share of the requests; absent means none.
    pub share: Option<Located<Ppm>>,
    /// Where it begins.
    pub place: Place,
}

/// What an aborted request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortAnswer {
    /// `httpStatus`.
    Http(u16),
    /// `grpcStatus`, as its number.
    Grpc(u32),
}

/// `corsPolicy`.
#[derive(Clone, Debug)]
pub struct CorsPolicy {
    /// Origins that are allowed: `allowOrigins`, or the older `allowOrigin`.
    pub allow_origins: Vec<StringMatch>,
    /// `allowMethods`.
    pub allow_methods: Vec<Located<String>>,
    /// `allowHeaders`.
    pub allow_headers: Vec<Located<String>>,
    /// `exposeHeaders`.
    pub expose_headers: Vec<Located<String>>,
    /// `maxAge`.
    pub max_age: Option<Located<SimDuration>>,
    /// `allowCredentials`.
    pub allow_credentials: bool,
    /// `unmatchedPreflights`.
    pub unmatched_preflights: UnmatchedPreflights,
    /// Where it begins.
    pub place: Place,
}

/// What becomes of preflight requests of other origins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnmatchedPreflights {
    /// They go upstream; so do they where nothing is written.
    #[default]
    Forward,
    /// The proxy answers them.
    Ignore,
}

const PREFLIGHTS: &[(&str, UnmatchedPreflights)] = &[
    ("UNSPECIFIED", UnmatchedPreflights::Forward),
    ("FORWARD", UnmatchedPreflights::Forward),
    ("IGNORE", UnmatchedPreflights::Ignore),
];

/// The names of gRPC statuses, in the order of their numbers
/// (grpc/grpc `doc/statuscodes.md`; Istio takes these words and no numbers).
const GRPC_STATUSES: &[(&str, u32)] = &[
    ("OK", 0),
    ("CANCELLED", 1),
    ("UNKNOWN", 2),
    ("INVALID_ARGUMENT", 3),
    ("DEADLINE_EXCEEDED", 4),
    ("NOT_FOUND", 5),
    ("ALREADY_EXISTS", 6),
    ("PERMISSION_DENIED", 7),
    ("RESOURCE_EXHAUSTED", 8),
    ("FAILED_PRECONDITION", 9),
    ("ABORTED", 10),
    ("OUT_OF_RANGE", 11),
    ("UNIMPLEMENTED", 12),
    ("INTERNAL", 13),
    ("UNAVAILABLE", 14),
    ("DATA_LOSS", 15),
    ("UNAUTHENTICATED", 16),
];

pub(super) fn read_redirect(fields: &mut Fields<'_, '_, '_, '_>) -> RedirectRule {
    RedirectRule {
        uri: fields.string("uri").filter(|uri| !uri.is_empty()),
        prefix_rewrite: fields.string("prefixRewrite").filter(|prefix| !prefix.is_empty()),
        authority: fields.string("authority").filter(|authority| !authority.is_empty()),
        port: fields.number("port", 0..=u16::MAX),
        derive_port: fields.choice("derivePort", DERIVE_PORTS),
        scheme: fields.string("scheme").filter(|scheme| !scheme.is_empty()),
        code: fields.number("redirectCode", 0..=u16::MAX).filter(|code| code.value != 0),
        place: fields.place(),
    }
}

pub(super) fn read_direct_response(
    fields: &mut Fields<'_, '_, '_, '_>,
) -> Option<DirectResponseRule> {
    let status = fields.required_number("status", 0..=u16::MAX);
    let body = fields.object("body", |body| {
        let text = body.string("string");
        let bytes = body.string("bytes");
        text.or(bytes).map(|it| it.value)
    });
    let body = body.flatten().unwrap_or_default();
    Some(DirectResponseRule { status: status?, body, place: fields.place() })
}

pub(super) fn read_rewrite(fields: &mut Fields<'_, '_, '_, '_>) -> RewriteRule {
    RewriteRule {
        uri: fields.string("uri").filter(|uri| !uri.is_empty()),
        authority: fields.string("authority").filter(|authority| !authority.is_empty()),
        uri_regex: fields
            .object("uriRegexRewrite", |regex| {
                let found = regex.required_string("match");
                let replacement = regex.string("rewrite").map(|it| it.value).unwrap_or_default();
                found.map(|found| (found, replacement))
            })
            .flatten(),
    }
}

pub(super) fn read_retries(fields: &mut Fields<'_, '_, '_, '_>) -> RetryRule {
    RetryRule {
        attempts: fields.number("attempts", i32::MIN..=i32::MAX),
        per_try_timeout: fields.parsed("perTryTimeout"),
        retry_on: fields.string("retryOn").filter(|words| !words.is_empty()),
        remote_localities: fields.boolean("retryRemoteLocalities"),
        ignore_previous_hosts: fields.boolean("retryIgnorePreviousHosts"),
        backoff: fields.parsed("backoff"),
        place: fields.place(),
    }
}

pub(super) fn read_fault(fields: &mut Fields<'_, '_, '_, '_>) -> FaultRule {
    let delay = fields.object("delay", |delay| {
        let percentage = read_share(delay, "percentage");
        let percent = delay.number("percent", 0_u32..=100).map(|it| it.map(Ppm::from_percent));
        let fixed = delay.parsed("fixedDelay");
        DelayRule { fixed, share: percentage.or(percent), place: delay.place() }
    });
    let abort = fields.object("abort", |abort| {
        let http = abort.number("httpStatus", 200..=599).map(|it| it.map(AbortAnswer::Http));
        let grpc = abort.choice("grpcStatus", GRPC_STATUSES).map(|it| it.map(AbortAnswer::Grpc));
        let share = read_share(abort, "percentage");
        AbortRule { answer: http.or(grpc), share, place: abort.place() }
    });
    FaultRule { delay, abort }
}

/// A `Percent`: `{value: 12.5}`; no value is zero.
pub(super) fn read_share(
    fields: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
) -> Option<Located<Ppm>> {
    fields.object(name, |percent| {
        let value = percent.decimal("value");
        let place = value.as_ref().map_or(percent.place(), |value| value.place);
        // Istio cuts off what is less than a millionth (route.go, `translatePercentToFractionalPercent`).
        let ppm = value.map_or(0, |value| libm::floor(value.value * 10_000.0) as u32);
        Located::new(Ppm::from_ppm(ppm.min(Ppm::ONE.as_ppm())), place)
    })
}

pub(super) fn read_cors(fields: &mut Fields<'_, '_, '_, '_>) -> CorsPolicy {
    let older = fields.strings("allowOrigin");
    let mut allow_origins = fields.list("allowOrigins", |origin| Some(read_string_match(origin)));
    if allow_origins.is_empty() {
        let exact = |it: Located<String>| StringMatch {
            test: StringMatchTest::Exact(it.value),
            place: it.place,
        };
        allow_origins = older.into_iter().map(exact).collect();
    }
    CorsPolicy {
        allow_origins,
        allow_methods: fields.strings("allowMethods"),
        allow_headers: fields.strings("allowHeaders"),
        expose_headers: fields.strings("exposeHeaders"),
        max_age: fields.parsed("maxAge"),
        allow_credentials: fields.boolean("allowCredentials").is_some_and(|it| it.value),
        unmatched_preflights: fields
            .choice("unmatchedPreflights", PREFLIGHTS)
            .map(|it| it.value)
            .unwrap_or_default(),
        place: fields.place(),
    }
}
