//! Where the boxes of a graph stand and how its lines run, in cells of a terminal: boxes in layers
//! from left to right, each edge with a row of its own at both of its ends, lines of right angles
//! between the layers. It knows nothing of what boxes and edges mean, and draws nothing.
//!
//! Laws: no box touches another, no line enters a box, and two lines share no cell unless they
//! cross in it at a right angle.

mod channel;
mod order;
mod rank;
#[cfg(test)]
mod tests;

use order::{Item, Layers};

/// A graph of boxes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    /// How wide each box is, borders included.
    pub(super) widths: Vec<usize>,
    /// From which box to which.
    pub(super) edges: Vec<(usize, usize)>,
    /// Beside the lines.
    pub(super) margins: Margins,
}

/// Cells beside the lines between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Margins {
    /// Between a box and the first line beside it.
    pub(super) left: usize,
    /// Between the last line and the next box, where an arrow and the number of a call find room;
    /// at least one, for the arrow.
    pub(super) right: usize,
}

impl Default for Margins {
    fn default() -> Self {
        Self { left: 1, right: 4 }
    }
}

/// A box: its upper left cell and its size, borders included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Place {
    /// Of a box that stands outside of the layout.
    pub(super) const NOWHERE: Self = Self { x: 0, y: 0, width: 0, height: 0 };
}

/// How an edge runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Route {
    /// Its corners, from the cell right of its left box to the cell left of its right box.
    pub(super) corners: Vec<(usize, usize)>,
    /// Whether it points from left to right.
    pub(super) heading: Heading,
}

/// Where the arrow of an edge points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Heading {
    /// Right, as nearly all do.
    #[default]
    Right,
    /// Left: its callee stands before its caller, since they call each other in a circle.
    Left,
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Of each box.
    pub(super) places: Vec<Place>,
    /// Of each edge; without corners for one from a box to itself.
    pub(super) routes: Vec<Route>,
    /// How many cells are used.
    pub(super) width: usize,
    pub(super) height: usize,
    /// The boxes from left to right and from top to bottom.
    pub(super) order: Vec<usize>,
}

/// Finds a place for everything.
pub(super) fn lay_out(sketch: &Sketch) -> Layout {
    let ranks = rank::ranks(sketch.widths.len(), &sketch.edges);
    let layers = order::arrange(sketch, &ranks);
    let heights = Heights::of(&layers);
    let rows = heights.rows(&layers);
    let mut layout = Layout {
        places: vec![Place::NOWHERE; sketch.widths.len()],
        routes: vec![Route::default(); sketch.edges.len()],
        ..Layout::default()
    };
    for (edge, route) in layout.routes.iter_mut().enumerate() {
        if layers.is_reversed(edge) {
            route.heading = Heading::Left;
        }
    }
    let mut x = 0;
    for layer in 0..layers.len() {
        let width = layers.items(layer).iter().map(|item| sketch.width_of(*item)).max();
        let width = width.unwrap_or(0);
        for (item, y) in layers.items(layer).iter().zip(&rows[layer]) {
            match item {
                Item::Box(node) => {
                    let own = sketch.widths[*node];
                    let height = heights.of_box[*node];
                    layout.places[*node] = Place { x, y: *y, width: own, height };
                    layout.order.push(*node);
                    layout.height = layout.height.max(y + height);
                }
                Item::Pass(edge) => {
                    layout.routes[*edge].corners.extend([(x, *y), (x + width - 1, *y)]);
                    layout.height = layout.height.max(y + 1);
                }
            }
        }
        layout.width = layout.width.max(x + width);
        if layer + 1 == layers.len() {
            break;
        }
        x = join(&layers, (layer, x, width), &rows, &heights, sketch, &mut layout);
    }
    for route in &mut layout.routes {
        route.corners.dedup();
    }
    layout
}

impl Sketch {
    fn width_of(&self, item: Item) -> usize {
        match item {
            Item::Box(node) => self.widths[node],
            Item::Pass(_) => 1,
        }
    }
}

/// Runs the lines between a layer and the next, and tells where the next begins.
fn join(
    layers: &Layers,
    (layer, x, width): (usize, usize, usize),
    rows: &[Vec<usize>],
    heights: &Heights,
    sketch: &Sketch,
    layout: &mut Layout,
) -> usize {
    let segments = layers.segments(layer);
    let ends: Vec<(usize, usize)> = segments
        .iter()
        .map(|segment| {
            let from = rows[layer][segment.from] + segment.out_port_row(layers, layer);
            let to = rows[layer + 1][segment.to] + segment.in_port_row(layers, layer + 1);
            (from, to)
        })
        .collect();
    let channel = channel::route(&ends, heights.tallest);
    let first_track = x + width + sketch.margins.left;
    let next = first_track + channel.tracks + sketch.margins.right;
    for ((segment, (from, to)), bends) in segments.iter().zip(&ends).zip(&channel.bends) {
        let item = layers.items(layer)[segment.from];
        let start = match item {
            Item::Box(_) => x + sketch.width_of(item),
            Item::Pass(_) => x + width,
        };
        let corners = &mut layout.routes[segment.edge].corners;
        corners.push((start, *from));
        let mut row = *from;
        for (track, to_row) in bends {
            corners.push((first_track + track, row));
            corners.push((first_track + track, *to_row));
            row = *to_row;
        }
        debug_assert_eq!(row, *to, "a line ends in the row of its end");
        corners.push((next - 1, *to));
        layout.height = layout.height.max(bends.iter().map(|(_, row)| row + 1).max().unwrap_or(0));
    }
    next
}

/// How tall boxes are, and how tall the tallest layer is.
struct Heights {
    of_box: Vec<usize>,
    tallest: usize,
}

/// Rows of a box beside those of its edges: its borders.
const BORDERS: usize = 2;

impl Heights {
    fn of(layers: &Layers) -> Self {
        let of_box: Vec<usize> = layers.ports().map(|ports| ports.max(1) + BORDERS).collect();
        let height = |item: &Item| match item {
            Item::Box(node) => of_box[*node],
            Item::Pass(_) => 1,
        };
        let of_layer = |layer| layers.items(layer).iter().map(height).sum();
        let tallest = (0..layers.len()).map(of_layer).max().unwrap_or(0);
        Self { of_box, tallest }
    }

    fn of_item(&self, item: Item) -> usize {
        match item {
            Item::Box(node) => self.of_box[node],
            Item::Pass(_) => 1,
        }
    }

    /// The first row of each item: near the rows that its lines come from, without growing beyond
    /// the tallest layer.
    fn rows(&self, layers: &Layers) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::with_capacity(layers.len());
        for layer in 0..layers.len() {
            let items = layers.items(layer);
            let mut left: usize = items.iter().map(|item| self.of_item(*item)).sum();
            let mut top = 0;
            let mut of_layer = Vec::with_capacity(items.len());
            for (place, item) in items.iter().enumerate() {
                let wanted = match layer.checked_sub(1) {
                    Some(before) => layers.wanted_row(before, place, &rows[before]),
                    None => None,
                };
                // Without lines from the left, what is left over is shared above and below.
                let wanted =
                    wanted.unwrap_or(top.max((self.tallest - left) / 2 * usize::from(place == 0)));
                let row = wanted.clamp(top, self.tallest - left);
                of_layer.push(row);
                left -= self.of_item(*item);
                top = row + self.of_item(*item);
            }
            rows.push(of_layer);
        }
        rows
    }
}
