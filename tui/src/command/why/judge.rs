//! Many requests, each against what is expected of it: a routing test for pipelines.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use meshwalk_models::manifest::Place;
use meshwalk_models::walk::shown;

use crate::Exit;
use crate::cli::{AnswerFormat, WhyArgs};
use crate::failure::Failure;
use crate::input::{self, Limits, Sources};
use crate::report::checks::{self as report, CheckResult};
use crate::report::places::Places;
use crate::report::{diagnostics, junit};

use super::super::mesh::Mesh;
use super::super::{Looks, Streams};
use super::Asked;
use super::checks::{self, Check};
use super::tokens::{self, Tokens};

/// How one check ended.
pub(super) struct Verdict {
    /// Its name.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Option<String>,
    /// What was wrong; `None` if it passed.
    pub(super) failure: Option<String>,
}

/// Asks every question of `file`.
pub(super) fn judge(
    args: &WhyArgs,
    file: &Path,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let tokens = tokens::read(&args.tokens, &[])?;
    super::external(args)?;
    let checks = read(file, looks, streams)?;
    let mesh = Mesh::load(&args.mesh, streams.input)?;
    mesh.print_errors(streams, &looks.err)?;
    let file_name = input::shown(file);
    let results: Vec<CheckResult> =
        checks.iter().map(|check| result(&mesh, (args, &tokens), check, &file_name)).collect();
    match args.output {
        AnswerFormat::Text => report::print(streams.out, &results, &looks.out)?,
        AnswerFormat::Json => report::print_json(streams.out, &results)?,
    }
    if let Some(path) = &args.junit {
        let verdicts: Vec<_> = results
            .iter()
            .map(|result| Verdict {
                name: result.name.clone(),
                place: Some(result.place.clone()),
                failure: result.failure.clone(),
            })
            .collect();
        write_junit(path, &file_name, &verdicts)?;
    }
    let all_pass = results.iter().all(|result| result.passed);
    Ok(if all_pass { Exit::Fine } else { Exit::Failed })
}

fn read(file: &Path, looks: &Looks, streams: &mut Streams<'_>) -> Result<Vec<Check>, Failure> {
    let mut sources = Sources::default();
    let found = input::collect(&[file.to_owned()], &Limits::DEFAULT);
    let ids = input::read_all(found, streams.input, &Limits::DEFAULT, &mut sources);
    let (mut read, mut findings) = (Vec::new(), sources.findings.clone());
    for id in ids {
        match checks::read(&sources.set, id) {
            Ok(checks) => read.extend(checks),
            Err(wrong) => findings.extend(wrong),
        }
    }
    if findings.is_empty() && read.is_empty() {
        return Err(Failure::new(format!("{} holds no checks", input::shown(file))));
    }
    if findings.is_empty() {
        return Ok(read);
    }
    diagnostics::print_briefly(streams.err, &findings, &sources.set, &looks.err)?;
    Err(Failure::new(format!("nothing was checked: {} cannot be used", input::shown(file))))
}

fn result(
    mesh: &Mesh,
    (args, tokens): (&WhyArgs, &Tokens),
    check: &Check,
    file: &str,
) -> CheckResult {
    let asked = Asked {
        from: check.from.as_deref(),
        at: check.at.as_deref(),
        namespace: check.namespace.as_deref().or(args.mesh.namespace.as_deref()),
        to: &check.to,
        method: &check.method,
        path: check.path.as_deref(),
        headers: tokens.with(check.headers.clone()),
        tokens: Arc::clone(&tokens.facts),
        policies: super::policies(args),
        certificate: super::certificate(args).max(check.certificate),
        // They were checked before the files were read.
        external: super::external(args).unwrap_or_default(),
    };
    let line = |place: Place| format!("{file}:{}", place.line);
    let (got, failure, because) = match asked.question(mesh) {
        Err(failure) => (None, Some(failure.to_string()), Vec::new()),
        Ok(question) => {
            let answer = mesh.walk(&question);
            let failure = check.expect.mismatch(&answer);
            let because = if failure.is_some() { answer.because.clone() } else { Vec::new() };
            (Some(shown(&answer)), failure, because)
        }
    };
    let places = Places::new(&mesh.sources);
    CheckResult {
        name: check.name.clone(),
        place: line(check.place),
        expect_place: line(check.expect_place),
        expected: check.expect.to_string(),
        got,
        passed: failure.is_none(),
        failure,
        decided_by: report::decisive(&because, places),
    }
}

/// Writes verdicts as JUnit XML.
pub(super) fn write_junit(path: &Path, suite: &str, verdicts: &[Verdict]) -> Result<(), Failure> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot write {}: {error}", path.display()))
    };
    let file = File::create(path).map_err(|error| unwritable(&error))?;
    let cases = verdicts.iter().map(|verdict| junit::Case {
        name: &verdict.name,
        place: verdict.place.as_deref(),
        failure: verdict.failure.as_deref(),
    });
    junit::print_cases(&mut BufWriter::new(file), suite, cases).map_err(|error| unwritable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let error = write_junit(Path::new("/no/such/folder/x.xml"), "suite", &[])
            .expect_err("there is no such folder");
        assert!(error.to_string().contains("/no/such/folder/x.xml"), "{error}");
    }
}
