//! From the text of a scenario file to a checked [`Scenario`]; it opens no files and resolves no
//! names.

use meshwalk_models::manifest::yaml::{self, Document, NodeRef};
use meshwalk_models::manifest::{Diagnostic, Place, SourceId, SourceSet};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::check::check;
use super::file::{
    Breakpoint, DataPathSpec, Expectation, NetworkSpec, ScenarioFile, TopologySpec, TrafficSource,
    WorkloadBehaviour,
};
use super::key_path::{KeyPath, KeyStep};

/// A scenario that was read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it says.
    pub file: ScenarioFile,
    /// What was found that does not spoil it.
    pub warnings: Vec<Diagnostic>,
    /// Where everything stands; absent when no file was read.
    document: Option<Document>,
}

impl Scenario {
    /// A scenario that no file holds, such as the default one.
    #[must_use]
    pub fn without_file(file: ScenarioFile) -> Self {
        Self { file, warnings: Vec::new(), document: None }
    }

    /// Where the value of a path such as `traffic[0].to` stands. A value that is left out has the
    /// place of the innermost one around it that is written.
    #[must_use]
    pub fn place_of(&self, path: &str) -> Option<Place> {
        Some(place_in(self.document.as_ref()?, &KeyPath::parse(path)?))
    }

    /// The SHA-256 of what the scenario says, overrides applied, in hexadecimal. Comments, layout,
    /// breakpoints and the seed do not change it; the seed stands beside it in the identity of a run.
    #[must_use]
    pub fn digest(&self) -> String {
        let file = ScenarioFile { seed: 0, breakpoints: Vec::new(), ..self.file.clone() };
        let canonical = serde_json::to_vec(&file).expect("keys are strings and numbers are finite");
        Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reads the scenario in `source`, changed by `overrides` such as `traffic[0].timeout=2s`. The
/// overrides become sources of their own, so that a finding can quote them.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read(
    sources: &mut SourceSet,
    source: SourceId,
    overrides: &[String],
) -> Result<Scenario, Vec<Diagnostic>> {
    let (mut document, warnings) =
        yaml::single_document(sources, source).map_err(|error| vec![error])?;
    let mut errors = Vec::new();
    for change in overrides {
        let change = sources.add("--set", change.as_str());
        errors.extend(yaml::set_path(&mut document, sources, change).err());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let file = match yaml::from_document::<ScenarioFile>(&document) {
        Ok(file) => file,
        Err(first) => return Err(every_misfit(&document, first)),
    };
    let mut errors: Vec<Diagnostic> = check(&file)
        .into_iter()
        .map(|finding| {
            let message = format!("{}: {}", finding.path, finding.message);
            let diagnostic = Diagnostic::error("scenario.invalid", message)
                .at(place_in(&document, &finding.path), "here");
            match finding.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        })
        .collect();
    if errors.is_empty() {
        return Ok(Scenario { file, warnings, document: Some(document) });
    }
    errors.sort_by_key(Diagnostic::place);
    Err(errors)
}

fn place_in(document: &Document, path: &KeyPath) -> Place {
    let mut node = document.root();
    for step in path.steps() {
        let next = match step {
            KeyStep::Key(key) => node.get(key),
            KeyStep::Index(index) => node.items().nth(*index),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.place()
}

/// Serde stops at the first value that does not fit. So that people need not repair one value to
/// hear of the next, every part of the file is read again by itself.
fn every_misfit(document: &Document, first: Diagnostic) -> Vec<Diagnostic> {
    let mut misfits = Misfits::default();
    for entry in document.root().entries() {
        let (at, node) = (KeyPath::root().key(entry.key), entry.value);
        match entry.key {
            "traffic" => misfits.read_items::<TrafficSource>(node, &at),
            "expectations" => misfits.read_items::<Expectation>(node, &at),
            "breakpoints" => misfits.read_items::<Breakpoint>(node, &at),
            "workloads" | "outside" => misfits.read_values::<WorkloadBehaviour>(node, &at),
            "data_paths" => misfits.read_values::<DataPathSpec>(node, &at),
            "topology" => misfits.read::<TopologySpec>(node, &at),
            "network" => misfits.read::<NetworkSpec>(node, &at),
            _ => {}
        }
    }
    let mut found = misfits.found;
    // The first error may lie in a part that was not read again, such as an unknown key.
    if !found.iter().any(|other| other.place() == first.place()) {
        found.push(first);
    }
    found.sort_by_key(Diagnostic::place);
    found
}

#[derive(Default)]
struct Misfits {
    found: Vec<Diagnostic>,
}

impl Misfits {
    fn read<T: DeserializeOwned>(&mut self, node: NodeRef<'_>, at: &KeyPath) {
        if let Err(mut error) = yaml::from_node::<T>(node) {
            error.message = prefixed(at, &error.message);
            self.found.push(error);
        }
    }

    fn read_items<T: DeserializeOwned>(&mut self, node: NodeRef<'_>, at: &KeyPath) {
        for (index, item) in node.items().enumerate() {
            self.read::<T>(item, &at.index(index));
        }
    }

    fn read_values<T: DeserializeOwned>(&mut self, node: NodeRef<'_>, at: &KeyPath) {
        for entry in node.entries() {
            self.read::<T>(entry.value, &at.key(entry.key));
        }
    }
}

/// The message about a part, as it would be about the whole: `load.users: …` becomes
/// `traffic[0].load.users: …`.
fn prefixed(at: &KeyPath, message: &str) -> String {
    match message.split_once(": ") {
        Some((path, _)) if path.starts_with('[') => format!("{at}{message}"),
        Some((path, _)) if !path.contains(' ') => format!("{at}.{message}"),
        _ => format!("{at}: {message}"),
    }
}
