//! What a call must match, and how a result differs from it.

use serde_json::Value;

use super::case::text;

/// What matched; empty where nothing did or it has no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    /// The error's name; empty for none.
    pub(super) error: String,
    pub(super) listener: String,
    pub(super) chain: String,
    pub(super) table: String,
    pub(super) virtual_host: String,
    pub(super) route: String,
    pub(super) cluster: String,
}

/// What must match.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    matched: Matched,
    /// Whether fields that are not given must be empty.
    strict: bool,
}

/// What the suite's own names stand for: its Services have no domain.
const DOMAIN: &str = ".svc.cluster.local";

impl Matched {
    pub(super) fn error(mut self, name: &str) -> Self {
        name.clone_into(&mut self.error);
        self
    }

    fn fields(&self) -> [(&'static str, &str); 7] {
        [
            ("error", &self.error),
            ("listener", &self.listener),
            ("filter chain", &self.chain),
            ("route table", &self.table),
            ("virtual host", &self.virtual_host),
            ("route", &self.route),
            ("cluster", &self.cluster),
        ]
    }
}

impl Expected {
    pub(super) fn read(value: &Value) -> Self {
        Self {
            matched: Matched {
                error: text(value, "Error"),
                listener: text(value, "ListenerMatched"),
                chain: text(value, "FilterChainMatched"),
                table: text(value, "RouteConfigMatched"),
                virtual_host: text(value, "VirtualHostMatched"),
                route: text(value, "RouteMatched"),
                cluster: text(value, "ClusterMatched"),
            },
            strict: value["StrictMatch"].as_bool().unwrap_or_default(),
        }
    }
}

/// How `found` differs from what is expected; nothing if it does not. Whether there is an error is
/// always compared.
pub(super) fn differences(expected: &Expected, found: &Matched) -> Vec<String> {
    let fields = expected.matched.fields().into_iter().zip(found.fields());
    let counts =
        |name: &str, wanted: &str| !wanted.is_empty() || expected.strict || name == "error";
    let differing = fields
        .filter(|((name, wanted), (_, got))| counts(name, wanted) && bare(wanted) != bare(got));
    differing
        .map(|((name, wanted), (_, got))| format!("{name}: expected `{wanted}`, got `{got}`"))
        .collect()
}

/// Short names of the suite become whole names without a domain, so that domain is not compared.
fn bare(text: &str) -> &str {
    text.strip_suffix(DOMAIN).unwrap_or(text)
}
