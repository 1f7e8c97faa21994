//! HTTPRoutes and GRPCRoutes that claim one hostname at one listener: one of both is refused.
//!
//! Source: gateway-api `apis/v1/grpcroute_types.go`, `GRPCRoute`: "the implementation MUST accept
//! exactly one of these two routes", the oldest, then the first in the alphabet.

use std::collections::BTreeMap;

use crate::manifest::kinds::gateway::RouteKind;
use crate::world::Origin;

use super::age::Age;
use super::attach::{Attached, Attachments, RouteName};
use super::hostname::Hostname;
use super::objects::Objects;
use super::rules;
use super::status::{Condition, ConditionType};

/// Takes the younger route away wherever two kinds meet, and says so in its status.
pub(super) fn refuse_overlaps<'a>(objects: &Objects<'a>, attachments: &mut Attachments<'a>) {
    let Attachments { sites, statuses, .. } = attachments;
    for site in sites {
        for row in 0..site.rows.len() {
            let refused = refused_at(objects, row, &site.attached);
            for (loser, winner) in &refused {
                objects.settle(&objects.claim_of(*winner), &objects.claim_of(*loser), || {
                    format!("a hostname at listener `{}`", site.rows[row].listener.name)
                });
                let (kind, (namespace, name)) = *winner;
                let message = format!(
                    "{} {namespace}/{name} has a hostname of it at listener `{}` already",
                    kind.word(),
                    site.rows[row].listener.name
                );
                let place = objects.routes[loser].meta.place;
                let because = (rules::OVERLAP, Origin::Manifest(place));
                let condition = Condition::new(
                    ConditionType::Accepted,
                    false,
                    "NotAllowedByListeners",
                    because,
                    message,
                );
                if let Some(status) = statuses.get_mut(loser) {
                    status.parents.iter_mut().for_each(|it| it.conditions.push(condition.clone()));
                }
            }
            site.attached.retain(|it| it.row != row || !refused.contains_key(&it.route));
        }
    }
}

/// The routes that are refused at a listener, with the route that goes before each.
fn refused_at<'a>(
    objects: &Objects<'a>,
    row: usize,
    attached: &[Attached<'a>],
) -> BTreeMap<RouteName<'a>, RouteName<'a>> {
    let mut refused = BTreeMap::new();
    let mut here: Vec<_> =
        attached.iter().filter(|it| it.row == row && it.route.0.is_http()).collect();
    let kinds = |kind| here.iter().any(|it| it.route.0 == kind);
    if !kinds(RouteKind::Http) || !kinds(RouteKind::Grpc) {
        return refused;
    }
    here.sort_by_key(|it| Age::of(&objects.routes[&it.route].meta, it.route.1));
    let mut taken: BTreeMap<RouteKind, BTreeMap<&Hostname, RouteName<'a>>> = BTreeMap::new();
    for attached in here {
        let other = match attached.route.0 {
            RouteKind::Grpc => RouteKind::Http,
            _ => RouteKind::Grpc,
        };
        let rivals = taken.get(&other);
        let rival = rivals.and_then(|rivals| {
            attached.domains.iter().find_map(|domain| rival(rivals, &domain.common))
        });
        match rival {
            Some(rival) => {
                refused.insert(attached.route, rival);
            }
            None => {
                let own = taken.entry(attached.route.0).or_default();
                for domain in &attached.domains {
                    own.entry(&domain.common).or_insert(attached.route);
                }
            }
        }
    }
    refused
}

/// A route with a hostname that has something in common with `hostname`.
fn rival<'a>(
    rivals: &BTreeMap<&Hostname, RouteName<'a>>,
    hostname: &Hostname,
) -> Option<RouteName<'a>> {
    let wider = hostname.and_wider().iter().find_map(|wider| rivals.get(wider).copied());
    // Only a wildcard has narrower names.
    let narrower = || match hostname {
        Hostname::Exact(_) => None,
        _ => rivals.iter().find(|(name, _)| hostname.covers(name)).map(|(_, route)| *route),
    };
    wider.or_else(narrower)
}
