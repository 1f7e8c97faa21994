//! The arguments of the commands that print pages about meshwalk itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

/// The arguments of `meshwalk completions`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell; for bash: `source <(meshwalk completions bash)`.
    pub(crate) shell: Shell,
}

/// The arguments of `meshwalk man`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ManArgs {
    /// Write meshwalk.1 and a page for each command into DIR, in place of printing.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// The arguments of `meshwalk schema`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Of which files.
    #[arg(value_name = "FILES", default_value = "scenario")]
    pub(crate) of: SchemaOf,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Scenarios.
    #[default]
    Scenario,
    /// Routing checks, as `why --checks` reads them.
    Checks,
}
