//! Finds and reads the file of keys; what it says is read elsewhere.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::Environment;
use crate::explore::keys::{Bindings, Problem};
use crate::failure::Failure;

/// No file of keys is longer, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// The bindings of the file that is asked for, or else of the one that the environment names, or
/// else of the user's own if there is one.
pub(crate) fn bindings(
    asked: Option<&Path>,
    environment: &Environment,
) -> Result<Bindings, Failure> {
    let named = asked.map(Path::to_path_buf);
    if let Some(path) = named.or_else(|| environment.keys_file.clone()) {
        return bindings_in(&path);
    }
    let own: Option<PathBuf> =
        environment.config_home.as_ref().map(|home| home.join("meshwalk").join("keys.toml"));
    match own {
        Some(path) if path.is_file() => bindings_in(&path),
        _ => Ok(Bindings::default()),
    }
}

/// The bindings of a file.
pub(crate) fn bindings_in(path: &Path) -> Result<Bindings, Failure> {
    let name = path.display().to_string();
    let text = text(path).map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
    Bindings::read(&name, &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        Failure::new(lines.join("\n       "))
            .help("`meshwalk keys` lists the actions and their keys")
    })
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::other(format!("it is longer than {BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_file_that_is_asked_for_goes_before_the_users_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("meshwalk");
        fs::create_dir(&own).expect("a folder");
        fs::write(own.join("keys.toml"), "[keys]\nquit = \"ctrl-q\"\n").expect("a file");
        let asked = folder.path().join("asked.toml");
        fs::write(&asked, "[keys]\nquit = \"ctrl-x\"\n").expect("a file");
        let environment =
            Environment { config_home: Some(folder.path().into()), ..Environment::default() };
        let bound = |asked: Option<&Path>, environment: &Environment| {
            let bindings = bindings(asked, environment).expect("bindings");
            crate::explore::keys::list(&bindings, crate::explore::keys::Listing::Toml)
        };
        assert!(bound(None, &environment).contains("quit = [\"ctrl-q\"]"));
        assert!(bound(Some(&asked), &environment).contains("quit = [\"ctrl-x\"]"));
        let named = Environment { keys_file: Some(asked), ..environment };
        assert!(bound(None, &named).contains("quit = [\"ctrl-x\"]"));
        assert!(bound(None, &Environment::default()).contains("quit = [\"q\"]"));
    }

    #[test]
    fn a_file_that_is_wrong_or_missing_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.toml");
        let environment = Environment::default();
        let failure = |path: &Path| bindings(Some(path), &environment).expect_err("it is wrong");
        assert!(failure(&path).to_string().starts_with("cannot read"));
        fs::write(&path, "[keys]\nqiut = \"q\"\nup = \"spcae\"\n").expect("a file");
        let message = failure(&path).to_string();
        assert!(message.contains("keys.toml:2:1: `qiut` is no action; did you mean `quit`?"));
        assert!(message.contains("keys.toml:3:6: `spcae` is no key"), "{message}");
        fs::write(&path, [0xff, 0xfe]).expect("a file");
        assert!(failure(&path).to_string().contains("UTF-8"));
        fs::write(&path, " ".repeat(300 * 1024)).expect("a file");
        assert!(failure(&path).to_string().contains("longer than"));
    }
}
