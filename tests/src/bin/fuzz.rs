//! `fuzz [--runs N] [--seed N] [TARGET…]`: feeds broken inputs to the readers.

use std::io::{self, Write};
use std::process::ExitCode;

use meshwalk_tests::fuzz::{TARGETS, Target};
use meshwalk_tests::workspace;

const USAGE: &str = "usage: fuzz [--runs N] [--seed N] [TARGET…]";
const RUNS: u64 = 2_000;

struct Args {
    runs: u64,
    seed: u64,
    targets: Vec<String>,
}

fn main() -> ExitCode {
    let Some(args) = parse(std::env::args().skip(1)) else {
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    let is_asked = |target: &&Target| {
        args.targets.is_empty() || args.targets.iter().any(|name| name == target.name)
    };
    let targets: Vec<_> = TARGETS.iter().filter(is_asked).collect();
    if targets.is_empty() || (!args.targets.is_empty() && targets.len() < args.targets.len()) {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        let _ = writeln!(io::stderr(), "{USAGE}\ntargets: {}", names.join(", "));
        return ExitCode::from(2);
    }
    // What breaks is told below, with its input.
    std::panic::set_hook(Box::new(|_| {}));
    let folder = workspace().join("target").join("fuzz");
    let mut exit = ExitCode::SUCCESS;
    for target in targets {
        let mut out = io::stdout().lock();
        match target.run(args.runs, args.seed, &folder) {
            Ok(None) => {
                let _ = writeln!(out, "{}: {} inputs, all answered", target.name, args.runs);
            }
            Ok(Some(fall)) => {
                let input = fall.input.display();
                let _ = writeln!(out, "{}: broken by {input}: {}", target.name, fall.said);
                exit = ExitCode::FAILURE;
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "cannot write to {}: {error}", folder.display());
                return ExitCode::from(2);
            }
        }
    }
    exit
}

fn parse(words: impl Iterator<Item = String>) -> Option<Args> {
    let mut args = Args { runs: RUNS, seed: 1, targets: Vec::new() };
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--runs" => args.runs = words.next()?.parse().ok()?,
            "--seed" => args.seed = words.next()?.parse().ok()?,
            other if other.starts_with('-') => return None,
            _ => args.targets.push(word),
        }
    }
    Some(args)
}
