//! A drawn screen as a file: text, text with colours, or a picture; what is on the screen is not
//! decided here.
//!
//! The bytes depend on the buffer alone, so that documents, tests and terminals show the same.

mod ansi;
mod html;
mod ink;
mod rows;
mod strokes;
#[cfg(test)]
mod styled;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use ratatui::buffer::Buffer;

#[cfg(test)]
pub(crate) use styled::styled;

/// How a screen is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Characters alone.
    Text,
    /// Characters with escape sequences for a terminal.
    Ansi,
    /// A picture that stands alone.
    Svg,
    /// A page that stands alone.
    Html,
}

/// `buffer` in that form; `title` names a picture for those who cannot see it.
pub(crate) fn write(buffer: &Buffer, form: Form, title: &str) -> String {
    match form {
        Form::Text => text::write(buffer),
        Form::Ansi => ansi::write(buffer),
        Form::Svg => svg::write(buffer, title),
        Form::Html => html::write(buffer, title),
    }
}

/// Text that may stand between tags and in attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no way to write control characters.
            character if character.is_control() => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}
