//! The log against the entries that `--events` has, and what is found in it.

use std::collections::BTreeMap;

use meshwalk_models::path::Protection;

use crate::kernel::Seed;
use crate::log::{ConnectionRow, RequestRow, Step, StepKind, SubjectKind};
use crate::run::record;
use crate::timeline::tests::{WORLDS, prepared, recorded};
use crate::timeline::{EventId, Unit, Way, is_failure};

#[test]
fn entries_are_those_of_the_event_log_and_have_its_names() {
    for world in WORLDS {
        let plan = prepared(world).plan;
        let timeline = recorded(&plan, 1);
        let log = timeline.log();
        let mut seen = 0;
        record(&plan, Seed(1), |entry| {
            let mut name = String::new();
            entry.name.write(&mut name, log.sources()).expect("strings take everything");
            let id = EventId(entry.id as u32);
            let kept = log.entry(id);
            let cause = kept.cause.map(|it| u64::from(it.0));
            assert_eq!(
                (entry.time, entry.pod, entry.step, entry.cause),
                (kept.time, kept.pod, kept.step, cause),
                "{name}"
            );
            assert_eq!(log.name(id), name);
            seen += 1;
        })
        .expect("the run is short");
        assert_eq!(seen, log.len());
        assert!(seen > 500, "{seen}");
    }
}

#[test]
fn every_entry_is_found_under_its_names() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    for place in (0..log.len() as u32).step_by(7) {
        let id = EventId(place);
        assert_eq!(log.find(&id.dense_name()), Some(id));
        assert_eq!(log.find(&log.name(id)), Some(id), "{}", log.name(id));
    }
    assert_eq!(log.find("e0"), None, "people count from one");
    assert_eq!(log.find(&format!("e{}", log.len() + 1)), None);
    assert_eq!(log.find("shoppers#1/0/try0/step999"), None);
    assert_eq!(log.find("nobody#1"), None);
}

#[test]
fn the_entries_of_a_request_are_those_with_its_name_and_of_the_connections_it_opened() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    for row in log.requests().step_by(5) {
        let prefix = format!("{}/", log.request_name(row));
        let events = log.events_of_request(row);
        let named = (0..log.len() as u32).filter(|id| log.name(EventId(*id)).starts_with(&prefix));
        let own: Vec<EventId> = named.map(EventId).collect();
        assert!(events.is_sorted() && own.iter().all(|id| events.contains(id)));
        for id in events {
            assert_eq!(log.request_at(id), Some(row));
            let is_connection = log.track(log.subject(id)).kind == SubjectKind::Connection;
            assert!(own.contains(&id) || is_connection, "{}", log.name(id));
        }
    }
}

#[test]
fn a_request_knows_its_end_and_its_first_failure() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    let (mut ended, mut failed) = (0, 0);
    for row in log.requests() {
        let request = log.request(row).expect("it began");
        assert!(matches!(log.step(request.began), Step::CallBegan { parent: None, .. }));
        if let Some(end) = request.ended {
            ended += 1;
            assert_eq!(log.time(end.event), log.time(request.began) + end.latency);
            assert!(end.ending.is_good() || request.first_failure.is_some());
        }
        failed += u32::from(request.first_failure.is_some());
    }
    assert!(ended > 10 && failed > 0, "{ended} {failed}");
}

#[test]
fn the_tree_of_calls_has_every_try_and_attempt_of_a_request_once() {
    for world in WORLDS {
        let plan = prepared(world).plan;
        let timeline = recorded(&plan, 1);
        let log = timeline.log();
        for row in log.requests() {
            let calls = log.calls_of(row);
            assert_eq!(calls[0].depth, 0);
            let tries = calls.iter().flat_map(|call| &call.tries);
            let attempts = tries.clone().flat_map(|it| &it.attempts).map(|it| it.subject);
            let mut found: Vec<_> = tries.clone().map(|it| it.subject).chain(attempts).collect();
            found.sort_unstable();
            let mut expected: Vec<_> = log
                .subjects()
                .of_request(row)
                .filter(|it| log.track(*it).kind != SubjectKind::Connection)
                .filter(|it| log.track(*it).events > 0)
                .collect();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn connections_know_their_ends_and_those_who_used_them() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    let mut used = 0;
    for row in 0..log.connection_count() as u32 {
        let row = crate::log::ConnectionRow(row);
        let connection = log.connection(row).expect("it was opened");
        let opened = connection.opened.expect("it was opened");
        assert_eq!(log.pod(opened), connection.client);
        for user in log.users_of(row) {
            used += 1;
            assert_eq!(log.track(user).connection, Some(row));
        }
        let events = log.events_of_connection(row);
        assert_eq!(events.first(), Some(&opened));
        assert!(connection.closed.is_none_or(|closed| events.contains(&closed)));
    }
    let reused = (0..log.len() as u32)
        .filter(|id| matches!(log.step(EventId(*id)), Step::ConnectionReused { .. }));
    assert_eq!(used, reused.count());
}

#[test]
fn tunnels_belong_to_the_request_that_needed_them() {
    let plan = prepared(WORLDS[1]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    let mut tunnels = 0;
    for id in (0..log.len() as u32).map(EventId) {
        if log.track(log.subject(id)).kind == SubjectKind::Tunnels {
            tunnels += 1;
            assert!(log.request_at(id).is_some(), "{}", log.name(id));
        }
    }
    assert!(tunnels > 0);
}

#[test]
fn going_on_and_back_by_a_unit_visits_the_same_entries() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    let last = log.last().expect("it has entries");
    for unit in [Unit::Decision, Unit::Failure, Unit::Request] {
        let on: Vec<_> =
            std::iter::successors(log.next(unit, EventId(0)), |id| log.next(unit, *id)).collect();
        let back = std::iter::successors(log.previous(unit, last), |id| log.previous(unit, *id));
        let mut back: Vec<_> = back.filter(|id| id.0 > 0).collect();
        back.reverse();
        let on_but_last: Vec<_> = on.iter().copied().filter(|id| *id < last).collect();
        assert_eq!(on_but_last, back, "{unit:?}");
        assert!(on.len() > 5, "{unit:?}");
    }
    let failures: Vec<_> =
        (1..=last.0).map(EventId).filter(|id| is_failure(log.step(*id))).collect();
    let first = log.next(Unit::Failure, EventId(0));
    let visited = std::iter::successors(first, |id| log.next(Unit::Failure, *id));
    assert_eq!(visited.collect::<Vec<_>>(), failures, "every failure is visited");
    let events = log.events_of_request(RequestRow(3));
    assert_eq!(log.next(Unit::OfRequest, events[0]), Some(events[1]));
    assert_eq!(log.previous(Unit::OfRequest, events[1]), Some(events[0]));
    assert_eq!(log.previous(Unit::OfRequest, events[0]), None);
    let hop = log.next(Unit::Hop, events[0]).expect("it goes elsewhere");
    let whereabouts = |id| (log.track(log.subject(id)).hop, log.pod(id));
    assert_ne!(whereabouts(hop), whereabouts(events[0]));
    let between = events.iter().filter(|id| **id < hop);
    between.for_each(|id| assert_eq!(whereabouts(*id), whereabouts(events[0])));
}

#[test]
fn wherever_a_step_leads_the_next_one_is_undone_by_the_step_the_other_way() {
    for world in WORLDS {
        let plan = prepared(world).plan;
        let timeline = recorded(&plan, 1);
        let log = timeline.log();
        for unit in Unit::ALL {
            let mut undone = 0;
            for from in (0..log.len() as u32).step_by(13).map(EventId) {
                for (way, back) in [(Way::On, Way::Back), (Way::Back, Way::On)] {
                    let Some(stop) = log.step_by(unit, from, way) else { continue };
                    let Some(there) = log.step_by(unit, stop, way) else { continue };
                    assert_eq!(
                        log.step_by(unit, there, back),
                        Some(stop),
                        "{unit:?} {way:?} from {from:?} by {stop:?} to {there:?}"
                    );
                    undone += 1;
                }
            }
            assert!(undone > 20, "{unit:?} {undone}");
        }
    }
}

#[test]
fn going_back_by_a_hop_leads_to_where_the_request_came_to_this_stop() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    let events = log.events_of_request(RequestRow(3));
    let whereabouts = |id: EventId| (log.track(log.subject(id)).hop, log.pod(id));
    let stay = events.windows(3).skip(2);
    let mut stay = stay.filter(|it| {
        whereabouts(it[0]) != whereabouts(it[1]) && whereabouts(it[1]) == whereabouts(it[2])
    });
    let [before, came, stays] = stay.next().expect("it stays somewhere") else { panic!("three") };
    assert_eq!(log.previous(Unit::Hop, *stays), Some(*came));
    assert_eq!(log.next(Unit::Hop, *before), Some(*came));
    assert_eq!(log.previous(Unit::Hop, *came).map(whereabouts), Some(whereabouts(*before)));
}

#[test]
fn a_time_has_the_last_entry_that_is_not_after_it() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let log = timeline.log();
    for id in (0..log.len() as u32).step_by(101).map(EventId) {
        let found = log.at_time(log.time(id)).expect("it has entries");
        assert!(found >= id && log.time(found) == log.time(id));
        assert!(log.get(EventId(found.0 + 1)).is_none_or(|next| next.time > log.time(id)));
    }
    assert_eq!(log.at_time(meshwalk_models::units::SimTime::ZERO), Some(EventId(0)));
}

#[test]
fn the_connection_that_stands_in_a_place_of_the_engine_is_found_without_looking_at_the_others() {
    for world in WORLDS {
        let plan = prepared(world).plan;
        let timeline = recorded(&plan, 1);
        let log = timeline.log();
        let place_of = |opened| match log.step(opened) {
            Step::ConnectionOpening { connection, .. } => connection,
            other => panic!("{other:?} opens no connection"),
        };
        let mut seen = 0;
        for at in (0..log.len() as u32).step_by(41).map(EventId) {
            let standing: BTreeMap<u32, ConnectionRow> =
                log.connections_standing(at).map(|(row, opened)| (place_of(opened), row)).collect();
            let last = standing.keys().next_back().map_or(0, |last| *last);
            for place in 0..=last + 1 {
                let found = log.connection_in_place(place, at);
                assert_eq!(found, standing.get(&place).copied(), "{place} at {at:?}");
            }
            seen += standing.len();
        }
        assert!(seen > 10, "{seen}");
    }
}

#[test]
fn a_connection_says_at_its_opening_what_protects_it() {
    let mut seen = std::collections::BTreeSet::new();
    for world in WORLDS {
        let plan = prepared(world).plan;
        let timeline = recorded(&plan, 1);
        let log = timeline.log();
        for row in (0..log.connection_count() as u32).map(crate::log::ConnectionRow) {
            let opened = log.connection(row).and_then(|it| it.opened).expect("it was opened");
            let Step::ConnectionOpening { protection, .. } = log.step(opened) else {
                panic!("it is where it was opened")
            };
            let steps = log.events_of_connection(row).into_iter().map(|id| log.kind(id));
            let told = steps.filter_map(|kind| match kind {
                StepKind::TlsEstablished => Some(Protection::MutualTls),
                StepKind::StreamAsked => Some(Protection::Hbone),
                _ => None,
            });
            let told: Vec<Protection> = told.collect();
            assert!(told.iter().all(|it| *it == protection), "{told:?} of {protection:?}");
            seen.extend(told.iter().map(|it| it.word()));
        }
    }
    assert_eq!(seen.len(), 2, "mTLS beside sidecars, HBONE in ambient");
}
