//! `gateway-conformance FOLDER`: sends the requests of Gateway API's conformance suite, and tells
//! what Istio does otherwise.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use meshwalk_tests::gateway_conformance::{check, otherwise};

/// The profile that must do as the suite expects.
const STANDARD: &str = "gateway-api";
/// The profile whose differences are told.
const ISTIO: &str = "istio-1.32";

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: gateway-conformance FOLDER");
        return ExitCode::from(2);
    };
    match run(Path::new(&folder)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

/// Prints what becomes of every case; whether all is as expected or explained.
fn run(folder: &Path) -> Result<bool, String> {
    let report = check(folder, STANDARD)?;
    let mut out = io::stdout().lock();
    for case in &report.cases {
        let _ = match &case.difference {
            None => writeln!(out, "ok    {}", case.title),
            Some(difference) => {
                writeln!(out, "FAIL  {}: {difference}\n      {}", case.title, case.about)
            }
        };
    }
    let passed = report.cases.len() - report.failed();
    let _ = writeln!(out, "{passed} of {} cases as expected", report.cases.len());
    let others = otherwise(folder, ISTIO)?;
    let _ = writeln!(out, "\n{ISTIO} does otherwise in {} cases", others.len());
    for other in &others {
        let word = if other.because.is_empty() { "FAIL" } else { "differs" };
        let _ = writeln!(out, "{word}  {}: {}", other.title, other.difference);
        for why in &other.because {
            let _ = writeln!(out, "      {}: {}", why.id.word(), why.istio);
            let _ = writeln!(out, "      source: {}", why.source);
        }
        if other.because.is_empty() {
            let _ = writeln!(out, "      no difference that is listed explains it");
        }
    }
    let explained = others.iter().all(|other| !other.because.is_empty());
    Ok(report.failed() == 0 && !report.cases.is_empty() && explained)
}
