//! What was typed before, to be brought back. It lives as long as the session.

/// How many lines are kept.
const LINES_MAX: usize = 100;

/// Lines in the order in which they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct History(Vec<String>);

/// Where somebody is in a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct Browsing {
    /// Which line; none while the own text is shown.
    at: Option<usize>,
    /// The own text.
    draft: String,
}

impl History {
    /// Keeps a line; one that was there before moves to the end.
    pub(in crate::explore) fn keep(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.0.retain(|kept| kept != line);
        self.0.push(line.to_owned());
        let too_many = self.0.len().saturating_sub(LINES_MAX);
        self.0.drain(..too_many);
    }
}

impl Browsing {
    /// The line before, that begins like what `shown` was before browsing.
    pub(in crate::explore) fn earlier(&mut self, history: &History, shown: &str) -> Option<String> {
        if self.at.is_none() {
            shown.clone_into(&mut self.draft);
        }
        let end = self.at.unwrap_or(history.0.len()).min(history.0.len());
        let found = history.0[..end].iter().rposition(|line| line.starts_with(&self.draft))?;
        self.at = Some(found);
        history.0.get(found).cloned()
    }

    /// The line after it, and at last the own text again.
    pub(in crate::explore) fn later(&mut self, history: &History) -> Option<String> {
        let at = self.at?;
        let mut after = history.0.iter().enumerate().skip(at + 1);
        match after.find(|(_, line)| line.starts_with(&self.draft)) {
            Some((found, line)) => {
                self.at = Some(found);
                Some(line.clone())
            }
            None => {
                self.at = None;
                Some(std::mem::take(&mut self.draft))
            }
        }
    }

    /// Somebody has changed the text.
    pub(in crate::explore) fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_begin_alike_come_back_and_at_last_the_own_text() {
        let mut history = History::default();
        for line in ["next hop", "break failed", "next failed", "next hop", " "] {
            history.keep(line);
        }
        let mut browsing = Browsing::default();
        assert_eq!(browsing.earlier(&history, "next").as_deref(), Some("next hop"));
        assert_eq!(browsing.earlier(&history, "next hop").as_deref(), Some("next failed"));
        assert_eq!(browsing.earlier(&history, "next failed"), None);
        assert_eq!(browsing.later(&history).as_deref(), Some("next hop"));
        assert_eq!(browsing.later(&history).as_deref(), Some("next"));
        assert_eq!(browsing.later(&history), None);
    }

    #[test]
    fn only_so_many_lines_are_kept() {
        let mut history = History::default();
        for number in 0..1_000 {
            history.keep(&format!("event {number}"));
        }
        assert_eq!(history.0.len(), LINES_MAX);
        assert_eq!(Browsing::default().earlier(&history, "").as_deref(), Some("event 999"));
    }
}
