//! What the run knows by name: the words that complete a command, and the judges of conditions.
//! It is gathered by whoever holds the run; here it is only looked up.

/// Whether a text is right; the error is what is wrong, as a fragment.
pub(in crate::explore) type Check<'a> = dyn Fn(&str) -> Result<(), String> + 'a;

/// The words of a run at a moment.
pub(in crate::explore) struct Words<'a> {
    /// The services.
    pub(in crate::explore) services: &'a [String],
    /// The pods.
    pub(in crate::explore) pods: &'a [String],
    /// The steps of the log.
    pub(in crate::explore) steps: &'a [&'static str],
    /// What conditions may name, each with what it is.
    pub(in crate::explore) variables: &'a [(&'static str, &'static str)],
    /// The letters of the marks.
    pub(in crate::explore) marks: &'a [char],
    /// Stable names of events near the cursor.
    pub(in crate::explore) events: &'a [String],
    /// Judges a condition.
    pub(in crate::explore) check: &'a Check<'a>,
    /// Judges a search.
    pub(in crate::explore) check_search: &'a Check<'a>,
}

#[cfg(test)]
pub(in crate::explore) mod testing {
    use super::Words;

    /// A few words; a condition is right when its brackets close.
    pub(in crate::explore) fn with_words<T>(look: impl FnOnce(&Words<'_>) -> T) -> T {
        let check = |text: &str| {
            let opened = text.matches('(').count();
            let closed = text.matches(')').count();
            if opened == closed { Ok(()) } else { Err("a bracket is not closed".to_owned()) }
        };
        let strings = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        look(&Words {
            services: &strings(&["shop/cart", "shop/catalog"]),
            pods: &strings(&["shop/cart-0"]),
            steps: &["answered", "attempt_began", "timed_out"],
            variables: &[("decision", "a decision"), ("failed", "a failure"), ("status", "HTTP")],
            marks: &['a', 'k'],
            events: &strings(&["shoppers#1/0/try0/step0", "shoppers#1/0/try0/step1"]),
            check: &check,
            check_search: &check,
        })
    }
}
