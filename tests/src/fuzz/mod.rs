//! Feeds changed and broken inputs to everything that reads what strangers write: no input may
//! bring the reader down, and none may be let through that was not meant to be.
//!
//! The generator is seeded, so that a failure on one machine is a failure on every other. It does
//! not look at coverage: it begins with inputs that are good, and breaks them.

mod addresses;
mod manifests;
mod mutate;
mod rules;
mod scenarios;
mod token;

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use meshwalk_sim::kernel::Seed;

use self::mutate::{index, mutate};

/// Longer inputs are cut; the readers' own limits have tests of their own.
const INPUT_BYTES_MAX: usize = 16 * 1024;

/// Something that reads what strangers write.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Words that mean something to it.
    words: &'static [&'static str],
    /// Inputs that are good.
    seeds: fn() -> Vec<Vec<u8>>,
    /// Reads one input. It panics where the input brings the reader down or is let through
    /// although it must not be.
    read: fn(&[u8]),
}

/// All targets, by name.
pub const TARGETS: [Target; 5] =
    [addresses::TARGET, manifests::TARGET, rules::TARGET, scenarios::TARGET, token::TARGET];

/// A broken reader.
#[derive(Debug)]
pub struct Fall {
    /// What it said.
    pub said: String,
    /// Where the input that does it stands now.
    pub input: PathBuf,
}

impl Target {
    /// Reads `runs` inputs, each made of a good one. `folder` keeps the input that is being read,
    /// so that it is not lost with the process.
    ///
    /// # Errors
    /// When `folder` cannot be written.
    ///
    /// # Panics
    /// When a target has no good input.
    pub fn run(&self, runs: u64, seed: u64, folder: &Path) -> io::Result<Option<Fall>> {
        fs::create_dir_all(folder)?;
        let kept = folder.join(format!("{}.input", self.name));
        let seeds = (self.seeds)();
        assert!(!seeds.is_empty(), "{} has inputs to begin with", self.name);
        let mut draws = Seed(seed).stream(self.name, "fuzz");
        for run in 0..runs {
            let good = &seeds[index(seeds.len(), &mut draws)];
            let other = &seeds[index(seeds.len(), &mut draws)];
            // The good ones first, as they are.
            let input = match usize::try_from(run).ok().and_then(|run| seeds.get(run)) {
                Some(untouched) => untouched.clone(),
                None => mutate(good, other, self.words, INPUT_BYTES_MAX, &mut draws),
            };
            fs::write(&kept, &input)?;
            if let Err(said) = self.read_one(&input) {
                return Ok(Some(Fall { said, input: kept }));
            }
        }
        fs::remove_file(&kept).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        Ok(None)
    }

    /// Reads one input.
    ///
    /// # Errors
    /// What the reader said when it broke.
    pub fn read_one(&self, input: &[u8]) -> Result<(), String> {
        catch_unwind(AssertUnwindSafe(|| (self.read)(input))).map_err(|said| {
            let said = said.downcast_ref::<String>().cloned().or_else(|| {
                let said = said.downcast_ref::<&str>();
                said.map(|&said| said.to_owned())
            });
            said.unwrap_or_else(|| "it panicked".to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Breaks at a word that no seed holds, so that only mutations find it.
    const FRAGILE: Target = Target {
        name: "fragile",
        words: &["boom"],
        seeds: || vec![b"all is well".to_vec()],
        read: |input| assert!(!input.windows(4).any(|four| four == b"boom"), "it went off"),
    };

    #[test]
    fn a_reader_that_breaks_is_found_and_the_input_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let fall = FRAGILE.run(500, 1, folder.path()).expect("it can be written");
        let fall = fall.expect("the word is tried");
        assert_eq!(fall.said, "it went off");
        let kept = fs::read(&fall.input).expect("the input is kept");
        assert!(FRAGILE.read_one(&kept).is_err(), "the kept input does it again");
    }

    #[test]
    fn the_same_seed_reads_the_same_inputs() {
        let run = |seed| {
            let mut draws = Seed(seed).stream("x", "fuzz");
            (0..50)
                .map(|_| mutate(b"kind: Pod", b"a: [1, 2]", &["null"], 64, &mut draws))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).iter().all(|input| input.len() <= 64));
    }

    #[test]
    fn every_target_reads_its_own_good_inputs() {
        for target in TARGETS {
            for (at, seed) in (target.seeds)().iter().enumerate() {
                assert_eq!(target.read_one(seed), Ok(()), "{} input {at}", target.name);
            }
        }
    }
}
