//! Text in a number of cells: wide characters take two of them, and what is cut ends with a sign.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The first characters of `text` in at most `width` cells, with `ellipsis`, which takes one, where
/// it was cut.
pub(in crate::explore) fn fit(text: &str, width: usize, ellipsis: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let kept = text.chars().take_while(|it| {
        let cells = it.width().unwrap_or(0);
        let fits = cells <= left;
        left = left.saturating_sub(cells);
        fits
    });
    let kept: String = kept.collect();
    format!("{kept}{ellipsis}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_cut_by_the_cells_they_take() {
        assert_eq!(fit("plain", 5, "~"), "plain");
        assert_eq!(fit("plain text", 5, "~"), "plai~");
        assert_eq!(fit("\u{65e5}\u{672c}\u{8a9e}", 6, "~"), "\u{65e5}\u{672c}\u{8a9e}");
        assert_eq!(fit("\u{65e5}\u{672c}\u{8a9e}", 5, "~"), "\u{65e5}\u{672c}~");
        assert_eq!(fit("\u{65e5}\u{672c}\u{8a9e}", 4, "~"), "\u{65e5}~");
    }
}
