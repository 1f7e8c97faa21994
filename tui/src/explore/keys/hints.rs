//! The hints of the footer with the keys that are bound to them.

use super::bindings::Bindings;
use crate::explore::action::{HINTS, Id, When};
use crate::explore::screen::Screen;

/// A hint as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) struct ShownHint {
    /// The keys, such as `h/l`.
    pub(in crate::explore) keys: String,
    /// What they do.
    pub(in crate::explore) word: &'static str,
    /// What a click on it does.
    pub(in crate::explore) id: Id,
}

/// The hints for `screen` when `holds` is what holds, the most important first. An action
/// without a key has none.
pub(in crate::explore) fn hints(
    bindings: &Bindings,
    screen: Screen,
    holds: &[When],
) -> Vec<ShownHint> {
    let here = HINTS.iter().filter(|hint| hint.counts(screen, holds));
    let shown = here.filter_map(|hint| {
        let keys = hint.ids.iter().filter_map(|id| bindings.keys_of(*id).into_iter().next());
        let keys = keys.collect::<Vec<_>>().join("/");
        // The last of a pair goes forward.
        let id = *hint.ids.last()?;
        (!keys.is_empty()).then_some(ShownHint { keys, word: hint.word, id })
    });
    shown.collect()
}
