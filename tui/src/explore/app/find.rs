//! Going through the log until something is found: breakpoints, conditions, searches, filters.
//! It goes in slices, so that the screen stays alive and Esc stops it.

use meshwalk_sim::timeline::{EventId, Way};

use super::App;
use crate::explore::sought::Sought;
use crate::explore::view::{Find, Stop};

/// Something that is looked for.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Job {
    sought: Sought,
    way: Way,
    /// The next entry to look at; `None` before the first and after the last.
    at: Option<EventId>,
    /// How many finds are left.
    left: u32,
    /// The last find.
    found: Option<EventId>,
    why: Why,
    looked_at: u64,
}

/// For what it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    Break,
    Condition(String),
    Match(String),
    /// A step under a filter.
    Step,
}

impl Job {
    /// What the status line says while it runs.
    pub(in crate::explore) fn progress(&self) -> String {
        let what = match &self.why {
            Why::Break => "a breakpoint".to_owned(),
            Why::Condition(text) | Why::Match(text) => text.clone(),
            Why::Step => "an event that the filter shows".to_owned(),
        };
        // A long condition is cut at its end, and not what can be done about it.
        format!("esc stops; {} events so far; looking for {what}", self.looked_at)
    }
}

impl App {
    /// Whether something is looked for.
    pub(crate) const fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// Goes on with what is looked for by one slice; whether there is more to do.
    pub(crate) fn work(&mut self) -> bool {
        let Some(mut job) = self.job.take() else { return false };
        match self.look(&mut job) {
            Looked::Further => {
                self.job = Some(job);
                true
            }
            Looked::Ended => {
                self.end(&job);
                false
            }
        }
    }

    fn look(&self, job: &mut Job) -> Looked {
        let log = self.timeline.log();
        for _ in 0..job.sought.entries_in_a_slice() {
            let Some(at) = job.at else { return Looked::Ended };
            if at.0 as usize >= log.len() {
                // What is not recorded yet may hold it.
                let recording = self.timeline.recording().complete.is_none();
                return if recording { Looked::Further } else { Looked::Ended };
            }
            job.looked_at += 1;
            if job.sought.is(&self.session, log, at) {
                job.found = Some(at);
                job.left -= 1;
                if job.left == 0 {
                    return Looked::Ended;
                }
            }
            job.at = beyond(at, job.way);
        }
        Looked::Further
    }

    fn end(&mut self, job: &Job) {
        let later = match job.way {
            Way::On => "later event",
            Way::Back => "earlier event",
        };
        let none = match &job.why {
            Why::Break => format!("no breakpoint stops at any {later}"),
            Why::Condition(text) => format!("at no {later} holds {text}"),
            Why::Match(text) => format!("no {later} matches {text}"),
            Why::Step => format!("the filter shows no {later}; F shows all"),
        };
        match (job.found, &job.why) {
            (Some(event), Why::Step) => self.go_to(event),
            (Some(event), why) => {
                self.jump_to(event);
                if *why == Why::Break {
                    let why = self.breaks_at(event).join(", ");
                    self.done(format!("stopped at {}: {why}", event.dense_name()));
                }
            }
            (None, _) => self.refuse(none),
        }
    }

    /// The breakpoints that stop at an entry, as text.
    fn breaks_at(&self, event: EventId) -> Vec<String> {
        let log = self.timeline.log();
        let stops = self.view.breaks.active().filter_map(|stop| match stop {
            Stop::Event(at, _) => (*at == event).then(|| "its own breakpoint".to_owned()),
            Stop::Condition(text) => {
                let condition = Sought::condition(text, &self.names).ok()?;
                condition.is(&self.session, log, event).then(|| text.clone())
            }
        });
        stops.collect()
    }

    /// Stops what runs; whether anything did.
    pub(super) fn stop(&mut self) -> bool {
        if self.asking.is_looking() {
            self.asking.cancel();
            self.done("stopped looking for what would change it, and for other data paths");
            return true;
        }
        let stopped = self.job.take();
        if let Some(job) = &stopped {
            self.done(format!("stopped after {} events", job.looked_at));
        }
        stopped.is_some()
    }

    fn start(&mut self, sought: Sought, way: Way, times: u32, why: Why) {
        let at = beyond(self.view.cursor.event, way);
        self.job =
            Some(Job { sought, way, at, left: times.max(1), found: None, why, looked_at: 0 });
        // What is near is there at once.
        self.work();
    }

    pub(super) fn run_to_break(&mut self, way: Way) {
        if self.view.breaks.active().next().is_none() {
            let none = match self.view.breaks.all().len() {
                0 => "there are no breakpoints; b sets one here, :break CONDITION by a condition",
                _ => "all breakpoints are switched off; B lists them",
            };
            return self.refuse(none);
        }
        match Sought::stops(self.view.breaks.active(), &self.names) {
            Ok(sought) => self.start(sought, way, 1, Why::Break),
            Err(message) => self.refuse(message),
        }
    }

    pub(super) fn run_to(&mut self, text: &str, way: Way) {
        match Sought::condition(text, &self.names) {
            Ok(sought) => self.start(sought, way, 1, Why::Condition(text.to_owned())),
            Err(message) => self.refuse(message),
        }
    }

    pub(super) fn search(&mut self, text: &str) {
        let sought = Sought::search(text, &self.names);
        self.view.search = Some(Find::new(text, sought));
        self.next_match(Way::On, 1);
    }

    pub(super) fn next_match(&mut self, way: Way, times: u32) {
        let Some(search) = &self.view.search else {
            return self.refuse("nothing was searched for; / searches");
        };
        let (sought, text) = (search.sought().clone(), search.text().to_owned());
        if let Some(words) = sought.words()
            && self.pick_named(words, way, times)
        {
            return self.done(format!("a row named {text}; events are searched on Step"));
        }
        self.start(sought, way, times, Why::Match(text));
    }

    /// Picks the next row of the screen that words name; whether there is one.
    fn pick_named(&mut self, words: &[String], way: Way, times: u32) -> bool {
        for done in 0..times.max(1) {
            match self.view.screen.row_named(&self.scene(), words, way) {
                Some(jump) => self.follow(jump),
                None => return done > 0,
            }
        }
        true
    }

    pub(super) fn filter(&mut self, text: &str) {
        match Sought::condition(text, &self.names) {
            Ok(sought) => {
                self.view.filter = Some(Find::new(text, sought));
                self.done(format!("only events where {text}; F shows all again"));
            }
            Err(message) => self.refuse(message),
        }
    }

    pub(super) fn clear_filter(&mut self) {
        match self.view.filter.take() {
            Some(_) => self.done("all events are shown"),
            None => self.refuse("all events are shown already; f filters"),
        }
    }

    pub(super) fn step_filtered(&mut self, way: Way, times: u32) {
        if let Some(filter) = &self.view.filter {
            let sought = filter.sought().clone();
            self.start(sought, way, times, Why::Step);
        }
    }
}

/// What a slice came to.
enum Looked {
    Further,
    Ended,
}

fn beyond(event: EventId, way: Way) -> Option<EventId> {
    let beyond = match way {
        Way::On => event.0.checked_add(1),
        Way::Back => event.0.checked_sub(1),
    };
    beyond.map(EventId)
}
