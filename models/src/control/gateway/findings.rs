//! Findings for people who write Gateway API objects: what is not in force, and what requests
//! meet instead. Statuses say the same to machines.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::{Diagnostic, Place};
use crate::world::Origin;

use super::age::Tie;
use super::attach::Site;
use super::compile::{Order, OrderedMatch};
use super::objects::Key;
use super::status::{Condition, ConditionType, ParentStatus};
use super::{RouteReport, rules};

const BY_NAME: &str = "gateway.order-by-name";
const OLDER: &str = "in a cluster the older one counts; a dump shows the times";

/// Findings, each once.
#[derive(Default)]
pub(super) struct Findings {
    known: BTreeSet<(&'static str, Option<Place>, String)>,
    found: Vec<Diagnostic>,
}

impl Findings {
    /// All findings, in the order of the objects.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.found
    }

    /// Adds a finding unless it is known.
    pub(super) fn add(&mut self, finding: Diagnostic) {
        let key = (finding.code, finding.place(), finding.message.clone());
        if self.known.insert(key) {
            self.found.push(finding);
        }
    }

    /// What is wrong with a Gateway, its sets and listeners.
    pub(super) fn of_parents(&mut self, statuses: &[ParentStatus]) {
        for status in statuses {
            let title = format!("{} `{}/{}`", status.kind, status.namespace, status.name);
            for condition in &status.conditions {
                if condition.kind == ConditionType::Accepted && !condition.status {
                    self.of_condition(condition, &title, Whose::Parent);
                }
            }
            for listener in &status.listeners {
                let title = format!("listener `{}` of {title}", listener.name);
                for condition in listener.conditions.iter().filter(|it| is_bad(it)) {
                    self.of_condition(condition, &title, Whose::Listener);
                }
            }
        }
    }

    /// What is wrong with a route.
    pub(super) fn of_route(&mut self, report: &RouteReport) {
        let status = &report.status;
        let title = format!("{} `{}/{}`", status.kind.word(), status.namespace, status.name);
        for parent in &status.parents {
            for condition in parent.conditions.iter().filter(|it| is_bad(it)) {
                // Rules tell of themselves below.
                if condition.kind == ConditionType::Accepted {
                    self.of_condition(condition, &title, Whose::Attachment);
                }
            }
        }
        let whose = if status.kind.is_http() { Whose::Requests } else { Whose::Connections };
        let bad = report.notes.iter().filter(|it| is_bad(it));
        bad.for_each(|note| self.of_condition(note, &title, whose));
    }

    fn of_condition(&mut self, condition: &Condition, title: &str, whose: Whose) {
        let Origin::Manifest(place) = condition.origin else { return };
        let (code, help) = code_and_help(condition);
        let help = match meets(condition, whose) {
            "" => help.to_owned(),
            meets => format!("{help}; until then {meets}"),
        };
        let message = format!("{title}: {}", condition.message);
        let finding = match condition.reason {
            "NoEndpoints" | "NoMatchingListenerHostname" | "NotMerged" => {
                Diagnostic::warning(code, message)
            }
            _ if condition.rule == rules::PARENT => Diagnostic::warning(code, message),
            "NotModelled" | "Pending" => Diagnostic::note(code, message),
            _ => Diagnostic::error(code, message),
        };
        self.add(finding.at(place, condition.reason).help(help));
    }

    /// Rules that no request reaches, and orders that hang on a name.
    pub(super) fn of_orders(
        &mut self,
        (namespace, name): Key<'_>,
        orders: &BTreeMap<String, Order>,
    ) {
        let at = format!("Gateway `{namespace}/{name}`");
        orders.values().flat_map(BTreeMap::values).for_each(|order| self.of_order(&at, order));
    }

    /// The same of one order of matches.
    pub(super) fn of_order(&mut self, at: &str, order: &[OrderedMatch]) {
        for matched in order {
            if let Some((route, place)) = &matched.rival {
                let same = matched.shadowed_by == Some(*place);
                let what = if same { "ask for the same" } else { "may ask for the same" };
                let message = format!(
                    "{route} and {} {what} at {at}, and not both say when they were created",
                    matched.route
                );
                let lost = if same { "this one is never reached" } else { "this one comes later" };
                let finding = Diagnostic::note(BY_NAME, message)
                    .at(*place, "this one is taken for the older one")
                    .at(matched.place, lost)
                    .help(OLDER);
                self.add(finding);
            }
            let Some(first) = matched.shadowed_by else { continue };
            let message = format!("no request reaches this match of {}", matched.route);
            let finding = Diagnostic::warning("gateway.unreachable-rule", message)
                .at(matched.place, "an earlier match asks for the same")
                .at(first, "this one takes its requests")
                .help("remove one of both, or tell them apart");
            self.add(finding);
        }
    }

    /// Objects of which the older one counts, though not both say how old they are.
    pub(super) fn of_ties(&mut self, ties: &BTreeSet<Tie>) {
        for Tie { about, winner, loser } in ties {
            let message = format!(
                "{} and {} compete for {about}, and not both say when they were created",
                winner.0, loser.0
            );
            let finding = Diagnostic::note(BY_NAME, message)
                .at(winner.1, "this one is taken for the older one")
                .at(loser.1, "this one gives way")
                .help(OLDER);
            self.add(finding);
        }
    }

    /// Route tables that would be too large.
    pub(super) fn of_large_tables(&mut self, site: &Site<'_>, tables: &[String]) {
        for table in tables {
            let message = format!("the routes of table `{table}` are too many");
            let finding = Diagnostic::error("gateway.too-many-routes", message)
                .at(site.gateway.meta.place, "some hostnames of this Gateway have no routes here");
            self.add(finding);
        }
    }
}

/// Whose condition it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A Gateway's or ListenerSet's.
    Parent,
    Listener,
    /// A route's under one of its parents.
    Attachment,
    /// That of a rule that looks at requests.
    Requests,
    /// That of a rule that passes bytes on.
    Connections,
}

/// What requests meet until it is corrected; empty where the finding has said it.
fn meets(condition: &Condition, whose: Whose) -> &'static str {
    let backend = matches!(condition.rule, rules::BACKEND_INVALID | rules::GRANT);
    match whose {
        Whose::Parent => match condition.rule {
            rules::ALLOWED_LISTENERS => "nothing listens for it",
            _ => "",
        },
        Whose::Listener if condition.rule == rules::ROUTE_KINDS => "no such route attaches to it",
        Whose::Listener => "it takes no connection",
        Whose::Attachment if condition.rule == rules::NOT_MODELLED => "",
        Whose::Attachment => "no request comes to the route this way",
        Whose::Requests if backend => "its share of the requests is answered with an error",
        Whose::Connections if backend => "its share of the connections is closed",
        Whose::Requests | Whose::Connections => "",
    }
}

/// Whether a condition tells of something that is not as it should be.
fn is_bad(condition: &Condition) -> bool {
    match condition.kind {
        ConditionType::Conflicted | ConditionType::PartiallyInvalid => condition.status,
        ConditionType::Programmed => !condition.status && condition.reason != "Invalid",
        ConditionType::Accepted | ConditionType::ResolvedRefs => !condition.status,
    }
}

fn code_and_help(condition: &Condition) -> (&'static str, &'static str) {
    match condition.rule {
        rules::ALLOWED_LISTENERS => {
            ("gateway.listeners-not-allowed", "allow its namespace in `spec.allowedListeners`")
        }
        rules::ALLOWED_ROUTES | rules::ROUTE_KINDS | rules::OVERLAP => {
            ("gateway.route-not-allowed", "allow it in `allowedRoutes` of the listener")
        }
        rules::HOSTNAME => {
            ("gateway.no-hostname", "give the route a hostname within the listener's")
        }
        rules::PARENT => ("gateway.no-parent", "name a listener and a port that the parent has"),
        rules::GRANT => {
            ("gateway.missing-grant", "add a ReferenceGrant to the namespace that is referred to")
        }
        rules::BACKEND_INVALID => {
            ("gateway.unresolved-backend", "name a Service that is there, and a TCP port of it")
        }
        rules::BACKEND_NO_ENDPOINTS => ("gateway.no-endpoints", "check the Service's selector"),
        rules::BACKEND_TLS => (
            "gateway.backend-tls",
            "requests to the Service are answered with an error until it is corrected",
        ),
        rules::FILTER_UNSUPPORTED => {
            ("gateway.filter", "remove the filter, or use one that is supported")
        }
        rules::CERTIFICATE => ("gateway.certificate", "name a Secret of type kubernetes.io/tls"),
        rules::CONFLICT => (
            "gateway.listener-conflict",
            "give each listener of a port a hostname and one protocol",
        ),
        rules::MIRROR => ("gateway.lost-mirror", "name a Service that is there and may be named"),
        rules::PATTERN => {
            ("gateway.pattern", "patterns are RE2: no look-around and no back-references")
        }
        rules::MESH_KIND => ("gateway.mesh-kind", "keep one kind of routes for a port"),
        rules::MESH_PORT => {
            ("gateway.mesh-port", "give the routes of a Service all a port, or none of them")
        }
        rules::CLASS => ("gateway.class", "this control plane leaves the Gateway alone"),
        rules::NOT_MODELLED => ("gateway.not-modelled", "results do not show its effect"),
        _ => ("gateway.invalid", "correct it, or remove it"),
    }
}
