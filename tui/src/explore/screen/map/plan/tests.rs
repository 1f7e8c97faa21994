//! The laws of a layout, on graphs of all shapes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// The cells of a line, each with whether the line goes through it horizontally, vertically, or
/// both where it bends.
fn cells(route: &Route) -> BTreeMap<(usize, usize), [bool; 2]> {
    let mut cells: BTreeMap<(usize, usize), [bool; 2]> = BTreeMap::new();
    for pair in route.corners.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        assert!(x0 == x1 || y0 == y1, "lines have right angles: {pair:?}");
        let axis = usize::from(x0 == x1);
        for x in x0.min(x1)..=x0.max(x1) {
            for y in y0.min(y1)..=y0.max(y1) {
                cells.entry((x, y)).or_default()[axis] = true;
            }
        }
    }
    cells
}

fn contains(place: &Place, (x, y): (usize, usize)) -> bool {
    (place.x..place.x + place.width).contains(&x) && (place.y..place.y + place.height).contains(&y)
}

fn check(sketch: &Sketch) {
    let layout = lay_out(sketch);
    for (row, place) in layout.places.iter().enumerate() {
        assert!(place.x + place.width <= layout.width && place.y + place.height <= layout.height);
        for other in &layout.places[row + 1..] {
            let apart_x = place.x + place.width <= other.x || other.x + other.width <= place.x;
            let apart_y = place.y + place.height <= other.y || other.y + other.height <= place.y;
            assert!(apart_x || apart_y, "two boxes overlap: {place:?} {other:?}");
        }
    }
    let mut taken: BTreeMap<(usize, usize), Vec<[bool; 2]>> = BTreeMap::new();
    for (edge, route) in layout.routes.iter().enumerate() {
        let (from, to) = sketch.edges[edge];
        if from == to {
            assert!(route.corners.is_empty());
            continue;
        }
        let (left, right) = if route.heading == Heading::Left { (to, from) } else { (from, to) };
        let (first, last) = (route.corners[0], *route.corners.last().expect("it has corners"));
        let (left, right) = (layout.places[left], layout.places[right]);
        assert_eq!((first.0, last.0 + 1), (left.x + left.width, right.x), "edge {edge}");
        for (end, place) in [(first, left), (last, right)] {
            let inside = place.y + 1..place.y + place.height - 1;
            assert!(inside.contains(&end.1), "edge {edge} ends between the borders of its box");
        }
        for (cell, axes) in cells(route) {
            assert!(cell.0 < layout.width && cell.1 < layout.height);
            assert!(!layout.places.iter().any(|place| contains(place, cell)), "edge {edge}");
            taken.entry(cell).or_default().push(axes);
        }
    }
    for (cell, lines) in taken {
        let crosses = matches!(lines[..], [[a, b], [c, d]] if a != b && c != d && a != c);
        assert!(lines.len() == 1 || crosses, "lines lie on each other at {cell:?}: {lines:?}");
    }
    let all: BTreeSet<usize> = layout.order.iter().copied().collect();
    assert_eq!(all.len(), sketch.widths.len(), "every box has its place in the order");
}

#[test]
fn nothing_is_laid_out_as_nothing() {
    assert_eq!(lay_out(&Sketch::default()), Layout::default());
}

#[test]
fn callees_stand_right_of_their_callers() {
    let sketch = Sketch {
        widths: vec![5; 4],
        edges: vec![(0, 1), (1, 2), (0, 2), (2, 3), (0, 3)],
        ..Sketch::default()
    };
    let x: Vec<usize> = lay_out(&sketch).places.iter().map(|place| place.x).collect();
    assert!(x.is_sorted_by(|a, b| a < b), "{x:?}");
    check(&sketch);
}

#[test]
fn of_a_circle_one_edge_points_back() {
    let sketch =
        Sketch { widths: vec![5; 3], edges: vec![(0, 1), (1, 2), (2, 1)], ..Sketch::default() };
    let routes = lay_out(&sketch).routes;
    let headings: Vec<Heading> = routes.iter().map(|route| route.heading).collect();
    assert_eq!(headings, [Heading::Right, Heading::Right, Heading::Left]);
    check(&sketch);
}

#[test]
fn lines_that_would_change_places_take_a_detour() {
    let channel = channel::route(&[(1, 2), (2, 1)], 4);
    assert_eq!(channel.bends.iter().map(Vec::len).sum::<usize>(), 3);
    let rows: BTreeSet<usize> = channel.bends.iter().flatten().map(|(_, row)| *row).collect();
    assert!(rows.contains(&4), "below everything: {rows:?}");
}

#[test]
fn a_thousand_boxes_are_laid_out_at_once() {
    // Services of a generated world call a few that come after them.
    let calls =
        |node: usize| (1..4).map(move |step| (node, node + 1 + (node * 7 + step * 13) % 40));
    let edges = (0..1000).flat_map(calls).filter(|(_, to)| *to < 1000).collect();
    let sketch = Sketch { widths: vec![14; 1000], edges, ..Sketch::default() };
    let layout = lay_out(&sketch);
    assert_eq!(layout, lay_out(&sketch));
    assert_eq!(layout.order.len(), 1000);
}

proptest! {
    #[test]
    fn no_graph_breaks_the_laws(
        widths in prop::collection::vec(3usize..20, 1..14),
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..30),
    ) {
        let boxes = widths.len();
        let edges = pairs.iter().map(|(from, to)| (from.index(boxes), to.index(boxes))).collect();
        check(&Sketch { widths: widths.clone(), edges, ..Sketch::default() });
        let edges = pairs.iter().map(|(from, to)| (from.index(boxes), to.index(boxes))).collect();
        let margins = Margins { left: 0, right: 1 };
        check(&Sketch { widths, edges, margins });
    }

    #[test]
    fn few_boxes_with_many_edges_keep_the_laws_too(
        pairs in prop::collection::vec((0usize..4, 0usize..4), 0..24),
    ) {
        for margins in [Margins::default(), Margins { left: 0, right: 1 }] {
            check(&Sketch { widths: vec![6; 4], edges: pairs.clone(), margins });
        }
    }
}
