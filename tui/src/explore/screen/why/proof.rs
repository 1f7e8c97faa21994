//! The proof of a row: its rule with its source and test, and its line in the user's own files.

use meshwalk_models::world::Origin;
use ratatui::text::{Line, Span};

use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;
use crate::explore::wording::{fidelity_word, rule};

use super::excerpt::{ExcerptLine, excerpt};
use super::item::{Item, broken};

/// How many lines of a file are told in sentences.
const TOLD_LINES: usize = 1;

/// The rule of a row, in sentences.
pub(super) fn of_rule(item: &Item) -> Vec<String> {
    let Some(id) = item.rule else { return Vec::new() };
    let Some(rule) = rule(id) else { return vec![format!("rule {}, which is not listed", id.0)] };
    vec![
        format!("rule {}: {}", rule.id.0, rule.sentence),
        format!("fidelity {}, proved by the test {}", fidelity_word(rule.fidelity), rule.test),
        format!("source: {}", rule.source),
    ]
}

/// The proof of a row in sentences.
pub(super) fn sentences(scene: &Scene<'_>, item: &Item) -> Vec<String> {
    let mut all = of_rule(item);
    match item.origin {
        Some(Origin::Manifest(place) | Origin::Scenario(place)) => {
            let (name, lines) = excerpt(&scene.session.sources, place, TOLD_LINES);
            let lines = lines.into_iter().map(|line| line.text.trim().to_owned());
            all.push(format!("{name}:{} says: {}", place.line, lines.collect::<String>()));
        }
        Some(Origin::Default(name)) => all.push(format!("set by the default {name}")),
        Some(Origin::Assumed(sentence)) => all.push(format!("assumed: {sentence}")),
        None => {}
    }
    all
}

/// The proof of a row in lines of a width, at most so many.
pub(super) fn lines(
    scene: &Scene<'_>,
    item: Option<&Item>,
    (width, height): (usize, usize),
) -> Vec<Line<'static>> {
    let Some(item) = item else { return Vec::new() };
    let look = scene.look;
    let styled = |role, text: String| Line::from(Span::styled(text, look.style(role)));
    let mut all: Vec<Line<'static>> = Vec::new();
    // The rule takes less than half where a file is to be shown.
    let has_file = matches!(item.origin, Some(Origin::Manifest(_) | Origin::Scenario(_)));
    let most = if has_file { height / 2 } else { height };
    for (at, sentence) in of_rule(item).into_iter().enumerate() {
        let role = if at == 0 { Role::Info } else { Role::Dim };
        let lines = broken(&sentence, width);
        // A sentence that would be cut is left out; the rule itself is always there.
        if at > 0 && all.len() + lines.len() > most {
            break;
        }
        all.extend(lines.into_iter().take(most.max(1)).map(|text| styled(role, text)));
    }
    match item.origin {
        Some(Origin::Manifest(place) | Origin::Scenario(place)) => {
            let rest = height.saturating_sub(all.len() + 1);
            let (name, excerpt) = excerpt(&scene.session.sources, place, rest);
            all.push(styled(Role::Title, format!("{name}:{}", place.line)));
            all.extend(excerpt.iter().map(|line| excerpt_line(scene, line, width)));
        }
        Some(Origin::Default(name)) => {
            all.push(styled(Role::Dim, format!("set by the default {name}, in no file")));
        }
        Some(Origin::Assumed(sentence)) => {
            all.push(styled(Role::Dim, format!("assumed: {sentence}")));
        }
        None if all.is_empty() => {
            all.push(styled(Role::Dim, "nothing in a file makes it so".to_owned()));
        }
        None => {}
    }
    all
}

/// A line of a file with its number; what is meant stands between marks, so that it is seen
/// without colours too.
fn excerpt_line(scene: &Scene<'_>, line: &ExcerptLine, width: usize) -> Line<'static> {
    let look = scene.look;
    let mark = if line.marked.is_some() { look.sign(Sign::Cursor) } else { " " };
    let number = format!("{mark}{:>4} {} ", line.number, look.sign(Sign::Bar));
    let room = width.saturating_sub(number.chars().count());
    let chars: Vec<char> = line.text.chars().collect();
    let Some((from, to)) = line.marked.filter(|(from, _)| *from < chars.len()) else {
        let text: String = chars.iter().take(room).collect();
        return Line::from(vec![
            Span::styled(number, look.style(Role::Dim)),
            Span::styled(text, look.style(Role::Dim)),
        ]);
    };
    // A long line is cut so that what is meant can be seen; a sign says where something is left out.
    let start = if to > room { from.saturating_sub(room / 4) } else { 0 };
    let cut = if start > 0 { look.sign(Sign::Ellipsis) } else { "" };
    let more = if chars.len() - start > room { look.sign(Sign::Ellipsis) } else { "" };
    let (first, last) = (start + cut.chars().count(), start + room - more.chars().count());
    let part = |from: usize, to: usize| -> String {
        let from = from.max(first);
        let end = to.min(chars.len()).min(last).max(from);
        chars.get(from..end).unwrap_or_default().iter().collect()
    };
    Line::from(vec![
        Span::styled(format!("{number}{cut}"), look.style(Role::Text)),
        Span::styled(part(start, from), look.style(Role::Text)),
        Span::styled(part(from, to), look.style(Role::Found)),
        Span::styled(format!("{}{more}", part(to, chars.len())), look.style(Role::Text)),
    ])
}
