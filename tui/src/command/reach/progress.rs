//! A bar on standard error, for reaches that take their time.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Environment;

/// What ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far a reach is.
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

impl Progress {
    pub(super) fn new(environment: &Environment) -> Self {
        let is_shown = environment.stderr_terminal_width.is_some();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("finding connections {wide_bar} {percent}%");
        bar.set_style(style.expect("the template is well-formed"));
        Self { bar, place: if is_shown { Place::Terminal } else { Place::Nowhere } }
    }

    /// So many of so many steps are done.
    pub(super) fn at(&self, done: usize, all: usize) {
        let is_due = self.place == Place::Terminal && self.bar.elapsed() > PATIENCE;
        if is_due && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
