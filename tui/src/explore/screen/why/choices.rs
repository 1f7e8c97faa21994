//! What the run chose on the way, and what was true when it did: endpoints, breakers, ejections,
//! retries. What is written down and holds for every request stands in the tree.

use std::collections::BTreeSet;

use meshwalk_models::explain::RuleId;
use meshwalk_models::walk::{Answer, Share};
use meshwalk_sim::flow::plan::{OutlierWatch, Plan};
use meshwalk_sim::log::{Step, StepKind};
use meshwalk_sim::timeline::{EventId, Log, is_failure};

use crate::explore::look::{Role, Sign};
use crate::explore::wording::{Happened, Words};

use super::about::About;
use super::item::Item;

/// Too few hosts are healthy, so that all of them are used.
const PANIC: RuleId = RuleId("envoy.balance.panic");
/// How far back ejections are looked for, in entries.
const LOOK_BACK_MAX: u32 = 200_000;
/// How many of the hosts are named.
const HOSTS_MAX: usize = 6;

/// The choices of a call up to an entry.
pub(super) fn choices(
    log: &Log,
    (plan, words): (&Plan, &Words<'_>),
    (about, answer): (&About, Option<&Answer>),
    until: EventId,
) -> Vec<Item> {
    let subjects = about.subjects();
    let own = subjects.iter().flat_map(|it| log.events_of(*it));
    let caused = log
        .health_changes_of(about.request)
        .filter(|id| log.cause(*id).is_some_and(|cause| subjects.contains(&log.subject(cause))));
    let mut events: Vec<EventId> = own.chain(caused).filter(|id| *id <= until).collect();
    events.sort_unstable();
    let causes = causes(log, about.decision);
    let shares = answer.map_or(&[][..], |answer| &answer.weights);
    let hosts = hosts(shares, words);
    let ejected = if has_outliers(plan) { ejections(log, &hosts, until) } else { Vec::new() };
    let mut items: Vec<Item> = ejected.iter().map(|(id, _)| told(log, words, *id)).collect();
    for id in events {
        let step = log.step(id);
        if !is_choice(step) && !causes.contains(&id) {
            continue;
        }
        let mut item = told(log, words, id);
        if let Step::EndpointChosen { pod, candidates, .. } = step {
            item.below = among(words, (pod, candidates), &hosts, &ejected, id);
        }
        if step.rule() == Some(PANIC) {
            item.below = panics(words, &ejected, id);
        }
        items.push(item);
    }
    items.sort_by_key(|item| item.event);
    items.dedup_by_key(|item| item.event);
    items
}

/// The entries that led to a decision of outlier detection, the nearest first: the failure, and
/// before that, for a host that is back, its ejection.
fn causes(log: &Log, decision: Option<EventId>) -> Vec<EventId> {
    let is_health = |id: &EventId| {
        use StepKind::{HostEjected, HostReturned, HostSpared};
        matches!(log.kind(*id), HostEjected | HostReturned | HostSpared)
    };
    let decisions =
        std::iter::successors(decision.filter(is_health), |id| log.cause(*id).filter(is_health));
    decisions.filter_map(|id| log.cause(id)).collect()
}

/// Why all hosts are used: those that are ejected.
fn panics(words: &Words<'_>, ejected: &[(EventId, u32)], at: EventId) -> Vec<(Role, String)> {
    let out = ejected.iter().filter(|(since, _)| *since <= at).take(HOSTS_MAX);
    let out = out
        .map(|(since, pod)| format!("{} (ejected since {})", words.pod(*pod), since.dense_name()));
    let out: Vec<String> = out.collect();
    if out.is_empty() {
        return Vec::new();
    }
    vec![(Role::Dim, format!("because of: {}", out.join(", ")))]
}

fn told(log: &Log, words: &Words<'_>, id: EventId) -> Item {
    let step = log.step(id);
    let connection = log.connection_at(id).map(|row| u64::from(row.0));
    let said = words.sentence(Happened { step, pod: log.pod(id), connection });
    let text = format!("{} {said}", id.dense_name());
    let (role, sign) = match is_failure(step) {
        true => (Role::Bad, Sign::Bad),
        false => (Role::Text, Sign::Decision),
    };
    let item = Item::new(role, text).signed(sign).about(id);
    let item = item.from(words.set_by(step));
    match step.rule() {
        Some(rule) => item.by(rule),
        None => item,
    }
}

/// Whether a step turns on what was true at that moment.
const fn is_choice(step: Step) -> bool {
    matches!(
        step,
        Step::RouteDrawn { .. }
            | Step::DestinationDrawn { .. }
            | Step::EndpointChosen { .. }
            | Step::Decided { .. }
            | Step::Delayed { .. }
            | Step::Asks { .. }
            | Step::Overflowed { .. }
            | Step::HostEjected { .. }
            | Step::HostSpared { .. }
            | Step::WaitsForConnection
            | Step::AttemptReset { .. }
            | Step::AttemptGivenUp
            | Step::ProxyBacksOff { .. }
            | Step::Retried { .. }
            | Step::BacksOff { .. }
            | Step::TurnedAway
            | Step::TimedOut
    )
}

/// The hosts among which one was chosen, with those that were ejected then.
fn among(
    words: &Words<'_>,
    (chosen, candidates): (u32, u32),
    hosts: &BTreeSet<u32>,
    ejected: &[(EventId, u32)],
    at: EventId,
) -> Vec<(Role, String)> {
    if candidates < 2 || !hosts.contains(&chosen) {
        return Vec::new();
    }
    let others = hosts.iter().filter(|host| **host != chosen).take(HOSTS_MAX);
    let others: Vec<String> = others
        .map(|host| {
            let since = ejected.iter().find(|(since, pod)| pod == host && *since <= at);
            match since {
                Some((since, _)) => {
                    format!("{} (ejected since {})", words.pod(*host), since.dense_name())
                }
                None => words.pod(*host),
            }
        })
        .collect();
    let more = if hosts.len() > HOSTS_MAX + 1 { ", …" } else { "" };
    vec![(Role::Dim, format!("not chosen: {}{more}", others.join(", ")))]
}

/// The pods behind the shares of an answer.
fn hosts(shares: &[Share], words: &Words<'_>) -> BTreeSet<u32> {
    let known = words.world().pods.len();
    let endpoints = shares.iter().flat_map(|share| &share.endpoints);
    let pods = endpoints.filter_map(|it| it.pod_id).map(|pod| pod.0);
    pods.filter(|pod| (*pod as usize) < known).collect()
}

fn has_outliers(plan: &Plan) -> bool {
    plan.mesh.clusters.iter().any(|cluster| cluster.outlier == OutlierWatch::On)
}

/// Where hosts were ejected that are not back at an entry.
fn ejections(log: &Log, hosts: &BTreeSet<u32>, until: EventId) -> Vec<(EventId, u32)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let first = until.0.saturating_sub(LOOK_BACK_MAX);
    for id in (first..=until.0).rev().map(EventId) {
        if !matches!(log.kind(id), StepKind::HostEjected | StepKind::HostReturned) {
            continue;
        }
        match log.step(id) {
            Step::HostEjected { pod, .. } if hosts.contains(&pod) && seen.insert(pod) => {
                found.push((id, pod));
            }
            Step::HostReturned { pod, .. } => {
                seen.insert(pod);
            }
            _ => {}
        }
    }
    found
}
