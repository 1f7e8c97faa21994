//! `schema`, `completions` and `man`: pages that are made from the program's own definitions.

use std::fs;

use clap::CommandFactory;

use crate::Exit;
use crate::cli::{Cli, CompletionsArgs, ManArgs, SchemaArgs, SchemaOf};
use crate::failure::Failure;

use super::Streams;

/// Prints the JSON Schema of scenario files, or of files of routing checks.
pub(super) fn schema(args: &SchemaArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let schema = match args.of {
        SchemaOf::Scenario => meshwalk_sim::scenario::json_schema(),
        SchemaOf::Checks => super::why::checks::json_schema(),
    };
    streams.out.write_all(schema.as_bytes())?;
    Ok(Exit::Fine)
}

/// Prints a completion script.
pub(super) fn completions(
    args: &CompletionsArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    // The generator panics when writing fails, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), crate::NAME, &mut script);
    streams.out.write_all(&script)?;
    Ok(Exit::Fine)
}

/// Prints the manual page, or writes one for each command.
pub(super) fn man(args: &ManArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    match &args.dir {
        None => clap_mangen::Man::new(Cli::command()).render(streams.out)?,
        Some(dir) => {
            fs::create_dir_all(dir)
                .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
                .map_err(|error| {
                    Failure::new(format!("cannot write manual pages to {}: {error}", dir.display()))
                        .help("choose a folder that can be written")
                })?;
        }
    }
    Ok(Exit::Fine)
}
