//! How screens look: what is asked for, and where nothing is, what the terminal says. Files look
//! the same on every machine.

use crate::cli::{DepthArg, FormArg, GlyphsArg, PlaceArgs};
use crate::explore::{Depth, Glyphs, Look};
use crate::terminal::ColorChoice;

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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn place(more: &[&str]) -> PlaceArgs {
        let words = ["meshwalk", "render", "x.yaml"].iter().chain(more);
        match Cli::try_parse_from(words).expect("a command line").command {
            Command::Render(args) => args.place.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_has_the_colours_of_its_form_wherever_it_is_made() {
        let depth = |form| in_file(&place(&[]), ColorChoice::Auto, form).depth;
        assert_eq!(depth(FormArg::Txt), Depth::Mono);
        assert_eq!(depth(FormArg::Ansi), Depth::Ansi16);
        assert_eq!(depth(FormArg::Svg), Depth::True);
        assert_eq!(in_file(&place(&[]), ColorChoice::Never, FormArg::Svg).depth, Depth::Mono);
    }
}
