//! `netpol-conformance FOLDER`: compares what the network carries with what np-guard's
//! netpol-analyzer says, and tells what the default profile finds otherwise.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use meshwalk_models::profile::Profile;
use meshwalk_tests::netpol_conformance::{check, otherwise};

/// The profile that must find what the analyser finds.
const ANALYSER: &str = "netpol-analyzer";
/// How many pairs of a case are printed.
const PAIRS_MAX: usize = 5;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: netpol-conformance FOLDER");
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
    let report = check(folder, ANALYSER)?;
    let mut out = io::stdout().lock();
    for case in &report.cases {
        let word = if case.differences.is_empty() { "ok  " } else { "FAIL" };
        let _ = writeln!(out, "{word}  {}", case.name);
        tell(&mut out, &case.differences);
    }
    let passed = report.cases.len() - report.failed();
    let _ = writeln!(out, "{passed} of {} cases as expected", report.cases.len());
    let profile = &Profile::built_in().name;
    let others = otherwise(folder, profile)?;
    let _ = writeln!(out, "\n{profile} finds otherwise in {} cases", others.len());
    for other in &others {
        let word = if other.because.is_empty() { "FAIL   " } else { "differs" };
        let _ = writeln!(out, "{word}  {}", other.name);
        for why in &other.because {
            let _ = writeln!(out, "      {}: {}", why.rule, why.sentence);
            let _ = writeln!(out, "      source: {}", why.source);
        }
        if other.because.is_empty() {
            let _ = writeln!(out, "      no fact explains it");
        }
        tell(&mut out, &other.differences);
    }
    let explained = others.iter().all(|other| !other.because.is_empty());
    Ok(report.failed() == 0 && !report.cases.is_empty() && explained)
}

fn tell(out: &mut impl Write, differences: &[String]) {
    for difference in differences.iter().take(PAIRS_MAX) {
        let _ = writeln!(out, "      {difference}");
    }
    if differences.len() > PAIRS_MAX {
        let _ = writeln!(out, "      and {} more pairs", differences.len() - PAIRS_MAX);
    }
}
