//! Signs, in characters of seven bits and in all characters. The word for what a sign means stands
//! beside it.

/// Which characters may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Seven bits.
    Ascii,
    /// Box drawings, arrows and blocks.
    Unicode,
}

/// A sign. All signs are one column wide unless their text says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The selected row, or the entry at the cursor.
    Cursor,
    /// Where the request is.
    Here,
    /// A decision.
    Decision,
    /// Attention: it changed.
    Changed,
    /// It went well.
    Good,
    /// It failed.
    Bad,
    /// It cannot be told.
    Unknown,
    /// Not encrypted; three columns.
    Plain,
    /// Encrypted; three columns.
    Encrypted,
    /// Dropped.
    Dropped,
    /// To the right.
    Right,
    /// To the left.
    Left,
    /// Downwards.
    Down,
    /// Upwards.
    Up,
    /// It can be unfolded.
    Folded,
    /// It is unfolded.
    Unfolded,
    /// Somebody waits for work that is done.
    Waiting,
    /// Work for nobody.
    Zombie,
    /// A pause.
    Pause,
    /// A line that goes on.
    Line,
    /// A vertical line.
    Bar,
    /// A breakpoint.
    Breakpoint,
    /// Text that was cut.
    Ellipsis,
    /// Between parts of a line.
    Separator,
}

impl Sign {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 24] = [
        Self::Cursor,
        Self::Here,
        Self::Decision,
        Self::Changed,
        Self::Good,
        Self::Bad,
        Self::Unknown,
        Self::Plain,
        Self::Encrypted,
        Self::Dropped,
        Self::Right,
        Self::Left,
        Self::Down,
        Self::Up,
        Self::Folded,
        Self::Unfolded,
        Self::Waiting,
        Self::Zombie,
        Self::Pause,
        Self::Line,
        Self::Bar,
        Self::Breakpoint,
        Self::Ellipsis,
        Self::Separator,
    ];

    /// Its characters.
    pub(crate) const fn glyph(self, glyphs: Glyphs) -> &'static str {
        let [ascii, unicode] = match self {
            Self::Cursor => [">", "▶"],
            Self::Here => ["*", "●"],
            Self::Decision => ["?", "◆"],
            Self::Changed => ["!", "▲"],
            Self::Good => ["+", "✓"],
            Self::Bad => ["x", "✗"],
            Self::Unknown => ["~", "?"],
            Self::Plain => ["---", "───"],
            Self::Encrypted => ["===", "═══"],
            Self::Dropped => ["x", "✗"],
            Self::Right => [">", "→"],
            Self::Left => ["<", "←"],
            Self::Down => ["v", "↓"],
            Self::Up => ["^", "↑"],
            Self::Folded => ["+", "▸"],
            Self::Unfolded => ["-", "▾"],
            Self::Waiting => [">", "█"],
            Self::Zombie => ["z", "░"],
            Self::Pause => [".", "·"],
            Self::Line => ["-", "─"],
            Self::Bar => ["|", "│"],
            Self::Breakpoint => ["B", "◉"],
            Self::Ellipsis => ["~", "…"],
            Self::Separator => ["|", "│"],
        };
        match glyphs {
            Glyphs::Ascii => ascii,
            Glyphs::Unicode => unicode,
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn a_sign_is_as_wide_in_ascii_as_in_unicode() {
        for sign in Sign::ALL {
            let [ascii, unicode] = [Glyphs::Ascii, Glyphs::Unicode].map(|it| sign.glyph(it));
            assert!(ascii.is_ascii(), "{sign:?}");
            assert_eq!(ascii.width(), unicode.width(), "{sign:?}");
        }
    }
}
