//! How the input of a run is read and changed, whichever command runs it; the paths are the
//! command's own.

use clap::Args;

use super::CostsArgs;

/// How the input of a run is read and changed.
#[derive(Clone, Debug, Args)]
pub(crate) struct InputArgs {
    /// The seed of every random draw, in place of the scenario's.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Override a value of the scenario, such as `traffic[0].load.arrivals.poisson.rate=300/s`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) overrides: Vec<String>,

    /// What each hop costs.
    #[command(flatten)]
    pub(crate) costs: CostsArgs,

    /// Run although the input has errors, without the objects that have them.
    #[arg(short, long)]
    pub(crate) keep_going: bool,
}
