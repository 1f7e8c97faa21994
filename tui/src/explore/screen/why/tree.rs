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
    let is_decided = |at: &usize| all[*at].origin.is_some_and(|it| decisive.contains(&it));
    let pointed = root.filter(is_decided).and_then(|root| near_before(all, root));
    let mut writer = Writer {
        decisive,
        is_turned_over,
        rows: Rows::default(),
        weight: (false, false, false),
        is_below_decisive: false,
        pointed,
    };
    writer.siblings(all, "", 0, root);
    writer.rows
}

/// Of the steps before a root without reasons of its own that are like the last of them (routes that
/// are passed over), the last near miss.
fn near_before(all: &[Explanation], root: usize) -> Option<usize> {
    let rule = all[..root].last().filter(|_| all[root].because.is_empty())?.rule;
    let alike = all[..root].iter().enumerate().rev().take_while(|(_, step)| step.rule == rule);
    alike.filter(|(_, step)| near(step).is_some()).map(|(at, _)| at).next()
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
    /// Whether the step above those that are written decided.
    is_below_decisive: bool,
    /// The outermost step to look at in the place of the root.
    pointed: Option<usize>,
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
            let first = self.rows.items.len();
            self.step(step, (key, depth), times, opens);
            let is_pointed = |pointed| depth == 0 && (at..at + times).contains(&pointed);
            if self.pointed.is_some_and(is_pointed) {
                self.rows.decides = first;
            }
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
        let is_root = depth == 0 && opens && self.pointed.is_none();
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
        let matters = decides || (self.is_below_decisive && near.is_some());
        let weight = (matters, is_misfit, near.is_some());
        let is_it = matters && depth > 0 && weight >= self.weight;
        if is_root || is_it {
            self.rows.decides = self.rows.items.len();
        }
        if is_it {
            self.weight = weight;
        }
        self.rows.items.push(item);
        if is_open {
            let before = std::mem::replace(&mut self.is_below_decisive, decides);
            self.siblings(&step.because, &format!("{key}."), depth + 1, None);
            self.is_below_decisive = before;
        }
    }
}

/// Where the words begin that tell what stands below a near miss.
const TOLD_BELOW: [&str; 6] = [
    "; the first: ",
    ": podSelector: ",
    ": namespaceSelector: ",
    ": it means pods of namespace ",
    ": the port is not among ",
    ": wanted ",
];

/// What a step found; of a near miss without the values, which stand below it.
fn shortened(step: &Explanation, near: Option<&Near>) -> String {
    let Some(near) = near else { return step.finding.clone() };
    let told = TOLD_BELOW.iter().filter_map(|words| step.finding.find(words)).min();
    let found = format!(" is {}", near.found);
    let cut = told.or_else(|| step.finding.find(&found));
    let cut = cut.or_else(|| step.finding.find(near.wanted.as_str()));
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
        let room = "found  ".len() + from;
        // A narrow pane cuts off what stands far right.
        let marked = match near.why.len() < room {
            true => format!("{:>width$} {marks}", near.why, width = room - 1),
            false => format!("{}{marks} {}", " ".repeat(room), near.why),
        };
        lines.push((Role::Text, format!("found  {}", near.found)));
        lines.push((Role::Warn, marked));
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

#[cfg(test)]
mod tests {
    use meshwalk_models::explain::{Fact, RuleId};

    use super::*;

    fn step(rule: &'static str, origin: &'static str, because: Vec<Explanation>) -> Explanation {
        let origin = Some(Origin::Default(origin));
        Explanation {
            rule: RuleId(rule),
            finding: origin_text(origin),
            facts: Vec::new(),
            origin,
            because,
        }
    }

    fn origin_text(origin: Option<Origin>) -> String {
        format!("{origin:?}")
    }

    fn near_miss(mut step: Explanation) -> Explanation {
        for (name, value) in [(FOUND, "x-user: (missing)"), (WANTED, "x-user: jane")] {
            step.facts.push(Fact { name, value: value.to_owned() });
        }
        step
    }

    fn decides(steps: &[Explanation], decisive: &'static str) -> usize {
        let lines = BTreeSet::from([Origin::Default(decisive)]);
        rows_of(steps, lines, &|_| false).decides
    }

    #[test]
    fn of_routes_that_are_passed_over_the_near_miss_is_looked_at() {
        let passed = |origin| step("envoy.route.passed-over", origin, Vec::new());
        let none = || step("envoy.route.no-match", "host", Vec::new());
        let before = step("envoy.route.domain", "host", Vec::new());
        let all = [before, near_miss(passed("one")), passed("two"), none()];
        assert_eq!(decides(&all, "host"), 1);
        let none_near = [passed("one"), passed("two"), none()];
        assert_eq!(decides(&none_near, "host"), 2, "nothing is near");
        assert_eq!(decides(&all, "elsewhere"), 3, "the host did not decide");
    }

    #[test]
    fn a_near_miss_below_what_decided_is_looked_at_and_one_elsewhere_is_not() {
        let rule = |origin| near_miss(step("network.peer", origin, Vec::new()));
        let policy = step("network.isolation", "isolates", vec![rule("its peer")]);
        let other = step("network.isolation", "other", vec![rule("another peer")]);
        let all = [step("network.both-ends", "end", vec![policy, other])];
        let rows = rows_of(&all, BTreeSet::from([Origin::Default("isolates")]), &|_| false);
        let row = &rows.items[rows.decides];
        assert_eq!(row.origin, Some(Origin::Default("its peer")));
        assert!(row.below.iter().any(|(_, text)| text.contains("it is missing ^^^^^^^^^")));
    }
}
