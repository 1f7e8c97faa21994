//! The arguments of `meshwalk compare`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use meshwalk_models::units::SimDuration;
use meshwalk_sim::scenario::file::DataPathSpec;

use crate::exit;

use super::InputArgs;

/// The arguments of `meshwalk compare`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(&[
    "meshwalk compare scenario.yaml",
    "meshwalk compare scenario.yaml --data-paths istio-sidecar,istio-ambient --explain",
    "meshwalk compare -f manifests/ -o markdown",
]))]
pub(crate) struct CompareArgs {
    /// A scenario file; or manifests: files, folders, or `-` for standard input.
    ///
    /// With manifests alone, behaviour and traffic are assumed, and the report says what was
    /// assumed.
    #[arg(required_unless_present = "files", value_name = "SCENARIO|PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Further manifests, or all of them.
    #[arg(short, long = "file", value_name = "PATH", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    /// The data paths to compare; the first is the baseline that the others are measured against.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "none,istio-sidecar,istio-ambient,istio-ambient+waypoint"
    )]
    pub(crate) data_paths: Vec<ComparedPathArg>,

    /// How to print the comparison.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: CompareFormat,

    /// Say where the difference comes from, hop by hop.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Run exactly N replications of each data path, in place of as many as the half-width takes.
    #[arg(long, value_name = "N", conflicts_with_all = ["half_width", "floor"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) replications: Option<u32>,

    /// Run until every difference of latency is known to this share of itself.
    #[arg(long, value_name = "PERCENT", default_value = "5%")]
    pub(crate) half_width: HalfWidth,

    /// A half-width that is good enough for every difference.
    #[arg(long, value_name = "DURATION", default_value = "50us")]
    pub(crate) floor: SimDuration,

    /// The most replications of each data path; the report says if it did not suffice.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) replications_max: u32,

    /// How many runs go on at the same time; the results do not depend on it [default: all cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,

    /// How the input is read and changed.
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// A data path that can be a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ComparedPathArg {
    /// No mesh.
    None,
    /// Istio with a sidecar in every pod.
    IstioSidecar,
    /// Istio with a ztunnel on every node, and the waypoints that the manifests ask for.
    IstioAmbient,
    /// The same, with a waypoint for each namespace that has Services.
    #[value(name = "istio-ambient+waypoint")]
    IstioAmbientWaypoint,
}

impl ComparedPathArg {
    /// The same in a scenario.
    #[must_use]
    pub(crate) const fn spec(self) -> DataPathSpec {
        match self {
            Self::None => DataPathSpec::None,
            Self::IstioSidecar => DataPathSpec::IstioSidecar,
            Self::IstioAmbient => DataPathSpec::IstioAmbient,
            Self::IstioAmbientWaypoint => DataPathSpec::IstioAmbientWaypoint,
        }
    }
}

/// How `meshwalk compare` prints its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// A table for people.
    #[default]
    Table,
    /// The table with more rows.
    Wide,
    /// One JSON document with stable field names.
    Json,
    /// The table as Markdown, for a page or a pull request.
    Markdown,
}

/// A share of a difference, such as `5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HalfWidth(pub(crate) f64);

impl FromStr for HalfWidth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('%').and_then(|it| it.trim().parse::<f64>().ok());
        match number {
            Some(percent) if percent.is_finite() && percent > 0.0 => Ok(Self(percent / 100.0)),
            _ => Err("expected a percentage above 0, such as 5%".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_width_is_a_positive_percentage() {
        assert_eq!("5%".parse(), Ok(HalfWidth(0.05)));
        assert_eq!("0.5 %".parse(), Ok(HalfWidth(0.005)));
        for text in ["5", "0%", "-1%", "inf%", "x%", ""] {
            assert!(text.parse::<HalfWidth>().is_err(), "{text}");
        }
    }
}
