//! The colours of pictures: what a terminal would make of a style, as red, green and blue.
//!
//! A terminal has its own theme; a picture has the one that stands here, dark and with a contrast
//! of at least 4.5 for every named colour but black.

use std::fmt;

use ratatui::style::{Color, Modifier};

use super::rows::Style;

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The paper.
pub(super) const BACKGROUND: Rgb = Rgb(0x16, 0x1a, 0x20);

/// Text without a colour of its own.
pub(super) const FOREGROUND: Rgb = Rgb(0xd8, 0xde, 0xe6);

/// The sixteen colours in the order of their numbers.
const NAMED: [Rgb; 16] = [
    Rgb(0x2b, 0x31, 0x3a),
    Rgb(0xf0, 0x6c, 0x6c),
    Rgb(0x6c, 0xc0, 0x70),
    Rgb(0xdd, 0xb4, 0x55),
    Rgb(0x6b, 0xa6, 0xf2),
    Rgb(0xcb, 0x8b, 0xe6),
    Rgb(0x4f, 0xbf, 0xc9),
    Rgb(0xc4, 0xcb, 0xd4),
    Rgb(0x87, 0x91, 0x9e),
    Rgb(0xff, 0x91, 0x91),
    Rgb(0x95, 0xdd, 0x98),
    Rgb(0xf5, 0xd3, 0x82),
    Rgb(0x98, 0xc4, 0xff),
    Rgb(0xe2, 0xb4, 0xf5),
    Rgb(0x84, 0xdf, 0xe7),
    Rgb(0xff, 0xff, 0xff),
];

/// How text is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) fg: Rgb,
    /// The paper shows through where there is none.
    pub(super) bg: Option<Rgb>,
}

impl Ink {
    /// What a terminal would make of `style`.
    pub(super) fn of(style: Style) -> Self {
        let (mut fg, mut bg) = (rgb(style.fg), rgb(style.bg));
        if style.modifier.contains(Modifier::REVERSED) {
            (fg, bg) = (Some(bg.unwrap_or(BACKGROUND)), Some(fg.unwrap_or(FOREGROUND)));
        }
        let paper = bg.unwrap_or(BACKGROUND);
        // A colour that somebody chose because it is faint is not made fainter: a page is read.
        let mut ink = match fg {
            Some(chosen) => chosen,
            None if style.modifier.contains(Modifier::DIM) => mix(FOREGROUND, paper),
            None => FOREGROUND,
        };
        if style.modifier.contains(Modifier::HIDDEN) {
            ink = paper;
        }
        Self { fg: ink, bg }
    }
}

/// Three parts of `ink` on two parts of `paper`.
fn mix(ink: Rgb, paper: Rgb) -> Rgb {
    let part = |ink: u8, paper: u8| ((u16::from(ink) * 3 + u16::from(paper) * 2) / 5) as u8;
    Rgb(part(ink.0, paper.0), part(ink.1, paper.1), part(ink.2, paper.2))
}

/// The number of a named colour among the sixteen.
pub(super) const fn number_of(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some(Rgb(red, green, blue)),
        Color::Indexed(index) => Some(indexed(index)),
        named => number_of(named).map(indexed),
    }
}

/// The 256 colours of xterm: sixteen of the theme, a cube of six by six by six, and 24 greys.
fn indexed(index: u8) -> Rgb {
    match index {
        0..16 => NAMED[usize::from(index)],
        16..232 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            Rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of WCAG 2.
    fn luminance(colour: Rgb) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powi(2) }
        };
        0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
    }

    #[test]
    fn every_named_colour_but_black_can_be_read_on_the_paper() {
        for (number, colour) in NAMED.into_iter().enumerate().skip(1) {
            let contrast = (luminance(colour) + 0.05) / (luminance(BACKGROUND) + 0.05);
            assert!(contrast >= 4.5, "colour {number} has a contrast of {contrast}");
        }
    }

    #[test]
    fn the_cube_and_the_greys_are_those_of_xterm() {
        assert_eq!(indexed(16), Rgb(0, 0, 0));
        assert_eq!(indexed(208), Rgb(255, 135, 0));
        assert_eq!(indexed(231), Rgb(255, 255, 255));
        assert_eq!(indexed(232), Rgb(8, 8, 8));
        assert_eq!(indexed(255), Rgb(238, 238, 238));
    }

    #[test]
    fn faint_text_can_still_be_read() {
        let faint = |fg| Ink::of(Style { fg, modifier: Modifier::DIM, ..Style::PLAIN }).fg;
        for ink in [faint(Color::Reset), faint(Color::Rgb(0x80, 0x80, 0x80))] {
            let contrast = (luminance(ink) + 0.05) / (luminance(BACKGROUND) + 0.05);
            assert!(contrast >= 3.0, "{ink} has a contrast of {contrast}");
        }
    }

    #[test]
    fn reverse_video_swaps_the_theme_too() {
        let style = Style { modifier: Modifier::REVERSED, ..Style::PLAIN };
        assert_eq!(Ink::of(style), Ink { fg: BACKGROUND, bg: Some(FOREGROUND) });
    }
}
