//! `keys`: the actions of the terminal interface with their keys.

use crate::cli::{KeysArgs, KeysFormat};
use crate::explore::keys::{Listing, list};
use crate::failure::Failure;
use crate::input;
use crate::{Environment, Exit};

use super::Streams;

/// Carries out `meshwalk keys`.
pub(super) fn keys(
    args: &KeysArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let bindings = input::bindings(args.file.keys.as_deref(), environment)?;
    let listing = match args.output {
        KeysFormat::Table => Listing::Table,
        KeysFormat::Markdown => Listing::Markdown,
        KeysFormat::Toml => Listing::Toml,
    };
    streams.out.write_all(list(&bindings, listing).as_bytes())?;
    Ok(Exit::Fine)
}
