//! What the exit code of the binary means; the codes are an interface that scripts rely on.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Exit {
    /// 0: it worked; every expectation held, or lint found nothing that fails it.
    Fine,
    /// 1: an expectation failed or could not be told, a request is not allowed, connections are
    /// gained or lost, a law did not hold,
    /// or lint found errors.
    Failed,
    /// 2: the input or the command line cannot be used, or the output cannot be written.
    Unusable,
    /// 3: whether a request is allowed cannot be told.
    Unknown,
    /// 70: a bug in meshwalk. The number is `EX_SOFTWARE` of BSD's sysexits.
    Bug,
    /// 130: interrupted with Ctrl-C: 128 and the number of SIGINT, as shells report it.
    Interrupted,
}

impl Exit {
    /// All of them, by code.
    pub const ALL: [Self; 6] =
        [Self::Fine, Self::Failed, Self::Unusable, Self::Unknown, Self::Bug, Self::Interrupted];

    /// The number that the process returns.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Unusable => 2,
            Self::Unknown => 3,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }

    /// What it means, as `--help` says it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Failed => {
                "an expectation failed or cannot be told, a request is not allowed, connections \
                 differ, lint found errors, or a law failed"
            }
            Self::Unusable => "the input or the command line cannot be used",
            Self::Unknown => "whether a request is allowed cannot be told",
            Self::Bug => "a bug in meshwalk",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The end of `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:");
    for exit in Exit::ALL {
        text.push_str(&format!("\n  {:>3}  {}", exit.code(), exit.meaning()));
    }
    text
}

/// The same behind examples, one command line each.
pub(crate) fn help_with(examples: &[&str]) -> String {
    let lines: Vec<String> = examples.iter().map(|line| format!("  {line}")).collect();
    format!("Examples:\n{}\n\n{}", lines.join("\n"), help())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_order() {
        assert!(Exit::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
    }

    #[test]
    fn help_names_every_code() {
        insta::assert_snapshot!(help(), @r"
        Exit codes:
            0  fine
            1  an expectation failed or cannot be told, a request is not allowed, connections differ, lint found errors, or a law failed
            2  the input or the command line cannot be used
            3  whether a request is allowed cannot be told
           70  a bug in meshwalk
          130  interrupted
        ");
    }
}
