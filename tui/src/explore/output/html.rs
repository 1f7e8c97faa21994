//! A screen as one page of HTML that needs nothing else.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::escape;
use super::ink::{BACKGROUND, FOREGROUND, Ink};
use super::rows::{Glyph, Run, Style, rows};

/// The first of these that a machine has; all are of fixed width.
pub(super) const FONTS: &str =
    "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

/// A page with the screen on it.
pub(super) fn write(buffer: &Buffer, title: &str) -> String {
    let title = escape(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{title}</title>\n<style>\n\
         body {{ margin: 0; background: {BACKGROUND}; }}\n\
         pre {{ margin: 0; padding: 12px; color: {FOREGROUND}; font: 14px/1.2 {FONTS}; }}\n\
         i.w {{ display: inline-block; width: 2ch; font-style: inherit; }}\n\
         </style>\n</head>\n<body>\n<pre>"
    );
    // The first line break inside `pre` is not shown; text must not rely on it.
    page.push('\n');
    for row in rows(buffer) {
        for run in &row {
            page.push_str(&span(run));
        }
        page.push('\n');
    }
    page.push_str("</pre>\n</body>\n</html>\n");
    page
}

fn span(run: &Run<'_>) -> String {
    let text: String = run.glyphs.iter().map(glyph).collect();
    let style = declarations(run.style);
    if style.is_empty() { text } else { format!("<span style=\"{style}\">{text}</span>") }
}

/// A wide character gets two columns in every font.
fn glyph(glyph: &Glyph<'_>) -> String {
    let text = escape(glyph.symbol);
    if glyph.width == 1 { text } else { format!("<i class=\"w\">{text}</i>") }
}

fn declarations(style: Style) -> String {
    let ink = Ink::of(style);
    let mut css = String::new();
    if ink.fg != FOREGROUND {
        let _ = write!(css, "color:{};", ink.fg);
    }
    if let Some(bg) = ink.bg {
        let _ = write!(css, "background:{bg};");
    }
    if style.modifier.contains(Modifier::BOLD) {
        css.push_str("font-weight:bold;");
    }
    if style.modifier.contains(Modifier::ITALIC) {
        css.push_str("font-style:italic;");
    }
    if let Some(lines) = decoration(style.modifier) {
        let _ = write!(css, "text-decoration:{lines};");
    }
    css.trim_end_matches(';').to_owned()
}

/// Lines that belong to text, in the words of CSS and SVG.
pub(super) fn decoration(modifier: Modifier) -> Option<&'static str> {
    let under = modifier.contains(Modifier::UNDERLINED);
    let through = modifier.contains(Modifier::CROSSED_OUT);
    match (under, through) {
        (true, true) => Some("underline line-through"),
        (true, false) => Some("underline"),
        (false, true) => Some("line-through"),
        (false, false) => None,
    }
}
