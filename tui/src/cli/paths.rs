//! The arguments of `meshwalk paths`.

use clap::{Args, ValueEnum};

use crate::exit;

/// How it is used.
const EXAMPLES: &[&str] = &["meshwalk paths", "meshwalk paths -o wide", "meshwalk paths -o json"];

/// The arguments of `meshwalk paths`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct PathsArgs {
    /// How to print the ways.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: PathsFormat,
}

/// How the ways are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PathsFormat {
    /// A table for people.
    #[default]
    Table,
    /// The table with more columns.
    Wide,
    /// One JSON document with stable field names.
    Json,
    /// A page for documents.
    Markdown,
}
