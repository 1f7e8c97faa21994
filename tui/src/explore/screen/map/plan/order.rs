//! The order of boxes from top to bottom within their layers, so that few lines cross. Edges over
//! several layers take a row of their own in each layer that they pass.

use super::Sketch;
use super::rank::Ranks;

/// What stands in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A box.
    Box(usize),
    /// An edge that passes.
    Pass(usize),
}

/// A part of an edge, between two neighbouring layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) edge: usize,
    /// Places in the left and in the right layer.
    pub(super) from: usize,
    pub(super) to: usize,
    /// The how-manieth line it is at the right side of the one, and at the left side of the other.
    out_port: usize,
    in_port: usize,
}

/// All layers.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    items: Vec<Vec<Item>>,
    segments: Vec<Vec<Segment>>,
    is_reversed: Vec<bool>,
    /// Lines at the left and at the right side, by box.
    sides: Vec<(usize, usize)>,
}

/// How often all layers are put in order, from left to right and back.
const SWEEPS: usize = 6;

/// Puts everything in layers.
pub(super) fn arrange(sketch: &Sketch, ranks: &Ranks) -> Layers {
    let count = ranks.of_box.iter().max().map_or(0, |rank| rank + 1);
    let mut items: Vec<Vec<Item>> = vec![Vec::new(); count];
    for (node, rank) in ranks.of_box.iter().enumerate() {
        items[*rank].push(Item::Box(node));
    }
    let mut links: Vec<Vec<(usize, Item, Item)>> = vec![Vec::new(); count.saturating_sub(1)];
    for (edge, ends) in sketch.edges.iter().enumerate() {
        let (left, right) = if ranks.is_reversed[edge] { (ends.1, ends.0) } else { *ends };
        let (first, last) = (ranks.of_box[left], ranks.of_box[right]);
        if left == right {
            continue;
        }
        let mut from = Item::Box(left);
        for layer in first..last {
            let to = if layer + 1 == last { Item::Box(right) } else { Item::Pass(edge) };
            if to == Item::Pass(edge) {
                items[layer + 1].push(to);
            }
            links[layer].push((edge, from, to));
            from = to;
        }
    }
    sort(&mut items, &links, sketch.widths.len(), sketch.edges.len());
    finish(items, &links, ranks, sketch)
}

/// Where each item stands in its layer, to be found at once.
struct Places {
    boxes: Vec<usize>,
    /// By layer and edge, since an edge may pass many layers.
    passes: Vec<Vec<usize>>,
}

impl Places {
    fn of(items: &[Vec<Item>], boxes: usize, edges: usize) -> Self {
        let mut places = Self { boxes: vec![0; boxes], passes: vec![Vec::new(); items.len()] };
        for (layer, items) in items.iter().enumerate() {
            places.note(layer, items, edges);
        }
        places
    }

    fn note(&mut self, layer: usize, items: &[Item], edges: usize) {
        for (place, item) in items.iter().enumerate() {
            match item {
                Item::Box(node) => self.boxes[*node] = place,
                Item::Pass(edge) => {
                    let passes = &mut self.passes[layer];
                    passes.resize(edges, 0);
                    passes[*edge] = place;
                }
            }
        }
    }

    fn of_item(&self, layer: usize, item: Item) -> usize {
        match item {
            Item::Box(node) => self.boxes[node],
            Item::Pass(edge) => self.passes[layer][edge],
        }
    }
}

type Links = [Vec<(usize, Item, Item)>];

/// Moves items next to what they are linked with; the arrangement with the fewest crossings that
/// was seen stays.
fn sort(items: &mut [Vec<Item>], links: &Links, boxes: usize, edges: usize) {
    let mut places = Places::of(items, boxes, edges);
    let mut best = items.to_vec();
    let mut best_crossings = crossings(links, &places);
    for sweep in 0..SWEEPS {
        if best_crossings == 0 {
            break;
        }
        let is_rightward = sweep % 2 == 0;
        for step in 1..items.len() {
            let layer = if is_rightward { step } else { items.len() - 1 - step };
            let mut weights: Vec<(u64, u64)> = vec![(0, 0); items[layer].len()];
            let link = if is_rightward { layer - 1 } else { layer };
            for (_, from, to) in &links[link] {
                let (own, other) = if is_rightward {
                    (places.of_item(layer, *to), places.of_item(layer - 1, *from))
                } else {
                    (places.of_item(layer, *from), places.of_item(layer + 1, *to))
                };
                weights[own].0 += other as u64;
                weights[own].1 += 1;
            }
            reorder(&mut items[layer], &weights);
            places.note(layer, &items[layer], edges);
        }
        let crossings = crossings(links, &places);
        if crossings < best_crossings {
            best_crossings = crossings;
            best = items.to_vec();
        }
    }
    items.clone_from_slice(&best);
}

/// Sorts items by the mean place of their neighbours; what has none keeps its place.
fn reorder(items: &mut [Item], weights: &[(u64, u64)]) {
    /// Means are compared as integers.
    const SCALE: u64 = 1 << 20;
    let mut keyed: Vec<(u64, usize, Item)> = items
        .iter()
        .zip(weights)
        .enumerate()
        .map(|(place, (item, (sum, count)))| {
            let mean = (sum * SCALE).checked_div(*count).unwrap_or(place as u64 * SCALE);
            (mean, place, *item)
        })
        .collect();
    keyed.sort_by_key(|(mean, place, _)| (*mean, *place));
    for (item, (_, _, sorted)) in items.iter_mut().zip(keyed) {
        *item = sorted;
    }
}

/// How many pairs of lines cross.
fn crossings(links: &Links, places: &Places) -> usize {
    let mut crossings = 0;
    for (layer, links) in links.iter().enumerate() {
        let mut ends: Vec<(usize, usize)> = links
            .iter()
            .map(|(_, from, to)| (places.of_item(layer, *from), places.of_item(layer + 1, *to)))
            .collect();
        ends.sort_unstable();
        let targets: Vec<usize> = ends.into_iter().map(|(_, to)| to).collect();
        crossings += inversions(targets);
    }
    crossings
}

/// How many pairs stand in the wrong order, by merging halves that are sorted.
fn inversions(mut values: Vec<usize>) -> usize {
    let mut count = 0;
    let mut width = 1;
    while width < values.len() {
        let mut merged = Vec::with_capacity(values.len());
        for pair in values.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            let (mut i, mut j) = (0, 0);
            while i < left.len() || j < right.len() {
                let takes_left = match (left.get(i), right.get(j)) {
                    (Some(a), Some(b)) => a <= b,
                    (Some(_), None) => true,
                    _ => false,
                };
                if takes_left {
                    merged.push(left[i]);
                    i += 1;
                } else {
                    count += left.len() - i;
                    merged.push(right[j]);
                    j += 1;
                }
            }
        }
        values = merged;
        width *= 2;
    }
    count
}

/// Gives every line its port at both of its ends, in the order in which that crosses least.
fn finish(items: Vec<Vec<Item>>, links: &Links, ranks: &Ranks, sketch: &Sketch) -> Layers {
    let places = Places::of(&items, sketch.widths.len(), sketch.edges.len());
    let mut sides = vec![(0, 0); sketch.widths.len()];
    let mut segments: Vec<Vec<Segment>> = Vec::with_capacity(links.len());
    for (layer, links) in links.iter().enumerate() {
        let segment = |(edge, from, to): &(usize, Item, Item)| Segment {
            edge: *edge,
            from: places.of_item(layer, *from),
            to: places.of_item(layer + 1, *to),
            out_port: 0,
            in_port: 0,
        };
        let mut of_layer: Vec<Segment> = links.iter().map(segment).collect();
        of_layer.sort_by_key(|it| (it.from, it.to, it.edge));
        let mut ports = vec![0; items[layer].len()];
        for segment in &mut of_layer {
            segment.out_port = ports[segment.from];
            ports[segment.from] += 1;
        }
        of_layer.sort_by_key(|it| (it.to, it.from, it.edge));
        let mut in_ports = vec![0; items[layer + 1].len()];
        for segment in &mut of_layer {
            segment.in_port = in_ports[segment.to];
            in_ports[segment.to] += 1;
        }
        of_layer.sort_by_key(|it| (it.from, it.out_port));
        for (item, count) in items[layer].iter().zip(ports) {
            if let Item::Box(node) = item {
                sides[*node].1 = count;
            }
        }
        for (item, count) in items[layer + 1].iter().zip(in_ports) {
            if let Item::Box(node) = item {
                sides[*node].0 = count;
            }
        }
        segments.push(of_layer);
    }
    Layers { items, segments, is_reversed: ranks.is_reversed.clone(), sides }
}

impl Layers {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn items(&self, layer: usize) -> &[Item] {
        &self.items[layer]
    }

    /// The lines between a layer and the next.
    pub(super) fn segments(&self, layer: usize) -> &[Segment] {
        &self.segments[layer]
    }

    pub(super) fn is_reversed(&self, edge: usize) -> bool {
        self.is_reversed[edge]
    }

    /// How many rows each box needs for its lines.
    pub(super) fn ports(&self) -> impl Iterator<Item = usize> {
        self.sides.iter().map(|(left, right)| *left.max(right))
    }

    /// The row in which an item would like to begin, so that its first line from the left layer
    /// is straight.
    pub(super) fn wanted_row(&self, left: usize, place: usize, rows: &[usize]) -> Option<usize> {
        let first =
            self.segments[left].iter().filter(|it| it.to == place).min_by_key(|it| it.in_port)?;
        let row = rows[first.from] + first.out_port_row(self, left);
        Some(row.saturating_sub(first.in_port_row(self, left + 1)))
    }
}

impl Segment {
    /// The row of its line at its left end, counted from the first row of what stands there.
    pub(super) fn out_port_row(&self, layers: &Layers, layer: usize) -> usize {
        match layers.items[layer][self.from] {
            Item::Box(_) => 1 + self.out_port,
            Item::Pass(_) => 0,
        }
    }

    /// The row of its line at its right end.
    pub(super) fn in_port_row(&self, layers: &Layers, layer: usize) -> usize {
        match layers.items[layer][self.to] {
            Item::Box(_) => 1 + self.in_port,
            Item::Pass(_) => 0,
        }
    }
}
