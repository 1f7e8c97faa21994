//! A bar on standard error for work that takes long; it changes nothing in any result.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Environment;

/// What ends sooner shows no progress bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far something is.
pub(super) struct Progress {
    bar: ProgressBar,
    place: Place,
}

/// Where a bar may be drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Terminal,
    Nowhere,
}

impl Place {
    const fn of(environment: &Environment) -> Self {
        match environment.stderr_terminal_width {
            Some(_) => Self::Terminal,
            None => Self::Nowhere,
        }
    }
}

impl Progress {
    /// A bar of so many steps of a simulation, where standard error is a terminal.
    pub(super) fn of_simulation(steps: u64, environment: &Environment) -> Self {
        let bar = Self::new("simulating {wide_bar} {percent}% eta {eta}", Place::of(environment));
        bar.bar.set_length(steps);
        bar
    }

    /// A bar of a search that learns on its way how far it is.
    pub(super) fn of_search(environment: &Environment) -> Self {
        Self::new("finding connections {wide_bar} {percent}%", Place::of(environment))
    }

    /// A bar that is never drawn.
    pub(super) fn hidden() -> Self {
        Self::new("{percent}%", Place::Nowhere)
    }

    fn new(template: &str, place: Place) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.expect("the template is well-formed"));
        Self { bar, place }
    }

    /// One step is done.
    pub(super) fn advance(&self) {
        self.bar.inc(1);
        self.show_if_due();
    }

    /// So many of so many steps are done.
    pub(super) fn at(&self, done: usize, all: usize) {
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        self.show_if_due();
    }

    fn show_if_due(&self) {
        let is_due = self.place == Place::Terminal && self.bar.elapsed() > PATIENCE;
        if is_due && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
