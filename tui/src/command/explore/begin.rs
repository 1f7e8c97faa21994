//! From arguments to a session that stands where it is to begin.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::{DataPathArg, PlaceArgs, SubjectArgs};
use crate::command::{Looks, Streams, usable};
use crate::explore::{App, Look, Made, Session};
use crate::failure::Failure;
use crate::input::{self, Asked};
use crate::report::diagnostics;

/// Reads what is asked for and puts the cursor where it is to begin.
pub(super) fn begin(
    paths: &[PathBuf],
    (subject, place): (&SubjectArgs, &PlaceArgs),
    look: Look,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<App, Failure> {
    let paths: Vec<PathBuf> = paths.iter().chain(&subject.files).cloned().collect();
    let data_path = subject.data_path.map(DataPathArg::spec);
    let asked = Asked { data_path, ..usable::asked(&paths, &subject.input) };
    let loaded = input::load(asked, streams.input)?;
    let Made { session, mut findings, sources } =
        Session::make(loaded, command_line(&paths, subject));
    usable::put_in_order(&mut findings, &sources);
    diagnostics::print_briefly(streams.err, &findings, &sources, &looks.err)?;
    let session = usable::usable(session, &findings, &subject.input)?;
    let mut app = App::new(Arc::new(session), look);
    if let Some(file) = &place.keys {
        app = app.with_keys(input::bindings_in(file)?);
    }
    if let Some(name) = &place.screen {
        app.begin_on(name)?;
    }
    if let Some(name) = &place.at {
        app.begin_at(name)?;
    }
    Ok(app)
}

/// The command that shows the same run again.
fn command_line(paths: &[PathBuf], subject: &SubjectArgs) -> String {
    let mut words: Vec<String> = paths.iter().map(|path| quoted(&input::shown(path))).collect();
    let input = &subject.input;
    if let Some(seed) = input.seed {
        words.push(format!("--seed {seed}"));
    }
    if let Some(path) = subject.data_path {
        words.push(format!("--data-path {}", path.spec().name()));
    }
    words.extend(input.overrides.iter().map(|edit| format!("--set {}", quoted(edit))));
    if let Some(costs) = &input.costs.costs {
        words.push(format!("--costs {}", quoted(costs)));
    }
    if input.keep_going {
        words.push("--keep-going".to_owned());
    }
    format!("meshwalk open {}", words.join(" "))
}

/// As a shell reads it as one word.
fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./=:,+@%".contains(it);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
