//! Delays and aborts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::testing::*;
use crate::proxy::envoy::config::{
    Fault, FaultAbort, FaultDelay, FilterOverride, HeaderMatcher, HeaderTest, HttpFilterKind,
    Invert, MissingHeader, Permission, Principal, RbacAction,
};
use crate::proxy::envoy::filters::{Possible, Progress, Settings, Step};
use crate::proxy::envoy::routing::Taken;
use crate::proxy::envoy::routing::tests::testing::{
    direct, get, host, prefix, set, weighted, with_headers,
};
use crate::units::{Ppm, SimDuration};

fn fault(fault: Fault) -> Vec<crate::proxy::envoy::config::HttpFilter> {
    vec![filter(HttpFilterKind::Fault(fault))]
}

#[test]
fn an_abort_is_answered_with_its_status_and_the_flag() {
    let aborted = Proxy::with(fault(aborting(503, 100))).answer(&get("/")).expect("aborted");
    assert_eq!((aborted.status, aborted.body.as_ref()), (503, "fault filter abort"));
    assert_eq!(aborted.details, "fault_filter_abort");
    assert_eq!(aborted.flags.to_string(), "FI");
    let abort = FaultAbort::Grpc { status: 14, share: Ppm::ONE };
    let grpc = Fault { abort: Some(set(abort)), ..no_fault() };
    let aborted = Proxy::with(fault(grpc)).answer(&get("/")).expect("aborted");
    assert_eq!((aborted.status, aborted.grpc_status), (200, Some(14)));
}

#[test]
fn a_delayed_request_goes_on_where_it_stood_and_keeps_its_flag() {
    let both = Fault { abort: aborting(418, 100).abort, ..delaying(200, 100) };
    let denies = rbac(RbacAction::Deny, &[("no", Permission::Any, Principal::Any)]);
    for (own, status, flags) in [(both, 418, "DI,FI"), (delaying(200, 100), 403, "DI")] {
        let mut proxy = Proxy::with(vec![filter(HttpFilterKind::Fault(own)), denies.clone()]);
        let mut progress = Progress::default();
        match proxy.look(Settings::default(), &get("/"), &mut progress) {
            Step::Wait(pause) => assert_eq!(pause, SimDuration::from_ms(200)),
            other => panic!("{other:?}"),
        }
        match proxy.look(Settings::default(), &get("/"), &mut progress) {
            Step::Answer(reply) => {
                assert_eq!((reply.status, reply.flags.to_string().as_str()), (status, flags));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn faults_take_their_share() {
    let mut proxy = Proxy::with(fault(aborting(503, 30)));
    for (percent, aborted) in [(10, true), (29, true), (31, false), (90, false)] {
        proxy.dice.0 = u64::MAX / 100 * percent;
        assert_eq!(proxy.answer(&get("/")).is_some(), aborted, "{percent}");
    }
    match proxy.outlook(&get("/")).possible.as_slice() {
        [Possible::Abort { share, reply }] => {
            assert_eq!((share.as_ppm(), reply.status), (300_000, 503));
        }
        other => panic!("{other:?}"),
    }
    let certain = Proxy::with(fault(aborting(503, 100))).outlook(&get("/"));
    assert_eq!(certain.answer.map(|reply| reply.status), Some(503));
}

#[test]
fn headers_of_the_request_name_the_fault_where_that_is_allowed() {
    let by_header = Fault {
        abort: Some(set(FaultAbort::ByHeader { share: Ppm::ONE })),
        delay: Some(set(FaultDelay::ByHeader { share: Ppm::ONE })),
        ..no_fault()
    };
    let mut proxy = Proxy::with(fault(by_header));
    let abort = "x-envoy-fault-abort-request";
    for (value, status) in [("429", Some(429)), ("199", None), ("600", None), ("soon", None)] {
        let answer = proxy.answer(&with_headers("/", &[(abort, value)]));
        assert_eq!(answer.map(|reply| reply.status), status, "{value}");
    }
    let never = [(abort, "429"), ("x-envoy-fault-abort-request-percentage", "0")];
    assert!(proxy.allows(&with_headers("/", &never)));
    let grpc = proxy.answer(&with_headers("/", &[("x-envoy-fault-abort-grpc-request", "5")]));
    assert_eq!(grpc.and_then(|reply| reply.grpc_status), Some(5));
    for (value, waits) in [("80", true), ("0", false), ("soon", false)] {
        let request = with_headers("/", &[("x-envoy-fault-delay-request", value)]);
        let step = proxy.look(Settings::default(), &request, &mut Progress::default());
        assert_eq!(matches!(step, Step::Wait(_)), waits, "{value}");
    }
}

#[test]
fn faults_may_be_for_some_requests_only() {
    let canary = HeaderMatcher {
        name: "x-canary".to_owned(),
        test: HeaderTest::Present,
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    };
    let mut proxy = Proxy::with(fault(Fault { headers: vec![canary], ..aborting(500, 100) }));
    assert!(proxy.allows(&get("/")));
    assert!(!proxy.allows(&with_headers("/", &[("x-canary", "1")])));
}

#[test]
fn no_more_faults_than_allowed_are_active_and_ended_ones_do_not_count() {
    let mut proxy = Proxy::with(fault(Fault { max_active: Some(1), ..delaying(300, 100) }));
    let mut first = Progress::default();
    let settings = Settings::default();
    assert!(matches!(proxy.look(settings, &get("/1"), &mut first), Step::Wait(_)));
    let mut second = Progress::default();
    assert!(matches!(proxy.look(settings, &get("/2"), &mut second), Step::Through));
    assert!(matches!(proxy.look(settings, &get("/1"), &mut first), Step::Through));
    second.end(&mut proxy.state);
    assert!(proxy.allows(&get("/3")), "the first answer is still under way");
    first.end(&mut proxy.state);
    let mut fourth = Progress::default();
    assert!(matches!(proxy.look(settings, &get("/4"), &mut fourth), Step::Wait(_)));
    let counts = BTreeMap::from([("fault.delays_injected", 2), ("fault.faults_overflow", 2)]);
    assert_eq!(proxy.counts(), counts);
}

#[test]
fn a_delay_and_an_abort_of_one_request_are_one_active_fault() {
    let both = Fault { abort: aborting(418, 100).abort, max_active: Some(1), ..delaying(9, 100) };
    let mut proxy = Proxy::with(fault(both));
    let mut progress = Progress::default();
    assert!(matches!(proxy.look(Settings::default(), &get("/"), &mut progress), Step::Wait(_)));
    assert!(matches!(proxy.look(Settings::default(), &get("/"), &mut progress), Step::Answer(_)));
    progress.end(&mut proxy.state);
    assert!(matches!(
        proxy.look(Settings::default(), &get("/"), &mut Progress::default()),
        Step::Wait(_)
    ));
}

#[test]
fn the_most_specific_settings_replace_all_others() {
    let mut proxy = Proxy::with(fault(aborting(500, 100)));
    let own = |status| {
        BTreeMap::from([("fault".to_owned(), FilterOverride::Fault(aborting(status, 100)))])
    };
    let mut route = direct("r", prefix("/"));
    let mut shop = host(&["*"], Vec::new());
    let mut cluster = weighted("cart", 1);
    let mut status = |shop: &_, route: &_, cluster: &_| {
        let (shop, route) = (Arc::new(Clone::clone(shop)), Arc::new(Clone::clone(route)));
        let taken = Some(Taken { host: &shop, route: &route });
        let settings = Settings { taken, weighted: Some(cluster) };
        match proxy.look(settings, &get("/"), &mut Progress::default()) {
            Step::Answer(reply) => Some(reply.status),
            _ => None,
        }
    };
    assert_eq!(status(&shop, &route, &cluster), Some(500));
    shop.filters = own(501);
    assert_eq!(status(&shop, &route, &cluster), Some(501));
    route.filters = own(502);
    assert_eq!(status(&shop, &route, &cluster), Some(502));
    cluster.filters = own(503);
    assert_eq!(status(&shop, &route, &cluster), Some(503));
    cluster.filters = BTreeMap::from([("fault".to_owned(), FilterOverride::Disabled)]);
    assert_eq!(status(&shop, &route, &cluster), None);
}
