//! What somebody searches for and filters by: the text as it was typed, and what it means.

use crate::explore::sought::Sought;

/// What `n` and `N` go to.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Search {
    text: String,
    sought: Sought,
}

/// Which entries are shown.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Filter {
    text: String,
    sought: Sought,
}

impl Search {
    /// Of a text and what it means.
    pub(in crate::explore) fn new(text: &str, sought: Sought) -> Self {
        Self { text: text.to_owned(), sought }
    }

    /// As it was typed.
    pub(in crate::explore) fn text(&self) -> &str {
        &self.text
    }

    /// What it means.
    pub(in crate::explore) const fn sought(&self) -> &Sought {
        &self.sought
    }
}

impl Filter {
    /// Of a text and what it means.
    pub(in crate::explore) fn new(text: &str, sought: Sought) -> Self {
        Self { text: text.to_owned(), sought }
    }

    /// As it was typed.
    pub(in crate::explore) fn text(&self) -> &str {
        &self.text
    }

    /// What it means.
    pub(in crate::explore) const fn sought(&self) -> &Sought {
        &self.sought
    }
}
