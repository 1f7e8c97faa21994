//! The Map in sentences, for those who do not see it.

use meshwalk_sim::timeline::series::Signal;

use crate::explore::screen::signals::{self, Health};

use super::detail;
use super::model::{Item, Model, Use, When};

/// All that the graph shows, one sentence an edge.
pub(super) fn sentences(model: &Model<'_>) -> Vec<String> {
    let mut sentences = vec![format!(
        "The map has {} boxes and {} edges; rates are those of the last {}.",
        model.graph.nodes.len(),
        model.graph.edges.len(),
        signals::span(Some(model.span)),
    )];
    if let Some(here) = model.here {
        sentences.push(format!("The cursor is at {}.", model.graph.full_name(here)));
    }
    sentences.extend(way(model));
    for item in &model.items {
        match item {
            Item::Node(node) if model.graph.calls_from(*node).next().is_none() => {
                let figures = model.figures(*node);
                let name = model.graph.full_name(*node);
                let gets = match figures.count(Signal::Begun) {
                    0 => "gets nothing".to_owned(),
                    _ => format!("gets {}", signals::traffic(figures, Signal::Begun)),
                };
                sentences.push(format!("{name} {gets} and calls nobody."));
            }
            Item::Node(_) => {}
            Item::Edge(edge) => sentences.push(edge_sentence(model, *edge)),
        }
    }
    sentences
}

fn edge_sentence(model: &Model<'_>, place: usize) -> String {
    let edge = &model.graph.edges[place];
    let (from, to) = (model.graph.full_name(edge.from), model.graph.full_name(edge.to));
    let flow = model.flow(place);
    if flow.use_so_far != Use::Used {
        let text = detail::use_text(flow.use_so_far, "");
        return format!("{from} to {to}: {text}.");
    }
    let traffic = signals::traffic_in_words(&flow.lately);
    let protection = match signals::protection(&flow.protections) {
        text if text.is_empty() => text,
        text => format!(" in {text}"),
    };
    let success = Health::of(&flow.lately).text(&flow.lately);
    let p99 = match flow.lately.latency(0.99) {
        Some(p99) => format!(", p99 {}", signals::span(Some(p99))),
        None => String::new(),
    };
    let waypoints = model.graph.waypoints_of(place);
    let through = match waypoints.is_empty() {
        true => String::new(),
        false => format!(" through the waypoint {}", waypoints.join(", ")),
    };
    format!("{from} calls {to} {traffic}{protection}{through}: {success}{p99}.")
}

/// The calls of the request in their order.
fn way(model: &Model<'_>) -> Option<String> {
    let request = model.request.as_ref()?;
    let numbered = |(place, calls): (usize, &Vec<(usize, When)>)| {
        let edge = &model.graph.edges[place];
        let (from, to) = (&model.graph.nodes[edge.from].name, &model.graph.nodes[edge.to].name);
        let text = |when: &When| match when {
            When::Past => format!("{from} calls {to}"),
            When::Here => format!("{from} calls {to}, where the cursor is"),
            When::Future => format!("{from} will call {to}"),
        };
        calls.iter().map(|(number, when)| (*number, text(when))).collect::<Vec<_>>()
    };
    let mut calls: Vec<(usize, String)> =
        model.calls.iter().enumerate().flat_map(numbered).collect();
    calls.sort();
    let calls: Vec<String> =
        calls.into_iter().map(|(number, text)| format!("{number} {text}")).collect();
    Some(format!("{request} makes {} calls: {}.", calls.len(), calls.join("; ")))
}
