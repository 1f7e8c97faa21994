//! Whether meshes have the published order in each group of figures.

use serde::Serialize;

use super::{FigureResult, Mesh};

/// The order among the meshes of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderResult {
    /// The group.
    pub group: &'static str,
    /// The meshes as published, the cheapest first.
    pub published: Vec<Mesh>,
    /// The meshes as simulated.
    pub simulated: Vec<Mesh>,
    /// Pairs that stand the other way round in the simulation: the one that should be cheaper first.
    pub wrong_pairs: Vec<(Mesh, Mesh)>,
}

/// One row for each group with several meshes, in the order of the figures.
pub(super) fn orders(figures: &[FigureResult]) -> Vec<OrderResult> {
    let mut groups: Vec<&'static str> = Vec::new();
    for figure in figures {
        if !groups.contains(&figure.group) {
            groups.push(figure.group);
        }
    }
    let rows = groups.into_iter().map(|group| {
        let of_group: Vec<&FigureResult> =
            figures.iter().filter(|figure| figure.group == group).collect();
        order(group, &of_group)
    });
    rows.filter(|row| row.published.len() > 1).collect()
}

fn order(group: &'static str, figures: &[&FigureResult]) -> OrderResult {
    let sorted = |value: fn(&FigureResult) -> f64| {
        let mut rows = figures.to_vec();
        rows.sort_by(|a, b| value(a).total_cmp(&value(b)));
        rows.into_iter().map(|row| row.mesh).collect()
    };
    let mut wrong_pairs = Vec::new();
    for cheaper in figures {
        for dearer in figures {
            let is_pair = cheaper.published < dearer.published;
            if is_pair && cheaper.simulated >= dearer.simulated {
                wrong_pairs.push((cheaper.mesh, dearer.mesh));
            }
        }
    }
    OrderResult {
        group,
        published: sorted(|figure| figure.published),
        simulated: sorted(|figure| figure.simulated),
        wrong_pairs,
    }
}
