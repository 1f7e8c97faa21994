//! Changes to headers, level by level: weighted cluster, route, virtual host, route table.

use crate::explain::{Probe, RuleId};
use crate::world::Origin;

use super::super::config::{AppendAction, HeaderMutation, HeaderMutations, RouteTable};
use super::super::request::HeaderMap;
use super::format::{Known, format};

const HEADER: RuleId = RuleId("envoy.route.header");

/// A header that was changed, with what set the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In lower case.
    pub name: String,
    /// The value that was set or added; `None` for a header that was removed.
    pub value: Option<String>,
    /// Where the change is written; `None` for what the proxy does by itself.
    pub origin: Option<Origin>,
}

/// What changes of headers left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The changes, in the order in which they were made.
    pub made: Vec<Change>,
    /// Command operators that could not be told, without their percent signs.
    pub unresolved: Vec<String>,
}

impl Changes {
    /// Sets a header and keeps that in mind.
    pub(super) fn set(
        &mut self,
        headers: &mut HeaderMap,
        name: &str,
        value: String,
        origin: Option<Origin>,
    ) {
        headers.set(name, value.clone());
        self.made.push(Change { name: name.to_owned(), value: Some(value), origin });
    }
}

/// The levels of a route, in the order in which they are applied; the last one wins.
///
/// The weighted cluster always comes first, also where the most specific level wins, and so loses
/// to the others.
///
/// Source: Envoy, "HTTP header manipulation"; that the weighted cluster stays first was observed
/// with Envoy 1.40.
pub(super) fn levels<'c>(
    table: &'c RouteTable,
    host: &'c HeaderMutations,
    route: &'c HeaderMutations,
    weighted: Option<&'c HeaderMutations>,
) -> impl Iterator<Item = &'c HeaderMutations> {
    let mut levels = [route, host, &table.headers];
    if table.most_specific_wins {
        levels.reverse();
    }
    weighted.into_iter().chain(levels)
}

/// The headers that are changed.
pub(super) enum Target<'t> {
    /// Those of the request.
    Request(&'t mut HeaderMap),
    /// Those of the response.
    Response {
        /// They.
        headers: &'t mut HeaderMap,
        /// Its status.
        status: u16,
        /// The headers of the request.
        request: &'t HeaderMap,
    },
}

/// Applies one level: first what is removed, then what replaces, then what is added. All values
/// are worked out before the first of them is set.
///
/// Source: Envoy, `HeaderParser::evaluateHeaders`; the order was observed with Envoy 1.40.
pub(super) fn apply<P: Probe>(
    level: &HeaderMutations,
    target: &mut Target<'_>,
    known: Known<'_>,
    changes: &mut Changes,
    probe: &mut P,
) {
    let (set, remove) = match target {
        Target::Request(_) => (&level.request_set, &level.request_remove),
        Target::Response { .. } => (&level.response_set, &level.response_remove),
    };
    for name in remove {
        let headers = target.headers();
        if headers.get(name).is_some() {
            headers.remove(name);
            changes.made.push(Change { name: name.clone(), value: None, origin: None });
            probe.step(HEADER, None, || format!("header {name} is removed"));
        }
    }
    let mut replaced = Vec::new();
    let mut added = Vec::new();
    for one in set {
        let present = target.headers().get(&one.name).is_some();
        let list = match (one.action, present) {
            (AppendAction::AppendOrAdd, _) | (AppendAction::AddIfAbsent, false) => &mut added,
            (AppendAction::OverwriteOrAdd, _) | (AppendAction::OverwriteIfExists, true) => {
                &mut replaced
            }
            (AppendAction::AddIfAbsent, true) | (AppendAction::OverwriteIfExists, false) => {
                continue;
            }
        };
        let value = format(&one.value, &target.seen(known), &mut changes.unresolved);
        // A header without a value is not made.
        if !value.is_empty() {
            list.push((one, value));
        }
    }
    for (one, value) in replaced {
        target.headers().set(&one.name, value.clone());
        keep(one, value, "is set to", changes, probe);
    }
    for (one, value) in added {
        target.headers().append(&one.name, value.clone());
        keep(one, value, "gets the value", changes, probe);
    }
}

impl Target<'_> {
    fn headers(&mut self) -> &mut HeaderMap {
        match self {
            Self::Request(headers) | Self::Response { headers, .. } => headers,
        }
    }

    /// What operators see: the headers as they are by now.
    fn seen<'k>(&'k self, known: Known<'k>) -> Known<'k> {
        match self {
            Self::Request(headers) => Known { request: headers, ..known },
            Self::Response { headers, status, request } => {
                Known { request, response: Some((*status, headers)), ..known }
            }
        }
    }
}

fn keep(
    one: &HeaderMutation,
    value: String,
    what: &'static str,
    changes: &mut Changes,
    probe: &mut impl Probe,
) {
    probe.step(HEADER, Some(one.origin), || format!("header {} {what} {value:?}", one.name));
    let origin = Some(one.origin);
    changes.made.push(Change { name: one.name.clone(), value: Some(value), origin });
}
