//! What is set for the calls of a request: the caller's own patience and retries, and those of its
//! proxy, each with the line that sets it.

use std::collections::BTreeSet;

use meshwalk_models::explain::Sourced;
use meshwalk_models::units::{Ppm, SimDuration};
use meshwalk_models::world::Origin;
use meshwalk_sim::flow::plan::Terms;
use meshwalk_sim::waterfall::{ConnectLimit, ProxyWay, TrySettings, Waterfall, settings_of};

use crate::explore::scene::Scene;
use crate::explore::wording::{destination_words, route_words};

use super::naming::Naming;

/// The time limits of a try, as far as they do not depend on a draw that is yet to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Of its caller, for one try.
    pub(super) deadline: Option<SimDuration>,
    /// Of its route, for all attempts.
    pub(super) route: Option<SimDuration>,
    /// Of one attempt.
    pub(super) per_try: Option<SimDuration>,
}

/// The time limits of a try.
pub(super) fn limits(scene: &Scene<'_>, waterfall: &Waterfall, number: usize) -> Limits {
    let Some(settings) = settings_of(scene.session.plan(), waterfall, number) else {
        return Limits::default();
    };
    let of = |limit: fn(&Terms) -> SimDuration| {
        let forwards = settings.ways.iter().filter_map(|way| way.route.terms());
        let mut routes = forwards.map(limit);
        let first = routes.next()?;
        (!first.is_zero() && routes.all(|other| other == first)).then_some(first)
    };
    Limits {
        deadline: settings.timeout,
        route: of(|terms| terms.router.timeout.value),
        per_try: of(|terms| terms.router.per_try_timeout.value),
    }
}

/// The settings of one sort of call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// Whose call: `frontend -> reports`.
    pub(super) call: String,
    /// What is set, and where.
    pub(super) lines: Vec<String>,
}

/// The settings of all calls of a request, each sort once.
pub(super) fn settings(scene: &Scene<'_>, waterfall: &Waterfall) -> Vec<Setting> {
    let naming = Naming::of(scene);
    let plan = scene.session.plan();
    let mut seen = BTreeSet::new();
    let mut settings = Vec::new();
    for (number, it) in waterfall.tries.iter().enumerate() {
        let site = waterfall.site_of(plan, it.call);
        // Tries of one call may draw different ways.
        if !seen.insert((site, waterfall.calls[it.call].edge, it.drawn)) {
            continue;
        }
        let lines = match settings_of(plan, waterfall, number) {
            Some(settings) => lines(scene, &naming, site, &settings),
            None => vec!["the log does not tell which call it is".to_owned()],
        };
        settings.push(Setting { call: naming.call(waterfall, it.call), lines });
    }
    settings
}

fn lines(
    scene: &Scene<'_>,
    naming: &Naming<'_>,
    site: Option<u32>,
    settings: &TrySettings<'_>,
) -> Vec<String> {
    let mut lines = vec![own(scene, naming, site, settings)];
    match settings.ways.as_slice() {
        [] => {
            lines.push(match settings.connect {
                ConnectLimit::Set(limit) => format!("connect timeout: {limit}"),
                ConnectLimit::OfKernel(limit) => format!("connect timeout: {limit}, the kernel's"),
            });
            lines.push("no proxy of the caller tries again or limits its time".to_owned());
        }
        [only] => lines.extend(way(scene, naming, only)),
        several => {
            let count = several.len();
            for (number, it) in several.iter().enumerate() {
                lines.push(format!("route {} of {count}, before the draw:", number + 1));
                lines.extend(way(scene, naming, it));
            }
        }
    }
    lines
}

/// A way through the proxy: which one, where there are several, and what it sets.
fn way(scene: &Scene<'_>, naming: &Naming<'_>, way: &ProxyWay<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let at = |origin: Option<Origin>| {
        origin.map_or(String::new(), |origin| format!(" [{}]", naming.words.origin(origin)))
    };
    if way.route.share != Ppm::ONE {
        let rule = way.route.rule.as_ref().map(|rule| rule.origin);
        lines.push(format!("by a draw: {}{}", route_words(way.route), at(rule)));
    }
    let terms = way.route.terms();
    if let Some(drawn) = way.destination
        && let Some(words) = destination_words(way.route, drawn)
    {
        let named = terms.and_then(|terms| terms.destinations.get(drawn as usize)?.named.as_ref());
        lines.push(format!("by a draw: to {words}{}", at(named.map(|named| named.origin))));
    }
    match terms {
        Some(terms) => {
            lines.extend(route(naming, terms));
            let limits = way.connect_limits(scene.session.plan()).into_iter();
            for limit in limits.filter(|limit| !limit.value.is_zero()) {
                let line = format!("connect timeout: {}{}", limit.value, at(Some(limit.origin)));
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        None => lines.push("the proxy answers by itself".to_owned()),
    }
    lines
}

/// What the application does by itself.
fn own(
    scene: &Scene<'_>,
    naming: &Naming<'_>,
    site: Option<u32>,
    settings: &TrySettings<'_>,
) -> String {
    let patience = match settings.timeout {
        Some(limit) => format!("waits {limit}"),
        None if settings.ways.is_empty() => "waits for ever once connected".to_owned(),
        None => "waits for ever".to_owned(),
    };
    let retries = match settings.retries {
        0 => "does not try again".to_owned(),
        1 => format!("tries again once after {}", settings.pause),
        more => format!("tries again {more} times, each after {}", settings.pause),
    };
    let asked = site.and_then(|row| scene.session.prepared.asked.get(row as usize));
    let place = asked.and_then(|asked| {
        let call = asked.written.rsplit_once('.').map_or(asked.written.as_str(), |(call, _)| call);
        scene.session.scenario.place_of(call)
    });
    let place = place.map_or(String::new(), |place| {
        format!(" [{}]", naming.words.origin(Origin::Scenario(place)))
    });
    format!("caller: {patience}, {retries}{place}")
}

/// What its proxy does on a route.
fn route(naming: &Naming<'_>, terms: &Terms) -> Vec<String> {
    let router = &terms.router;
    let limit = |name: &str, limit: Sourced<SimDuration>| {
        let value = if limit.value.is_zero() { "none".to_owned() } else { limit.value.to_string() };
        format!("{name}: {value} [{}]", naming.words.origin(limit.origin))
    };
    let mut lines = vec![
        limit("per-try timeout", router.per_try_timeout),
        limit("route timeout", router.timeout),
    ];
    match router.retry.as_deref().filter(|retry| !retry.retry_on.value.is_empty()) {
        None => lines.insert(0, "proxy: no retries".to_owned()),
        Some(retry) => {
            let mut on: Vec<String> = retry.retry_on.value.words().map(str::to_owned).collect();
            on.extend(retry.status_codes.iter().map(u16::to_string));
            let origin = |origin| naming.words.origin(origin);
            lines.insert(
                0,
                format!(
                    "proxy: {} retries [{}]",
                    retry.retries.value,
                    origin(retry.retries.origin)
                ),
            );
            lines.insert(
                1,
                format!("retry on: {} [{}]", on.join(","), origin(retry.retry_on.origin)),
            );
            let backoff = retry.backoff.value;
            lines.push(format!(
                "back-off: from {}, at most {} [{}]",
                backoff.base,
                backoff.max,
                origin(retry.backoff.origin)
            ));
        }
    }
    lines
}
