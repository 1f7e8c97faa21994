//! `render`: one screen as a file.

use std::fs;

use crate::Exit;
use crate::cli::RenderArgs;
use crate::command::{Looks, Streams};
use crate::explore::output;
use crate::failure::Failure;
use crate::terminal::ColorChoice;

use super::{begin, form, look};

/// Carries out `meshwalk render`.
pub(in crate::command) fn render(
    args: &RenderArgs,
    color: ColorChoice,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let look = look::in_file(&args.place, color, args.picture.out);
    let mut app = begin::begin(&args.paths, (&args.subject, &args.place), look, looks, streams)?;
    // What comes after the moment is on the screen too, and must not depend on haste.
    app.record_all();
    let size = args.picture.size;
    let screen = app.draw(size.width, size.height);
    let text = output::write(&screen, form(args.picture.out), &app.caption());
    match &args.write {
        None => streams.out.write_all(text.as_bytes())?,
        Some(file) => fs::write(file, text)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?,
    }
    Ok(Exit::Fine)
}
