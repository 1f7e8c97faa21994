//! The list of everything that has signals: a name, the rate over the run in a few columns, and
//! what it is at the cursor.

use ratatui::text::{Line, Span};

use meshwalk_sim::timeline::series::{Look as SeriesLook, Signal};

use crate::explore::look::{Glyphs, Look, Role, Sign};
use crate::explore::screen::signals::{self, Health};

use super::model::{Axis, Subject, rate, while_of};

/// Columns of a small chart.
const SPARK_WIDTH: usize = 10;
const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const BARS_ASCII: [&str; 8] = ["_", ".", ":", "-", "=", "+", "*", "#"];

/// The row of a subject at the cursor, in so many columns.
pub(super) fn line(
    look: &Look,
    (axis, at): (&Axis, &SeriesLook<'_>),
    subject: &Subject,
    width: usize,
) -> Line<'static> {
    let lately = at.over(subject.row, while_of(axis.width));
    let (role, sign) = match Health::of(&lately) {
        Health::Quiet => (Role::Dim, look.sign(Sign::Pause)),
        Health::Well => (Role::Good, look.sign(Sign::Good)),
        Health::Denied | Health::Failing | Health::Failed => (Role::Bad, look.sign(Sign::Bad)),
    };
    let text = signals::rate(lately.rate_per_s(Signal::Begun));
    let begun = at.counts_of_run(subject.row, Signal::Begun);
    let rates: Vec<Option<f64>> = begun.into_iter().map(|it| rate(it, axis.width)).collect();
    let (past, later) = spark(&rates, axis, look);
    // The sort, the sign, blanks and the number.
    let room = width.saturating_sub(SPARK_WIDTH + 17);
    Line::from(vec![
        Span::styled(format!("{:<5}", tag(subject.sort)), look.style(Role::Dim)),
        Span::styled(cut_to(&subject.name, room, look), look.style(Role::Text)),
        Span::raw(" "),
        Span::styled(past, look.style(Role::Info)),
        Span::styled(later, look.style(Role::Dim)),
        Span::styled(format!(" {sign}"), look.style(role)),
        Span::styled(format!("{text:>7}"), look.style(Role::Text)),
    ])
}

/// What sort of thing a row is about, in four columns.
fn tag(sort: &str) -> &str {
    match sort {
        "source" => "src",
        "service" => "svc",
        "workload" => "work",
        _ => "edge",
    }
}

/// The heading of a group.
pub(super) fn heading(sort: &'static str) -> &'static str {
    match sort {
        "source" => "Sources",
        "service" => "Services",
        "workload" => "Workloads",
        _ => "Edges",
    }
}

/// A small chart, up to the cursor and after it.
fn spark(values: &[Option<f64>], axis: &Axis, look: &Look) -> (String, String) {
    let bars = match look.glyphs {
        Glyphs::Unicode => BARS,
        Glyphs::Ascii => BARS_ASCII,
    };
    let highest = values.iter().flatten().fold(0.0_f64, |highest, value| highest.max(*value));
    let cursor = axis.now * SPARK_WIDTH / axis.windows;
    let mut parts = (String::new(), String::new());
    for column in 0..SPARK_WIDTH {
        let first = column * axis.windows / SPARK_WIDTH;
        let last = ((column + 1) * axis.windows / SPARK_WIDTH).max(first + 1).min(values.len());
        let value = values
            .get(first..last)
            .and_then(|part| part.iter().flatten().copied().reduce(f64::max));
        let bar = match value {
            None => " ",
            Some(value) if value <= 0.0 || highest <= 0.0 => bars[0],
            Some(value) => bars[((value / highest * 7.0).round() as usize).min(7)],
        };
        if column <= cursor { parts.0.push_str(bar) } else { parts.1.push_str(bar) }
    }
    parts
}

fn cut_to(text: &str, width: usize, look: &Look) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text}{}", " ".repeat(width - length));
    }
    // The end of a name says more than its beginning.
    let kept: String = text.chars().skip(length + 1 - width.max(1)).collect();
    format!("{}{kept}", look.sign(Sign::Ellipsis))
}
