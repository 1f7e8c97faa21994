//! The arguments of `open`, `render` and `play`: one session of the screens, at a terminal, as a
//! file, or from a script.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::{DataPathArg, InputArgs};
use crate::exit;
use crate::explore::{Palette, Screen};

/// The most columns and rows of a screen that is written to a file.
const SIZE_MAX: ScreenSize = ScreenSize { width: 500, height: 200 };

/// What is explored, but for the files.
#[derive(Clone, Debug, Args)]
pub(crate) struct SubjectArgs {
    /// Manifests: files, folders, or `-` for standard input; with assumed behaviour and traffic.
    #[arg(short = 'f', long = "filename", value_name = "PATH", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    /// The data path of every pod, in place of the scenario's.
    #[arg(long, value_name = "NAME")]
    pub(crate) data_path: Option<DataPathArg>,

    /// How the input is read and changed.
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// Where the session begins, and how it looks.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Where to stand: an event by its number (`e25`) or its stable name, a moment (`412ms`), or
    /// the first event for which a condition holds, such as `verdict == "deny"`.
    #[arg(long, value_name = "EVENT|TIME|CONDITION")]
    pub(crate) at: Option<String>,

    /// The screen to show.
    #[arg(long, value_name = "NAME", value_parser = screens())]
    pub(crate) screen: Option<String>,

    /// Which colours tell things apart; no colour says anything alone.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) palette: Palette,

    /// Which characters borders and signs are made of; `auto` asks the locale of a terminal, and
    /// is `unicode` in files.
    #[arg(long, value_name = "SET", default_value = "auto")]
    pub(crate) glyphs: GlyphsArg,

    /// How many colours there are [default: what the terminal says; all in pictures, 16 in text].
    #[arg(long, value_name = "COUNT")]
    pub(crate) depth: Option<DepthArg>,

    /// A file of key bindings, in TOML.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
}

/// Which characters to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GlyphsArg {
    /// By the locale.
    Auto,
    /// Seven bits.
    Ascii,
    /// Box drawings, arrows and blocks.
    Unicode,
}

/// How many colours to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DepthArg {
    /// The sixteen of the terminal's own theme.
    #[value(name = "16")]
    Sixteen,
    /// The fixed 256.
    #[value(name = "256")]
    Indexed,
    /// All of them.
    True,
}

/// The arguments of `meshwalk open`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(&[
    "meshwalk open scenarios/basics/policies.yaml",
    "meshwalk open scenarios/shop/baseline.yaml --at e25 --screen why",
    "meshwalk open scenarios/basics/policies.yaml --at 'verdict == \"deny\"' --screen why",
    "meshwalk open -f manifests/",
]))]
pub(crate) struct OpenArgs {
    /// A scenario file; or manifests, as with `run`.
    #[arg(value_name = "SCENARIO|PATH", required_unless_present = "files")]
    pub(crate) paths: Vec<PathBuf>,

    /// What is explored.
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Where it begins.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Leave the mouse to the terminal, which selects text with it.
    #[arg(long)]
    pub(crate) no_mouse: bool,
}

/// The arguments of `meshwalk step`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(&[
    "meshwalk step --plain scenarios/basics/policies.yaml",
    "printf 'next-failure\\nwhy\\ntime\\n' | meshwalk step --plain scenarios/basics/retries.yaml",
]))]
pub(crate) struct StepArgs {
    /// A scenario file; or manifests, as with `run`.
    #[arg(value_name = "SCENARIO|PATH", required_unless_present = "files")]
    pub(crate) paths: Vec<PathBuf>,

    /// Read commands by word from standard input, one a line, and answer in sentences: without
    /// drawing and without escape sequences. The only form so far.
    #[arg(long, required = true)]
    pub(crate) plain: bool,

    /// End with exit code 2 at the first command that cannot be carried out; otherwise that is
    /// said, and the next command comes.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Where to begin: an event by its number (`e25`) or its stable name, a moment (`412ms`), or
    /// the first event for which a condition holds, such as `verdict == "deny"`.
    #[arg(long, value_name = "EVENT|TIME|CONDITION")]
    pub(crate) at: Option<String>,

    /// What is explored.
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
}

/// The arguments of `meshwalk render`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(&[
    "meshwalk render scenarios/basics/policies.yaml --screen map",
    "meshwalk render scenarios/basics/policies.yaml --at 'verdict == \"deny\"' --screen why",
    "meshwalk render scenarios/shop/baseline.yaml --at e25 --screen why --size 120x36 --out svg --write why.svg",
]))]
pub(crate) struct RenderArgs {
    /// A scenario file; or manifests, as with `run`.
    #[arg(value_name = "SCENARIO|PATH", required_unless_present = "files")]
    pub(crate) paths: Vec<PathBuf>,

    /// What is explored.
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// What is shown of it.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// What is written, and where.
    #[command(flatten)]
    pub(crate) picture: PictureArgs,

    /// Write to FILE in place of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

/// The form of a screen in a file.
#[derive(Clone, Debug, Args)]
pub(crate) struct PictureArgs {
    /// Columns and rows.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "120x36", value_parser = parse_size)]
    pub(crate) size: ScreenSize,

    /// Text, text with escape sequences, a picture, or a page.
    #[arg(long, value_name = "FORM", default_value = "txt")]
    pub(crate) out: FormArg,
}

/// The arguments of `meshwalk play`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(&[
    "meshwalk play --type ') w' scenarios/basics/policies.yaml",
    "meshwalk play --type '23G 5' --size 80x24 scenarios/basics/policies.yaml",
    "meshwalk play keys.txt scenarios/basics/policies.yaml --every --snapshots screens/",
]))]
pub(crate) struct PlayArgs {
    /// A file of keys, or `-` for standard input, unless there is --type; then a scenario file or
    /// manifests.
    ///
    /// Keys stand as in the help: `l`, `ctrl-d`, `Enter`, `esc`. They need no blanks between them
    /// unless they have names; a blank or the end of a line is a pause, which ends a count as it
    /// does at a terminal: `45G` goes to the 45th event, `4 5 G` shows two screens and goes to the
    /// end. `#` behind a blank begins a comment.
    #[arg(value_name = "KEYS|SCENARIO", required_unless_present = "typed")]
    pub(crate) operands: Vec<PathBuf>,

    /// Keys in place of a file of them.
    #[arg(long = "type", value_name = "KEYS")]
    pub(crate) typed: Option<String>,

    /// What is explored.
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Where it begins.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// What is written.
    #[command(flatten)]
    pub(crate) picture: PictureArgs,

    /// Write the screen before the first key and after each, not only the last.
    #[arg(long)]
    pub(crate) every: bool,

    /// Write one file for each screen into DIR in place of standard output.
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshots: Option<PathBuf>,
}

/// How a screen is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormArg {
    /// Characters alone.
    Txt,
    /// Characters with escape sequences for a terminal.
    Ansi,
    /// A picture that stands alone.
    Svg,
    /// A page that stands alone.
    Html,
}

/// Columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScreenSize {
    pub(crate) width: u16,
    pub(crate) height: u16,
}

/// The names of the screens, so that shells complete them.
fn screens() -> PossibleValuesParser {
    PossibleValuesParser::new(Screen::ALL.map(Screen::word))
}

fn parse_size(text: &str) -> Result<ScreenSize, String> {
    let sides = text.split_once(['x', 'X']);
    let numbers = sides.and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    let Some((width, height)) = numbers else {
        return Err("write columns and rows, such as 120x36".to_owned());
    };
    if !(1..=SIZE_MAX.width).contains(&width) || !(1..=SIZE_MAX.height).contains(&height) {
        let ScreenSize { width, height } = SIZE_MAX;
        return Err(format!("a screen has between 1x1 and {width}x{height} cells"));
    }
    Ok(ScreenSize { width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_columns_and_rows_within_bounds() {
        assert_eq!(parse_size("120x36"), Ok(ScreenSize { width: 120, height: 36 }));
        for text in
            ["", "80", "80x", "x24", "0x24", "80x0", "501x24", "80x201", "9999999x1", "-1x5"]
        {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
