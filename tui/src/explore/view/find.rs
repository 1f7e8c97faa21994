//! What somebody searches for or filters by: the text as it was typed, and what it means.

use crate::explore::sought::Sought;

/// What is to be found in the log.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Find {
    text: String,
    sought: Sought,
}

impl Find {
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
