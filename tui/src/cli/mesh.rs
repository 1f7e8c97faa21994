//! The arguments that all questions about a mesh share: manifests, namespace and profile.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::DataPathArg;

/// What a question is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct MeshArgs {
    /// Manifests: files, folders, or `-` for standard input; repeatable.
    ///
    /// Folders are searched for .yaml, .yml and .json files.
    #[arg(short = 'f', long = "filename", required = true, value_name = "PATH", num_args = 1..)]
    pub(crate) paths: Vec<PathBuf>,

    /// The namespace of names that are written without one.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// The versions and readings that count, such as `istio-1.17` or `gateway-api` [default:
    /// the newest Istio].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// What carries the traffic of pods, whatever their labels say [default: what the labels and
    /// annotations ask for].
    #[arg(long, value_name = "NAME")]
    pub(crate) data_path: Option<DataPathArg>,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// Text for people.
    #[default]
    #[value(alias = "table")]
    Text,
    /// One JSON document with stable field names.
    Json,
}
