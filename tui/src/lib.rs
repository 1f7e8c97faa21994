//! How a person sees it: the command line, reports and the terminal interface.
//!
//! Computes no mesh behaviour; it reads what `meshwalk-sim` recorded and measured. Everything
//! that is printed goes through writers that the caller gives.

#[cfg(feature = "bench")]
pub mod bench;
mod cli;
mod command;
mod exit;
#[expect(dead_code, unused_imports, reason = "the commands that open it come next")]
mod explore;
mod failure;
mod input;
pub mod interrupt;
pub mod panic;
mod report;
pub mod terminal;

use std::ffi::OsString;

use clap::Parser;

use cli::Cli;

pub use command::Streams;
pub use exit::Exit;
pub use terminal::Environment;

/// The name of the binary.
pub const NAME: &str = env!("CARGO_PKG_NAME");

/// The version of meshwalk.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Carries out a command line; the first of `arguments` is the name of the program.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Exit {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => command::execute(&cli, environment, streams),
        Err(error) => command::explain_usage(&error, environment, streams),
    }
}
