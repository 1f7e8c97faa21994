//! Findings as SARIF 2.1.0, which code hosts and editors show beside the lines. What is found, and
//! in which order, is said elsewhere.

use std::collections::BTreeSet;
use std::io::{self, Write};

use meshwalk_models::manifest::{Diagnostic, Label, Severity, SourceSet};
use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, PhysicalLocation, Region, ReportingDescriptor,
    Result as Finding, ResultLevel, Run, Sarif, Tool, ToolComponent,
};

use super::json;

/// Where the schema of the format is published.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Prints one log with one run.
pub(crate) fn print(
    out: &mut dyn Write,
    findings: &[Diagnostic],
    sources: &SourceSet,
) -> io::Result<()> {
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let rules = codes.iter().map(|code| ReportingDescriptor::builder().id(*code).build());
    let driver = ToolComponent::builder()
        .name("meshwalk")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules.collect::<Vec<_>>());
    let results = findings.iter().map(|finding| result(finding, &codes, sources));
    let run = Run::builder()
        .tool(Tool::builder().driver(driver.build()).build())
        .column_kind(serde_json::json!("unicodeCodePoints"))
        .results(results.collect::<Vec<_>>())
        .build();
    let log = Sarif::builder().schema(SCHEMA).version(serde_json::json!("2.1.0")).runs(vec![run]);
    json::print(out, &log.build())
}

fn result(finding: &Diagnostic, codes: &[&str], sources: &SourceSet) -> Finding {
    let level = match finding.severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
    };
    let rule_index = codes.binary_search(&finding.code).ok().and_then(|at| i64::try_from(at).ok());
    let mut labels = finding.labels.iter();
    let main = labels.next().map(|label| location(label, sources));
    let related = labels.map(|label| location(label, sources));
    let result = Finding::builder()
        .rule_id(finding.code)
        .rule_index(rule_index.unwrap_or(-1))
        .level(level)
        .message(message(text(finding)))
        .locations(main.into_iter().collect::<Vec<_>>())
        .related_locations(related.collect::<Vec<_>>());
    result.build()
}

/// What is wrong, what follows from it, and what to do. Code hosts show nothing but this text.
fn text(finding: &Diagnostic) -> String {
    let consequence = finding.labels.first().map(|label| label.text.as_str());
    let parts = [Some(finding.message.as_str()), consequence.filter(|text| !text.is_empty())];
    let said: Vec<&str> = parts.into_iter().flatten().collect();
    match &finding.help {
        Some(help) => format!("{}. Help: {help}", said.join(": ")),
        None => said.join(": "),
    }
}

fn location(label: &Label, sources: &SourceSet) -> Location {
    let place = label.place;
    let region = Region::builder()
        .start_line(i64::from(place.line))
        .start_column(i64::from(place.column))
        .build();
    let file = ArtifactLocation::builder().uri(uri(sources.name(place.source))).build();
    let physical = PhysicalLocation::builder().artifact_location(file).region(region).build();
    let said = message(label.text.clone());
    Location::builder().physical_location(physical).message(said).build()
}

fn message(text: String) -> Message {
    Message::builder().text(text).build()
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use meshwalk_models::manifest::{Place, SourceId};

    use super::*;

    fn at(source: u32, line: u32, column: u32) -> Place {
        Place { source: SourceId(source), line, column }
    }

    /// The types that read the log back are made of the published schema.
    #[test]
    fn a_log_tells_what_where_and_what_to_do_and_fits_the_schema() {
        let mut sources = SourceSet::new();
        sources.add("deploy/my web.yaml", "a: 1\n");
        sources.add("c.yaml", "b: 1\n");
        let findings = [
            Diagnostic::warning("policy.selects-nothing", "NetworkPolicy `web` selects no pod")
                .at(at(0, 1, 4), "it has no effect")
                .at(at(1, 1, 1), "the pod that is nearest")
                .help("select `app: web`"),
            Diagnostic::error("input.unreadable", "cannot read gone.yaml"),
            Diagnostic::note("policy.selects-nothing", "another").at(at(1, 1, 1), ""),
        ];
        let mut out = Vec::new();
        print(&mut out, &findings, &sources).expect("memory");
        let log: Sarif = serde_json::from_slice(&out).expect("a log of SARIF 2.1.0");
        assert_eq!(log.version, "2.1.0");
        let run = &log.runs[0];
        let rules = run.tool.driver.rules.as_ref().expect("rules");
        let results = run.results.as_ref().expect("results");
        for result in results {
            let at = usize::try_from(result.rule_index.expect("an index")).expect("it is known");
            assert_eq!(Some(&rules[at].id), result.rule_id.as_ref());
        }
        insta::assert_snapshot!(String::from_utf8(out).expect("text"));
    }

    #[test]
    fn a_log_without_findings_is_a_log() {
        let mut out = Vec::new();
        print(&mut out, &[], &SourceSet::new()).expect("memory");
        let log: Sarif = serde_json::from_slice(&out).expect("a log of SARIF 2.1.0");
        assert_eq!(
            log.runs[0].results.as_ref().map(Vec::len),
            Some(0),
            "not absent: it was looked"
        );
    }
}
