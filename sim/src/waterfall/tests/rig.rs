//! Runs whose requests are kept as strands.

use std::collections::BTreeMap;

use meshwalk_models::units::SimTime;

use crate::flow::Engine;
use crate::flow::tests::rig::prepared;
use crate::kernel::Seed;
use crate::log::{Recorder, Step, Subject};
use crate::run::Prepared;
use crate::stats::RunStatistics;
use crate::waterfall::{Happening, Strand, StrandKind, Waterfall, grow};

/// A run with everything that happened to its requests.
pub(super) struct Run {
    pub(super) prepared: Prepared,
    pub(super) statistics: RunStatistics,
    pub(super) waterfalls: Vec<Waterfall>,
}

/// Runs a scenario to its end.
pub(super) fn run(manifests: &str, scenario: &str, seed: Seed) -> Run {
    run_prepared(prepared(manifests, scenario), seed)
}

/// Runs what was prepared to its end.
pub(super) fn run_prepared(prepared: Prepared, seed: Seed) -> Run {
    let mut engine = Engine::new(prepared.plan.clone(), seed, Collector::default());
    engine.run_until(prepared.plan.end).expect("the load is below the capacity");
    let statistics = engine.statistics().clone();
    let waterfalls = engine.into_recorder().waterfalls();
    Run { prepared, statistics, waterfalls }
}

/// Keeps what happens to each try and attempt.
#[derive(Default)]
struct Collector {
    requests: BTreeMap<(u16, u32), Vec<Strand>>,
    tries: BTreeMap<u32, Place>,
    attempts: BTreeMap<u32, Place>,
    next_id: u64,
}

/// A strand of a request.
type Place = ((u16, u32), usize);

impl Collector {
    fn waterfalls(self) -> Vec<Waterfall> {
        let grown = self.requests.into_iter().map(|((source, number), mut strands)| {
            for strand in &mut strands {
                strand.entries.sort_by_key(|entry| entry.at);
            }
            grow(source, number, &strands).expect("requests begin")
        });
        grown.collect()
    }

    /// What a step begins a strand after.
    fn parent(&self, step: Step) -> Option<Option<Place>> {
        match step {
            Step::CallBegan { parent: None, .. } => Some(None),
            Step::CallBegan { parent: Some(slot), .. } | Step::Relayed { outer: slot } => {
                Some(self.attempts.get(&slot).copied())
            }
            Step::Retried { previous: slot } | Step::AttemptBegan { of: slot } => {
                Some(self.tries.get(&slot).copied())
            }
            _ => None,
        }
    }
}

impl Recorder for Collector {
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step) {
        let (kind, slot, number, name) = match subject {
            Subject::Try { slot, request } => (StrandKind::Try, slot, request.try_number, request),
            Subject::Attempt { slot, number, request, .. } => {
                (StrandKind::Attempt, slot, number, request)
            }
            _ => return,
        };
        if let Some(parent) = self.parent(step) {
            let key = (name.source, name.request);
            let strands = self.requests.entry(key).or_default();
            strands.push(Strand {
                kind,
                number,
                parent: parent.map(|(_, place)| place),
                hop: String::new(),
                edge: match step {
                    Step::CallBegan { edge, .. } => Some(edge),
                    _ => None,
                },
                entries: Vec::new(),
            });
            let place = (key, strands.len() - 1);
            match kind {
                StrandKind::Try => self.tries.insert(slot, place),
                StrandKind::Attempt => self.attempts.insert(slot, place),
            };
        }
        let of = match kind {
            StrandKind::Try => self.tries.get(&slot),
            StrandKind::Attempt => self.attempts.get(&slot),
        };
        let &(key, place) = of.expect("what happens, happens to something that began");
        let strands = self.requests.get_mut(&key).expect("it is kept");
        strands[place].entries.push(Happening { id: self.next_id, at, pod, step });
        self.next_id += 1;
    }
}
