//! `envoy-oracle FOLDER`: replays recordings of a real Envoy on the model.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use meshwalk_tests::oracle::replay;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: envoy-oracle FOLDER");
        return ExitCode::from(2);
    };
    match replay(Path::new(&folder)) {
        Ok(report) => {
            let mut out = io::stdout().lock();
            for line in &report.lines {
                let _ = writeln!(out, "{line}");
            }
            let _ = writeln!(out, "{}", report.total());
            ExitCode::from(u8::from(report.failed > 0 || report.cases == 0))
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}
