//! Walks through configurations that are written by hand.

use std::sync::Arc;

use super::testing::*;
use super::*;
use crate::proxy::envoy::config::*;
use crate::units::{Ppm, SimDuration};

const V1: &str = "outbound|8080|v1|checkout.shop.svc.cluster.local";
const V2: &str = "outbound|8080|v2|checkout.shop.svc.cluster.local";

fn split() -> ProxyConfig {
    let forward = forward(&[(V1, 90), (V2, 10)]);
    let mut config = config(vec![route("/", RouteAction::Forward(Box::new(forward)))]);
    cluster(&mut config, V1, &["10.0.0.1", "10.0.0.2"]);
    cluster(&mut config, V2, &["10.0.0.3"]);
    config
}

#[test]
fn a_split_has_its_shares_and_agrees_on_the_service() {
    let world = world();
    let planes = with_sidecar(&world, split());
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!(answer.outcome, Outcome::Routed, "{:#?}", answer.because);
    assert_eq!(shown(&answer), "routed:checkout.shop:8080/v1=90,checkout.shop:8080/v2=10");
    let destination = answer.destination.expect("one service");
    assert_eq!((destination.service.as_str(), destination.subset), ("checkout", None));
    assert_eq!(answer.weights[0].endpoints.len(), 2);
    assert!(told(&answer.because, "walk.endpoints") && told(&answer.because, "walk.caller"));
}

#[test]
fn a_cluster_without_endpoints_is_no_backend() {
    let world = world();
    let mut config = split();
    cluster(&mut config, V1, &[]);
    cluster(&mut config, V2, &[]);
    let planes = with_sidecar(&world, config);
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!((answer.outcome, answer.status), (Outcome::NoRoute, Some(503)));
    assert_eq!(answer.flags.as_deref(), Some("UH"));
}

#[test]
fn a_cluster_that_does_not_exist_is_no_backend() {
    let world = world();
    let forward = forward(&[("outbound|8080|v9|checkout.shop.svc.cluster.local", 1)]);
    let config = config(vec![route("/", RouteAction::Forward(Box::new(forward)))]);
    let planes = with_sidecar(&world, config);
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!((answer.outcome, answer.status), (Outcome::NoRoute, Some(503)));
    assert_eq!(answer.flags.as_deref(), Some("NC"));
    assert_eq!(answer.destination.and_then(|it| it.subset).as_deref(), Some("v9"));
}

#[test]
fn a_request_that_no_route_takes_gets_404() {
    let world = world();
    let direct = DirectResponse { status: sourced(418), body: "tea".to_owned(), origin: HERE };
    let config = config(vec![route("/tea", RouteAction::Direct(direct))]);
    let planes = with_sidecar(&world, config);
    let mut question = asked(&world, "checkout.shop:8080");
    let answer = walk(&world, &planes, &question);
    assert_eq!((answer.outcome, answer.status), (Outcome::NoRoute, Some(404)));
    question.path = Some("/tea/green".to_owned());
    let answer = walk(&world, &planes, &question);
    assert_eq!((answer.outcome, answer.status), (Outcome::DirectResponse, Some(418)));
    assert_eq!(answer.body.as_deref(), Some("tea"));
}

#[test]
fn a_pod_without_a_sidecar_meets_kube_proxy() {
    let world = world();
    let planes = with_gateway(ProxyConfig::default());
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!(shown(&answer), "routed:checkout.shop:8080");
    assert!(told(&answer.because, "walk.no-proxy"), "{:#?}", answer.because);
    assert_eq!(answer.weights[0].endpoints.len(), 1);
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:81"));
    assert_eq!(answer.outcome, Outcome::NoRoute);
}

#[test]
fn a_name_outside_reaches_a_proxy_but_is_unknown_without_one() {
    let world = world();
    let planes = with_sidecar(&world, split());
    let answer = walk(&world, &planes, &asked(&world, "http://pay.example.com:8080"));
    assert_eq!(answer.outcome, Outcome::Routed);
    assert!(told(&answer.because, "walk.outside-name"));
    let planes = with_gateway(ProxyConfig::default());
    let answer = walk(&world, &planes, &asked(&world, "http://pay.example.com:8080"));
    assert_eq!(answer.outcome, Outcome::Unknown);
}

#[test]
fn a_name_of_the_cluster_that_does_not_exist_offers_a_near_one() {
    let world = world();
    let planes = with_sidecar(&world, split());
    for to in ["chekout.shop:8080", "checkout:8080", "nobody.shop.svc.cluster.local:80"] {
        let answer = walk(&world, &planes, &asked(&world, to));
        assert_eq!(answer.outcome, Outcome::NoRoute, "{to}");
    }
    let answer = walk(&world, &planes, &asked(&world, "chekout.shop:8080"));
    let said = &answer.findings[0].sentence;
    assert!(said.contains("did you mean checkout"), "{said}");
}

#[test]
fn a_port_that_nobody_listens_on_is_refused() {
    let world = world();
    let planes = with_sidecar(&world, split());
    let answer = walk(&world, &planes, &asked(&world, "http://checkout.shop:9999"));
    assert_eq!(answer.outcome, Outcome::NoRoute);
}

#[test]
fn a_client_outside_asks_the_gateway() {
    let world = world();
    let planes = with_gateway(split());
    let mut question = asked(&world, "http://shop.example:8080/");
    question.sender = Sender::Outside(edge());
    let answer = walk(&world, &planes, &question);
    assert_eq!(answer.outcome, Outcome::Routed);
    assert!(told(&answer.because, "walk.gateway"));
    let mut gone = edge();
    gone.name = "gone".to_owned();
    question.sender = Sender::Outside(gone);
    assert_eq!(walk(&world, &planes, &question).outcome, Outcome::NoRoute);
}

#[test]
fn bytes_that_are_passed_on_have_a_destination_and_no_route() {
    let world = world();
    let proxy = TcpProxy {
        clusters: vec![(sourced(V1.to_owned()), 1)],
        idle_timeout: sourced(SimDuration::from_secs(3600)),
        origin: HERE,
    };
    let mut config = split();
    config.listeners = vec![Arc::new(listener(8080, NetworkFilter::TcpProxy(Arc::new(proxy))))];
    let planes = with_sidecar(&world, config);
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!(shown(&answer), "routed:checkout.shop:8080/v1");
    assert!(told(&answer.because, "walk.tcp") && answer.retry.is_none());
}

#[test]
fn a_manager_whose_routes_are_missing_answers_404() {
    let world = world();
    let mut config = split();
    config.route_tables.clear();
    let planes = with_sidecar(&world, config);
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!((answer.outcome, answer.status), (Outcome::NoRoute, Some(404)));
    assert!(told(&answer.because, "walk.route-table"));
}

#[test]
fn limits_and_retries_in_force_are_told_with_their_origins() {
    let world = world();
    let mut forward = forward(&[(V1, 1)]);
    let policy = RetryPolicy {
        retry_on: sourced(RetryOn::FIVE_XX),
        retries: sourced(3),
        per_try_timeout: None,
        per_try_idle_timeout: None,
        status_codes: Vec::new(),
        response_headers: Vec::new(),
        request_headers: Vec::new(),
        backoff: sourced(Backoff {
            base: SimDuration::from_ms(25),
            max: SimDuration::from_ms(250),
        }),
        rate_limited: None,
        host_predicates: Vec::new(),
        host_selection_attempts: 1,
        previous_priorities: None,
        origin: HERE,
    };
    forward.retry = Some(Arc::new(policy));
    forward.timeout = sourced(SimDuration::from_secs(2));
    let mut config = config(vec![route("/", RouteAction::Forward(Box::new(forward)))]);
    cluster(&mut config, V1, &["10.0.0.1"]);
    let planes = with_sidecar(&world, config);
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert!(told(&answer.because, "walk.timeouts") && told(&answer.because, "walk.retries"));
    let retry = answer.retry.expect("a policy");
    assert_eq!((retry.attempts_max(), retry.reachable_when_slow, retry.origin), (4, 0, HERE));
    assert_eq!(answer.timeouts.request, Some(sourced(SimDuration::from_secs(2))));
    assert!(answer.findings.iter().any(|it| it.id == "retry.budget-spent"));
}

/// A route whose requests are aborted with 503 by the fault filter, for this share.
fn with_abort(percent: u32) -> ProxyConfig {
    let mut config = split();
    let share = Ppm::from_percent(percent);
    let fault = Fault {
        abort: Some(sourced(FaultAbort::Http { status: 503, share })),
        delay: None,
        headers: Vec::new(),
        max_active: None,
    };
    let name = "envoy.filters.http.fault".to_owned();
    let mut manager = manager(RouteSource::Named("8080".to_owned()));
    manager.filters = vec![HttpFilter { name, kind: HttpFilterKind::Fault(fault) }];
    let filter = NetworkFilter::Http(Arc::new(manager));
    config.listeners = vec![Arc::new(listener(8080, filter))];
    config
}

#[test]
fn an_abort_of_all_requests_is_the_answer_and_of_some_is_a_finding() {
    let world = world();
    let planes = with_sidecar(&world, with_abort(100));
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!((answer.outcome, answer.status), (Outcome::DirectResponse, Some(503)));
    assert_eq!(answer.flags.as_deref(), Some("FI"));
    let planes = with_sidecar(&world, with_abort(50));
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert_eq!(answer.outcome, Outcome::Routed);
    let said = answer.findings.iter().find(|it| it.id == "fault.not-retried").expect("a finding");
    assert!(said.sentence.starts_with("50 % of such requests are answered 503"), "{said:?}");
}

#[test]
fn the_server_side_is_told_for_each_workload_that_may_answer() {
    let world = world();
    let planes = with_gateway(ProxyConfig::default());
    let answer = walk(&world, &planes, &asked(&world, "checkout.shop:8080"));
    assert!(told(&answer.because, "walk.server-side"), "{:#?}", answer.because);
}
