//! `istio-simulation FOLDER`: replays cases of Istio's own simulation.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use meshwalk_tests::istio_simulation::replay;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: istio-simulation FOLDER");
        return ExitCode::from(2);
    };
    match replay(Path::new(&folder)) {
        Ok(report) => {
            let mut out = io::stdout().lock();
            for line in &report.lines {
                let _ = writeln!(out, "{line}");
            }
            let passed = report.calls - report.failed;
            let _ = writeln!(out, "{passed} of {} calls as expected", report.calls);
            ExitCode::from(u8::from(report.failed > 0 || report.calls == 0))
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}
