//! The command line as it is typed: names, values and help; carrying it out is `command`'s.

mod compare;
mod explore;
mod input;
mod keys;
mod lint;
mod measure;
mod mesh;
mod pages;
mod paths;
mod probes;
mod proxy_config;
mod reach;
mod retries;
mod rules;
mod run;
mod tokens;
mod why;

use clap::{Parser, Subcommand};

pub(crate) use compare::{CompareArgs, CompareFormat};
pub(crate) use explore::{
    DepthArg, FormArg, GlyphsArg, OpenArgs, PictureArgs, PlaceArgs, PlayArgs, RenderArgs, StepArgs,
    SubjectArgs,
};
pub(crate) use input::InputArgs;
pub(crate) use keys::{KeysArgs, KeysFormat};
pub(crate) use lint::{FailOn, LintArgs, LintFormat};
#[cfg(feature = "bench")]
pub(crate) use measure::BenchArgs;
pub(crate) use measure::{Against, CostsArgs, MeasureFormat, ValidateArgs};
pub(crate) use mesh::{AnswerFormat, MeshArgs};
pub(crate) use pages::{CompletionsArgs, ManArgs, SchemaArgs, SchemaOf};
pub(crate) use paths::{PathsArgs, PathsFormat};
pub(crate) use probes::{ProbesArgs, ProbesFormat};
pub(crate) use proxy_config::{PartArg, ProxyConfigArgs};
pub(crate) use reach::{ReachArgs, ReachFormat};
pub(crate) use retries::RetriesArgs;
pub(crate) use rules::RulesArgs;
pub(crate) use run::{DataPathArg, RunArgs, RunFormat};
pub(crate) use tokens::TokenArgs;
pub(crate) use why::WhyArgs;

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
    /// Run one load on several data paths: what each adds, costs, enforces and leaves out.
    Compare(Box<CompareArgs>),
    /// Explore a run at the terminal: back and forth through it, with the reasons of everything.
    Open(Box<OpenArgs>),
    /// Replay keys, and write the screens that they lead to.
    Play(Box<PlayArgs>),
    /// Write one screen of a run as text, as a picture or as a page.
    Render(Box<RenderArgs>),
    /// Go through a run in words: commands from standard input, answers in sentences.
    Step(Box<StepArgs>),
    /// Check manifests and scenarios, and list what of them is read and what is not modelled.
    Lint(LintArgs),
    /// Ask what becomes of one request, and why: the whole decision with its lines.
    Why(Box<WhyArgs>),
    /// Print what the proxy of a pod or gateway holds, in the columns of istioctl.
    #[command(visible_alias = "pc")]
    ProxyConfig(ProxyConfigArgs),
    /// List who can talk to whom on which port, over all layers, or what a change gains and loses.
    Reach(Box<ReachArgs>),
    /// Print how retries multiply along every call path, and which of them can never happen.
    Retries(RetriesArgs),
    /// Print which boxes a call passes, what protects it and where policies are enforced, for every
    /// pair of data paths.
    Paths(PathsArgs),
    /// Say of every probe of the kubelet who asks, from which address, what answers, and whether it
    /// gets there.
    Probes(ProbesArgs),
    /// Print the catalogue of rules: what each says, how close it is to the real thing, its source.
    Rules(RulesArgs),
    /// Check the engine against queueing theory and published measurements of meshes.
    Validate(ValidateArgs),
    /// Measure how fast meshwalk is on this machine.
    #[cfg(feature = "bench")]
    Bench(BenchArgs),
    /// Print the actions of the terminal interface with their keys and commands.
    Keys(KeysArgs),
    /// Print the JSON Schema of scenario files or of files of routing checks, for editors.
    Schema(SchemaArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page for each command.
    Man(ManArgs),
}
