//! Small chains of filters for the stories.

use std::collections::BTreeMap;

use crate::explain::Silent;
use crate::proxy::envoy::config::{
    Bootstrap, Case, Fault, FaultAbort, FaultDelay, HttpFilter, HttpFilterKind, Permission,
    Principal, Rbac, RbacAction, RbacPolicy, RbacRules, StringMatcher, StringTest,
};
use crate::proxy::envoy::filters::{
    Chain, ExternalAnswers, FilterState, Outlook, Progress, Settings, Step,
};
use crate::proxy::envoy::routing::tests::testing::{Fixed, HERE, set};
use crate::proxy::envoy::{Reply, Request};
use crate::units::{Ppm, SimDuration, SimTime};

pub(super) fn filter(kind: HttpFilterKind) -> HttpFilter {
    let name = match kind {
        HttpFilterKind::Cors => "cors",
        HttpFilterKind::Fault(_) => "fault",
        HttpFilterKind::Rbac(_) => "rbac",
        HttpFilterKind::ExtAuthz(_) => "ext_authz",
        HttpFilterKind::Jwt(_) => "jwt",
        HttpFilterKind::LocalRateLimit(_) => "limit",
    };
    HttpFilter { name: name.to_owned(), kind }
}

pub(super) fn rules(action: RbacAction, policies: &[(&str, Permission, Principal)]) -> RbacRules {
    let policies = policies.iter().map(|(name, permission, principal)| {
        let policy = RbacPolicy {
            title: (*name).to_owned(),
            permissions: vec![permission.clone()],
            principals: vec![principal.clone()],
            origin: HERE,
        };
        ((*name).to_owned(), policy)
    });
    RbacRules { action, policies: policies.collect(), left_out: Vec::new() }
}

pub(super) fn rbac(action: RbacAction, policies: &[(&str, Permission, Principal)]) -> HttpFilter {
    let rules = Some(rules(action, policies));
    filter(HttpFilterKind::Rbac(Rbac { rules, shadow: None }))
}

pub(super) fn text(test: StringTest) -> StringMatcher {
    StringMatcher { test, case: Case::Sensitive }
}

pub(super) fn exactly(words: &str) -> StringMatcher {
    text(StringTest::Exact(words.to_owned()))
}

pub(super) fn below(prefix: &str) -> Permission {
    Permission::UrlPath(text(StringTest::Prefix(prefix.to_owned())))
}

pub(super) fn no_fault() -> Fault {
    Fault { abort: None, delay: None, headers: Vec::new(), max_active: None }
}

pub(super) fn aborting(status: u16, percent: u32) -> Fault {
    let abort = FaultAbort::Http { status, share: Ppm::from_percent(percent) };
    Fault { abort: Some(set(abort)), ..no_fault() }
}

pub(super) fn delaying(ms: u64, percent: u32) -> Fault {
    let (pause, share) = (SimDuration::from_ms(ms), Ppm::from_percent(percent));
    Fault { delay: Some(set(FaultDelay::Fixed { pause, share })), ..no_fault() }
}

/// A proxy with some filters, and what it keeps.
pub(super) struct Proxy {
    pub(super) filters: Vec<HttpFilter>,
    pub(super) bootstrap: Bootstrap,
    pub(super) state: FilterState,
    pub(super) now: SimTime,
    pub(super) dice: Fixed,
}

impl Proxy {
    pub(super) fn with(filters: Vec<HttpFilter>) -> Self {
        Self {
            filters,
            bootstrap: Bootstrap::default(),
            state: FilterState::default(),
            now: SimTime::from_ns(0),
            dice: Fixed(0),
        }
    }

    /// One look of the filters at a request.
    pub(super) fn look(
        &mut self,
        settings: Settings<'_>,
        request: &Request,
        progress: &mut Progress,
    ) -> Step {
        let chain = Chain { filters: &self.filters, settings, bootstrap: &self.bootstrap };
        chain.run(request, progress, &mut self.state, self.now, &mut self.dice, &mut Silent)
    }

    /// The answer to a request that no filter makes wait; `None` if it comes through. Nothing it
    /// holds is given back.
    pub(super) fn answer(&mut self, request: &Request) -> Option<Reply> {
        match self.look(Settings::default(), request, &mut Progress::default()) {
            Step::Through => None,
            Step::Answer(reply) => Some(*reply),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn allows(&mut self, request: &Request) -> bool {
        self.answer(request).is_none()
    }

    pub(super) fn outlook(&self, request: &Request) -> Outlook {
        let settings = Settings::default();
        let chain = Chain { filters: &self.filters, settings, bootstrap: &self.bootstrap };
        chain.outlook(request, &ExternalAnswers::default(), &mut Silent)
    }

    /// The counters that are not zero.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.state.counts.named().into_iter().filter(|(_, count)| *count > 0).collect()
    }
}
