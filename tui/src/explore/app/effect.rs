//! What the machine asks of whoever runs it: things that only a terminal or a process can do.

/// One such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// End the program.
    Quit,
    /// Hand the terminal back to the shell until it is asked for again.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Put this into the clipboard.
    Copy(String),
}
