//! The table of actions, one file a group or two. The order is that of lists and documents.

mod look;
mod run;
mod screen;
mod search;
mod time;

use super::row::Row;

/// All actions.
pub(in crate::explore) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    [time::ROWS, run::ROWS, look::ROWS, search::ROWS, look::MARKS, screen::ROWS]
        .into_iter()
        .flatten()
}
