//! What the outputs can show: colour, characters and width; decided once, from plain values.
//!
//! Nothing else looks at environment variables or asks whether an output is a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;

/// The width of text that goes to a file or a pipe.
const WIDTH_WITHOUT_TERMINAL: usize = 100;

/// When to colour the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the process was started with, as far as outputs depend on it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The value of `NO_COLOR`; see <https://no-color.org>: any text but the empty one counts.
    pub no_color: Option<String>,
    /// The value of `TERM`.
    pub term: Option<String>,
    /// The value of `COLORTERM`: `truecolor` or `24bit` where all colours can be shown.
    pub color_term: Option<String>,
    /// The locale that decides about characters: the first set one of `LC_ALL`, `LC_CTYPE` and
    /// `LANG`.
    pub locale: Option<String>,
    /// A bug that a debug build makes on purpose.
    pub rehearsal: Option<Rehearsal>,
    /// The file of keys that `MESHWALK_KEYS` names.
    pub keys_file: Option<PathBuf>,
    /// The folder of the user's configurations: `XDG_CONFIG_HOME`, or `.config` in `HOME`.
    pub config_home: Option<PathBuf>,
    /// Whether somebody types what standard input gives.
    pub stdin: Stdin,
    /// The width of the terminal behind standard output, if there is one.
    pub stdout_terminal_width: Option<usize>,
    /// The width of the terminal behind standard error, if there is one.
    pub stderr_terminal_width: Option<usize>,
}

/// Where standard input comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// A file or another program.
    #[default]
    Pipe,
    /// Somebody who types.
    Terminal,
}

impl Environment {
    /// Asks the process.
    #[must_use]
    pub fn of_process() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let width = |is_terminal: bool| {
            let columns =
                || terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| columns);
            is_terminal.then(|| columns().map_or(WIDTH_WITHOUT_TERMINAL, usize::from))
        };
        Self {
            no_color: set("NO_COLOR"),
            term: set("TERM"),
            color_term: set("COLORTERM"),
            rehearsal: if cfg!(debug_assertions) {
                set("MESHWALK_REHEARSE_BUG").as_deref().and_then(Rehearsal::named)
            } else {
                None
            },
            locale: set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")),
            keys_file: set("MESHWALK_KEYS").map(PathBuf::from),
            config_home: set("XDG_CONFIG_HOME")
                .map(PathBuf::from)
                .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".config"))),
            stdin: if io::stdin().is_terminal() { Stdin::Terminal } else { Stdin::Pipe },
            stdout_terminal_width: width(io::stdout().is_terminal()),
            stderr_terminal_width: width(io::stderr().is_terminal()),
        }
    }

    /// What standard output can show.
    #[must_use]
    pub fn stdout_look(&self, choice: ColorChoice) -> Look {
        self.look(choice, self.stdout_terminal_width)
    }

    /// What standard error can show.
    #[must_use]
    pub fn stderr_look(&self, choice: ColorChoice) -> Look {
        self.look(choice, self.stderr_terminal_width)
    }

    fn look(&self, choice: ColorChoice, terminal_width: Option<usize>) -> Look {
        let wanted = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                terminal_width.is_some()
                    && self.no_color.is_none()
                    && self.term.as_deref() != Some("dumb")
            }
        };
        // Text in files and pipes is UTF-8 always, so that it is the same on every machine.
        let ascii = terminal_width.is_some() && self.locale.as_deref().is_some_and(is_not_utf8);
        Look {
            colors: if wanted { Colors::Ansi } else { Colors::None },
            charset: if ascii { Charset::Ascii } else { Charset::Unicode },
            width: terminal_width.unwrap_or(WIDTH_WITHOUT_TERMINAL),
        }
    }
}

/// On which thread of the screens F12 makes a debug build panic: a test can then see whether the
/// terminal survives a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehearsal {
    /// The one that owns what is shown.
    Desk,
    /// The one that reads keys.
    Reader,
}

impl Rehearsal {
    fn named(name: &str) -> Option<Self> {
        match name {
            "desk" => Some(Self::Desk),
            "reader" => Some(Self::Reader),
            _ => None,
        }
    }
}

/// `LANG=de_DE.UTF-8` and the like; `C` and `POSIX` promise no more than ASCII.
fn is_not_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    !(locale.contains("utf-8") || locale.contains("utf8"))
}

/// Whether escape sequences may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Plain text.
    None,
    /// The sixteen colours of the terminal's own theme.
    Ansi,
}

/// Which characters may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Seven bits.
    Ascii,
    /// `±`, `✓` and the like.
    Unicode,
}

/// What one output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour.
    pub colors: Colors,
    /// Which characters to use.
    pub charset: Charset,
    /// Where to wrap prose, in characters.
    pub width: usize,
}

impl Look {
    /// No colour, all characters, the width of files: what tests and pipes get.
    pub const PLAIN: Self =
        Self { colors: Colors::None, charset: Charset::Unicode, width: WIDTH_WITHOUT_TERMINAL };

    /// `text` in the colour of `paint`, if there are colours.
    #[must_use]
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        match self.colors {
            Colors::None => text.to_owned(),
            Colors::Ansi => format!("\x1b[{}m{text}\x1b[0m", paint.sgr()),
        }
    }

    /// The sign between a value and its half-width.
    #[must_use]
    pub const fn plus_minus(&self) -> &'static str {
        match self.charset {
            Charset::Ascii => "+-",
            Charset::Unicode => "±",
        }
    }

    /// The mark of something that holds.
    #[must_use]
    pub const fn tick(&self) -> &'static str {
        match self.charset {
            Charset::Ascii => "ok",
            Charset::Unicode => "✓",
        }
    }

    /// The mark of something that failed.
    #[must_use]
    pub const fn cross(&self) -> &'static str {
        match self.charset {
            Charset::Ascii => "FAILED",
            Charset::Unicode => "✗",
        }
    }

    /// The sign between a caller and what it calls.
    #[must_use]
    pub const fn arrow(&self) -> &'static str {
        match self.charset {
            Charset::Ascii => "->",
            Charset::Unicode => "→",
        }
    }
}

/// What a colour means; a colour never says anything that the text does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// A heading.
    Heading,
    /// It holds.
    Good,
    /// It failed.
    Bad,
    /// It wants attention.
    Warning,
    /// It matters less.
    Faint,
}

impl Paint {
    const fn sgr(self) -> &'static str {
        match self {
            Self::Heading => "1",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warning => "33",
            Self::Faint => "2",
        }
    }
}

/// A writer whose reader may go away: `meshwalk run … | head` is no error, the rest is dropped.
#[derive(Debug)]
pub struct Pipe<W> {
    inner: W,
    state: PipeState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PipeState {
    Open,
    Closed,
}

impl<W: Write> Pipe<W> {
    /// Wraps `inner`.
    pub const fn new(inner: W) -> Self {
        Self { inner, state: PipeState::Open }
    }

    fn unless_closed(&mut self, error: io::Error) -> io::Result<()> {
        if error.kind() != io::ErrorKind::BrokenPipe {
            return Err(error);
        }
        self.state = PipeState::Closed;
        Ok(())
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.state == PipeState::Closed {
            return Ok(bytes.len());
        }
        match self.inner.write(bytes) {
            Ok(written) => Ok(written),
            Err(error) => self.unless_closed(error).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.state == PipeState::Closed {
            return Ok(());
        }
        self.inner.flush().or_else(|error| self.unless_closed(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_a_terminal() -> Environment {
        Environment { stdout_terminal_width: Some(120), ..Environment::default() }
    }

    #[test]
    fn a_terminal_gets_colour_and_a_pipe_does_not() {
        assert_eq!(on_a_terminal().stdout_look(ColorChoice::Auto).colors, Colors::Ansi);
        assert_eq!(on_a_terminal().stderr_look(ColorChoice::Auto).colors, Colors::None);
    }

    #[test]
    fn no_color_and_a_dumb_terminal_switch_colour_off_unless_it_is_asked_for() {
        let no_color = Environment { no_color: Some("1".to_owned()), ..on_a_terminal() };
        let dumb = Environment { term: Some("dumb".to_owned()), ..on_a_terminal() };
        for environment in [no_color, dumb] {
            assert_eq!(environment.stdout_look(ColorChoice::Auto).colors, Colors::None);
            assert_eq!(environment.stdout_look(ColorChoice::Always).colors, Colors::Ansi);
        }
        assert_eq!(on_a_terminal().stdout_look(ColorChoice::Never).colors, Colors::None);
    }

    #[test]
    fn only_a_terminal_that_says_so_is_limited_to_ascii() {
        let posix = Environment { locale: Some("POSIX".to_owned()), ..on_a_terminal() };
        assert_eq!(posix.stdout_look(ColorChoice::Auto).charset, Charset::Ascii);
        assert_eq!(posix.stderr_look(ColorChoice::Auto).charset, Charset::Unicode);
        let utf8 = Environment { locale: Some("C.UTF-8".to_owned()), ..on_a_terminal() };
        assert_eq!(utf8.stdout_look(ColorChoice::Auto).charset, Charset::Unicode);
        assert_eq!(on_a_terminal().stdout_look(ColorChoice::Auto).charset, Charset::Unicode);
    }

    struct Head {
        bytes_left: usize,
    }

    impl Write for Head {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.bytes_left == 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let written = bytes.len().min(self.bytes_left);
            self.bytes_left -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let mut pipe = Pipe::new(Head { bytes_left: 3 });
        writeln!(pipe, "a long line").expect("a closed pipe swallows the rest");
        writeln!(pipe, "and another").expect("a closed pipe swallows the rest");
        pipe.flush().expect("nothing is left to flush");
        assert_eq!(pipe.inner.bytes_left, 0);
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_an_error() {
        assert!(writeln!(Pipe::new(Full), "text").is_err());
    }
}
