//! `paths`: which boxes a call passes, for every pair of data paths.

use crate::Exit;
use crate::cli::{PathsArgs, PathsFormat};
use crate::failure::Failure;
use crate::report::paths as report;
use crate::terminal::Look;

use super::Streams;

/// Carries out `meshwalk paths`.
pub(super) fn paths(
    args: &PathsArgs,
    look: &Look,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    match args.output {
        PathsFormat::Table => report::print(streams.out, look)?,
        PathsFormat::Wide => report::print_wide(streams.out, look)?,
        PathsFormat::Json => report::print_json(streams.out)?,
        PathsFormat::Markdown => report::print_markdown(streams.out)?,
    }
    Ok(Exit::Fine)
}
