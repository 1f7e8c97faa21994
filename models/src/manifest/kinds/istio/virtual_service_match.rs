//! `spec.http[].match` of a VirtualService, and the string matches that Istio's kinds share.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::Labels;
use crate::manifest::{Diagnostic, Located, Place};

use super::virtual_service::read_match_port;

/// One entry of `http[].match`; all conditions must hold.
#[derive(Clone, Debug)]
pub struct HttpMatch {
    /// Added to the name of the route.
    pub name: Option<Located<String>>,
    /// The path.
    pub uri: Option<StringMatch>,
    /// Whether case does not count in the path.
    pub ignore_uri_case: bool,
    /// `http` or `https`.
    pub scheme: Option<StringMatch>,
    /// The method.
    pub method: Option<StringMatch>,
    /// The authority.
    pub authority: Option<StringMatch>,
    /// Headers that must match, in the order of their names.
    pub headers: Vec<(Located<String>, StringMatch)>,
    /// Headers that must not match, in the order of their names.
    pub without_headers: Vec<(Located<String>, StringMatch)>,
    /// Query parameters, in the order of their names.
    pub query_params: Vec<(Located<String>, StringMatch)>,
    /// The port that the client dialled.
    pub port: Option<Located<u16>>,
    /// Labels of the client's workload.
    pub source_labels: Labels,
    /// The client's namespace.
    pub source_namespace: Option<Located<String>>,
    /// Gateways, in place of those of the VirtualService.
    pub gateways: Vec<Located<String>>,
    /// Where the match begins.
    pub place: Place,
}

/// `StringMatch`: what is compared, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringMatch {
    /// How.
    pub test: StringMatchTest,
    /// Where.
    pub place: Place,
}

/// How a string is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StringMatchTest {
    /// Nothing was written: presence is enough.
    Present,
    /// Equal.
    Exact(String),
    /// Begins with.
    Prefix(String),
    /// The whole matches a regular expression.
    Regex(String),
}

pub(super) fn read_http_match(fields: &mut Fields<'_, '_, '_, '_>) -> HttpMatch {
    // It names a counter of the proxy, and the models have no such counters.
    fields.string("statPrefix");
    HttpMatch {
        name: fields.string("name").filter(|name| !name.is_empty()),
        uri: fields.object("uri", read_string_match),
        ignore_uri_case: fields.boolean("ignoreUriCase").is_some_and(|it| it.value),
        scheme: fields.object("scheme", read_string_match),
        method: fields.object("method", read_string_match),
        authority: fields.object("authority", read_string_match),
        headers: fields.map("headers", |value| Some(read_string_match(value))),
        without_headers: fields.map("withoutHeaders", |value| Some(read_string_match(value))),
        query_params: fields.map("queryParams", |value| Some(read_string_match(value))),
        port: read_match_port(fields),
        source_labels: fields.labels("sourceLabels"),
        source_namespace: fields.string("sourceNamespace").filter(|it| !it.is_empty()),
        gateways: fields.strings("gateways"),
        place: fields.place(),
    }
}

/// A string match; of several forms at once the API server takes none, and the first counts here.
pub(super) fn read_string_match(fields: &mut Fields<'_, '_, '_, '_>) -> StringMatch {
    let exact = fields.string("exact").map(|it| it.map(StringMatchTest::Exact));
    let prefix = fields.string("prefix").map(|it| it.map(StringMatchTest::Prefix));
    let regex = fields.string("regex").map(|it| it.map(StringMatchTest::Regex));
    let mut forms = [exact, prefix, regex].into_iter().flatten();
    let first = forms.next();
    if let Some(second) = forms.next() {
        let message = "a string match has one of `exact`, `prefix` and `regex`, not several";
        fields.add(
            Diagnostic::error("manifest.several-forms", message)
                .at(second.place, "not used")
                .help("a cluster refuses this object; write one match for each form"),
        );
    }
    match first {
        Some(form) => StringMatch { place: form.place, test: form.value },
        None => StringMatch { test: StringMatchTest::Present, place: fields.place() },
    }
}
