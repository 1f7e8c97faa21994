//! `open`, `render` and `play`: a session at a terminal, as a file, or led by a script.

mod begin;
mod look;
mod play;
mod render;
mod step;

use crate::cli::{FormArg, OpenArgs};
use crate::explore::output::Form;
use crate::explore::terminal::{self, Mouse, Person};
use crate::failure::Failure;
use crate::input;
use crate::terminal::ColorChoice;
use crate::{Environment, Exit};

use super::{Looks, Streams};

pub(super) use play::play;
pub(super) use render::render;
pub(super) use step::step;

/// Carries out `meshwalk open`.
pub(super) fn open(
    args: &OpenArgs,
    (color, environment): (ColorChoice, &Environment),
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    if environment.stdout_terminal_width.is_none() {
        return Err(Failure::new("the screens need a terminal, and standard output is none").help(
            "`meshwalk render` writes one screen, `meshwalk play` replays keys, and `meshwalk \
             step --plain` goes through a run in sentences",
        ));
    }
    let look = look::on_terminal(&args.place, color, environment);
    let app = begin::begin(&args.paths, (&args.subject, &args.place), look, looks, streams)?;
    let app = match &args.place.keys {
        Some(_) => app,
        // Only a person at a terminal has keys of their own: files are alike everywhere.
        None => app.with_keys(input::bindings(None, environment)?),
    };
    let mouse = if args.no_mouse { Mouse::Off } else { Mouse::On };
    terminal::explore(&mut Person::new(app), mouse, environment.rehearsal)
        .map_err(|error| Failure::new(format!("cannot use the terminal: {error}")))
}

const fn form(arg: FormArg) -> Form {
    match arg {
        FormArg::Txt => Form::Text,
        FormArg::Ansi => Form::Ansi,
        FormArg::Svg => Form::Svg,
        FormArg::Html => Form::Html,
    }
}
