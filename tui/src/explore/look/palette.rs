//! Roles, and the style that each has in a palette of a depth.

use ratatui::style::{Color, Modifier, Style};

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// None: bold, dim, underlined and reversed text.
    Mono,
    /// The sixteen of the terminal's own theme.
    Ansi16,
    /// The fixed 256.
    Indexed,
    /// All of them.
    True,
}

/// Which colours tell things apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Palette {
    /// Green, red, yellow.
    #[default]
    Default,
    /// Bright on black, bold.
    HighContrast,
    /// Blue and orange in place of green and red.
    Deuteranopia,
}

/// What a piece of a screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ordinary text.
    Text,
    /// What matters less, or lies after the cursor.
    Dim,
    /// A title.
    Title,
    /// The border of the pane that has the focus.
    Focus,
    /// The border of any other pane.
    Border,
    /// The selected row.
    Selected,
    /// The place of the cursor in time.
    Cursor,
    /// It went well, or is allowed.
    Good,
    /// It failed, or is denied.
    Bad,
    /// It wants attention: it changed, or it is near a limit.
    Warn,
    /// A decision, or a fact worth a look.
    Info,
    /// A key to press.
    Key,
    /// Encrypted.
    Encrypted,
    /// What a search found.
    Found,
}

impl Role {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 14] = [
        Self::Text,
        Self::Dim,
        Self::Title,
        Self::Focus,
        Self::Border,
        Self::Selected,
        Self::Cursor,
        Self::Good,
        Self::Bad,
        Self::Warn,
        Self::Info,
        Self::Key,
        Self::Encrypted,
        Self::Found,
    ];

    /// How it looks without colours.
    const fn modifier(self) -> Modifier {
        match self {
            Self::Text | Self::Good | Self::Border | Self::Encrypted => Modifier::empty(),
            Self::Dim => Modifier::DIM,
            Self::Title | Self::Focus | Self::Bad | Self::Warn | Self::Info | Self::Key => {
                Modifier::BOLD
            }
            Self::Selected | Self::Cursor => Modifier::REVERSED,
            Self::Found => Modifier::UNDERLINED,
        }
    }

    /// Its colour in each depth: of sixteen, of 256, and of all.
    const fn colors(self, palette: Palette) -> Option<[Color; 3]> {
        use Color::{Indexed, Rgb};
        let blue = [Color::Blue, Indexed(33), Rgb(0x26, 0x8b, 0xff)];
        let orange = [Color::Yellow, Indexed(208), Rgb(0xff, 0x87, 0x00)];
        let colors = match (self, palette) {
            (Self::Text | Self::Title | Self::Selected | Self::Cursor, _) => return None,
            (Self::Dim | Self::Border, Palette::HighContrast) => return None,
            (Self::Dim | Self::Border, _) => [Color::DarkGray, Indexed(244), Rgb(0x80, 0x80, 0x80)],
            (Self::Good, Palette::Deuteranopia) => blue,
            (Self::Bad, Palette::Deuteranopia) => orange,
            (Self::Good, Palette::HighContrast) => {
                [Color::LightGreen, Indexed(46), Rgb(0x5f, 0xff, 0x5f)]
            }
            (Self::Good, Palette::Default) => [Color::Green, Indexed(71), Rgb(0x5f, 0xaf, 0x5f)],
            (Self::Bad, Palette::HighContrast) => {
                [Color::LightRed, Indexed(203), Rgb(0xff, 0x6b, 0x6b)]
            }
            (Self::Bad, Palette::Default) => [Color::Red, Indexed(167), Rgb(0xd7, 0x5f, 0x5f)],
            (Self::Warn | Self::Found, Palette::HighContrast) => {
                [Color::LightYellow, Indexed(226), Rgb(0xff, 0xff, 0x5f)]
            }
            (Self::Warn | Self::Found, Palette::Deuteranopia) => {
                [Color::Magenta, Indexed(176), Rgb(0xd7, 0x87, 0xd7)]
            }
            (Self::Warn | Self::Found, Palette::Default) => {
                [Color::Yellow, Indexed(179), Rgb(0xd7, 0xaf, 0x5f)]
            }
            (Self::Focus | Self::Info | Self::Key, Palette::HighContrast) => {
                [Color::LightCyan, Indexed(51), Rgb(0x5f, 0xff, 0xff)]
            }
            (Self::Focus | Self::Info | Self::Key, _) => {
                [Color::Cyan, Indexed(80), Rgb(0x5f, 0xd7, 0xd7)]
            }
            (Self::Encrypted, _) => blue,
        };
        Some(colors)
    }
}

/// The style of `role`.
pub(super) fn style(depth: Depth, palette: Palette, role: Role) -> Style {
    let style = Style::new().add_modifier(role.modifier());
    let style = if palette == Palette::HighContrast && role != Role::Dim {
        style.add_modifier(Modifier::BOLD).remove_modifier(Modifier::DIM)
    } else {
        style
    };
    let Some([of_sixteen, of_256, of_all]) = role.colors(palette) else { return style };
    match depth {
        Depth::Mono => style,
        Depth::Ansi16 => style.fg(of_sixteen),
        Depth::Indexed => style.fg(of_256),
        Depth::True => style.fg(of_all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_no_role_has_one() {
        for palette in [Palette::Default, Palette::HighContrast, Palette::Deuteranopia] {
            for role in Role::ALL {
                let style = style(Depth::Mono, palette, role);
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
        }
    }

    #[test]
    fn sixteen_colours_are_the_terminals_own() {
        for role in Role::ALL {
            let color = style(Depth::Ansi16, Palette::Default, role).fg;
            assert!(!matches!(color, Some(Color::Rgb(..) | Color::Indexed(_))), "{role:?}");
        }
    }

    #[test]
    fn good_and_bad_differ_in_every_palette_and_depth() {
        for palette in [Palette::Default, Palette::HighContrast, Palette::Deuteranopia] {
            for depth in [Depth::Ansi16, Depth::Indexed, Depth::True] {
                let color = |role| style(depth, palette, role).fg;
                assert_ne!(color(Role::Good), color(Role::Bad), "{palette:?} {depth:?}");
            }
        }
    }
}
