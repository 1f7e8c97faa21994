//! The command line as it is typed: names, values and help; carrying it out is `command`'s.

mod lint;
mod measure;
mod pages;
mod run;

use clap::{Parser, Subcommand};

pub(crate) use lint::{FailOn, LintArgs, LintFormat};
#[cfg(feature = "bench")]
pub(crate) use measure::BenchArgs;
pub(crate) use measure::{MeasureFormat, ValidateArgs};
pub(crate) use pages::{CompletionsArgs, ManArgs};
pub(crate) use run::{RunArgs, RunFormat};

use crate::exit;
use crate::terminal::ColorChoice;

/// Walk a request through a service mesh, from the YAML you already have.
///
/// meshwalk reads Kubernetes manifests, runs traffic through a deterministic simulation of the
/// mesh in one process, and says what happened and why. It needs no cluster.
#[derive(Debug, Parser)]
#[command(
    name = "meshwalk",
    version,
    after_help = exit::help(),
    arg_required_else_help = true,
    disable_help_subcommand = true,
    propagate_version = true
)]
pub(crate) struct Cli {
    /// When to colour the output; `auto` honours NO_COLOR.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a scenario, or manifests with assumed traffic, and report what was measured.
    Run(Box<RunArgs>),
    /// Check manifests and scenarios, and list what of them is read and what is not modelled.
    Lint(LintArgs),
    /// Check the engine against queueing theory: closed forms beside what runs measure.
    Validate(ValidateArgs),
    /// Measure how fast meshwalk is on this machine.
    #[cfg(feature = "bench")]
    Bench(BenchArgs),
    /// Print the JSON Schema of scenario files, for editors.
    Schema,
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page for each command.
    Man(ManArgs),
}
