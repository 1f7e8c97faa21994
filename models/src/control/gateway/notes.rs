//! What is said of the rules of a route beside its status: what leads nowhere, and which rules of
//! the standard shape what its requests meet.

use crate::explain::RuleId;
use crate::manifest::kinds::gateway::{
    GatewayRoute, PathModifier, RouteFilter, RouteFilterKind, RouteKind, RoutePathMatch, RouteRule,
    RouteRuleMatch, ValueMatchType,
};
use crate::manifest::{Located, Place};
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::Pattern;
use crate::world::Origin;

use super::backend::{Invalid, ServicePortId};
use super::compile::Context;
use super::report::Problems;
use super::rules;
use super::status::{Condition, ConditionType};

/// What else is said of a route's rules.
pub(super) fn notes(
    context: &Context<'_>,
    route: &GatewayRoute,
    problems: &Problems,
    ports: impl Iterator<Item = ServicePortId>,
) -> Vec<Condition> {
    let note = |invalid: &Invalid, kind| {
        let because = (invalid.rule, Origin::Manifest(invalid.place));
        Condition::new(kind, false, invalid.reason, because, invalid.message.clone())
    };
    let mut notes: Vec<_> =
        problems.invalid.iter().map(|it| note(it, ConditionType::ResolvedRefs)).collect();
    let leaves_out = context.facts.differs(GatewayDifference::BrokenFilters);
    notes.extend(problems.broken.iter().map(|it| {
        let mut note = note(it, ConditionType::Accepted);
        note.message.push_str(if leaves_out {
            "; Istio leaves the whole route out, and its requests get 404 or meet another route"
        } else {
            "; requests that would meet it get 500, as a filter must not be skipped"
        });
        note
    }));
    route.rules.iter().for_each(|rule| patterns(rule, &mut notes));
    let world = context.objects.world;
    for port in ports.filter(|port| port.ready_endpoints(world) == 0) {
        let row = &world.services[port.service].ports[port.port];
        let message = format!(
            "port {} of Service {} has no endpoint that is ready: its requests get 503",
            row.port,
            world.service_name(port.service)
        );
        let because = (rules::BACKEND_NO_ENDPOINTS, row.origin);
        notes.push(Condition::new(
            ConditionType::Programmed,
            false,
            "NoEndpoints",
            because,
            message,
        ));
    }
    route.rules.iter().for_each(|rule| shapes(context.facts, route.kind, rule, &mut notes));
    for place in route.rules.iter().filter_map(|rule| rule.session_persistence) {
        let because = (rules::NOT_MODELLED, Origin::Manifest(place));
        let message = "session persistence is not modelled: requests are balanced one by one";
        let kind = ConditionType::Programmed;
        notes.push(Condition::new(kind, false, "NotModelled", because, message));
    }
    notes
}

/// Patterns that do not compile.
fn patterns(rule: &RouteRule, notes: &mut Vec<Condition>) {
    let mut check = |text: &Located<String>| {
        let pattern = Pattern::new(text.value.as_str());
        let Some(error) = pattern.error() else { return };
        let why = error.lines().last().unwrap_or(error).trim_start_matches("error: ");
        let message = format!(
            "the pattern does not compile: {why}; a proxy refuses routes with it, and here it \
             matches nothing"
        );
        let because = (rules::PATTERN, Origin::Manifest(text.place));
        let kind = ConditionType::Programmed;
        notes.push(Condition::new(kind, false, "UnsupportedValue", because, message));
    };
    for entry in &rule.matches {
        if let Some(RoutePathMatch::Regex(path)) = &entry.path {
            check(path);
        }
        let values = entry.headers.iter().chain(&entry.query);
        let values = values.filter(|value| value.match_type == ValueMatchType::Regex);
        values.for_each(|value| check(&value.value));
        if let Some(call) = entry.call.as_ref().filter(|it| it.match_type == ValueMatchType::Regex)
        {
            call.service.iter().chain(&call.method).for_each(&mut check);
        }
    }
}

/// The rules of the standard that shape what the requests of a rule meet.
fn shapes(facts: &GatewayFacts, kind: RouteKind, rule: &RouteRule, notes: &mut Vec<Condition>) {
    for entry in &rule.matches {
        if let Some(RoutePathMatch::Prefix(path)) = &entry.path {
            let message = format!("prefix `{path}` is compared element by element");
            notes.push(in_force(rules::PATH_PREFIX, path.place, message));
        }
        if !facts.differs(GatewayDifference::RepeatedEntries) {
            repeated(entry, notes);
        }
    }
    for filter in &rule.filters {
        match &filter.kind {
            RouteFilterKind::Redirect(redirect) if redirect.port.is_none() => {
                let message = match &redirect.scheme {
                    Some(scheme) => format!("the redirect goes to the usual port of {scheme}"),
                    None => "the redirect goes to the port of the listener".to_owned(),
                };
                notes.push(in_force(rules::REDIRECT_PORT, filter.place, message));
            }
            RouteFilterKind::Mirror(mirror) => {
                let share = mirror.share.map_or("all".to_owned(), |share| {
                    format!("{} of {}", share.numerator, share.denominator)
                });
                let target = &mirror.target.object.name;
                let message = format!("{share} requests are copied to `{target}`");
                notes.push(in_force(rules::MIRROR, filter.place, message));
            }
            _ => {}
        }
        prefix(&filter.kind, filter.place, notes);
    }
    headers(rule, notes);
    limits(kind, rule, notes);
}

/// A replacement of the prefix that matched.
fn prefix(filter: &RouteFilterKind, place: Place, notes: &mut Vec<Condition>) {
    let path = match filter {
        RouteFilterKind::Redirect(redirect) => redirect.path.as_ref(),
        RouteFilterKind::Rewrite(rewrite) => rewrite.path.as_ref(),
        _ => None,
    };
    if let Some(PathModifier::Prefix(replacement)) = path {
        let message = format!("the prefix that matched is replaced by `{replacement}`");
        notes.push(in_force(rules::REWRITE_PREFIX, place, message));
    }
}

/// Changes of headers that a rule and its backends make one after the other.
fn headers(rule: &RouteRule, notes: &mut Vec<Condition>) {
    let changes = |filters: &[RouteFilter]| {
        let mut headers = filters.iter().filter(|filter| {
            matches!(
                filter.kind,
                RouteFilterKind::RequestHeaders(_) | RouteFilterKind::ResponseHeaders(_)
            )
        });
        headers.next().map(|filter| filter.place)
    };
    let own = changes(&rule.filters);
    let backend = rule.backends.iter().find_map(|backend| changes(&backend.filters));
    if let (Some(_), Some(place)) = (own, backend) {
        let message = "these changes of headers are made after those of the rule".to_owned();
        notes.push(in_force(rules::HEADERS, place, message));
    }
}

/// Entries that do not count, because one before them has an equivalent name.
fn repeated(entry: &RouteRuleMatch, notes: &mut Vec<Condition>) {
    let mut say = |name: &crate::manifest::Located<String>| {
        let message = format!("only the first entry for `{name}` counts");
        notes.push(in_force(rules::FIRST_OF_NAME, name.place, message));
    };
    for (at, header) in entry.headers.iter().enumerate() {
        let same = |other: &&_| same_header(other, header);
        if entry.headers[..at].iter().any(|other| same(&other)) {
            say(&header.name);
        }
    }
    for (at, parameter) in entry.query.iter().enumerate() {
        if entry.query[..at].iter().any(|other| other.name == parameter.name) {
            say(&parameter.name);
        }
    }
}

fn same_header(
    one: &crate::manifest::kinds::gateway::ValueMatch,
    other: &crate::manifest::kinds::gateway::ValueMatch,
) -> bool {
    one.name.value.eq_ignore_ascii_case(&other.name.value)
}

fn limits(kind: RouteKind, rule: &RouteRule, notes: &mut Vec<Condition>) {
    if kind != RouteKind::Http {
        return;
    }
    if let Some(time) = &rule.request_timeout {
        let message = format!("the whole exchange, retries included, may take {}", time.value);
        notes.push(in_force(rules::TIMEOUT, time.place, message));
    }
    if let Some(time) = &rule.backend_timeout {
        let message = format!("each attempt may take {}", time.value);
        notes.push(in_force(rules::TIMEOUT, time.place, message));
    }
    if let Some(retry) = &rule.retry {
        let codes: Vec<_> = retry.codes.iter().map(u16::to_string).collect();
        let message =
            format!("connection errors and the statuses [{}] are retried", codes.join(", "));
        notes.push(in_force(rules::RETRY, retry.place, message));
    }
}

fn in_force(rule: RuleId, place: Place, message: String) -> Condition {
    let because = (rule, Origin::Manifest(place));
    Condition::new(ConditionType::Programmed, true, "InForce", because, message)
}
