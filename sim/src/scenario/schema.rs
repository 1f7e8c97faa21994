//! The JSON Schema of scenario files, from the types themselves.

use schemars::generate::SchemaSettings;

use super::file::ScenarioFile;

/// The schema of scenario files, version 1, as pretty-printed JSON (draft 2020-12).
///
/// It is kept at `scenarios/schema/scenario-v1.json` for editors.
#[must_use]
pub fn json_schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<ScenarioFile>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}
