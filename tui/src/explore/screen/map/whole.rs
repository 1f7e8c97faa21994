//! The whole graph of a session and, where it is shown whole, its layouts: they are dear and never
//! change, so a session keeps them. What of the graph is shown at the cursor is decided elsewhere.

use meshwalk_models::world::World;
use meshwalk_sim::flow::plan::Plan;

use super::fold;
use super::graph::Graph;
use super::model::Layouts;

/// A graph that never changes.
pub(in crate::explore) struct Whole {
    pub(super) graph: Graph,
    /// Of the graph as it is; none where it is folded, since folds follow the cursor.
    pub(super) layouts: Option<Layouts>,
}

impl Whole {
    /// Of a world and the plan that was made for it.
    pub(in crate::explore) fn of(world: &World, plan: &Plan) -> Self {
        let graph = Graph::of(world, plan);
        let layouts = (!fold::is_large(&graph)).then(|| Layouts::of(&graph));
        Self { graph, layouts }
    }
}
