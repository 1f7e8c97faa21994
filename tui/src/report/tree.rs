//! Trees of reasons: lines drawn between steps, wrapped to the width of the terminal.

use std::io::{self, Write};

use meshwalk_models::explain::{Explanation, FOUND, Fact, Fidelity, RuleId, WANTED, rules};

use crate::terminal::{Charset, Look, Paint};

use super::places::Places;

/// How far lines are kept apart from the left edge at most; deeper steps wrap in what is left.
const TEXT_WIDTH_MIN: usize = 30;

/// The strokes of one character set.
struct Strokes {
    branch: &'static str,
    last: &'static str,
    pass: &'static str,
}

const UNICODE: Strokes = Strokes { branch: "├─ ", last: "└─ ", pass: "│  " };
const ASCII: Strokes = Strokes { branch: "+- ", last: "`- ", pass: "|  " };

/// Prints `steps`, each with its facts, its place and the steps below it.
pub(super) fn print(
    out: &mut dyn Write,
    steps: &[Explanation],
    places: Places<'_>,
    look: &Look,
) -> io::Result<()> {
    let strokes = match look.charset {
        Charset::Unicode => &UNICODE,
        Charset::Ascii => &ASCII,
    };
    Printer { out, places, look, strokes }.steps(steps, "")
}

struct Printer<'p> {
    out: &'p mut dyn Write,
    places: Places<'p>,
    look: &'p Look,
    strokes: &'static Strokes,
}

impl Printer<'_> {
    fn steps(&mut self, steps: &[Explanation], indent: &str) -> io::Result<()> {
        let mut rest = steps;
        while let Some((step, behind)) = rest.split_first() {
            // Chains and hosts that are alike in every word are told once.
            let alike = behind.iter().take_while(|other| is_bare(step) && *other == step).count();
            rest = &behind[alike..];
            let is_last = rest.is_empty();
            let (stroke, pass) = if is_last {
                (self.strokes.last, "   ")
            } else {
                (self.strokes.branch, self.strokes.pass)
            };
            let below = format!("{indent}{pass}");
            let first = format!("{indent}{stroke}");
            let under = if step.because.is_empty() { "   " } else { self.strokes.pass };
            self.node((step, alike + 1), &first, &below, &format!("{below}{under}"))?;
            self.steps(&step.because, &below)?;
        }
        Ok(())
    }

    /// One step: its sentence behind `first`, further lines behind `below`, facts behind `under`.
    fn node(
        &mut self,
        (step, times): (&Explanation, usize),
        first: &str,
        below: &str,
        under: &str,
    ) -> io::Result<()> {
        let mut text = step.finding.clone();
        if times > 1 {
            text.push_str(&format!(" ({times} times)"));
        }
        if let Some(badge) = badge(step.rule) {
            text.push_str(&format!(" [{badge}]"));
        }
        let place = step.origin.map(|origin| self.places.show(origin));
        let lines = wrap(&text, self.width(first));
        let count = lines.len();
        for (index, line) in lines.iter().enumerate() {
            let lead = if index == 0 { first } else { below };
            match place.as_ref().filter(|_| index + 1 == count) {
                None => writeln!(self.out, "{lead}{line}")?,
                Some(place) => {
                    let fits = line.chars().count() + 2 + place.chars().count() <= self.width(lead);
                    let place = self.look.paint(Paint::Faint, place);
                    if fits {
                        writeln!(self.out, "{lead}{line}  {place}")?;
                    } else {
                        writeln!(self.out, "{lead}{line}\n{below}  {place}")?;
                    }
                }
            }
        }
        let facts = untold(step).map(|fact| format!("{} {}", fact.name, fact.value));
        let facts: Vec<_> = facts.collect();
        if facts.is_empty() {
            return Ok(());
        }
        let facts = facts.join(", ");
        for line in wrap(&facts, self.width(under)) {
            writeln!(self.out, "{under}{}", self.look.paint(Paint::Faint, &line))?;
        }
        Ok(())
    }

    fn width(&self, lead: &str) -> usize {
        self.look.width.saturating_sub(lead.chars().count()).max(TEXT_WIDTH_MIN)
    }
}

/// Whether nothing stands below a step.
fn is_bare(step: &Explanation) -> bool {
    step.because.is_empty() && untold(step).next().is_none()
}

/// The facts that the sentence of a step does not tell: what a clause found and wanted, it does.
fn untold(step: &Explanation) -> impl Iterator<Item = &Fact> {
    step.facts.iter().filter(|fact| ![FOUND, WANTED].contains(&fact.name))
}

/// What to keep in mind about a rule: nothing if it is exact.
pub(crate) fn badge(rule: RuleId) -> Option<&'static str> {
    // The catalogue is in the order of ids, but in families; it is short enough to walk.
    let rule = rules().find(|known| known.id == rule)?;
    match rule.fidelity {
        Fidelity::Exact => None,
        Fidelity::Simplified => Some("simplified"),
        Fidelity::Assumed => Some("assumed"),
    }
}

/// Breaks `text` at spaces into lines of at most `width` characters; longer words stand alone.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        let length = line.chars().count();
        if length == 0 {
            line.push_str(word);
        } else if length + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use meshwalk_models::manifest::SourceSet;
    use meshwalk_models::world::Origin;

    use super::*;

    fn step(finding: &str, because: Vec<Explanation>) -> Explanation {
        Explanation {
            rule: RuleId("k8s.dns.name"),
            finding: finding.to_owned(),
            facts: Vec::new(),
            origin: None,
            because,
        }
    }

    fn drawn(steps: &[Explanation], look: &Look) -> String {
        let sources = SourceSet::new();
        let mut out = Vec::new();
        print(&mut out, steps, Places::new(&sources), look).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    fn example() -> Vec<Explanation> {
        let mut passed = step("rule 1 passed over: header x-user differs", Vec::new());
        passed.facts = vec![
            Fact { name: "header", value: "x-user".to_owned() },
            Fact { name: WANTED, value: "jane".to_owned() },
        ];
        let mut taken = step("rule 2 taken", Vec::new());
        taken.origin = Some(Origin::Default("istio.x"));
        vec![step("virtual host checkout", vec![passed, taken]), step("cluster v2", Vec::new())]
    }

    #[test]
    fn lines_lead_from_each_step_to_those_below() {
        insta::assert_snapshot!(drawn(&example(), &Look::PLAIN), @r"
        ├─ virtual host checkout
        │  ├─ rule 1 passed over: header x-user differs
        │  │     header x-user
        │  └─ rule 2 taken  default istio.x
        └─ cluster v2
        ");
    }

    #[test]
    fn lines_that_are_alike_are_told_once() {
        let alike = step("chain a is passed over", Vec::new());
        let steps = [alike.clone(), alike.clone(), alike, step("chain b takes it", Vec::new())];
        insta::assert_snapshot!(drawn(&steps, &Look::PLAIN), @r"
        ├─ chain a is passed over (3 times)
        └─ chain b takes it
        ");
    }

    #[test]
    fn seven_bits_and_few_columns_are_enough() {
        let look = Look { charset: Charset::Ascii, width: 30, ..Look::PLAIN };
        let text = drawn(&example(), &look);
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("|  +- rule 1 passed over: header"), "{text}");
        assert!(text.contains("|  |  x-user differs"), "{text}");
    }

    #[test]
    fn a_word_that_is_too_long_stands_alone() {
        assert_eq!(wrap("a bb ccccccccc d", 5), ["a bb", "ccccccccc", "d"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
