//! Requests before the filters of their caller's proxy, where filters hold up or answer some of
//! them. What a filter does is decided in `meshwalk-models`.

use meshwalk_models::proxy::envoy::filters::{
    Chain, FilterState, Progress, Settings, Step as Pass,
};
use meshwalk_models::proxy::envoy::router::RouterState;
use meshwalk_models::proxy::envoy::routing::Taken;
use meshwalk_models::proxy::envoy::{Reply, Request};
use meshwalk_models::units::SimTime;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step};
use crate::stats::{Details, Ending, Flags, Ruling};

use super::dice::KeyedDice;
use super::engine::Engine;
use super::plan::{FilterPlan, RouteAction, weighted_cluster};
use super::rules::Rules;
use super::state::Try;

/// What the draws of filters are for.
const FILTERS: u64 = 0x6669_6C74;
/// What the answers of filters that enforce policy begin with.
const POLICY: [&str; 3] = ["rbac_", "jwt_", "ext_authz_"];

/// How far a request has come among the filters.
#[derive(Clone, Debug, Default)]
pub(super) struct Passage {
    pub(super) progress: Progress,
    /// How often it was held up.
    pub(super) stops: u32,
}

/// How a call ends that a proxy answers by itself.
pub(super) fn ending_of(reply: &Reply) -> Ending {
    // The names of policies and the like are no part of the word.
    let word = reply.details.split(['{', '[']).next().unwrap_or_default();
    Ending {
        status: reply.status,
        details: Details::of_name(word),
        flags: Flags::from(reply.flags),
    }
}

impl<R: Recorder> Engine<R> {
    /// Lets the filters look at a request, from where it stands.
    pub(super) fn meet_filters(&mut self, slot: u32, from: SimTime) {
        let plan = self.plan.clone();
        let route = self.streams[slot].route;
        let Some(filters) = plan.mesh.routes[route as usize].filters.as_deref() else {
            self.route_stream(slot, from);
            return;
        };
        let Try { key, client, .. } = self.tries[slot];
        let mut passage = self.passages.remove(&slot).unwrap_or_default();
        let mut dice = KeyedDice::new(mix(mix(key, FILTERS), u64::from(passage.stops)));
        let request = self.at_this_time(&filters.request);
        let state = self.filter_states.entry((client, filters.number)).or_default();
        let destination = self.streams[slot].destination as usize;
        let entry = match &plan.mesh.routes[route as usize].action {
            RouteAction::Forward(terms) => {
                terms.destinations.get(destination).and_then(|it| it.entry)
            }
            RouteAction::Answer(_) => None,
        };
        let mut rules = Rules::default();
        let pass =
            run((filters, &request, entry), &mut passage, state, from, &mut dice, &mut rules);
        if R::LISTENS {
            for rule in rules.0 {
                self.tell_try(from, slot, Step::Decided { rule });
            }
        }
        match pass {
            Pass::Wait(pause) => {
                passage.stops += 1;
                self.tell_try(from, slot, Step::Delayed { pause });
                self.delay_stream(slot, from + pause);
            }
            Pass::Ask(ask) => {
                passage.stops += 1;
                let (answer, pause) = self.ask_authorizer(mix(key, u64::from(passage.stops)), &ask);
                passage.progress.tell(answer);
                self.tell_try(from, slot, Step::Asks { pause });
                self.delay_stream(slot, from + pause);
            }
            Pass::Answer(reply) => {
                self.count_verdict(slot, &reply, from);
                self.proxy_answers(slot, ending_of(&reply), from);
            }
            Pass::Through => {
                let flags = passage.progress.flags;
                self.streams[slot].router = RouterState::after_filters(flags);
                self.route_stream(slot, from);
            }
            // What a waypoint cannot tell is taken for allowed, or else there is no run.
            Pass::Unknown if self.outer_of(slot).is_some() => self.route_stream(slot, from),
            // The plan has no other filters that cannot tell.
            Pass::Unknown => {
                self.proxy_answers(slot, Ending::without_answer(Details::OTHER), from);
            }
        }
        self.passages.insert(slot, passage);
    }

    /// Counts an answer by which policy turns a request away.
    fn count_verdict(&mut self, slot: u32, reply: &Reply, at: SimTime) {
        if !POLICY.iter().any(|filter| reply.details.starts_with(filter)) {
            return;
        }
        let ruling = if reply.status == 401 { Ruling::Unauthenticated } else { Ruling::Denied };
        let edge = self.plan.calls[self.tries[slot].call as usize].edge;
        self.meter.ruled(edge, at, ruling);
    }

    /// The stream has ended: filters get back what it held.
    pub(super) fn leave_filters(&mut self, slot: u32) {
        let Some(mut passage) = self.passages.remove(&slot) else { return };
        let route = self.streams[slot].route;
        let client = self.tries[slot].client;
        let plan = &self.plan.mesh.routes[route as usize].filters;
        let number = plan.as_ref().map_or(0, |filters| filters.number);
        if let Some(state) = self.filter_states.get_mut(&(client, number)) {
            passage.progress.end(state);
        }
    }
}

/// Runs the filters of a plan over a request, from where it stands.
pub(super) fn run(
    (filters, request, entry): (&FilterPlan, &Request, Option<u32>),
    passage: &mut Passage,
    state: &mut FilterState,
    now: SimTime,
    dice: &mut KeyedDice,
    rules: &mut Rules,
) -> Pass {
    let taken = filters.taken.as_ref().map(|(host, route)| Taken { host, route });
    let weighted = taken.zip(entry).and_then(|(taken, place)| weighted_cluster(taken.route, place));
    let chain = Chain {
        filters: &filters.manager.filters,
        settings: Settings { taken, weighted },
        bootstrap: &filters.bootstrap,
    };
    let progress = &mut passage.progress;
    chain.run(request, progress, state, now, dice, rules)
}
