//! Metrics in sentences: the signals of what is selected at the cursor, how they changed over the
//! run so far, and the rate of everything else.

use meshwalk_sim::timeline::series::Signal;

use crate::explore::scene::Scene;
use crate::explore::screen::map::cut;
use crate::explore::screen::signals;

use super::model::{Axis, Chart, Model, while_of};

/// What the screen shows.
pub(super) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    let Some(model) = Model::of(scene) else {
        return vec!["There is nothing to measure.".to_owned()];
    };
    let axis = &model.axis;
    let mut sentences = vec![format!(
        "Signals of {} {} at {}, over the last {}.",
        model.subject.sort,
        model.subject.name,
        axis.now_time,
        signals::span(Some(model.lately.span())),
    )];
    sentences.extend(model.charts.iter().map(|chart| chart_sentence(chart, axis)));
    let extras = signals::extras(&model.lately);
    if !extras.is_empty() {
        sentences.push(format!("Also: {}.", extras.join(", ")));
    }
    let look = scene.timeline.series().upto(cut(scene));
    for subject in scene.session.subjects() {
        let lately = look.over(subject.row, while_of(axis.width));
        if lately.count(Signal::Begun) == 0 || subject == model.subject {
            continue;
        }
        sentences.push(format!(
            "{} {}: {}, {} succeed, p99 {}.",
            subject.sort,
            subject.name,
            signals::rate(lately.rate_per_s(Signal::Begun)),
            signals::share(lately.success()),
            signals::span(lately.latency(0.99)),
        ));
    }
    sentences
}

/// A chart in words: its values at the cursor, and the highest up to there.
fn chart_sentence(chart: &Chart, axis: &Axis) -> String {
    let text = |value: Option<f64>| {
        value.map_or_else(|| "nothing measured".to_owned(), |value| chart.unit.text(value))
    };
    let values: Vec<String> =
        chart.traces.iter().map(|trace| format!("{} {}", trace.name, text(trace.now))).collect();
    let past = chart.traces.iter().flat_map(|trace| trace.values.iter().take(axis.now + 1));
    let highest = past.flatten().copied().reduce(f64::max);
    let highest = highest.map_or_else(String::new, |value| {
        format!("; the highest so far was {}", chart.unit.text(value))
    });
    format!("{}: {}{highest}.", chart.title, values.join(", "))
}
