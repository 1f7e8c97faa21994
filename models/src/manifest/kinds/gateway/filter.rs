//! Filters of HTTPRoutes and GRPCRoutes.

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

use super::route::{BackendRef, read_backend_ref};

/// One filter.
#[derive(Clone, Debug)]
pub struct RouteFilter {
    /// What it does.
    pub kind: RouteFilterKind,
    /// Where it begins.
    pub place: Place,
}

/// What a filter does.
#[derive(Clone, Debug)]
pub enum RouteFilterKind {
    /// Changes headers of the request.
    RequestHeaders(HeaderModifier),
    /// Changes headers of the response.
    ResponseHeaders(HeaderModifier),
    /// Sends the client elsewhere.
    Redirect(RedirectFilter),
    /// Changes host and path of the request.
    Rewrite(RewriteFilter),
    /// Copies the request.
    Mirror(MirrorFilter),
    /// Answers cross-origin requests.
    Cors(CorsFilter),
    /// Anything else: an extension, or a type that is not known here. It names itself.
    Other(Located<String>),
    /// The type is known and the part that it needs is missing; it names the type.
    Empty(Located<String>),
}

/// Changes to headers.
#[derive(Clone, Debug)]
pub struct HeaderModifier {
    /// Replaced.
    pub set: Vec<HeaderValue>,
    /// Added behind what is there.
    pub add: Vec<HeaderValue>,
    /// Removed.
    pub remove: Vec<Located<String>>,
}

/// A header and its value.
#[derive(Clone, Debug)]
pub struct HeaderValue {
    /// Its name.
    pub name: Located<String>,
    /// Its value.
    pub value: Located<String>,
}

/// A change to a path.
#[derive(Clone, Debug)]
pub enum PathModifier {
    /// The whole path.
    Full(Located<String>),
    /// The prefix that matched.
    Prefix(Located<String>),
}

/// `requestRedirect`.
#[derive(Clone, Debug)]
pub struct RedirectFilter {
    /// `None` keeps it.
    pub scheme: Option<Located<String>>,
    /// `None` keeps it.
    pub hostname: Option<Located<String>>,
    /// `None` keeps it.
    pub path: Option<PathModifier>,
    /// `None` follows from the scheme.
    pub port: Option<Located<u16>>,
    /// 302 by default.
    pub status: Option<Located<u16>>,
}

/// `urlRewrite`.
#[derive(Clone, Debug)]
pub struct RewriteFilter {
    /// `None` keeps it.
    pub hostname: Option<Located<String>>,
    /// `None` keeps it.
    pub path: Option<PathModifier>,
}

/// `requestMirror`.
#[derive(Clone, Debug)]
pub struct MirrorFilter {
    /// Where copies go.
    pub target: BackendRef,
    /// Which share is copied; `None` is all.
    pub share: Option<Share>,
}

/// A share of requests.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// So many.
    pub numerator: u32,
    /// Of so many; not zero.
    pub denominator: u32,
    /// Where it stands.
    pub place: Place,
}

/// `cors`.
#[derive(Clone, Debug)]
pub struct CorsFilter {
    /// Origins, with `*` as a wildcard.
    pub allow_origins: Vec<Located<String>>,
    /// Whether credentials are allowed.
    pub allow_credentials: bool,
    /// Methods.
    pub allow_methods: Vec<Located<String>>,
    /// Headers of requests.
    pub allow_headers: Vec<Located<String>>,
    /// Headers of responses.
    pub expose_headers: Vec<Located<String>>,
    /// Seconds that the answer may be kept; 5 by default.
    pub max_age_s: Option<Located<u32>>,
}

#[derive(Clone, Copy)]
enum PathModifierType {
    Full,
    Prefix,
}

const PATH_MODIFIERS: &[(&str, PathModifierType)] = &[
    ("ReplaceFullPath", PathModifierType::Full),
    ("ReplacePrefixMatch", PathModifierType::Prefix),
];

pub(super) fn read_filter(filter: &mut Fields<'_, '_, '_, '_>) -> Option<RouteFilter> {
    use RouteFilterKind as Kind;
    let place = filter.place();
    let filter_type = filter.required_string("type")?;
    let read = match filter_type.value.as_str() {
        "RequestHeaderModifier" => {
            filter.object("requestHeaderModifier", read_headers).map(Kind::RequestHeaders)
        }
        "ResponseHeaderModifier" => {
            filter.object("responseHeaderModifier", read_headers).map(Kind::ResponseHeaders)
        }
        "RequestRedirect" => filter.object("requestRedirect", read_redirect).map(Kind::Redirect),
        "URLRewrite" => filter.object("urlRewrite", read_rewrite).map(Kind::Rewrite),
        "RequestMirror" => filter.object("requestMirror", read_mirror).flatten().map(Kind::Mirror),
        "CORS" => filter.object("cors", read_cors).map(Kind::Cors),
        _ => {
            filter.leave();
            Some(Kind::Other(filter_type.clone()))
        }
    };
    Some(RouteFilter { kind: read.unwrap_or(Kind::Empty(filter_type)), place })
}

fn read_headers(modifier: &mut Fields<'_, '_, '_, '_>) -> HeaderModifier {
    let read = |header: &mut Fields<'_, '_, '_, '_>| {
        let (name, value) = (header.required_string("name"), header.required_string("value"));
        Some(HeaderValue { name: name?, value: value? })
    };
    HeaderModifier {
        set: modifier.list("set", read),
        add: modifier.list("add", read),
        remove: modifier.strings("remove"),
    }
}

fn read_redirect(redirect: &mut Fields<'_, '_, '_, '_>) -> RedirectFilter {
    RedirectFilter {
        scheme: redirect.string("scheme").filter(|scheme| !scheme.is_empty()),
        hostname: redirect.string("hostname").filter(|host| !host.is_empty()),
        path: redirect.object("path", read_path_modifier).flatten(),
        port: redirect.number("port", 1..=u16::MAX),
        status: redirect.number("statusCode", 300..=399),
    }
}

fn read_rewrite(rewrite: &mut Fields<'_, '_, '_, '_>) -> RewriteFilter {
    RewriteFilter {
        hostname: rewrite.string("hostname").filter(|host| !host.is_empty()),
        path: rewrite.object("path", read_path_modifier).flatten(),
    }
}

fn read_path_modifier(path: &mut Fields<'_, '_, '_, '_>) -> Option<PathModifier> {
    let kind = path.required_choice("type", PATH_MODIFIERS);
    let (full, prefix) = (path.string("replaceFullPath"), path.string("replacePrefixMatch"));
    match kind?.value {
        PathModifierType::Full => full.map(PathModifier::Full),
        PathModifierType::Prefix => prefix.map(PathModifier::Prefix),
    }
}

fn read_mirror(mirror: &mut Fields<'_, '_, '_, '_>) -> Option<MirrorFilter> {
    let percent = mirror.number("percent", 0..=100_u32);
    let percent =
        percent.map(|it| Share { numerator: it.value, denominator: 100, place: it.place });
    let fraction = mirror.object("fraction", |fraction| {
        let numerator = fraction.required_number("numerator", 0..=i32::MAX.unsigned_abs());
        let denominator = fraction.number("denominator", 1..=i32::MAX.unsigned_abs());
        let denominator = denominator.map_or(100, |it| it.value);
        let place = fraction.place();
        Some(Share { numerator: numerator?.value, denominator, place })
    });
    let target = mirror.required_object("backendRef", read_backend_ref).flatten();
    Some(MirrorFilter { target: target?, share: percent.or(fraction.flatten()) })
}

fn read_cors(cors: &mut Fields<'_, '_, '_, '_>) -> CorsFilter {
    CorsFilter {
        allow_origins: cors.strings("allowOrigins"),
        allow_credentials: cors.boolean("allowCredentials").is_some_and(|it| it.value),
        allow_methods: cors.strings("allowMethods"),
        allow_headers: cors.strings("allowHeaders"),
        expose_headers: cors.strings("exposeHeaders"),
        max_age_s: cors.number("maxAge", 1..=i32::MAX.unsigned_abs()),
    }
}
