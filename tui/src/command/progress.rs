//! A bar on standard error for work that takes long; it changes nothing in any result.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Environment;

/// What ends sooner shows no progress bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bar on standard error.
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
    /// A bar of so many steps, where standard error is a terminal.
    pub(super) fn new(steps: u64, environment: &Environment) -> Self {
        let is_terminal = environment.stderr_terminal_width.is_some();
        Self::at(steps, if is_terminal { Place::Terminal } else { Place::Nowhere })
    }

    /// A bar that is never drawn.
    pub(super) fn hidden() -> Self {
        Self::at(0, Place::Nowhere)
    }

    fn at(steps: u64, place: Place) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("simulating {wide_bar} {percent}% eta {eta}");
        bar.set_style(style.expect("the template is well-formed"));
        Self { bar, place }
    }

    /// One step is done.
    pub(super) fn advance(&self) {
        self.bar.inc(1);
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
