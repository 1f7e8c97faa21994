//! `step --plain`: a run in words.

use std::io::BufReader;

use crate::cli::{GlyphsArg, PlaceArgs, StepArgs};
use crate::command::{Looks, Streams};
use crate::explore::plain::{self, Asks, Ended, OnRefusal};
use crate::explore::{Depth, Glyphs, Look, Palette};
use crate::failure::Failure;
use crate::terminal::Stdin;
use crate::{Environment, Exit};

use super::begin;

/// Nothing is drawn: sentences need no colours and no signs beyond seven bits.
const LOOK: Look = Look { depth: Depth::Mono, palette: Palette::Default, glyphs: Glyphs::Ascii };

/// Carries out `meshwalk step`.
pub(in crate::command) fn step(
    args: &StepArgs,
    environment: &Environment,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    debug_assert!(args.plain, "there is no other form");
    let place = PlaceArgs {
        at: args.at.clone(),
        screen: None,
        palette: Palette::Default,
        glyphs: GlyphsArg::Ascii,
        depth: None,
        keys: None,
    };
    let mut app = begin::begin(&args.paths, (&args.subject, &place), LOOK, looks, streams)?;
    let asks = match environment.stdin {
        Stdin::Terminal => Asks::Yes,
        Stdin::Pipe => Asks::No,
    };
    let on_refusal = if args.strict { OnRefusal::Stop } else { OnRefusal::GoOn };
    let mut input = BufReader::new(&mut *streams.input);
    match plain::explore(&mut app, &mut input, streams.out, (asks, on_refusal))? {
        Ended::Well => Ok(Exit::Fine),
        Ended::Refused(line, why) => {
            Err(Failure::new(format!("line {line} of the commands was not carried out: {why}")))
        }
    }
}
