//! The arguments of `meshwalk retries`.

use std::path::PathBuf;

use clap::Args;

use crate::exit;

use super::{AnswerFormat, DataPathArg};

/// How it is used.
const EXAMPLES: &[&str] =
    &["meshwalk retries -f deploy/", "meshwalk retries --scenario shop.yaml --fail-over 9"];

/// The arguments of `meshwalk retries`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct RetriesArgs {
    /// Manifests: files, folders, or `-` for standard input; repeatable. With a scenario they
    /// take the place of those that it names.
    #[arg(short = 'f', long = "filename", value_name = "PATH", num_args = 1..,
        required_unless_present = "scenario")]
    pub(crate) paths: Vec<PathBuf>,

    /// The scenario that says who calls whom, and how often applications try again themselves.
    ///
    /// Without one every route is listed by itself.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,

    /// The namespace of names that are written without one.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// The versions and readings that count, such as `istio-1.17` [default: the newest Istio].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// What carries the traffic of pods, whatever their labels say [default: what the labels and
    /// annotations ask for].
    #[arg(long, value_name = "NAME")]
    pub(crate) data_path: Option<DataPathArg>,

    /// Exit with 1 if one request may become more than N attempts at the end of a path.
    #[arg(long, value_name = "N")]
    pub(crate) fail_over: Option<u64>,

    /// How to print the paths.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: AnswerFormat,
}
