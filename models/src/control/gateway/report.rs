//! What is said of Gateways, ListenerSets and routes: their conditions in the words of the API.

use crate::manifest::kinds::gateway::GatewayRoute;
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::world::Origin;

use super::attach::{RouteName, Site};
use super::backend::Invalid;
use super::build::Routes;
use super::compile::{CompiledRule, Stream};
use super::listener::{Parent, ParentKind, Row};
use super::rules;
use super::status::{Condition, ConditionType, ListenerStatus, ParentStatus, holds};

/// What of a route leads nowhere.
pub(super) struct Problems {
    /// Backends and mirrors.
    pub(super) invalid: Vec<Invalid>,
    /// Filters.
    pub(super) broken: Vec<Invalid>,
    /// Whether every rule has a filter that cannot be applied.
    all_broken: bool,
}

impl Problems {
    /// Those of an attached route.
    pub(super) fn of(routes: &Routes<'_>, name: RouteName<'_>) -> Self {
        let rules = routes.rules.get(&name).map_or(&[][..], Vec::as_slice);
        Self::of_rules(rules).and_of_stream(routes.streams.get(&name))
    }

    /// With those of a stream route.
    pub(super) fn and_of_stream(mut self, stream: Option<&Stream>) -> Self {
        self.invalid.extend(stream.into_iter().flat_map(|it| it.invalid.iter().cloned()));
        self
    }

    /// Those of rules.
    pub(super) fn of_rules(rules: &[CompiledRule<'_>]) -> Self {
        Self {
            invalid: rules.iter().flat_map(|rule| rule.invalid().iter().cloned()).collect(),
            broken: rules.iter().flat_map(|rule| rule.broken().iter().cloned()).collect(),
            all_broken: !rules.is_empty() && rules.iter().all(|rule| !rule.broken().is_empty()),
        }
    }
}

/// The conditions of a route under each of its parents, beside whether it is attached.
pub(super) fn route_conditions(
    facts: &GatewayFacts,
    route: &GatewayRoute,
    problems: &Problems,
) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let resolved = match problems.invalid.first() {
        Some(first) => Condition::new(
            ConditionType::ResolvedRefs,
            false,
            first.reason,
            (first.rule, Origin::Manifest(first.place)),
            first.message.clone(),
        ),
        None => Condition::new(
            ConditionType::ResolvedRefs,
            true,
            "ResolvedRefs",
            (rules::BACKEND_RESOLVED, Origin::Manifest(route.meta.place)),
            "all references lead somewhere and are allowed",
        ),
    };
    conditions.push(resolved);
    if let Some(first) = problems.broken.first() {
        let whole = problems.all_broken || facts.differs(GatewayDifference::BrokenFilters);
        let because = (first.rule, Origin::Manifest(first.place));
        let (kind, status) = if whole {
            (ConditionType::Accepted, false)
        } else {
            (ConditionType::PartiallyInvalid, true)
        };
        conditions.push(Condition::new(kind, status, first.reason, because, first.message.clone()));
    }
    conditions
}

/// The status of a Gateway, then those of the ListenerSets that name it.
pub(super) fn parents(site: &Site<'_>, class: Condition) -> Vec<ParentStatus> {
    let own = (ParentKind::Gateway, site.key);
    let mut statuses = vec![parent(site, own, class)];
    statuses.extend(site.sets.iter().map(|(set, admission)| parent(site, *set, admission.clone())));
    statuses
}

fn parent(site: &Site<'_>, who: Parent<'_>, accepted: Condition) -> ParentStatus {
    let rows: Vec<_> = site.rows.iter().enumerate().filter(|(_, row)| row.parent == who).collect();
    let programmed = rows.iter().filter(|(_, row)| row.programmed).count();
    let because = (rules::LISTENER, accepted.origin);
    let mut conditions = vec![accepted];
    if conditions[0].status && programmed < rows.len() {
        // A set whose listeners are all refused has no place; a Gateway stays.
        let stays = who.0 == ParentKind::Gateway || programmed > 0;
        let message =
            format!("{} of {} listeners are not valid", rows.len() - programmed, rows.len());
        conditions[0] =
            Condition::new(ConditionType::Accepted, stays, "ListenersNotValid", because, message);
    }
    let works = holds(&conditions, ConditionType::Accepted) && programmed > 0;
    let reason = if works { "Programmed" } else { "Invalid" };
    let message = format!("{programmed} of {} listeners are in force", rows.len());
    conditions.push(Condition::new(ConditionType::Programmed, works, reason, because, message));
    let (kind, (namespace, name)) = who;
    ParentStatus {
        kind: kind.word(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        conditions,
        listeners: rows.iter().map(|(index, row)| listener(site, *index, row)).collect(),
    }
}

fn listener(site: &Site<'_>, index: usize, row: &Row<'_>) -> ListenerStatus {
    let mut conditions = row.conditions.clone();
    let because = (rules::LISTENER, Origin::Manifest(row.listener.place));
    let (reason, message) = if row.programmed {
        ("Programmed", "the listener is in force")
    } else {
        ("Invalid", "the listener is not in force")
    };
    conditions.push(Condition::new(
        ConditionType::Programmed,
        row.programmed,
        reason,
        because,
        message,
    ));
    let attached = site.attached.iter().filter(|attached| attached.row == index).count();
    ListenerStatus {
        name: row.listener.name.value.clone(),
        supported_kinds: row.supported.clone(),
        attached_routes: u32::try_from(attached).unwrap_or(u32::MAX),
        conditions,
    }
}
