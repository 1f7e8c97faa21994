//! The arguments of `meshwalk rules`.

use clap::Args;

use crate::exit;

use super::AnswerFormat;

/// How it is used.
const EXAMPLES: &[&str] = &["meshwalk rules istio.route.", "meshwalk rules -o json"];

/// The arguments of `meshwalk rules`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct RulesArgs {
    /// Only rules whose id begins with this, such as `envoy.retry`.
    #[arg(value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,

    /// How to print the rules.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: AnswerFormat,
}
