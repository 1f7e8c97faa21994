//! Why there was another attempt, or none: what proxies and applications decided about retries,
//! with the rules and limits that they went by.

use meshwalk_models::units::SimTime;
use meshwalk_models::world::Origin;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::waterfall::{
    CutBy, ProxyWay, Retries, RetryDecision, Try, TrySettings, Verdict, Waterfall, settings_of,
};

use crate::explore::scene::Scene;

use super::naming::{self, Naming};

/// One decision about another attempt or try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    /// The entry that tells of it.
    pub(super) entry: u64,
    /// When, counted from the beginning of the request.
    pub(super) after: String,
    /// Whether there was another one.
    pub(super) is_allowed: bool,
    /// What had happened to whom, and what was decided.
    pub(super) headline: String,
    /// What it was held against.
    pub(super) grounds: Vec<String>,
}

/// All decisions of a request, in the order of time.
pub(super) fn decisions(scene: &Scene<'_>, waterfall: &Waterfall) -> Vec<Decided> {
    let naming = Naming::of(scene);
    let mut decided = Vec::new();
    for (number, it) in waterfall.tries.iter().enumerate() {
        let settings = settings_of(scene.session.plan(), waterfall, number);
        let call = naming.call(waterfall, it.call);
        for decision in &it.retries {
            let about = decision.attempt.map_or(String::new(), |attempt| {
                format!("attempt {} of ", waterfall.attempts[attempt].number + 1)
            });
            decided.push((
                decision.at,
                Decided {
                    entry: decision.entry,
                    after: (decision.at - waterfall.begun).to_string(),
                    is_allowed: decision.verdict.is_made(),
                    headline: format!(
                        "{about}{call}: {}; {}",
                        naming::cause(decision.cause),
                        naming::verdict(decision.verdict)
                    ),
                    grounds: grounds(&naming, decision, settings.as_ref()),
                },
            ));
        }
        if let Some((at, own)) = by_application(waterfall, it, settings.as_ref(), &call) {
            decided.push((at, own));
        }
    }
    decided.sort_by_key(|(at, decision)| (*at, decision.entry));
    decided.into_iter().map(|(_, decision)| decision).collect()
}

/// What the application decided after one of its tries.
fn by_application(
    waterfall: &Waterfall,
    it: &Try,
    settings: Option<&TrySettings<'_>>,
    name: &str,
) -> Option<(SimTime, Decided)> {
    let ended = it.ended?;
    let retries = settings.map_or(0, |settings| settings.retries);
    let fails = waterfall.calls[it.call].ending.is_some_and(|ending| !ending.is_success());
    let verdict = match it.pause_after {
        Some(pause) => format!("tries again after {pause}"),
        None if fails && retries > 0 => "does not try again".to_owned(),
        None => return None,
    };
    let limit = format!("its own retries: {} of {retries} made before", it.number);
    Some((
        ended,
        Decided {
            entry: it.entry,
            after: (ended - waterfall.begun).to_string(),
            is_allowed: it.pause_after.is_some(),
            headline: format!("try {} of {name} failed; the application {verdict}", it.number + 1),
            grounds: vec![limit],
        },
    ))
}

fn grounds(
    naming: &Naming<'_>,
    decision: &RetryDecision,
    settings: Option<&TrySettings<'_>>,
) -> Vec<String> {
    let mut grounds = Vec::new();
    let at = |origin: Origin| naming.words.origin(origin);
    if let Some(way) = settings.and_then(|settings| sole(&settings.ways))
        && let Some(terms) = way.route.terms()
    {
        let router = &terms.router;
        grounds.extend(unconsidered(way, decision.verdict, &at));
        if let Retries::Set(retry) = way.retries() {
            let on: Vec<&str> = retry.retry_on.value.words().collect();
            grounds.push(format!("retry_on {} [{}]", on.join(","), at(retry.retry_on.origin)));
            grounds.push(format!(
                "retries made before: {} of {} [{}]",
                decision.made_before,
                retry.retries.value,
                at(retry.retries.origin)
            ));
        }
        grounds.extend(fullness((naming.words.plan(), way), decision.verdict, &at));
        let is_late =
            matches!(decision.verdict, Verdict::NeverMade { by: CutBy::RouteTimeout, .. });
        if is_late || decision.verdict == Verdict::OutOfTime {
            let limit = router.timeout;
            grounds.push(format!("route timeout {} [{}]", limit.value, at(limit.origin)));
        }
        if !router.per_try_timeout.value.is_zero() {
            let limit = router.per_try_timeout;
            grounds.push(format!("per-try timeout {} [{}]", limit.value, at(limit.origin)));
        }
    }
    if let Verdict::NeverMade { pause, at: cut, .. } = decision.verdict {
        grounds.push(format!("broken off {} into the pause of {pause}", cut - decision.at));
    }
    let rules: Vec<&str> = decision.rules.iter().map(|rule| rule.0).collect();
    grounds.push(format!("rules: {}", rules.join(", ")));
    grounds
}

/// Why retries were not looked at.
fn unconsidered(
    way: &ProxyWay<'_>,
    verdict: Verdict,
    at: &impl Fn(Origin) -> String,
) -> Option<String> {
    if verdict != Verdict::NotConsidered {
        return None;
    }
    match way.retries() {
        Retries::None => Some("no retries are set for its route".to_owned()),
        Retries::NotThisRequest(retry) => Some(format!(
            "its headers are none of those that may be tried again [{}]",
            at(retry.origin)
        )),
        // The request is too large to be kept, or something else has ended retries before.
        Retries::Set(_) => Some("retries had ended for it before".to_owned()),
    }
}

/// The limit of retries under way, with the line that sets it.
fn fullness(
    (plan, way): (&Plan, &ProxyWay<'_>),
    verdict: Verdict,
    at: &impl Fn(Origin) -> String,
) -> Option<String> {
    let (full, name) = match verdict {
        Verdict::BreakerFull(full) => (full, "max_retries"),
        Verdict::BudgetSpent(full) => (full, "retry budget"),
        _ => return None,
    };
    let of = format!("{name}: {} of {} retries under way", full.count, full.limit);
    match way.limit_set_by(plan, full.of) {
        Some(origin) => Some(format!("{of} [{}]", at(origin))),
        None => Some(of),
    }
}

/// The way, where it does not depend on a draw that is yet to come.
fn sole<'w, 'p>(ways: &'w [ProxyWay<'p>]) -> Option<&'w ProxyWay<'p>> {
    match ways {
        [only] => Some(only),
        _ => None,
    }
}
