//! A screen with the escape sequences that colour it, for `cat` and for logs that show colours.
//!
//! The colours are those of the buffer: whoever drew it chose how many there are.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::rows::{Style, rows};

/// Ends every style.
const RESET: &str = "\x1b[0m";

/// The number of each modifier in "select graphic rendition" of ECMA-48.
const MODIFIERS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// One line for each row; no style reaches over the end of a line.
pub(super) fn write(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let mut style = Style::PLAIN;
        for run in &row {
            text.push_str(&change(style, run.style));
            text.push_str(&run.text());
            style = run.style;
        }
        text.push_str(&change(style, Style::PLAIN));
        text.push('\n');
    }
    text
}

fn change(from: Style, to: Style) -> String {
    if from == to {
        return String::new();
    }
    if to == Style::PLAIN {
        return RESET.to_owned();
    }
    // Most modifiers have no end of their own that all terminals know.
    let mut numbers = if from == Style::PLAIN { String::new() } else { "0;".to_owned() };
    for (modifier, number) in MODIFIERS {
        if to.modifier.contains(modifier) {
            let _ = write!(numbers, "{number};");
        }
    }
    numbers.push_str(&colour(to.fg, Layer::Foreground));
    numbers.push_str(&colour(to.bg, Layer::Background));
    format!("\x1b[{}m", numbers.trim_end_matches(';'))
}

#[derive(Clone, Copy)]
enum Layer {
    Foreground,
    Background,
}

fn colour(colour: Color, layer: Layer) -> String {
    let offset = match layer {
        Layer::Foreground => 0,
        Layer::Background => 10,
    };
    match colour {
        Color::Reset => String::new(),
        Color::Indexed(index) => format!("{};5;{index};", 38 + offset),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue};", 38 + offset),
        named => match super::ink::number_of(named) {
            Some(number @ 0..8) => format!("{};", 30 + number + offset),
            Some(number) => format!("{};", 82 + number + offset),
            None => String::new(),
        },
    }
}
