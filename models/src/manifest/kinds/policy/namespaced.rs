//! `networking.k8s.io/v1 NetworkPolicy`.

use std::collections::BTreeSet;

use crate::manifest::Located;
use crate::manifest::fields::Fields;
use crate::manifest::kinds::{ObjectMeta, Resource};

use super::peer::read_peers;
use super::port::read_ports;
use super::selection::read_selection;
use super::{Direction, PolicyAction, PolicyRule, Selection};

/// `networking.k8s.io/v1 NetworkPolicy`.
#[derive(Clone, Debug)]
pub struct NetworkPolicy {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// The pods of its namespace that it isolates; an absent selector selects all.
    pub pods: Selection,
    /// The directions in which it isolates them, after defaults.
    pub directions: BTreeSet<Direction>,
    /// What may come in.
    pub ingress: Vec<PolicyRule>,
    /// What may go out.
    pub egress: Vec<PolicyRule>,
}

const TYPES: &[(&str, Direction)] =
    &[("Ingress", Direction::Ingress), ("Egress", Direction::Egress)];

pub(in crate::manifest) fn read_network_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let place = fields.place();
    let everything = || Selection::Labels(Located::new(Default::default(), place));
    let read = fields.object("spec", |spec| {
        let pods = read_selection(spec, "podSelector").unwrap_or_else(everything);
        let errors = spec.errors();
        let types = spec.choices("policyTypes", TYPES);
        let types_are_refused = spec.errors() > errors;
        let ingress = spec.list("ingress", |rule| Some(read_rule(rule, "from")));
        let errors = spec.errors();
        let egress = spec.list("egress", |rule| Some(read_rule(rule, "to")));
        let egress_is_refused = spec.errors() > errors;
        let mut directions: BTreeSet<_> = types.into_iter().map(|it| it.value).collect();
        if types_are_refused {
            // What was meant is not known; more isolation never lets more through.
            directions.extend([Direction::Ingress, Direction::Egress]);
        } else if directions.is_empty() {
            // kubernetes pkg/apis/networking/v1/defaults.go, SetDefaults_NetworkPolicy.
            directions.insert(Direction::Ingress);
            if !egress.is_empty() || egress_is_refused {
                directions.insert(Direction::Egress);
            }
        }
        (pods, directions, ingress, egress)
    });
    // Without a spec the API server fills in an empty one.
    let (pods, directions, ingress, egress) = read.unwrap_or_else(|| {
        (everything(), BTreeSet::from([Direction::Ingress]), Vec::new(), Vec::new())
    });
    vec![Resource::NetworkPolicy(Box::new(NetworkPolicy {
        meta,
        pods,
        directions,
        ingress,
        egress,
    }))]
}

fn read_rule(rule: &mut Fields<'_, '_, '_, '_>, peers: &'static str) -> PolicyRule {
    PolicyRule {
        name: None,
        action: Some(PolicyAction::Accept),
        peers: read_peers(rule, peers),
        ports: read_ports(rule),
        place: rule.place(),
    }
}
