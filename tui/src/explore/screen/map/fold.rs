//! What of a large graph is shown: namespaces are folded into one box each, but for those that
//! somebody unfolded and for the boxes of the request. Small graphs are shown whole.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, Graph, Node, NodeKind};

/// Up to so many boxes nothing is folded.
pub(super) const SHOWN_WHOLE: usize = 40;

/// What was asked to be shown of a large graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Namespaces that are unfolded.
    pub(super) unfolded: BTreeSet<String>,
    /// Boxes that are shown one by one wherever they are.
    pub(super) pinned: BTreeSet<usize>,
}

/// A part of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) graph: Graph,
    /// By box of the whole graph, the one that stands for it.
    pub(super) stands_for: Vec<usize>,
}

/// Whether namespaces of a graph are folded at all.
pub(super) fn is_large(graph: &Graph) -> bool {
    graph.nodes.len() > SHOWN_WHOLE
}

/// Folds a graph as far as it is large.
pub(super) fn fold(graph: &Graph, wanted: &Wanted) -> Shown {
    if !is_large(graph) {
        let stands_for = (0..graph.nodes.len()).collect();
        return Shown { graph: graph.clone(), stands_for };
    }
    let mut shown = Shown::default();
    let mut folded: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, node) in graph.nodes.iter().enumerate() {
        let is_alone = node.kind == NodeKind::Source
            || node.namespace.is_empty()
            || wanted.unfolded.contains(&node.namespace)
            || wanted.pinned.contains(&row);
        if is_alone {
            shown.stands_for.push(shown.graph.nodes.len());
            shown.graph.nodes.push(node.clone());
            continue;
        }
        let place = *folded.entry(&node.namespace).or_insert_with(|| {
            shown.graph.nodes.push(namespace(&node.namespace));
            shown.graph.nodes.len() - 1
        });
        shown.stands_for.push(place);
        let whole = &mut shown.graph.nodes[place];
        whole.size += 1;
        whole.rows.extend(&node.rows);
        whole.data_paths.extend(&node.data_paths);
    }
    let mut edges: BTreeMap<(usize, usize), Edge> = BTreeMap::new();
    for edge in &graph.edges {
        let (from, to) = (shown.stands_for[edge.from], shown.stands_for[edge.to]);
        let is_inside = from == to && shown.graph.nodes[from].kind == NodeKind::Namespace;
        if is_inside {
            continue;
        }
        let joined = edges.entry((from, to)).or_insert_with(|| Edge { from, to, rows: Vec::new() });
        joined.rows.extend(&edge.rows);
    }
    shown.graph.edges = edges.into_values().collect();
    shown.graph.waypoints = graph.waypoints.clone();
    shown
}

fn namespace(name: &str) -> Node {
    Node {
        kind: NodeKind::Namespace,
        namespace: name.to_owned(),
        name: name.to_owned(),
        rows: Vec::new(),
        size: 0,
        data_paths: BTreeSet::new(),
        services: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshwalk_sim::timeline::series::Row;

    /// A world of so many workloads in ten namespaces, each of which calls the next.
    fn chain(workloads: usize) -> Graph {
        let node = |row: usize| Node {
            kind: NodeKind::Workload,
            name: format!("workload-{row}"),
            rows: vec![Row::Workload(row)],
            ..namespace(&format!("team-{}", row % 10))
        };
        let edge = |row: usize| Edge { from: row, to: row + 1, rows: vec![Row::Edge(row)] };
        Graph {
            nodes: (0..workloads).map(node).collect(),
            edges: (0..workloads - 1).map(edge).collect(),
            ..Graph::default()
        }
    }

    #[test]
    fn a_small_graph_is_shown_whole() {
        let graph = chain(SHOWN_WHOLE);
        assert_eq!(fold(&graph, &Wanted::default()).graph, graph);
    }

    #[test]
    fn a_thousand_workloads_are_a_box_for_each_namespace() {
        let graph = chain(1000);
        let shown = fold(&graph, &Wanted::default()).graph;
        let sizes: Vec<usize> = shown.nodes.iter().map(|node| node.size).collect();
        assert_eq!(sizes, [100; 10]);
        let rows: usize = shown.edges.iter().map(|edge| edge.rows.len()).sum();
        assert_eq!((shown.edges.len(), rows), (10, 999), "no edge is lost");
    }

    #[test]
    fn the_boxes_of_a_request_and_what_was_unfolded_stand_alone() {
        let graph = chain(1000);
        let wanted = Wanted {
            unfolded: BTreeSet::from(["team-3".to_owned()]),
            pinned: BTreeSet::from([0, 1]),
        };
        let shown = fold(&graph, &wanted);
        assert_eq!(shown.graph.nodes.len(), 100 + 9 + 2);
        assert_eq!(shown.graph.nodes[shown.stands_for[1]].name, "workload-1");
        assert!(shown.graph.edges.contains(&Edge { from: 0, to: 1, rows: vec![Row::Edge(0)] }));
    }
}
