//! How screens look: what is asked for, and where nothing is, what the terminal says. Files look
//! the same on every machine.

use crate::Environment;
use crate::cli::{DepthArg, FormArg, GlyphsArg, PlaceArgs};
use crate::explore::{Depth, Glyphs, Look};
use crate::terminal::{Charset, ColorChoice, Colors};

/// On a terminal.
pub(super) fn on_terminal(
    place: &PlaceArgs,
    color: ColorChoice,
    environment: &Environment,
) -> Look {
    let plain = environment.stdout_look(color);
    let depth = match plain.colors {
        Colors::None => Depth::Mono,
        Colors::Ansi => place.depth.map_or_else(|| depth_of(environment), depth),
    };
    let glyphs = match (place.glyphs, plain.charset) {
        (GlyphsArg::Ascii, _) | (GlyphsArg::Auto, Charset::Ascii) => Glyphs::Ascii,
        (GlyphsArg::Unicode, _) | (GlyphsArg::Auto, Charset::Unicode) => Glyphs::Unicode,
    };
    Look { depth, palette: place.palette, glyphs }
}

/// In a file: nothing of the surroundings counts.
pub(super) fn in_file(place: &PlaceArgs, color: ColorChoice, form: FormArg) -> Look {
    let depth = match (color, form) {
        (ColorChoice::Never, _) | (_, FormArg::Txt) => Depth::Mono,
        (_, FormArg::Ansi) => place.depth.map_or(Depth::Ansi16, depth),
        (_, FormArg::Svg | FormArg::Html) => place.depth.map_or(Depth::True, depth),
    };
    let glyphs = match place.glyphs {
        GlyphsArg::Ascii => Glyphs::Ascii,
        GlyphsArg::Auto | GlyphsArg::Unicode => Glyphs::Unicode,
    };
    Look { depth, palette: place.palette, glyphs }
}

const fn depth(wanted: DepthArg) -> Depth {
    match wanted {
        DepthArg::Sixteen => Depth::Ansi16,
        DepthArg::Indexed => Depth::Indexed,
        DepthArg::True => Depth::True,
    }
}

/// What the terminal says of itself: `COLORTERM` of those with all colours, and the names of
/// those with 256, as terminfo has them.
fn depth_of(environment: &Environment) -> Depth {
    let is_true = |name: &str| name == "truecolor" || name == "24bit";
    let term = environment.term.as_deref().unwrap_or_default();
    if environment.color_term.as_deref().is_some_and(is_true) || term.ends_with("-direct") {
        Depth::True
    } else if term.contains("256color") {
        Depth::Indexed
    } else {
        Depth::Ansi16
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn place(more: &[&str]) -> PlaceArgs {
        let words = ["meshwalk", "open", "x.yaml"].iter().chain(more);
        match Cli::try_parse_from(words).expect("a command line").command {
            Command::Open(args) => args.place.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn terminal(term: &str, color_term: Option<&str>) -> Environment {
        Environment {
            term: Some(term.to_owned()),
            color_term: color_term.map(str::to_owned),
            stdout_terminal_width: Some(80),
            ..Environment::default()
        }
    }

    #[test]
    fn a_terminal_says_how_many_colours_it_has() {
        let of = |term, color_term| {
            on_terminal(&place(&[]), ColorChoice::Auto, &terminal(term, color_term)).depth
        };
        assert_eq!(of("xterm", None), Depth::Ansi16);
        assert_eq!(of("xterm-256color", None), Depth::Indexed);
        assert_eq!(of("xterm-256color", Some("truecolor")), Depth::True);
        assert_eq!(of("xterm", Some("yes")), Depth::Ansi16);
        assert_eq!(of("dumb", Some("truecolor")), Depth::Mono);
    }

    #[test]
    fn no_color_and_never_leave_none_and_an_argument_decides_how_many() {
        let no_color =
            Environment { no_color: Some("1".to_owned()), ..terminal("xterm-256color", None) };
        let depth =
            |more: &[&str], color, environment| on_terminal(&place(more), color, environment).depth;
        assert_eq!(depth(&[], ColorChoice::Auto, &no_color), Depth::Mono);
        assert_eq!(depth(&["--depth", "true"], ColorChoice::Auto, &no_color), Depth::Mono);
        assert_eq!(depth(&[], ColorChoice::Always, &no_color), Depth::Indexed);
        let terminal = terminal("xterm-256color", Some("truecolor"));
        assert_eq!(depth(&["--depth", "16"], ColorChoice::Auto, &terminal), Depth::Ansi16);
        assert_eq!(depth(&[], ColorChoice::Never, &terminal), Depth::Mono);
    }

    #[test]
    fn a_file_has_the_colours_of_its_form_wherever_it_is_made() {
        let depth = |form| in_file(&place(&[]), ColorChoice::Auto, form).depth;
        assert_eq!(depth(FormArg::Txt), Depth::Mono);
        assert_eq!(depth(FormArg::Ansi), Depth::Ansi16);
        assert_eq!(depth(FormArg::Svg), Depth::True);
        assert_eq!(in_file(&place(&[]), ColorChoice::Never, FormArg::Svg).depth, Depth::Mono);
    }

    #[test]
    fn the_locale_decides_about_characters_unless_somebody_says() {
        let posix = Environment { locale: Some("C".to_owned()), ..terminal("xterm", None) };
        let glyphs = |more: &[&str]| on_terminal(&place(more), ColorChoice::Auto, &posix).glyphs;
        assert_eq!(glyphs(&[]), Glyphs::Ascii);
        assert_eq!(glyphs(&["--glyphs", "unicode"]), Glyphs::Unicode);
    }
}
