//! How anything looks: signs, styles and colours by what they mean. Nothing is said by a colour
//! alone; without colours the same cells stay readable.

mod palette;
mod sign;

use ratatui::style::Style;

pub(crate) use palette::{Depth, Palette, Role};
pub(crate) use sign::{Glyphs, Sign};

/// What a screen may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// How many colours.
    pub(crate) depth: Depth,
    /// Which colours.
    pub(crate) palette: Palette,
    /// Which characters.
    pub(crate) glyphs: Glyphs,
}

impl Look {
    /// No colours and all characters.
    #[cfg(test)]
    pub(crate) const MONO: Self =
        Self { depth: Depth::Mono, palette: Palette::Default, glyphs: Glyphs::Unicode };

    /// The sixteen colours of the terminal's own theme.
    #[cfg(test)]
    pub(crate) const ANSI16: Self =
        Self { depth: Depth::Ansi16, palette: Palette::Default, glyphs: Glyphs::Unicode };

    /// The style of what plays a role.
    pub(crate) fn style(&self, role: Role) -> Style {
        palette::style(self.depth, self.palette, role)
    }

    /// A sign.
    pub(crate) const fn sign(&self, sign: Sign) -> &'static str {
        sign.glyph(self.glyphs)
    }
}
