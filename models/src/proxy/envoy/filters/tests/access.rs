//! Access rules.

use std::collections::BTreeMap;

use super::testing::*;
use crate::explain::{Silent, Tree};
use crate::profile::RepeatedHeaders;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{
    HeaderMatcher, HeaderTest, HttpFilter, HttpFilterKind, Invert, MissingHeader, PathMatcher,
    Permission, Principal, Rbac, RbacAction, StringTest,
};
use crate::proxy::envoy::filters::{
    Access, ExternalAnswers, Progress, Settings, Step, connection_access,
};
use crate::proxy::envoy::routing::tests::testing::{get, with_headers};

const ANYBODY: Principal = Principal::Any;

fn from(identity: &str) -> Request {
    let mut request = get("/");
    request.connection.principal = Some(identity.to_owned());
    request
}

#[test]
fn a_denial_is_403_with_the_policy_and_without_a_flag() {
    let mut proxy = Proxy::with(vec![
        rbac(RbacAction::Deny, &[("ns[a] no admin", below("/admin"), ANYBODY)]),
        rbac(RbacAction::Allow, &[("shop", below("/shop"), ANYBODY)]),
    ]);
    assert!(proxy.allows(&get("/shop")));
    let denied = proxy.answer(&get("/admin?x")).expect("denied");
    assert_eq!((denied.status, denied.body.as_ref()), (403, "RBAC: access denied"));
    assert_eq!(denied.details, "rbac_access_denied_matched_policy[ns[a]_no_admin]");
    assert!(denied.flags.is_empty());
    let denied = proxy.answer(&get("/other")).expect("not allowed");
    assert_eq!(denied.details, "rbac_access_denied_matched_policy[none]");
    assert_eq!(proxy.counts(), BTreeMap::from([("rbac.allowed", 3), ("rbac.denied", 2)]));
}

#[test]
fn no_rules_allow_all_and_rules_without_policies_do_what_their_action_says() {
    assert!(Proxy::with(vec![filter(HttpFilterKind::Rbac(Rbac::default()))]).allows(&get("/")));
    assert!(Proxy::with(vec![rbac(RbacAction::Deny, &[])]).allows(&get("/")));
    assert!(!Proxy::with(vec![rbac(RbacAction::Allow, &[])]).allows(&get("/")));
    let log = rbac(RbacAction::Log, &[("all", Permission::Any, ANYBODY)]);
    assert!(Proxy::with(vec![log]).allows(&get("/")));
}

#[test]
fn shadow_rules_are_told_and_counted_and_have_no_effect() {
    let shadow = Some(rules(RbacAction::Deny, &[("all", Permission::Any, ANYBODY)]));
    let mut proxy = Proxy::with(vec![filter(HttpFilterKind::Rbac(Rbac { rules: None, shadow }))]);
    assert!(proxy.allows(&get("/")));
    assert_eq!(proxy.counts(), BTreeMap::from([("rbac.shadow_denied", 1)]));
}

#[test]
fn identities_come_from_certificates() {
    let prefix = text(StringTest::Prefix("spiffe://mesh/ns/shop/".to_owned()));
    let shop = Principal::Authenticated(Some(prefix));
    let allow = |principal| {
        Proxy::with(vec![rbac(RbacAction::Allow, &[("p", Permission::Any, principal)])])
    };
    assert!(allow(shop.clone()).allows(&from("spiffe://mesh/ns/shop/sa/web")));
    assert!(!allow(shop.clone()).allows(&from("spiffe://mesh/ns/bank/sa/web")));
    assert!(!allow(shop.clone()).allows(&get("/")), "plaintext has no identity");
    assert!(allow(Principal::Not(Box::new(shop))).allows(&get("/")));
    assert!(allow(Principal::Authenticated(None)).allows(&from("spiffe://any")));
    assert!(!allow(Principal::Authenticated(None)).allows(&get("/")));
}

#[test]
fn an_address_that_is_not_known_leaves_the_decision_open_only_where_it_matters() {
    let net = "10.0.0.0/24".parse().expect("a network");
    let mut stranger = get("/");
    stranger.connection.source_ip = None;
    let by_address = || ("p", Permission::Any, Principal::DirectRemoteIp(net));
    let step = |filter: HttpFilter, request: &Request| {
        Proxy::with(vec![filter]).look(Settings::default(), request, &mut Progress::default())
    };
    for action in [RbacAction::Allow, RbacAction::Deny] {
        assert!(matches!(step(rbac(action, &[by_address()]), &stranger), Step::Unknown));
    }
    let both = [by_address(), ("q", Permission::Any, ANYBODY)];
    assert!(matches!(step(rbac(RbacAction::Allow, &both), &stranger), Step::Through));
    assert!(matches!(step(rbac(RbacAction::Deny, &both), &stranger), Step::Answer(_)));
    assert!(matches!(step(rbac(RbacAction::Allow, &[by_address()]), &get("/")), Step::Through));
    assert!(
        Proxy::with(vec![rbac(RbacAction::Allow, &[by_address()])])
            .outlook(&stranger)
            .unknown
            .is_some()
    );
}

#[test]
fn the_client_is_the_last_address_that_proxies_name() {
    let net = |text: &str| text.parse().expect("a network");
    let client = |text: &str| {
        let policy = ("p", Permission::Any, Principal::RemoteIp(net(text)));
        Proxy::with(vec![rbac(RbacAction::Allow, &[policy])])
    };
    let via = with_headers("/", &[("x-forwarded-for", "1.1.1.1, 9.9.9.9")]);
    assert!(client("9.9.9.9/32").allows(&via) && !client("1.1.1.1/32").allows(&via));
    assert!(client("10.0.0.7/32").allows(&get("/")));
    let direct = ("p", Permission::Any, Principal::DirectRemoteIp(net("10.0.0.7/32")));
    assert!(Proxy::with(vec![rbac(RbacAction::Allow, &[direct])]).allows(&via));
}

#[test]
fn permissions_and_principals_can_be_nested_and_turned_round() {
    let post = HeaderMatcher {
        name: ":method".to_owned(),
        test: HeaderTest::Value(exactly("POST")),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    };
    let permission = Permission::And(vec![
        Permission::Or(vec![Permission::DestinationPort(8080), Permission::DestinationPort(9090)]),
        Permission::Not(Box::new(Permission::Header(post))),
        Permission::UrlTemplate(PathMatcher::Template("/shop/{*}".to_owned())),
    ]);
    let mut proxy = Proxy::with(vec![rbac(RbacAction::Allow, &[("p", permission, ANYBODY)])]);
    assert!(proxy.allows(&get("/shop/7?x")));
    assert!(!proxy.allows(&get("/shop/7/8")));
    assert!(!proxy.allows(&with_headers("/shop/7", &[(":method", "POST")])));
    let mut elsewhere = get("/shop/7");
    elsewhere.connection.destination_port = 80;
    assert!(!proxy.allows(&elsewhere));
}

#[test]
fn nesting_beyond_reason_is_not_allowed() {
    let deep = (0..100).fold(Principal::Any, |inner, _| Principal::And(vec![inner]));
    let mut proxy = Proxy::with(vec![rbac(RbacAction::Allow, &[("p", Permission::Any, deep)])]);
    let step = proxy.look(Settings::default(), &get("/"), &mut Progress::default());
    assert!(matches!(step, Step::Unknown));
}

#[test]
fn repeated_headers_count_one_by_one_in_access_rules_too() {
    let role = HeaderMatcher {
        name: "x-role".to_owned(),
        test: HeaderTest::Value(exactly("admin")),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    };
    let policies = [("admins", Permission::Header(role), ANYBODY)];
    let both = with_headers("/", &[("x-role", "user"), ("x-role", "admin")]);
    let mut proxy = Proxy::with(vec![rbac(RbacAction::Deny, &policies)]);
    assert!(!proxy.allows(&both));
    proxy.bootstrap.repeated_headers = RepeatedHeaders::Joined;
    assert!(proxy.allows(&both), "older proxies compared user,admin");
}

#[test]
fn rules_on_connections_know_no_paths() {
    let all = |action, permission| Rbac {
        rules: Some(rules(action, &[("p", permission, ANYBODY)])),
        shadow: None,
    };
    let connection = get("/").connection;
    let decide = |rbac: &Rbac| connection_access(rbac, &connection, &mut Silent);
    let path = || Permission::Not(Box::new(Permission::Not(Box::new(below("/")))));
    assert_eq!(decide(&all(RbacAction::Allow, path())), Access::Denied(None));
    let port = || Permission::DestinationPort(8080);
    assert_eq!(decide(&all(RbacAction::Allow, port())), Access::Allowed);
    assert_eq!(decide(&all(RbacAction::Deny, port())), Access::Denied(Some("p".to_owned())));
}

#[test]
fn each_policy_says_why_it_does_not_match() {
    let shop = Principal::Authenticated(Some(exactly("shop")));
    let chain =
        rbac(RbacAction::Allow, &[("a", below("/x"), ANYBODY), ("b", Permission::Any, shop)]);
    let proxy = Proxy::with(vec![chain]);
    let mut tree = Tree::default();
    let chain = crate::proxy::envoy::filters::Chain {
        filters: &proxy.filters,
        settings: Settings::default(),
        bootstrap: &proxy.bootstrap,
    };
    assert_eq!(
        chain
            .outlook(&get("/"), &ExternalAnswers::default(), &mut tree)
            .answer
            .map(|reply| reply.status),
        Some(403)
    );
    let told = tree.finish();
    assert_eq!(told[0].finding, "denied: none of the 2 policies of the ALLOW rules matches");
    assert_eq!(told[0].because[0].finding, "policy a does not match: what is done does not fit");
    assert_eq!(told[0].because[1].finding, "policy b does not match: who does it does not fit");
}
