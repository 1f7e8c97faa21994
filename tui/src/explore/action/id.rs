//! The closed set of actions. What each is called and does stands in the table.

use super::row::Row;
use super::table;
use crate::explore::screen::Screen;

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::explore) enum Id {
    NextEvent,
    PreviousEvent,
    NextOfRequest,
    PreviousOfRequest,
    NextHop,
    PreviousHop,
    NextDecision,
    PreviousDecision,
    NextFailure,
    PreviousFailure,
    NextRequest,
    PreviousRequest,
    NextConnection,
    PreviousConnection,
    GoToBegin,
    GoToEnd,
    GoToEvent,
    GoToTime,
    GoToName,
    RunToNextBreak,
    RunToPreviousBreak,
    RunToNext,
    RunToPrevious,
    ToggleBreak,
    BreakWhen,
    BreakOnStep,
    Breaks,
    ClearBreaks,
    Down,
    Up,
    PageDown,
    PageUp,
    NextPane,
    PreviousPane,
    Zoom,
    ZoomIn,
    ZoomOut,
    Enter,
    Leave,
    JumpBack,
    JumpForward,
    WhyThis,
    CopyRepro,
    Recentre,
    Search,
    NextMatch,
    PreviousMatch,
    Filter,
    ClearFilter,
    SetMark,
    GoToMark,
    Marks,
    Show(Screen),
    NextScreen,
    PreviousScreen,
    CommandLine,
    Palette,
    Redraw,
    Suspend,
    Quit,
    QuitNow,
}

impl Id {
    /// Its row of the table.
    pub(in crate::explore) fn row(self) -> &'static Row {
        let row = table::rows().find(|row| row.id == self);
        row.expect("every action has a row; a test goes through them")
    }
}
