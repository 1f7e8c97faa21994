//! Files of routing checks: a YAML list of requests and what is expected of them.

use std::collections::BTreeMap;

use meshwalk_models::manifest::yaml::{self, NodeKind};
use meshwalk_models::manifest::{Diagnostic, Located, Place, SourceId, SourceSet};
use meshwalk_models::walk::{ClientCertificate, Expectation, FORMS};
use schemars::generate::SchemaSettings;
use serde::Deserialize;

/// How many checks one file may hold.
const CHECKS_MAX: usize = 100_000;

/// One routing check, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckText {
    name: Option<String>,
    from: Option<Located<String>>,
    at: Option<Located<String>>,
    namespace: Option<String>,
    to: Located<String>,
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    certificate: bool,
    expect: Located<String>,
}

/// One routing check.
#[derive(Clone, Debug)]
pub(in crate::command) struct Check {
    /// Its name, or what it asks.
    pub(super) name: String,
    /// The caller.
    pub(super) from: Option<String>,
    /// The gateway, for clients outside.
    pub(super) at: Option<String>,
    /// The namespace of names without one.
    pub(super) namespace: Option<String>,
    /// The destination.
    pub(super) to: String,
    /// The method.
    pub(super) method: String,
    /// The path.
    pub(super) path: Option<String>,
    /// The headers.
    pub(super) headers: Vec<(String, String)>,
    /// Whether the client shows a certificate.
    pub(super) certificate: ClientCertificate,
    /// What is expected.
    pub(super) expect: Expectation,
    /// Where the check begins.
    pub(super) place: Place,
    /// Where the expectation stands.
    pub(super) expect_place: Place,
}

/// Reads the checks of a file.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub(in crate::command) fn read(
    sources: &SourceSet,
    file: SourceId,
) -> Result<Vec<Check>, Vec<Diagnostic>> {
    let (document, _) = yaml::single_document(sources, file).map_err(|error| vec![error])?;
    let root = document.root();
    // A list, or a mapping that holds it under `checks`, which leaves room for a comment key.
    let list = if root.kind() == NodeKind::Mapping { root.get("checks") } else { Some(root) };
    let Some(list) = list.filter(|list| list.kind() == NodeKind::Sequence) else {
        return Err(vec![
            Diagnostic::error("checks.shape", "this is no list of checks")
                .at(root.place(), "expected a list")
                .help("write `- from: …`, `to: …` and `expect: …` for each check"),
        ]);
    };
    let (mut checks, mut findings) = (Vec::new(), Vec::new());
    for item in list.items().take(CHECKS_MAX) {
        match yaml::from_node::<CheckText>(item) {
            Ok(text) => match check(text, item.place()) {
                Ok(check) => checks.push(check),
                Err(wrong) => findings.extend(wrong),
            },
            Err(error) => findings.push(error),
        }
    }
    if list.items().len() > CHECKS_MAX {
        let message = format!("more than {CHECKS_MAX} checks in one file");
        findings.push(Diagnostic::error("checks.too-many", message).at(list.place(), "this list"));
    }
    if findings.is_empty() { Ok(checks) } else { Err(findings) }
}

fn check(text: CheckText, place: Place) -> Result<Check, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    match (&text.from, &text.at) {
        (None, None) => findings.push(
            Diagnostic::error("checks.no-caller", "the check says neither `from` nor `at`")
                .at(place, "this check")
                .help("`from` names a workload, `at` a gateway for clients outside"),
        ),
        (Some(_), Some(at)) => findings.push(
            Diagnostic::error("checks.two-callers", "the check says both `from` and `at`")
                .at(at.place, "here")
                .help("keep one of them"),
        ),
        _ => {}
    }
    let expect = text.expect.value.parse::<Expectation>().map_err(|error| {
        Diagnostic::error("checks.expect", error.to_string())
            .at(text.expect.place, "here")
            .help(FORMS)
    });
    let method = text.method.unwrap_or_else(|| "GET".to_owned());
    match expect {
        Ok(expect) if findings.is_empty() => Ok(Check {
            name: text.name.unwrap_or_else(|| {
                let whole = text.path.as_deref().unwrap_or_default();
                let caller = text.from.as_ref().or(text.at.as_ref()).map_or("", |it| &it.value);
                format!("{caller}: {method} {}{whole}", text.to.value)
            }),
            from: text.from.map(|it| it.value),
            at: text.at.map(|it| it.value),
            namespace: text.namespace,
            to: text.to.value,
            method,
            path: text.path,
            headers: text.headers.into_iter().collect(),
            certificate: match text.certificate {
                true => ClientCertificate::Trusted,
                false => ClientCertificate::Missing,
            },
            expect,
            place,
            expect_place: text.expect.place,
        }),
        Ok(_) => Err(findings),
        Err(error) => {
            findings.push(error);
            Err(findings)
        }
    }
}

/// A request, and what it is expected to become.
// The reader itself keeps places beside the values, for which there is no schema.
#[derive(schemars::JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Check")]
#[expect(dead_code, reason = "only its schema is used")]
struct CheckSchema {
    /// What the check is called. Default: what it asks.
    name: Option<String>,
    /// Who sends the request: `NAME`, `NAMESPACE/NAME`, `NAMESPACE/deploy/NAME` or
    /// `NAMESPACE/pod/NAME`; `outside` or `outside/ADDRESS` is a client outside the cluster.
    from: Option<String>,
    /// The gateway that a client outside asks: `gateway/NAME` or `gateway/NAMESPACE/NAME`.
    at: Option<String>,
    /// The namespace of names that are written without one.
    namespace: Option<String>,
    /// Where the request is sent: `SERVICE:PORT`, `SERVICE.NAMESPACE:PORT`, a host, an address or
    /// a URL.
    to: String,
    /// The method. Default: GET.
    method: Option<String>,
    /// The path, perhaps with a query. Default: the URL's, or `/`.
    path: Option<String>,
    /// Request headers.
    headers: Option<BTreeMap<String, String>>,
    /// Whether a client that speaks TLS shows a certificate that the server trusts. Default: no.
    certificate: Option<bool>,
    /// What it becomes, such as `routed:checkout/v2` or `routed:checkout/v1=90,checkout/v2=10`.
    expect: String,
}

/// The schema of check files as pretty-printed JSON (draft 2020-12); it is kept at
/// `scenarios/schema/checks-v1.json`.
pub(in crate::command) fn json_schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<Vec<CheckSchema>>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Check>, Vec<Diagnostic>> {
        let mut sources = SourceSet::new();
        let file = sources.add("checks.yaml", text);
        read(&sources, file)
    }

    #[test]
    fn a_check_may_leave_out_all_but_three_fields() {
        let checks = read_text("- {from: web/frontend, to: cart:80, expect: no_route}\n")
            .expect("a good file");
        assert_eq!(checks[0].name, "web/frontend: GET cart:80");
        assert_eq!((checks[0].method.as_str(), checks[0].expect_place.line), ("GET", 1));
    }

    #[test]
    fn all_findings_come_at_once_with_their_lines() {
        let findings = read_text(
            "- {to: cart:80, expect: no_route}\n- {from: a, to: b, expect: routet}\n- {from: a, \
             tto: b, expect: denied}\n",
        )
        .expect_err("three mistakes");
        let lines: Vec<_> = findings.iter().filter_map(|it| it.place()).map(|it| it.line).collect();
        assert_eq!(lines, [1, 2, 3], "{findings:#?}");
    }

    #[test]
    fn what_is_no_list_is_said_to_be_none() {
        let findings = read_text("from: a\n").expect_err("a mapping without checks");
        assert_eq!(findings[0].code, "checks.shape");
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../scenarios/schema/checks-v1.json");
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == json_schema(),
            "run `cargo run -- schema checks > scenarios/schema/checks-v1.json`"
        );
    }
}
