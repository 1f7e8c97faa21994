//! `play`: keys from a script, and the screens that they lead to.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::Exit;
use crate::cli::{FormArg, PictureArgs, PlayArgs};
use crate::command::{Looks, Streams};
use crate::explore::keys::{Chord, words};
use crate::explore::{App, Effect, output};
use crate::failure::Failure;
use crate::input;
use crate::terminal::ColorChoice;

use super::{begin, form, look};

/// A longer script is a mistake: each key may draw a screen.
const SCRIPT_BYTES_MAX: u64 = 1 << 20;

/// Carries out `meshwalk play`.
pub(in crate::command) fn play(
    args: &PlayArgs,
    color: ColorChoice,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let goal = Goal::of(args)?;
    let (script, paths) = script(args, streams.input)?;
    let look = look::in_file(&args.place, color, args.picture.out);
    let mut app = begin::begin(paths, (&args.subject, &args.place), look, looks, streams)?;
    app.record_all();
    if args.every {
        goal.write(&app, (0, "the beginning"), streams)?;
    }
    let mut end = Exit::Fine;
    let mut pressed = 0;
    'script: for word in &script {
        for chord in word {
            let effect = app.press(*chord);
            app.settle();
            pressed += 1;
            if args.every {
                goal.write(&app, (pressed, &chord.to_string()), streams)?;
            }
            // What only a terminal can do is not done.
            if effect == Some(Effect::Quit) {
                end = if *chord == Chord::CTRL_C { Exit::Interrupted } else { Exit::Fine };
                break 'script;
            }
        }
        app.pause();
    }
    if !args.every {
        goal.write(&app, (pressed, "the end"), streams)?;
    }
    Ok(end)
}

/// The keys word by word, and what they are played to.
fn script<'a>(
    args: &'a PlayArgs,
    stdin: &mut dyn Read,
) -> Result<(Vec<Vec<Chord>>, &'a [PathBuf]), Failure> {
    let (text, name, paths) = match (&args.typed, args.operands.as_slice()) {
        (Some(text), paths) => (text.clone(), "--type".to_owned(), paths),
        (None, [file, paths @ ..]) => (read(file, stdin)?, input::shown(file), paths),
        (None, []) => (String::new(), String::new(), args.operands.as_slice()),
    };
    if paths.is_empty() && args.subject.files.is_empty() {
        return Err(Failure::new("there is nothing to play the keys to")
            .help("name a scenario behind the keys, or manifests with -f"));
    }
    let mut script = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = uncommented(line);
        script.extend(words(line).map_err(|problem| {
            let place =
                if args.typed.is_some() { name.clone() } else { format!("{name}:{}", number + 1) };
            Failure::new(format!("{place}: {problem}"))
        })?);
    }
    Ok((script, paths))
}

fn read(file: &Path, stdin: &mut dyn Read) -> Result<String, Failure> {
    let name = input::shown(file);
    let failed = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
    let mut text = String::new();
    let read = if file == Path::new("-") {
        stdin.take(SCRIPT_BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        let file = fs::File::open(file).map_err(failed)?;
        file.take(SCRIPT_BYTES_MAX + 1).read_to_string(&mut text)
    };
    read.map_err(failed)?;
    if text.len() as u64 > SCRIPT_BYTES_MAX {
        return Err(Failure::new(format!("{name} has more than {SCRIPT_BYTES_MAX} bytes of keys")));
    }
    Ok(text)
}

/// A line without its comment; `#` within other characters is a key.
fn uncommented(line: &str) -> &str {
    let is_comment =
        |&(place, _): &(usize, &str)| line[..place].ends_with([' ', '\t']) || place == 0;
    let mark = line.match_indices('#').find(is_comment);
    mark.map_or(line, |(place, _)| &line[..place])
}

/// Where screens go, and in which form.
struct Goal<'a> {
    picture: &'a PictureArgs,
    folder: Option<&'a Path>,
    parts: Parts,
}

/// Whether screens stand alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// One, or one in each file.
    Alone,
    /// One below the other.
    Together,
}

impl<'a> Goal<'a> {
    fn of(args: &'a PlayArgs) -> Result<Self, Failure> {
        let folder = args.snapshots.as_deref();
        let parts = if args.every && folder.is_none() { Parts::Together } else { Parts::Alone };
        let is_picture = matches!(args.picture.out, FormArg::Svg | FormArg::Html);
        if parts == Parts::Together && is_picture {
            return Err(Failure::new("several pictures cannot stand in one output")
                .help("add --snapshots DIR to get one file for each"));
        }
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|error| {
                Failure::new(format!("cannot make {}: {error}", folder.display()))
            })?;
        }
        Ok(Self { picture: &args.picture, folder, parts })
    }

    fn write(
        &self,
        app: &App,
        (number, key): (usize, &str),
        streams: &mut Streams<'_>,
    ) -> Result<(), Failure> {
        let size = self.picture.size;
        let screen = app.draw(size.width, size.height);
        let text = output::write(&screen, form(self.picture.out), &app.caption());
        let Some(folder) = self.folder else {
            if self.parts == Parts::Together {
                writeln!(streams.out, "--- {number}: {key}")?;
            }
            streams.out.write_all(text.as_bytes())?;
            return Ok(());
        };
        let file = folder.join(format!("{number:04}.{}", ending(self.picture.out)));
        fs::write(&file, text)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))
    }
}

/// Of files in a form.
const fn ending(form: FormArg) -> &'static str {
    match form {
        FormArg::Txt => "txt",
        FormArg::Ansi => "ansi",
        FormArg::Svg => "svg",
        FormArg::Html => "html",
    }
}
