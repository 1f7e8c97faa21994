//! The tree of reasons as rows that fold: at first, what led to the verdict is unfolded.

use std::collections::BTreeSet;

use meshwalk_models::explain::{Explanation, FOUND, WANTED};
use meshwalk_models::walk::Answer;
use meshwalk_models::world::Origin;

use crate::explore::look::{Role, Sign};
use crate::report::tree::badge;

use super::item::{Fold, FoldState, Item};
use super::near::{Near, near};

/// The rows of a tree, and which of them is the decision.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// In the order of evaluation.
    pub(super) items: Vec<Item>,
    /// The place of the row that decided.
    pub(super) decides: usize,
}

/// The rows of an answer's tree. `is_turned_over` says which of them somebody folded or unfolded.
pub(super) fn rows(answer: &Answer, is_turned_over: &dyn Fn(&str) -> bool) -> Rows {
    let by = answer.enforced_by.iter().flat_map(|by| &by.origins).copied();
    rows_of(&answer.because, by.collect(), is_turned_over)
}

/// The rows of steps of which those with a `decisive` line decided.
pub(super) fn rows_of(
    all: &[Explanation],
    decisive: BTreeSet<Origin>,
    is_turned_over: &dyn Fn(&str) -> bool,
) -> Rows {
    let leads = |step: &Explanation| leads_to(step, &decisive);
    let has_reasons = |step: &Explanation| !step.because.is_empty();
    // What has reasons of its own decided; what stands alone is a note.
    let root = all.iter().rposition(|step| leads(step) && has_reasons(step));
    let root = root.or_else(|| all.iter().rposition(leads));
    let root = root.or_else(|| all.iter().rposition(has_reasons)).or(all.len().checked_sub(1));
    let mut writer =
        Writer { decisive, is_turned_over, rows: Rows::default(), weight: (false, false, false) };
    writer.siblings(all, "", 0, root);
    writer.rows
}

/// Whether a step, or one below it, goes by one of these lines.
fn leads_to(step: &Explanation, decisive: &BTreeSet<Origin>) -> bool {
    let own = step.origin.is_some_and(|origin| decisive.contains(&origin));
    own || step.because.iter().any(|below| leads_to(below, decisive))
}

struct Writer<'w> {
    decisive: BTreeSet<Origin>,
    is_turned_over: &'w dyn Fn(&str) -> bool,
    rows: Rows,
    /// Of the row that decided so far: whether it did, is a clause that does not fit, and nearly
    /// does.
    weight: (bool, bool, bool),
}

impl Writer<'_> {
    /// Steps side by side; of the outermost ones, the one at `root` led to the verdict.
    fn siblings(&mut self, steps: &[Explanation], above: &str, depth: usize, root: Option<usize>) {
        let mut at = 0;
        while at < steps.len() {
            let step = &steps[at];
            let is_bare = step.because.is_empty();
            let alike = steps[at + 1..].iter().take_while(|other| is_bare && *other == step);
            let times = alike.count() + 1;
            let key = format!("{above}{at}");
            let opens = match root {
                Some(root) => at == root,
                None => leads_to(step, &self.decisive),
            };
            self.step(step, (key, depth), times, opens);
            at += times;
        }
    }

    fn step(
        &mut self,
        step: &Explanation,
        (key, depth): (String, usize),
        times: usize,
        opens: bool,
    ) {
        let is_open = opens != (self.is_turned_over)(&key);
        let near = near(step);
        let is_misfit = step.facts.iter().any(|fact| fact.name == FOUND);
        let is_root = depth == 0 && opens;
        let decides = step.origin.is_some_and(|origin| self.decisive.contains(&origin));
        let mut text = shortened(step, near.as_ref());
        if times > 1 {
            text.push_str(&format!(" ({times} times)"));
        }
        if let Some(badge) = badge(step.rule) {
            text.push_str(&format!(" [{badge}]"));
        }
        let mut item = Item::new(if decides { Role::Text } else { Role::Dim }, text)
            .from(step.origin)
            .by(step.rule);
        item.depth = depth;
        item.below = below(step, near.as_ref());
        item.sign = is_misfit.then_some(Sign::Bad);
        if !step.because.is_empty() {
            let state = if is_open { FoldState::Open } else { FoldState::Closed };
            item.fold = Some(Fold { key: key.clone(), state });
        }
        // A clause that does not fit is the row to look at, before all one that nearly does;
        // without one, the last that decided.
        let weight = (decides, is_misfit, near.is_some());
        let is_it = decides && depth > 0 && weight >= self.weight;
        if is_root || is_it {
            self.rows.decides = self.rows.items.len();
        }
        if is_it {
            self.weight = weight;
        }
        self.rows.items.push(item);
        if is_open {
            self.siblings(&step.because, &format!("{key}."), depth + 1, None);
        }
    }
}

/// What a step found; of a near miss without the values, which stand below it.
fn shortened(step: &Explanation, near: Option<&Near>) -> String {
    let Some(near) = near else { return step.finding.clone() };
    let found = format!(" is {}", near.found);
    let cut = step.finding.find(&found).or_else(|| step.finding.find(near.wanted.as_str()));
    let text = cut.map_or(step.finding.as_str(), |at| &step.finding[..at]);
    text.trim_end().to_owned()
}

/// What was looked at, and for a near miss the token that differs. Of other clauses the sentence
/// says what was compared.
fn below(step: &Explanation, near: Option<&Near>) -> Vec<(Role, String)> {
    let mut lines: Vec<(Role, String)> = Vec::new();
    for fact in step.facts.iter().filter(|fact| ![FOUND, WANTED].contains(&fact.name)) {
        lines.push((Role::Dim, format!("{} {}", fact.name, fact.value)));
    }
    if let Some(near) = near {
        let (from, to) = near.differs;
        let marks = "^".repeat((to - from).max(1));
        let blank = " ".repeat("found  ".len() + from);
        lines.push((Role::Text, format!("found  {}", near.found)));
        lines.push((Role::Warn, format!("{blank}{marks} {}", near.why())));
        lines.push((Role::Text, format!("wanted {}", near.wanted)));
        return lines;
    }
    let untold = |value: &str| !step.finding.contains(value);
    for fact in step.facts.iter().filter(|fact| untold(&fact.value)) {
        match fact.name {
            FOUND => lines.push((Role::Text, format!("found  {}", fact.value))),
            WANTED => lines.push((Role::Text, format!("wanted {}", fact.value))),
            _ => {}
        }
    }
    lines
}
