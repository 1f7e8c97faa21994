//! A screen as characters alone: what is read without colours must still be all there.

use ratatui::buffer::Buffer;

use super::rows::{Run, rows};

/// One line for each row, without blanks at their ends.
pub(super) fn write(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(Run::text).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
