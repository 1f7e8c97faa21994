//! `gateway-conformance FOLDER`: sends the requests of Gateway API's conformance suite.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use meshwalk_tests::gateway_conformance::check;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: gateway-conformance FOLDER");
        return ExitCode::from(2);
    };
    match check(Path::new(&folder), "gateway-api") {
        Ok(report) => {
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
            ExitCode::from(u8::from(report.failed() > 0 || report.cases.is_empty()))
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}
