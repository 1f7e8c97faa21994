//! From arguments to a session that stands where it is to begin.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::{PlaceArgs, SubjectArgs};
use crate::command::run::{has_errors, unusable};
use crate::command::{Looks, Streams};
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
    let asked = Asked {
        paths: &paths,
        data_path: subject.data_path.map(|path| path.name()),
        overrides: &subject.overrides,
        seed: subject.seed,
        costs: subject.costs.costs.as_deref(),
    };
    let loaded = input::load(asked, streams.input)?;
    let Made { session, mut findings, sources } =
        Session::make(loaded, command_line(&paths, subject));
    diagnostics::sort(&mut findings, &sources);
    // Clusters may share files, and so their findings.
    findings.dedup();
    diagnostics::print_briefly(streams.err, &findings, &sources, &looks.err)?;
    let Some(session) = session else { return Err(unusable(&findings)) };
    if has_errors(&findings) && !subject.keep_going {
        let failure = unusable(&findings);
        return Err(
            failure.help("correct them, or add --keep-going to go on without what is wrong")
        );
    }
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
    if let Some(seed) = subject.seed {
        words.push(format!("--seed {seed}"));
    }
    if let Some(path) = subject.data_path {
        words.push(format!("--data-path {}", path.name()));
    }
    words.extend(subject.overrides.iter().map(|edit| format!("--set {}", quoted(edit))));
    if let Some(costs) = &subject.costs.costs {
        words.push(format!("--costs {}", quoted(costs)));
    }
    if subject.keep_going {
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
