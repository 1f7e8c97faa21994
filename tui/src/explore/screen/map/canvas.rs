//! Lines of a layout as characters: single for what is not encrypted, double for what is. Which
//! edge is drawn how is told from outside.

use std::collections::BTreeMap;

use crate::explore::look::Glyphs;

use super::plan::Layout;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    Single,
    Double,
}

/// What a cell holds of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ink {
    /// Towards north, east, south and west.
    arms: [Option<Stroke>; 4],
    /// The edge that goes through it horizontally, or ends there; and the one that goes through it
    /// vertically.
    pub(super) edges: [Option<usize>; 2],
}

const NORTH: usize = 0;
const EAST: usize = 1;
const SOUTH: usize = 2;
const WEST: usize = 3;

/// All cells with lines.
pub(super) fn ink(
    layout: &Layout,
    stroke: impl Fn(usize) -> Stroke,
) -> BTreeMap<(usize, usize), Ink> {
    let mut cells: BTreeMap<(usize, usize), Ink> = BTreeMap::new();
    for (edge, route) in layout.routes.iter().enumerate() {
        let stroke = Some(stroke(edge));
        // The ends lead on to the boxes.
        for (end, arm) in [(route.corners.first(), WEST), (route.corners.last(), EAST)] {
            if let Some(cell) = end {
                let ink = cells.entry(*cell).or_default();
                ink.arms[arm] = stroke;
                ink.edges[0] = Some(edge);
            }
        }
        for pair in route.corners.windows(2) {
            let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
            for x in x0.min(x1)..x0.max(x1) {
                mark(&mut cells, [((x, y0), EAST), ((x + 1, y0), WEST)], (edge, 0), stroke);
            }
            for y in y0.min(y1)..y0.max(y1) {
                mark(&mut cells, [((x0, y), SOUTH), ((x0, y + 1), NORTH)], (edge, 1), stroke);
            }
        }
    }
    cells
}

fn mark(
    cells: &mut BTreeMap<(usize, usize), Ink>,
    arms: [((usize, usize), usize); 2],
    (edge, axis): (usize, usize),
    stroke: Option<Stroke>,
) {
    for (cell, arm) in arms {
        let ink = cells.entry(cell).or_default();
        ink.arms[arm] = stroke;
        ink.edges[axis] = Some(edge);
    }
}

impl Ink {
    /// Its character.
    pub(super) fn glyph(&self, glyphs: Glyphs) -> &'static str {
        let is = |arm: usize| self.arms[arm].is_some();
        let (vertical, horizontal) = (is(NORTH) || is(SOUTH), is(EAST) || is(WEST));
        let bends = vertical && horizontal && self.edges[0] == self.edges[1];
        if glyphs == Glyphs::Ascii {
            return match (bends, vertical) {
                (true, _) => "+",
                // Where two lines cross, the vertical one passes above.
                (false, true) => "|",
                (false, false) if self.stroke(EAST, WEST) == Stroke::Double => "=",
                (false, false) => "-",
            };
        }
        let across = self.stroke(EAST, WEST);
        let down = self.stroke(NORTH, SOUTH);
        let is_double = across == Stroke::Double;
        match (is(NORTH), is(EAST), is(SOUTH), is(WEST)) {
            (true, true, true, true) => match (across, down) {
                (Stroke::Single, Stroke::Single) => "┼",
                (Stroke::Single, Stroke::Double) => "╫",
                (Stroke::Double, Stroke::Single) => "╪",
                (Stroke::Double, Stroke::Double) => "╬",
            },
            (false, true, true, false) => ["┌", "╔"][usize::from(is_double)],
            (false, false, true, true) => ["┐", "╗"][usize::from(is_double)],
            (true, true, false, false) => ["└", "╚"][usize::from(is_double)],
            (true, false, false, true) => ["┘", "╝"][usize::from(is_double)],
            (_, false, _, false) => ["│", "║"][usize::from(down == Stroke::Double)],
            _ => ["─", "═"][usize::from(is_double)],
        }
    }

    fn stroke(&self, one: usize, other: usize) -> Stroke {
        self.arms[one].or(self.arms[other]).unwrap_or(Stroke::Single)
    }
}
