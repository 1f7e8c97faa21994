//! The way of a request as a strip of boxes: names, nodes, entries, and what lies between. How it
//! is laid out in cells is decided here, and styles in `draw`.

use meshwalk_models::path::Protection;

use crate::explore::frame::fit::fit;
use crate::explore::hop::{Decides, Heading, Hop, HopLeg, Known, LegFate, Moves, Stop};
use crate::explore::look::{Look, Sign};
use crate::explore::wording::{SpotPart, Words};

/// A box of the strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BoxCell {
    /// Its name in few letters.
    pub(super) name: String,
    /// The node that it runs on.
    pub(super) node: String,
    /// Its entries: `e02..e05`, in brackets if all of them are yet to come.
    pub(super) entries: String,
    /// Whether the message is there, or has just left.
    pub(super) here: bool,
    /// Whether somebody decides there.
    pub(super) decides: bool,
}

/// What lies between two boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LegCell {
    /// `plain`, `mTLS`, `HBONE`; with a question mark where only the plan says so.
    pub(super) word: String,
    /// Whether the bytes are encrypted.
    pub(super) encrypted: Option<bool>,
    /// Whether something was cut here.
    pub(super) fate: LegFate,
    /// Whether the message is on it, and which way it goes.
    pub(super) carries: Option<Heading>,
}

/// The boxes of a hop.
pub(super) fn boxes(
    words: &Words<'_>,
    hop: &Hop,
    cursor: meshwalk_sim::timeline::EventId,
) -> Vec<BoxCell> {
    let cell = |(place, stop): (usize, &Stop)| BoxCell {
        name: name(words, stop),
        node: stop.spot.and_then(|spot| words.node(spot.pod)).map_or("", |it| it.0).to_owned(),
        entries: match stop.entries {
            None => "-".to_owned(),
            Some((first, last)) if first == last && first > cursor => {
                format!("({})", first.dense_name())
            }
            Some((first, last)) if first > cursor => {
                format!("({}..{})", first.dense_name(), last.dense_name())
            }
            Some((first, last)) if first == last => first.dense_name(),
            Some((first, last)) => format!("{}..{}", first.dense_name(), last.dense_name()),
        },
        here: hop.here.is_some_and(|here| here.stop == place),
        decides: stop.decides == Decides::Yes,
    };
    hop.stops.iter().enumerate().map(cell).collect()
}

fn name(words: &Words<'_>, stop: &Stop) -> String {
    match stop.spot {
        None => "not chosen".to_owned(),
        Some(spot) => match spot.part {
            SpotPart::Sidecar | SpotPart::Ztunnel | SpotPart::Gateway => {
                spot.part.word().to_owned()
            }
            SpotPart::App | SpotPart::Waypoint | SpotPart::Kernel => words.pod(spot.pod),
        },
    }
}

/// The legs of a hop.
pub(super) fn legs(hop: &Hop) -> Vec<LegCell> {
    let cell = |(place, leg): (usize, &HopLeg)| LegCell {
        word: word(leg),
        encrypted: leg.protection.map(|it| it != Protection::Plaintext),
        fate: leg.fate,
        carries: hop.here.filter(|here| here.moves == Moves::Onward).and_then(|here| {
            let over = match here.heading {
                Heading::There => Some(here.stop),
                Heading::Back => here.stop.checked_sub(1),
            };
            (over == Some(place)).then_some(here.heading)
        }),
    };
    hop.legs.iter().enumerate().map(cell).collect()
}

fn word(leg: &HopLeg) -> String {
    let word = match leg.protection {
        None => return "?".to_owned(),
        Some(Protection::Plaintext) => "plain",
        Some(it) => it.word(),
    };
    // What the log has not told yet is the plan's word.
    match leg.known {
        Known::Planned => format!("{word}~"),
        Known::Recorded | Known::InPod | Known::NotYet => word.to_owned(),
    }
}

/// The least cells of an arrow.
const ARROW_MIN: usize = 6;
/// The widest arrow.
const ARROW_MAX: usize = 16;
/// The least cells of a box, its frame included.
const BOX_MIN: usize = 6;

/// How wide each box, with its frame, and each arrow is, in so many cells; nothing where not even
/// the least fits.
pub(super) fn widths(boxes: &[BoxCell], width: usize) -> Option<(Vec<usize>, usize)> {
    let gaps = boxes.len().saturating_sub(1);
    let wanted = |cell: &BoxCell| {
        let name = cell.name.chars().count() + 2;
        (name + 2).max(cell.entries.chars().count()).max(BOX_MIN)
    };
    let mut boxes: Vec<usize> = boxes.iter().map(wanted).collect();
    let arrow = |total: usize| (width.checked_sub(total)).map(|rest| rest / gaps.max(1));
    loop {
        let total: usize = boxes.iter().sum();
        match arrow(total) {
            Some(each) if each >= ARROW_MIN || gaps == 0 => {
                return Some((boxes, each.min(ARROW_MAX)));
            }
            _ => {}
        }
        let widest = boxes.iter_mut().max()?;
        if *widest <= BOX_MIN {
            return None;
        }
        *widest -= 1;
    }
}

/// An arrow of so many cells.
pub(super) fn arrow(leg: &LegCell, width: usize, look: &Look) -> String {
    let sign = match leg.encrypted {
        Some(true) => look.sign(Sign::Encrypted),
        Some(false) => look.sign(Sign::Plain),
        None => return format!("{:^width$}", look.sign(Sign::Unknown)),
    };
    let one: String = sign.chars().take(1).collect();
    let mut cells: Vec<String> = vec![one; width.saturating_sub(1)];
    let head = match leg.carries {
        Some(Heading::Back) => {
            cells.insert(0, look.sign(Sign::Left).to_owned());
            None
        }
        _ => Some(look.sign(Sign::Right).to_owned()),
    };
    cells.extend(head);
    if leg.carries.is_some() {
        let middle = width / 2;
        cells[middle] = look.sign(Sign::Here).to_owned();
    }
    if leg.fate != LegFate::Whole {
        let middle = width / 2;
        cells[middle] = look.sign(Sign::Dropped).to_owned();
    }
    cells.concat()
}

/// `text` in at most `width` cells.
pub(in crate::explore::screen) fn fitted(text: &str, width: usize, look: &Look) -> String {
    fit(text, width, look.sign(Sign::Ellipsis))
}
