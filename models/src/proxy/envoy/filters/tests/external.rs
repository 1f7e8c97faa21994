//! External authorisers, and what is told of policies that do not match.

use std::collections::BTreeMap;

use super::testing::*;
use crate::explain::{FOUND, Silent, Sourced, Tree, WANTED};
use crate::proxy::envoy::config::{
    Clause, ExtAuthz, HttpFilterKind, OnFailure, Permission, Principal, RbacAction, StringTest,
    Wants,
};
use crate::proxy::envoy::filters::{
    Access, Ask, Chain, ExternalAnswer, ExternalAnswers, Outlook, Progress, Settings, Step,
    connection_asked,
};
use crate::proxy::envoy::routing::tests::testing::{HERE, get};
use crate::units::SimDuration;

const DENY: ExternalAnswer = ExternalAnswer::Deny { status: None };

fn own(on_failure: OnFailure) -> ExtAuthz {
    ExtAuthz {
        provider: "opa".to_owned(),
        asks: rules(RbacAction::Log, &[("admin", below("/admin"), Principal::Any)]),
        on_failure: Sourced::new(on_failure, HERE),
        status_on_error: Sourced::new(503, HERE),
        timeout: Sourced::new(SimDuration::from_ms(5), HERE),
        service: "opa.auth:9000".to_owned(),
        origin: HERE,
    }
}

fn proxy(on_failure: OnFailure) -> Proxy {
    Proxy::with(vec![filter(HttpFilterKind::ExtAuthz(own(on_failure)))])
}

fn outlook(proxy: &Proxy, path: &str, answer: Option<ExternalAnswer>) -> Outlook {
    let mut answers = ExternalAnswers::default();
    if let Some(answer) = answer {
        answers.give("opa".to_owned(), answer);
    }
    let (filters, settings) = (&proxy.filters[..], Settings::default());
    let chain = Chain { filters, settings, bootstrap: &proxy.bootstrap };
    chain.outlook(&get(path), &answers, &mut Silent)
}

#[test]
fn an_external_authoriser_is_asked_about_what_its_policies_match() {
    let mut proxy = proxy(OnFailure::Deny);
    assert!(proxy.allows(&get("/")), "nobody is asked");
    let (request, mut progress) = (get("/admin"), Progress::default());
    let asked = proxy.look(Settings::default(), &request, &mut progress);
    let ask = Ask { provider: "opa".to_owned(), timeout: SimDuration::from_ms(5) };
    assert!(matches!(&asked, Step::Ask(it) if *it == ask), "{asked:?}");
    progress.tell(ExternalAnswer::Deny { status: Some(401) });
    let denied = proxy.look(Settings::default(), &request, &mut progress);
    let Step::Answer(reply) = denied else { panic!("{denied:?}") };
    assert_eq!((reply.status, reply.details.as_ref()), (401, "ext_authz_denied"));
    assert_eq!(reply.flags.to_string(), "UAEX");
    let mut progress = Progress::default();
    proxy.look(Settings::default(), &request, &mut progress);
    progress.tell(ExternalAnswer::Allow);
    assert!(matches!(proxy.look(Settings::default(), &request, &mut progress), Step::Through));
    assert_eq!(proxy.counts(), BTreeMap::from([("ext_authz.denied", 1), ("ext_authz.ok", 1)]));
}

#[test]
fn the_silence_of_an_authoriser_is_what_its_provider_makes_of_it() {
    let closed = outlook(&proxy(OnFailure::Deny), "/admin", Some(ExternalAnswer::Fail));
    let reply = closed.answer.expect("denied");
    assert_eq!((reply.status, reply.details.as_ref()), (503, "ext_authz_error"));
    let open = outlook(&proxy(OnFailure::Allow), "/admin", Some(ExternalAnswer::Fail));
    assert!(open.answer.is_none() && open.unknown.is_none());
    let denied = outlook(&proxy(OnFailure::Allow), "/admin", Some(DENY));
    assert_eq!(denied.answer.map(|reply| reply.status), Some(403));
}

#[test]
fn an_answer_that_nobody_gave_leaves_the_outcome_open() {
    let proxy = proxy(OnFailure::Allow);
    let why = outlook(&proxy, "/admin", None).unknown.expect("open");
    assert!(why.sentence.contains("--external-authz opa="), "{why:?}");
    assert!(outlook(&proxy, "/", None).unknown.is_none(), "nobody is asked");
}

#[test]
fn connections_are_asked_about_too() {
    let mut own = own(OnFailure::Deny);
    own.asks = rules(RbacAction::Log, &[("all", Permission::Any, Principal::Any)]);
    let connection = get("/").connection;
    let mut answers = ExternalAnswers::default();
    let access = connection_asked(&own, &connection, &answers, &mut Silent);
    assert!(matches!(access, Access::Unknown(_)), "{access:?}");
    answers.give("opa".to_owned(), DENY);
    let access = connection_asked(&own, &connection, &answers, &mut Silent);
    assert!(matches!(access, Access::Denied(_)), "{access:?}");
}

#[test]
fn the_first_clause_that_does_not_hold_is_told_with_what_stands_there() {
    let identity = |name: &str| {
        Principal::Authenticated(Some(text(StringTest::Exact(format!("spiffe://{name}")))))
    };
    let clause = |attribute: &str, values: &[&str], wants| Clause {
        attribute: attribute.to_owned(),
        values: values.iter().map(|&it| it.to_owned()).collect(),
        wants,
        origin: HERE,
    };
    let wanted = ["c.local/ns/shop/sa/web", "c.local/ns/shop/sa/cart"];
    let who = Principal::Written(
        clause("source.principal", &wanted, Wants::OneOf),
        Box::new(Principal::Or(wanted.map(identity).to_vec())),
    );
    let what = Permission::Written(
        clause("paths", &["/admin"], Wants::NoneOf),
        Box::new(Permission::Not(Box::new(below("/admin")))),
    );
    let told = |path: &str, principal: Option<&str>| {
        let filter = rbac(RbacAction::Allow, &[("p", what.clone(), who.clone())]);
        let mut request = get(path);
        request.connection.principal = principal.map(str::to_owned);
        let (proxy, mut tree) = (Proxy::with(vec![filter]), Tree::default());
        let chain = Chain {
            filters: &proxy.filters,
            settings: Settings::default(),
            bootstrap: &proxy.bootstrap,
        };
        chain.outlook(&request, &ExternalAnswers::default(), &mut tree);
        let step = tree.finish()[0].because[0].clone();
        let facts: Vec<_> = step.facts.iter().map(|it| (it.name, it.value.clone())).collect();
        (step.finding, facts)
    };
    let (text, facts) = told("/", Some("spiffe://c.local/ns/shop/sa/default"));
    assert_eq!(
        text,
        "policy p does not match: source.principal is c.local/ns/shop/sa/default, wanted one of \
         c.local/ns/shop/sa/web, c.local/ns/shop/sa/cart"
    );
    let found = (FOUND, "c.local/ns/shop/sa/default".to_owned());
    assert_eq!(facts, [found, (WANTED, wanted[0].to_owned()), (WANTED, wanted[1].to_owned())]);
    let (text, facts) = told("/admin/x", Some("spiffe://c.local/ns/shop/sa/web"));
    assert_eq!(text, "policy p does not match: paths is /admin/x, wanted anything but /admin");
    assert_eq!(facts, [], "no other value alone would do");
    let (plain, _) = told("/", None);
    assert!(plain.contains("source.principal is missing, because"), "{plain}");
}

#[test]
fn answers_are_taken_in_words() {
    let mut answers = ExternalAnswers::default();
    for text in ["a=allow", "b=deny", "c=deny:401", "d=fail"] {
        answers.take(text).expect(text);
    }
    let of = |provider| answers.of(provider);
    assert_eq!(of("a"), Some(ExternalAnswer::Allow));
    assert_eq!((of("b"), of("d")), (Some(DENY), Some(ExternalAnswer::Fail)));
    assert_eq!(of("c"), Some(ExternalAnswer::Deny { status: Some(401) }));
    assert_eq!(of("e"), None);
    for text in ["a", "=allow", "a=perhaps", "a=deny:", "a=deny:7", "a=deny:900", "a=allow "] {
        assert!(answers.take(text).is_err(), "{text}");
    }
}
