//! The arguments of `meshwalk keys`, and the file of keys that other commands take, too.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::exit;

/// How it is used.
const EXAMPLES: &[&str] =
    &["meshwalk keys", "meshwalk keys -o toml > keys.toml", "meshwalk keys --keys keys.toml"];

/// The arguments of `meshwalk keys`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct KeysArgs {
    /// The file of keys.
    #[command(flatten)]
    pub(crate) file: KeysFileArgs,

    /// How to print the actions.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: KeysFormat,
}

/// Which file gives actions other keys.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct KeysFileArgs {
    /// A TOML file that gives actions other keys; without it the one that MESHWALK_KEYS names, or
    /// meshwalk/keys.toml in the folder of configurations ($XDG_CONFIG_HOME, or ~/.config).
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
}

/// How the actions are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeysFormat {
    /// A table for people.
    #[default]
    Table,
    /// Tables for documents.
    Markdown,
    /// A file of keys to begin with.
    Toml,
}
