//! The file of cases as it is written; it runs nothing.

use serde_json::Value;

use super::call::Call;

/// One configuration with the calls made to it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The test that it was taken from.
    pub(super) func: String,
    /// Its name within that test.
    pub(super) name: String,
    /// The manifests.
    pub(super) config: String,
    /// The calls.
    pub(super) calls: Vec<Call>,
}

/// Reads all cases.
pub(super) fn cases(text: &str) -> Result<Vec<Case>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = value.as_array().ok_or("expected a list of cases")?;
    list.iter().map(case).collect()
}

fn case(value: &Value) -> Result<Case, String> {
    let func = text(value, "func");
    let calls = value["calls"].as_array().ok_or_else(|| format!("{func}: expected `calls`"))?;
    let calls: Result<_, _> = calls.iter().map(Call::read).collect();
    Ok(Case {
        name: text(value, "name"),
        config: text(value, "config"),
        calls: calls.map_err(|error| format!("{func}: {error}"))?,
        func,
    })
}

/// A text; empty where it is absent.
pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
