//! What a rule of an HTTPRoute or GRPCRoute looks at.

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

/// One entry of `matches`; all its parts must hold.
#[derive(Clone, Debug)]
pub struct RouteRuleMatch {
    /// `path` of an HTTPRoute; absent means the prefix `/`.
    pub path: Option<RoutePathMatch>,
    /// `method` of an HTTPRoute.
    pub method: Option<Located<String>>,
    /// `method` of a GRPCRoute.
    pub call: Option<GrpcMethodMatch>,
    /// `headers`.
    pub headers: Vec<ValueMatch>,
    /// `queryParams`.
    pub query: Vec<ValueMatch>,
    /// Where it begins.
    pub place: Place,
}

/// A path.
#[derive(Clone, Debug)]
pub enum RoutePathMatch {
    /// The whole path.
    Exact(Located<String>),
    /// Path elements from the start.
    Prefix(Located<String>),
    /// A regular expression, in the implementation's dialect.
    Regex(Located<String>),
}

/// Service and method of a gRPC call.
#[derive(Clone, Debug)]
pub struct GrpcMethodMatch {
    /// How both are compared.
    pub match_type: ValueMatchType,
    /// The service, such as `shop.Checkout`; `None` takes all.
    pub service: Option<Located<String>>,
    /// The method; `None` takes all.
    pub method: Option<Located<String>>,
    /// Where it begins.
    pub place: Place,
}

/// A header or query parameter and its value.
#[derive(Clone, Debug)]
pub struct ValueMatch {
    /// Its name.
    pub name: Located<String>,
    /// How the value is compared.
    pub match_type: ValueMatchType,
    /// The value.
    pub value: Located<String>,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueMatchType {
    /// Equal.
    #[default]
    Exact,
    /// By regular expression, in the implementation's dialect.
    Regex,
}

#[derive(Clone, Copy, Default)]
enum PathType {
    Exact,
    #[default]
    Prefix,
    Regex,
}

const PATH_TYPES: &[(&str, PathType)] = &[
    ("Exact", PathType::Exact),
    ("PathPrefix", PathType::Prefix),
    ("RegularExpression", PathType::Regex),
];

const VALUE_TYPES: &[(&str, ValueMatchType)] =
    &[("Exact", ValueMatchType::Exact), ("RegularExpression", ValueMatchType::Regex)];

pub(super) fn read_http_match(entry: &mut Fields<'_, '_, '_, '_>) -> Option<RouteRuleMatch> {
    let path = entry.object("path", |path| {
        let place = path.place();
        let path_type = path.choice("type", PATH_TYPES).map(|it| it.value).unwrap_or_default();
        let value = path.string("value").unwrap_or_else(|| Located::new("/".to_owned(), place));
        match path_type {
            PathType::Exact => RoutePathMatch::Exact(value),
            PathType::Prefix => RoutePathMatch::Prefix(value),
            PathType::Regex => RoutePathMatch::Regex(value),
        }
    });
    Some(RouteRuleMatch {
        path,
        method: entry.string("method"),
        call: None,
        headers: entry.list("headers", read_value_match),
        query: entry.list("queryParams", read_value_match),
        place: entry.place(),
    })
}

pub(super) fn read_grpc_match(entry: &mut Fields<'_, '_, '_, '_>) -> Option<RouteRuleMatch> {
    let call = entry.object("method", |method| GrpcMethodMatch {
        match_type: method.choice("type", VALUE_TYPES).map(|it| it.value).unwrap_or_default(),
        service: method.string("service").filter(|name| !name.is_empty()),
        method: method.string("method").filter(|name| !name.is_empty()),
        place: method.place(),
    });
    Some(RouteRuleMatch {
        path: None,
        method: None,
        call,
        headers: entry.list("headers", read_value_match),
        query: Vec::new(),
        place: entry.place(),
    })
}

fn read_value_match(entry: &mut Fields<'_, '_, '_, '_>) -> Option<ValueMatch> {
    let match_type = entry.choice("type", VALUE_TYPES).map(|it| it.value).unwrap_or_default();
    let (name, value) = (entry.required_string("name"), entry.required_string("value"));
    Some(ValueMatch { name: name?, match_type, value: value? })
}
