//! Tunnels and the streams in them.

use proptest::prelude::*;

use super::*;
use crate::units::{SimDuration, SimTime};

const FEW: PoolSettings =
    PoolSettings { streams_max: 3, unused_release: SimDuration::from_secs(300) };

fn at(seconds: u64) -> SimTime {
    SimTime::from_ns(seconds * 1_000_000_000)
}

/// A lane whose first tunnel is open and carries one stream.
fn started(settings: PoolSettings) -> (Lane, TunnelId) {
    let mut lane = Lane::default();
    let Acquired::Open(tunnel) = lane.acquire(settings, at(0)) else { panic!("it opens one") };
    lane.opened(settings, tunnel, at(0));
    (lane, tunnel)
}

#[test]
fn those_who_come_while_a_tunnel_is_opened_wait_for_it() {
    let mut lane = Lane::default();
    let Acquired::Open(tunnel) = lane.acquire(FEW, at(0)) else { panic!("it opens one") };
    assert_eq!(lane.acquire(FEW, at(0)), Acquired::Wait);
    lane.opened(FEW, tunnel, at(1));
    assert_eq!(lane.acquire(FEW, at(1)), Acquired::Stream(tunnel));
    assert_eq!((lane.tunnels(), lane.streams()), (1, 2));
}

#[test]
fn when_a_tunnel_cannot_be_opened_the_next_one_tries_again() {
    let mut lane = Lane::default();
    let Acquired::Open(first) = lane.acquire(FEW, at(0)) else { panic!("it opens one") };
    lane.failed(first);
    let Acquired::Open(second) = lane.acquire(FEW, at(0)) else { panic!("it opens another") };
    assert_ne!(first, second);
    assert_eq!((lane.tunnels(), lane.streams()), (0, 0));
}

#[test]
fn a_tunnel_that_is_full_takes_no_more_even_when_streams_of_it_end() {
    let (mut lane, first) = started(FEW);
    assert_eq!(lane.acquire(FEW, at(0)), Acquired::Stream(first));
    assert_eq!(lane.acquire(FEW, at(0)), Acquired::Stream(first));
    assert_eq!(lane.release(first), Remains::Open);
    let Acquired::Open(second) = lane.acquire(FEW, at(1)) else { panic!("it opens another") };
    lane.opened(FEW, second, at(1));
    assert_eq!(lane.acquire(FEW, at(1)), Acquired::Stream(second));
    assert_eq!(lane.release(first), Remains::Open);
    assert_eq!(lane.release(first), Remains::Closed, "nobody holds it any more");
    assert_eq!((lane.tunnels(), lane.streams()), (1, 2));
}

#[test]
fn by_default_a_tunnel_takes_a_hundred_streams_and_is_kept_for_five_minutes() {
    let settings = PoolSettings::default();
    let (mut lane, tunnel) = started(settings);
    for _ in 1..100 {
        assert_eq!(lane.acquire(settings, at(0)), Acquired::Stream(tunnel));
    }
    assert!(matches!(lane.acquire(settings, at(0)), Acquired::Open(_)));
    let (lane, _) = started(settings);
    assert_eq!(lane.released_at(settings), Some(at(300)));
}

#[test]
fn a_tunnel_is_let_go_when_nobody_asked_for_it_and_its_streams_go_on() {
    let (mut lane, tunnel) = started(FEW);
    assert_eq!(lane.acquire(FEW, at(100)), Acquired::Stream(tunnel));
    assert_eq!(lane.release(tunnel), Remains::Open);
    assert_eq!(lane.release_unused(FEW, at(300)), None, "somebody asked after 100 s");
    assert_eq!(lane.release_unused(FEW, at(400)), Some((tunnel, Remains::Open)));
    assert!(matches!(lane.acquire(FEW, at(401)), Acquired::Open(_)), "a stream still runs in it");
    assert_eq!(lane.release(tunnel), Remains::Closed);
}

#[test]
fn a_tunnel_without_streams_is_kept_for_the_next_one_until_it_is_let_go() {
    let (mut lane, tunnel) = started(FEW);
    assert_eq!(lane.release(tunnel), Remains::Open);
    assert_eq!((lane.tunnels(), lane.streams()), (1, 0));
    assert_eq!(lane.acquire(FEW, at(200)), Acquired::Stream(tunnel));
    assert_eq!(lane.release(tunnel), Remains::Open);
    assert_eq!(lane.release_unused(FEW, at(500)), Some((tunnel, Remains::Closed)));
    assert_eq!(lane.tunnels(), 0);
}

#[test]
fn a_tunnel_whose_other_end_is_gone_takes_nobody() {
    let (mut lane, tunnel) = started(FEW);
    lane.broken(tunnel);
    assert_eq!((lane.tunnels(), lane.streams()), (0, 0));
    assert!(matches!(lane.acquire(FEW, at(0)), Acquired::Open(_)));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire,
    Settle(bool),
    Release(usize),
    Break(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Acquire),
        4 => prop::bool::weighted(0.8).prop_map(Step::Settle),
        5 => (0..64usize).prop_map(Step::Release),
        1 => (0..64usize).prop_map(Step::Break),
        2 => (0..400u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    /// Streams are neither lost nor made up, no tunnel carries too many, and none without streams
    /// stays behind but the one that takes the next.
    #[test]
    fn streams_are_kept_account_of(steps in steps()) {
        let (mut lane, mut now) = (Lane::default(), 0);
        let mut running: Vec<TunnelId> = Vec::new();
        let mut opening = None;
        for step in steps {
            match step {
                Step::Acquire => match lane.acquire(FEW, at(now)) {
                    Acquired::Stream(tunnel) => running.push(tunnel),
                    Acquired::Open(tunnel) => {
                        prop_assert_eq!(opening.replace(tunnel), None);
                    }
                    Acquired::Wait => prop_assert!(opening.is_some()),
                },
                Step::Settle(stands) => if let Some(tunnel) = opening.take() {
                    if stands {
                        lane.opened(FEW, tunnel, at(now));
                        running.push(tunnel);
                    } else {
                        lane.failed(tunnel);
                    }
                },
                Step::Release(at) if !running.is_empty() => {
                    lane.release(running.remove(at % running.len()));
                }
                Step::Break(at) if !running.is_empty() => {
                    let tunnel = running[at % running.len()];
                    lane.broken(tunnel);
                    running.retain(|it| *it != tunnel);
                }
                Step::Wait(seconds) => {
                    now += seconds;
                    lane.release_unused(FEW, at(now));
                }
                Step::Release(_) | Step::Break(_) => {}
            }
            prop_assert_eq!(lane.streams(), running.len() as u64);
            let mut with_streams = running.clone();
            with_streams.sort();
            for tunnel in &with_streams {
                let carried = with_streams.iter().filter(|it| *it == tunnel).count();
                prop_assert!(carried <= usize::from(FEW.streams_max));
            }
            with_streams.dedup();
            prop_assert!(lane.tunnels() - with_streams.len() <= 1);
        }
    }
}
