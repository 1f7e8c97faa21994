//! Lines over time in cells of a terminal: braille dots, or one character a column. It knows dots,
//! axes and the place of the cursor, and not what is measured.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::look::{Glyphs, Look, Role, Sign};
use crate::explore::screen::signals;

use super::model::{Axis, Chart};

/// Columns for the numbers beside the axis, and the axis itself.
const LABELS: u16 = 8;
/// What stands for the lines where there is no braille, from the lowest to the highest.
const MARKS: [char; 3] = ['.', 'o', '*'];

/// Draws a chart with its title and both axes.
pub(super) fn draw(chart: &Chart, axis: &Axis, look: &Look, area: Rect, buffer: &mut Buffer) {
    if area.width < LABELS + 8 || area.height < 4 {
        return;
    }
    draw_title(chart, look, area, buffer);
    let plot = Rect {
        x: area.x + LABELS,
        y: area.y + 1,
        width: area.width - LABELS,
        height: area.height - 2,
    };
    let top = top_of(chart);
    draw_labels(chart, (top, look), plot, buffer);
    let cursor = column_of(axis.now, axis.windows, plot.width);
    draw_lines(chart, axis, (top, look, cursor), plot, buffer);
    draw_time(axis, look, (plot, cursor), buffer);
}

fn draw_title(chart: &Chart, look: &Look, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let (x, _) = buffer.set_stringn(area.x, area.y, chart.title, width, look.style(Role::Title));
    let mut text = String::new();
    for (row, trace) in chart.traces.iter().enumerate() {
        let mark = match (look.glyphs, chart.traces.len()) {
            (Glyphs::Ascii, _) => format!("{} ", MARKS[row.min(MARKS.len() - 1)]),
            (Glyphs::Unicode, _) => String::new(),
        };
        let value = trace.now.map_or_else(|| signals::ABSENT.to_owned(), |it| chart.unit.text(it));
        text.push_str(&format!("  {mark}{} {value}", trace.name));
    }
    let room = width.saturating_sub(usize::from(x - area.x));
    buffer.set_stringn(x, area.y, text, room, look.style(Role::Text));
}

/// The value at the upper end of the axis: round, and not below any value.
fn top_of(chart: &Chart) -> f64 {
    let values = chart.traces.iter().flat_map(|trace| &trace.values).flatten();
    let highest = values.fold(0.0_f64, |highest, value| highest.max(*value));
    round_up(highest)
}

/// The next 1, 2 or 5 times a power of ten; 1 for nothing.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let mut unit = 1.0;
    while unit < value {
        unit *= 10.0;
    }
    while unit / 10.0 >= value {
        unit /= 10.0;
    }
    [0.2, 0.5].into_iter().map(|part| part * unit).find(|top| *top >= value).unwrap_or(unit)
}

fn draw_labels(chart: &Chart, (top, look): (f64, &Look), plot: Rect, buffer: &mut Buffer) {
    let bar = look.sign(Sign::Bar);
    // Only a row in the very middle stands for half of the top.
    let middle = (plot.height % 2 == 1 && plot.height >= 7).then_some(plot.height / 2);
    for row in 0..plot.height {
        let value = match row {
            0 => Some(top),
            row if row == plot.height - 1 => Some(0.0),
            row if Some(row) == middle => Some(top / 2.0),
            _ => None,
        };
        let text = value.map_or_else(String::new, |value| chart.unit.text(value));
        let y = plot.y + row;
        let label = format!("{text:>7}");
        buffer.set_stringn(plot.x - LABELS, y, label, 7, look.style(Role::Dim));
        buffer.set_string(plot.x - 1, y, bar, look.style(Role::Border));
    }
}

/// The column of a window.
fn column_of(window: usize, windows: usize, width: u16) -> u16 {
    (window * usize::from(width) / windows.max(1)) as u16
}

/// Dots of one column of cells, from the upper left to the lower right, as braille counts them.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

fn draw_lines(
    chart: &Chart,
    axis: &Axis,
    (top, look, cursor): (f64, &Look, u16),
    plot: Rect,
    buffer: &mut Buffer,
) {
    let (across, down) = match look.glyphs {
        Glyphs::Unicode => (2, 4),
        Glyphs::Ascii => (1, 1),
    };
    let columns = usize::from(plot.width) * across;
    let rows = usize::from(plot.height) * down;
    let mut cells = vec![(0u8, ' '); usize::from(plot.width) * usize::from(plot.height)];
    for (place, trace) in chart.traces.iter().enumerate() {
        let mut before: Option<usize> = None;
        for column in 0..columns {
            let Some(value) = value_at(&trace.values, column, (columns, axis.windows)) else {
                before = None;
                continue;
            };
            let row = row_of(value / top, rows);
            // A dot of every row between this value and the one before, so that a line is seen.
            let (first, last) = match before {
                Some(before) if before < row => (before + 1, row),
                Some(before) if before > row => (row, before - 1),
                _ => (row, row),
            };
            before = Some(row);
            let shown = if across == 1 { row..=row } else { first..=last };
            for dot in shown {
                let cell = dot / down * usize::from(plot.width) + column / across;
                cells[cell].0 |= DOTS[dot % down][column % across];
                cells[cell].1 = MARKS[place.min(MARKS.len() - 1)];
            }
        }
    }
    for (cell, (dots, mark)) in cells.into_iter().enumerate() {
        let x = plot.x + (cell % usize::from(plot.width)) as u16;
        let y = plot.y + (cell / usize::from(plot.width)) as u16;
        let column = x - plot.x;
        let role = if column > cursor { Role::Dim } else { Role::Info };
        let (symbol, role) = match (dots, column == cursor) {
            (0, true) => (look.sign(Sign::Bar).chars().next().unwrap_or('|'), Role::Focus),
            (0, false) => continue,
            (dots, _) if look.glyphs == Glyphs::Unicode => {
                (char::from_u32(0x2800 + u32::from(dots)).unwrap_or(mark), role)
            }
            _ => (mark, role),
        };
        buffer[(x, y)].set_char(symbol).set_style(look.style(role));
    }
}

/// The row of a share of the height, counted from above.
fn row_of(share: f64, rows: usize) -> usize {
    let last = rows - 1;
    last - ((share.clamp(0.0, 1.0) * last as f64).round() as usize).min(last)
}

/// The highest value of the windows in a column: what sticks out must not get lost.
fn value_at(
    values: &[Option<f64>],
    column: usize,
    (columns, windows): (usize, usize),
) -> Option<f64> {
    let first = column * windows / columns;
    let last = ((column + 1) * windows / columns).max(first + 1).min(values.len());
    let values = values.get(first..last)?.iter().flatten();
    values.copied().reduce(f64::max)
}

/// The axis of time: where the run begins and ends, where the cursor is, and which window is
/// selected.
fn draw_time(axis: &Axis, look: &Look, (plot, cursor): (Rect, u16), buffer: &mut Buffer) {
    let y = plot.y + plot.height;
    let line = look.sign(Sign::Line).repeat(plot.width.into());
    buffer.set_stringn(plot.x, y, line, plot.width.into(), look.style(Role::Border));
    let end = axis.end.to_string();
    let now = format!("{}{}", look.sign(Sign::Up), axis.now_time);
    let selected = column_of(axis.selected, axis.windows, plot.width);
    let later = " later, dimmed ";
    let put = |buffer: &mut Buffer, x: u16, text: &str, role: Role| {
        let length = text.chars().count() as u16;
        if x + length <= plot.width {
            buffer.set_string(plot.x + x, y, text, look.style(role));
        }
    };
    let end_at = plot.width.saturating_sub(end.chars().count() as u16);
    let now_length = now.chars().count() as u16;
    let now_at = cursor.min(plot.width.saturating_sub(now_length));
    let later_at = now_at + now_length;
    put(buffer, end_at, &end, Role::Dim);
    if later_at + (later.len() as u16) < end_at {
        put(buffer, later_at, later, Role::Dim);
    }
    if now_at > 3 {
        put(buffer, 0, "0s", Role::Dim);
    }
    put(buffer, now_at, &now, Role::Focus);
    if axis.selected != axis.now {
        put(buffer, selected, look.sign(Sign::Cursor), Role::Selected);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_top_of_an_axis_is_round() {
        let tops = [0.0, 0.3, 1.0, 1.1, 431.0, 999.0, 1001.0].map(round_up);
        assert_eq!(tops, [1.0, 0.5, 1.0, 2.0, 500.0, 1000.0, 2000.0]);
    }

    #[test]
    fn the_lowest_value_is_in_the_last_row_and_the_highest_in_the_first() {
        assert_eq!([0.0, 1.0, 7.0].map(|share| row_of(share, 10)), [9, 0, 0]);
    }

    proptest! {
        #[test]
        fn no_window_is_left_out_and_none_is_shown_twice_as_long(
            windows in 1usize..500, columns in 1usize..400,
        ) {
            let values: Vec<Option<f64>> = (0..windows).map(|it| Some(it as f64)).collect();
            let shown: Vec<f64> =
                (0..columns).filter_map(|it| value_at(&values, it, (columns, windows))).collect();
            prop_assert_eq!(shown.len(), columns);
            prop_assert!(shown.is_sorted());
            prop_assert_eq!(shown.last().copied(), Some((windows - 1) as f64));
        }
    }
}
