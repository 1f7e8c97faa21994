//! What Metrics shows, as plain data: whose signals there are, and the values of each chart window
//! by window, with the place of the cursor among them.

use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::stats::Layout;
use meshwalk_sim::timeline::series::{Figures, Gauge, Look as SeriesLook, Row, Signal};

use crate::explore::scene::Scene;
use crate::explore::screen::map::cut;
use crate::explore::screen::signals;

/// The pane with the list.
pub(super) const LIST: usize = 0;
/// The pane with the charts.
pub(super) const CHARTS: usize = 1;
/// Numbers beside charts are those of so many windows before the cursor.
pub(super) const WINDOWS: u64 = 12;

/// Whose signals, and what that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) struct Subject {
    pub(super) row: Row,
    /// What sort of thing it is.
    pub(super) sort: &'static str,
    pub(super) name: String,
}

/// Everything that has signals: sources, then Services, workloads and edges.
pub(in crate::explore) fn subjects(layout: &Layout) -> Vec<Subject> {
    let subject = |row, sort, name| Subject { row, sort, name };
    let sources = layout.traffic.iter().enumerate();
    let sources = sources.map(|(row, it)| subject(Row::Source(row), "source", it.name.clone()));
    let services = (0..layout.services.len())
        .map(|row| subject(Row::Service(row), "service", layout.service_name(row)));
    let workloads = (0..layout.workloads.len())
        .map(|row| subject(Row::Workload(row), "workload", layout.workload_name(row)));
    let edges = layout.edges.iter().enumerate().map(|(row, edge)| {
        let (from, to) = (layout.origin_name(edge.from), layout.service_name(edge.to));
        subject(Row::Edge(row), "edge", format!("{} to {}", short(&from), short(&to)))
    });
    sources.chain(services).chain(workloads).chain(edges).collect()
}

/// A name without its namespace or sort.
fn short(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

/// What is measured on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    PerSecond,
    Percent,
    /// Nanoseconds.
    Time,
    Count,
}

impl Unit {
    /// A value of it, in seven columns at most.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::PerSecond => signals::rate(Some(value)),
            Self::Percent if value > 0.0 && value < 0.95 => format!("{value:.1}%"),
            Self::Percent => format!("{value:.0}%"),
            Self::Time => signals::span(Some(SimDuration::from_ns_f64(value))),
            Self::Count => signals::mean(value),
        }
    }
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trace {
    pub(super) name: &'static str,
    /// By window; none where nothing was measured.
    pub(super) values: Vec<Option<f64>>,
    /// At the cursor, over the last while.
    pub(super) now: Option<f64>,
}

/// One chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    /// From the lowest to the highest where that is fixed.
    pub(super) traces: Vec<Trace>,
}

/// The signals of what is selected.
pub(super) struct Model<'a> {
    pub(super) subject: &'a Subject,
    pub(super) charts: Vec<Chart>,
    pub(super) axis: Axis,
    /// Of the last while before the cursor.
    pub(super) lately: Figures,
}

/// The axis of time, which all charts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) width: SimDuration,
    /// How many windows the whole run has.
    pub(super) windows: usize,
    /// The window that holds the cursor.
    pub(super) now: usize,
    pub(super) now_time: SimTime,
    pub(super) end: SimTime,
    /// The window that is selected.
    pub(super) selected: usize,
}

impl Axis {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let series = scene.timeline.series();
        let width = series.width();
        let cut = cut(scene);
        let window = |at: SimTime| (at.as_ns() / width.as_ns().max(1)) as usize;
        let end = scene.session.plan().end.max(series.until().time);
        let now = window(cut.time);
        let last = window(SimTime::from_ns(end.as_ns().max(1) - 1));
        let windows = last.max(now) + 1;
        let selected = scene.view.chosen(CHARTS).unwrap_or(now).min(windows - 1);
        Self { width, windows, now, now_time: cut.time, end, selected }
    }

    /// When a window begins.
    pub(super) fn start(&self, window: usize) -> SimTime {
        SimTime::from_ns(self.width.as_ns().saturating_mul(window as u64))
    }
}

impl<'a> Model<'a> {
    /// The signals of the subject that is selected; none where there is nothing to measure.
    pub(super) fn of(scene: &Scene<'a>) -> Option<Self> {
        let subjects = scene.session.subjects();
        let place = scene.view.selected(LIST).min(subjects.len().checked_sub(1)?);
        let subject = &subjects[place];
        let axis = Axis::of(scene);
        let look = scene.timeline.series().upto(cut(scene));
        let windows = windows(scene, &look, subject.row);
        let lately = look.over(subject.row, while_of(axis.width));
        let charts = charts(subject.row, &windows, &lately);
        Some(Self { subject, charts, axis, lately })
    }
}

/// How long the while is that numbers are about.
pub(super) fn while_of(width: SimDuration) -> SimDuration {
    SimDuration::from_ns(width.as_ns().saturating_mul(WINDOWS))
}

/// All windows that were recorded. That of the cursor, at which `look` is, ends at the cursor: what
/// comes later in it is not yet true.
fn windows(scene: &Scene<'_>, look: &SeriesLook<'_>, row: Row) -> Vec<Figures> {
    let series = scene.timeline.series();
    let mut windows = series.windows(row);
    let now = look.last_window(row);
    if let Some(whole) = windows.iter_mut().find(|window| window.from == now.from) {
        *whole = now;
    }
    windows
}

/// The rate of a window in which so much began; none for one that is hardly begun, which would tell
/// of nothing but chance.
pub(super) fn rate((span, begun): (SimDuration, u64), width: SimDuration) -> Option<f64> {
    let is_long = span.as_ns() * 4 >= width.as_ns() && !span.is_zero();
    is_long.then(|| begun as f64 / span.as_secs_f64())
}

/// The value of one signal over one span.
type Value<'f> = &'f dyn Fn(&Figures) -> Option<f64>;

fn charts(row: Row, windows: &[Figures], lately: &Figures) -> Vec<Chart> {
    let width = windows.first().map_or(SimDuration::ZERO, Figures::span);
    let trace = |name: &'static str, value: Value<'_>| Trace {
        name,
        values: windows.iter().map(value).collect(),
        now: value(lately),
    };
    let quantile = |q: f64| move |it: &Figures| it.latency(q).map(|it| it.as_ns() as f64);
    let errors = |it: &Figures| it.errors().map(|share| 100.0 * share.value());
    let level = |gauge: Gauge| move |it: &Figures| Some(it.mean(gauge));
    let begun = match row {
        Row::Workload(_) => "requests",
        Row::Source(_) => "sent",
        Row::Service(_) | Row::Edge(_) => "calls",
    };
    let mut rate_of_calls = trace(begun, &|it| rate((it.span(), it.count(Signal::Begun)), width));
    rate_of_calls.now = lately.rate_per_s(Signal::Begun);
    let load = match row {
        Row::Workload(_) => Chart {
            title: "Workers busy",
            unit: Unit::Percent,
            traces: vec![trace("of all", &|it| it.saturation().map(|share| 100.0 * share))],
        },
        _ => Chart {
            title: "In flight",
            unit: Unit::Count,
            traces: vec![trace("mean", &level(Gauge::InFlight))],
        },
    };
    vec![
        Chart { title: "Rate", unit: Unit::PerSecond, traces: vec![rate_of_calls] },
        Chart { title: "Errors", unit: Unit::Percent, traces: vec![trace("failed", &errors)] },
        Chart {
            title: "Latency",
            unit: Unit::Time,
            traces: vec![
                trace("p50", &quantile(0.5)),
                trace("p90", &quantile(0.9)),
                trace("p99", &quantile(0.99)),
            ],
        },
        load,
    ]
}
