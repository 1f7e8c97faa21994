//! Policies of a whole cluster: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), and
//! ClusterNetworkPolicy (v1alpha2), which takes their place.
//!
//! Source: network-policy-api `apis/v1alpha1` and `apis/v1alpha2`.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::{ObjectMeta, Resource};
use crate::manifest::{Diagnostic, Located, Place};

use super::peer::read_cluster_peers;
use super::port::{read_admin_ports, read_protocols};
use super::selection::read_selection;
use super::{PolicyAction, PolicyRule, Selection};

/// A policy of the whole cluster.
#[derive(Clone, Debug)]
pub struct ClusterPolicy {
    /// Its kind.
    pub kind: ClusterPolicyKind,
    /// Its name.
    pub meta: ObjectMeta,
    /// When it is asked.
    pub tier: PolicyTier,
    /// The lower number is asked first; `None` if it cannot be read.
    pub priority: Option<u16>,
    /// Whom it speaks of.
    pub subject: PolicySubject,
    /// Rules for what comes in, in order.
    pub ingress: Vec<PolicyRule>,
    /// Rules for what goes out, in order.
    pub egress: Vec<PolicyRule>,
}

/// The kinds of policies of a whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum ClusterPolicyKind {
    /// `policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy`.
    AdminNetworkPolicy,
    /// `policy.networking.k8s.io/v1alpha1 BaselineAdminNetworkPolicy`.
    BaselineAdminNetworkPolicy,
    /// `policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy`.
    ClusterNetworkPolicy,
}

/// When a policy of the cluster is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum PolicyTier {
    /// Before every NetworkPolicy.
    Admin,
    /// Where no NetworkPolicy isolates the pod.
    Baseline,
}

/// The pods that a policy of the cluster speaks of.
#[derive(Clone, Debug)]
pub enum PolicySubject {
    /// All pods of these namespaces, or those with fitting labels.
    Pods {
        /// Which namespaces.
        namespaces: Selection,
        /// Which of their pods; `None` means all.
        pods: Option<Selection>,
    },
    /// It cannot be read; a cluster refuses the object.
    Refused(Place),
}

/// The words of `action` in v1alpha1.
const ADMIN_ACTIONS: &[(&str, PolicyAction)] =
    &[("Allow", PolicyAction::Accept), ("Deny", PolicyAction::Deny), ("Pass", PolicyAction::Pass)];

/// There is no tier behind the baseline to pass to.
const BASELINE_ACTIONS: &[(&str, PolicyAction)] =
    &[("Allow", PolicyAction::Accept), ("Deny", PolicyAction::Deny)];

/// The words of `action` in v1alpha2.
const CLUSTER_ACTIONS: &[(&str, PolicyAction)] =
    &[("Accept", PolicyAction::Accept), ("Deny", PolicyAction::Deny), ("Pass", PolicyAction::Pass)];

const TIERS: &[(&str, PolicyTier)] =
    &[("Admin", PolicyTier::Admin), ("Baseline", PolicyTier::Baseline)];

const PRIORITY_MAX: u16 = 1000;

/// How the rules of a kind are written.
#[derive(Clone, Copy)]
struct Dialect {
    actions: &'static [(&'static str, PolicyAction)],
    ports: fn(&mut Fields<'_, '_, '_, '_>) -> Option<Vec<super::PolicyPort>>,
}

pub(in crate::manifest) fn read_admin_network_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let dialect = Dialect { actions: ADMIN_ACTIONS, ports: read_admin_ports };
    read_policy(fields, meta, ClusterPolicyKind::AdminNetworkPolicy, dialect, |spec| {
        (PolicyTier::Admin, read_priority(spec))
    })
}

pub(in crate::manifest) fn read_baseline_admin_network_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    if meta.name.value != "default" {
        fields.add(
            Diagnostic::error(
                "manifest.invalid-name",
                "the one baseline policy is named `default`",
            )
            .at(meta.name.place, "a cluster refuses this name")
            .help("name it `default`; there can only be one"),
        );
    }
    let dialect = Dialect { actions: BASELINE_ACTIONS, ports: read_admin_ports };
    read_policy(fields, meta, ClusterPolicyKind::BaselineAdminNetworkPolicy, dialect, |_| {
        (PolicyTier::Baseline, Some(0))
    })
}

pub(in crate::manifest) fn read_cluster_network_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let dialect = Dialect { actions: CLUSTER_ACTIONS, ports: read_protocols };
    read_policy(fields, meta, ClusterPolicyKind::ClusterNetworkPolicy, dialect, |spec| {
        let tier = spec.required_choice("tier", TIERS);
        // Asked first, its denials count most; what it accepts is not sure either way.
        (tier.map_or(PolicyTier::Admin, |tier| tier.value), read_priority(spec))
    })
}

fn read_priority(spec: &mut Fields<'_, '_, '_, '_>) -> Option<u16> {
    spec.required_number("priority", 0..=PRIORITY_MAX).map(|priority| priority.value)
}

fn read_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
    kind: ClusterPolicyKind,
    dialect: Dialect,
    read_order: fn(&mut Fields<'_, '_, '_, '_>) -> (PolicyTier, Option<u16>),
) -> Vec<Resource> {
    let policy = fields.required_object("spec", |spec| {
        let errors = spec.errors();
        let (tier, priority) = read_order(spec);
        // A policy whose place in the order is not known is not known in any part.
        let order_is_refused = spec.errors() > errors;
        let subject = read_subject(spec);
        let place = spec.place();
        ClusterPolicy {
            kind,
            meta,
            tier,
            priority: priority.filter(|_| !order_is_refused),
            subject: if order_is_refused { PolicySubject::Refused(place) } else { subject },
            ingress: spec.list("ingress", |rule| Some(read_rule(rule, "from", dialect))),
            egress: spec.list("egress", |rule| Some(read_rule(rule, "to", dialect))),
        }
    });
    policy.map(|policy| Resource::ClusterPolicy(Box::new(policy))).into_iter().collect()
}

fn read_subject(spec: &mut Fields<'_, '_, '_, '_>) -> PolicySubject {
    let place = spec.place();
    let errors = spec.errors();
    let subject = spec.required_object("subject", |subject| {
        let namespaces = read_selection(subject, "namespaces");
        let pods = subject.object("pods", |pods| {
            let everywhere = Selection::Labels(Located::new(Default::default(), pods.place()));
            let namespaces = read_selection(pods, "namespaceSelector").unwrap_or(everywhere);
            (namespaces, read_selection(pods, "podSelector"))
        });
        match (namespaces, pods) {
            (Some(namespaces), None) => Some(PolicySubject::Pods { namespaces, pods: None }),
            (None, Some((namespaces, pods))) => Some(PolicySubject::Pods { namespaces, pods }),
            _ => None,
        }
    });
    match subject {
        Some(Some(subject)) if spec.errors() == errors => subject,
        Some(None) if spec.errors() == errors => {
            spec.add(
                Diagnostic::error(
                    "manifest.invalid-subject",
                    "the subject names `namespaces` or `pods`, and one of them only",
                )
                .at(place, "whom this policy speaks of is not known")
                .help("a cluster refuses this object"),
            );
            PolicySubject::Refused(place)
        }
        _ => PolicySubject::Refused(place),
    }
}

fn read_rule(
    rule: &mut Fields<'_, '_, '_, '_>,
    peers: &'static str,
    dialect: Dialect,
) -> PolicyRule {
    PolicyRule {
        name: rule.string("name").filter(|name| !name.is_empty()),
        action: rule.required_choice("action", dialect.actions).map(|action| action.value),
        peers: Some(read_cluster_peers(rule, peers)),
        ports: (dialect.ports)(rule),
        place: rule.place(),
    }
}
