//! A coloured screen for snapshots: the text, then for each row what is styled and how, in words.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::rows::{Run, Style, rows};
use super::text;

/// The text of `buffer`, and below it a line for each row that has styles, such as
/// `3: 0 "> e25" bold reversed, 14 "deny" red`: column, text and style.
pub(crate) fn styled(buffer: &Buffer) -> String {
    let mut shown = text::write(buffer);
    shown.push_str("--- styles\n");
    for (number, row) in rows(buffer).iter().enumerate() {
        let runs: Vec<String> =
            row.iter().filter(|run| run.style != Style::PLAIN).map(described).collect();
        if !runs.is_empty() {
            let _ = writeln!(shown, "{number}: {}", runs.join(", "));
        }
    }
    shown
}

fn described(run: &Run<'_>) -> String {
    format!("{} {:?} {}", run.column(), shortened(&run.text()), words(run.style).join(" "))
}

/// A border says no more in full than by its first characters.
fn shortened(text: &str) -> String {
    let is_ruler = |text: &str| {
        text.chars().count() > 4 && {
            let mut characters = text.chars();
            let first = characters.next();
            characters.all(|character| Some(character) == first)
        }
    };
    if !is_ruler(text) {
        return text.to_owned();
    }
    let start: String = text.chars().take(2).collect();
    format!("{start}… {}", text.chars().count())
}

fn words(style: Style) -> Vec<String> {
    let mut words = Vec::new();
    let names = [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underlined"),
        (Modifier::SLOW_BLINK, "blinking"),
        (Modifier::RAPID_BLINK, "blinking fast"),
        (Modifier::REVERSED, "reversed"),
        (Modifier::HIDDEN, "hidden"),
        (Modifier::CROSSED_OUT, "crossed out"),
    ];
    for (modifier, name) in names {
        if style.modifier.contains(modifier) {
            words.push(name.to_owned());
        }
    }
    if style.fg != Color::Reset {
        words.push(style.fg.to_string().to_lowercase());
    }
    if style.bg != Color::Reset {
        words.push(format!("on {}", style.bg.to_string().to_lowercase()));
    }
    words
}
