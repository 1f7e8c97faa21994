//! What a run knows by name, gathered once, and what changes with the cursor.

use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::timeline::{EventId, Log};

use super::App;
use crate::explore::action::Action;
use crate::explore::prompt::{self, Words};
use crate::explore::sought::{self, Sought};

/// How many names of events are offered.
const EVENTS_MAX: usize = 50;

/// The names that do not change.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Vocabulary {
    services: Vec<String>,
    pods: Vec<String>,
    steps: Vec<&'static str>,
    variables: Vec<(&'static str, &'static str)>,
}

impl Vocabulary {
    /// Those of a plan.
    pub(in crate::explore) fn of(plan: &Plan) -> Self {
        let layout = &plan.layout;
        let services = (0..layout.services.len()).map(|row| layout.service_name(row)).collect();
        let pods = layout.workloads.iter().flat_map(|it| it.pods.iter().cloned()).collect();
        Self { services, pods, steps: sought::steps(), variables: sought::variables() }
    }
}

impl App {
    /// Reads a command as it is typed; the error is what is wrong with it, as a fragment.
    pub(in crate::explore) fn read(&self, command: &str) -> Result<Action, String> {
        self.with_words(|words| prompt::parse(command, words))
    }

    /// Lends out what the run knows by name at the cursor.
    pub(in crate::explore) fn with_words<T>(&self, look: impl FnOnce(&Words<'_>) -> T) -> T {
        let marks: Vec<char> = self.view.marks.keys().copied().collect();
        let events = near(self.timeline.log(), self.view.cursor.event);
        let check = |text: &str| Sought::condition(text, &self.names).map(|_| ());
        let Vocabulary { services, pods, steps, variables } = &self.vocabulary;
        look(&Words {
            services,
            pods,
            steps,
            variables,
            marks: &marks,
            events: &events,
            check: &check,
            check_search: &|_| Ok(()),
        })
    }
}

/// The names of the events from the cursor on, each request and connection once by its own name.
fn near(log: &Log, cursor: EventId) -> Vec<String> {
    let last = u32::try_from(log.len()).unwrap_or(u32::MAX);
    let near = (cursor.0..last).take(EVENTS_MAX);
    near.map(|event| log.name(EventId(event))).collect()
}
