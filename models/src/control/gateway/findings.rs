//! Findings for people who write Gateway API objects: what is not in force, and what requests
//! meet instead. Statuses say the same to machines.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::{Diagnostic, Place};
use crate::world::Origin;

use super::age::DecidedBy;
use super::attach::Site;
use super::compile::Order;
use super::objects::Key;
use super::precedence::Decision;
use super::status::{Condition, ConditionType, ParentStatus};
use super::{RouteReport, rules};

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
                    self.of_condition(condition, &title);
                }
            }
            for listener in &status.listeners {
                let title = format!("listener `{}` of {title}", listener.name);
                for condition in listener.conditions.iter().filter(|it| is_bad(it)) {
                    self.of_condition(condition, &title);
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
                    self.of_condition(condition, &title);
                }
            }
        }
        report
            .notes
            .iter()
            .filter(|it| is_bad(it))
            .for_each(|note| self.of_condition(note, &title));
    }

    fn of_condition(&mut self, condition: &Condition, title: &str) {
        let Origin::Manifest(place) = condition.origin else { return };
        let (code, help) = code_and_help(condition);
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
        for order in orders.values().flat_map(BTreeMap::values) {
            for pair in order.windows(2) {
                let (one, other) = (&pair[0], &pair[1]);
                let by_name = Some(Decision::Between(DecidedBy::NameForLackOfAge));
                if one.before_next == by_name && other.shadowed_by == Some(one.place) {
                    let message = format!(
                        "{} and {} ask for the same at Gateway `{namespace}/{name}`, and neither \
                         says when it was created",
                        one.route, other.route
                    );
                    let finding = Diagnostic::note("gateway.order-by-name", message)
                        .at(one.place, "this one counts, because its name comes first")
                        .at(other.place, "this one is never reached")
                        .help("in a cluster the older route counts; a dump shows the times");
                    self.add(finding);
                }
            }
            for shadowed in order {
                let Some(first) = shadowed.shadowed_by else { continue };
                let message = format!("no request reaches this match of {}", shadowed.route);
                let finding = Diagnostic::warning("gateway.unreachable-rule", message)
                    .at(shadowed.place, "an earlier match asks for the same")
                    .at(first, "this one takes its requests")
                    .help("remove one of both, or tell them apart");
                self.add(finding);
            }
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
        rules::HOSTNAME => (
            "gateway.no-hostname",
            "give the route a hostname within the listener's; its requests get 404",
        ),
        rules::PARENT => ("gateway.no-parent", "name a listener and a port that the parent has"),
        rules::GRANT => {
            ("gateway.missing-grant", "add a ReferenceGrant to the namespace that is referred to")
        }
        rules::BACKEND_INVALID => {
            ("gateway.unresolved-backend", "its share of the requests is answered with an error")
        }
        rules::BACKEND_NO_ENDPOINTS => ("gateway.no-endpoints", "check the Service's selector"),
        rules::BACKEND_TLS => (
            "gateway.backend-tls",
            "requests to the Service are answered with an error until it is corrected",
        ),
        rules::FILTER_UNSUPPORTED => (
            "gateway.filter",
            "its requests are answered with an error, because a filter must not be skipped",
        ),
        rules::CERTIFICATE => ("gateway.certificate", "name a Secret of type kubernetes.io/tls"),
        rules::CONFLICT => (
            "gateway.listener-conflict",
            "give each listener of a port a hostname and one protocol",
        ),
        rules::MESH_KIND => ("gateway.mesh-kind", "keep one kind of routes for a port"),
        rules::MESH_PORT => {
            ("gateway.mesh-port", "give the routes of a Service all a port, or none of them")
        }
        rules::CLASS => ("gateway.class", "this control plane leaves the Gateway alone"),
        rules::NOT_MODELLED => ("gateway.not-modelled", "results do not show its effect"),
        _ => ("gateway.invalid", "correct it, or remove it"),
    }
}
