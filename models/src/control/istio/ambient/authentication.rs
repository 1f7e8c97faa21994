//! What PeerAuthentications come to at ztunnel: DENY policies against peers without an identity
//! (istio `pilot/pkg/serviceregistry/ambient/authorization.go`,
//! `convertedSelectorPeerAuthentications` and `convertPeerAuthentication`). DISABLE is taken for
//! PERMISSIVE, because ztunnel always takes HBONE.

use crate::control::istio::Push;
use crate::control::istio::config::{Config, selects};
use crate::explain::RuleId;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{MtlsMode, PeerAuthentication};
use crate::proxy::ztunnel::{
    Action, Clause, Ignored, MadeOf, Match, Policies, Policy, Rule, TextMatch, Wanted,
};
use crate::world::Origin;

const EXCEPTIONS: RuleId = RuleId("ambient.policy.port-exceptions");

/// Adds to the policies of a workload what its PeerAuthentications come to: at most one that demands
/// mutual TLS on all ports, or one that says so for single ports.
pub(super) fn add(push: &Push, namespace: &str, labels: &Labels, policies: &mut Policies) {
    let levels = Levels::of(push, namespace, labels);
    match levels.demand() {
        Demand::Nothing => {}
        Demand::Everywhere(by) => policies.in_force.push(everywhere(by)),
        Demand::OnPorts { by, rules } => {
            policies.in_force.push(denial(by, MadeOf::PortModes, rules, by.origin()));
        }
        Demand::Lost { strict, own } => policies.ignored.push(Ignored {
            title: title(own),
            why: format!(
                "its exceptions for ports lose the STRICT of {} on all ports: ztunnel is referred \
                 to a policy that it is not sent",
                strict.title()
            ),
            rule: EXCEPTIONS,
            origin: own.origin(),
        }),
    }
}

/// The oldest policy of each level that speaks of a workload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels<'p> {
    pub(super) mesh: Option<&'p Config<PeerAuthentication>>,
    pub(super) namespace: Option<&'p Config<PeerAuthentication>>,
    pub(super) own: Option<&'p Config<PeerAuthentication>>,
}

/// What ztunnel makes of the policies of all levels.
#[derive(Clone, Debug)]
pub(super) enum Demand<'p> {
    /// Plaintext is taken everywhere.
    Nothing,
    /// It is taken nowhere.
    Everywhere(&'p Config<PeerAuthentication>),
    /// It is taken on some ports.
    OnPorts {
        /// The workload's own policy.
        by: &'p Config<PeerAuthentication>,
        /// When a connection is denied.
        rules: Vec<Rule>,
    },
    /// The control plane refers ztunnel to a policy that it does not make, so that plaintext is
    /// taken everywhere.
    Lost {
        /// What demands mutual TLS.
        strict: &'p Config<PeerAuthentication>,
        /// The workload's own policy, whose exceptions lose it.
        own: &'p Config<PeerAuthentication>,
    },
}

impl<'p> Levels<'p> {
    /// Those of a workload with these labels. A policy with a selector has no effect in the root
    /// namespace.
    pub(super) fn of(push: &'p Push, namespace: &str, labels: &Labels) -> Self {
        let root = push.mesh.root_namespace.value.as_str();
        let all = &push.peer_authentications;
        let for_all = |wanted: &str| {
            let is_it = |it: &&Config<PeerAuthentication>| {
                it.namespace == wanted && it.object.selector.is_none()
            };
            all.iter().find(is_it)
        };
        let own = all.iter().find(|it| {
            let selector = it.object.selector.as_ref();
            it.namespace == namespace
                && namespace != root
                && selector.is_some_and(|selector| selects(&selector.value, labels))
        });
        let namespace = (namespace != root).then(|| for_all(namespace)).flatten();
        Self { mesh: for_all(root), namespace, own }
    }

    /// The policy of the mesh or the namespace by which mutual TLS is demanded.
    fn inherited(self) -> Option<&'p Config<PeerAuthentication>> {
        let spoken = |it: &&Config<PeerAuthentication>| it.object.mode.is_some();
        let counts = self.namespace.filter(spoken).or(self.mesh);
        counts.filter(|it| mode(it) == Some(MtlsMode::Strict))
    }

    /// What they come to.
    pub(super) fn demand(self) -> Demand<'p> {
        let all = |by: Option<&'p Config<PeerAuthentication>>| {
            by.map_or(Demand::Nothing, Demand::Everywhere)
        };
        let Some(own) = self.own else { return all(self.inherited()) };
        let strict = match mode(own) {
            Some(MtlsMode::Strict) => Some(own),
            Some(MtlsMode::Permissive | MtlsMode::Disable) => None,
            None => self.inherited(),
        };
        let has = |modes: &[MtlsMode]| {
            let mut ports = own.object.ports.values().flatten();
            ports.any(|port| modes.contains(&port.value))
        };
        // Whether ztunnel is referred to the converted policy. A port with DISABLE alone is no
        // exception from what is inherited.
        let exceptions: &[MtlsMode] = match mode(own) {
            None => &[MtlsMode::Permissive],
            Some(_) => &[MtlsMode::Permissive, MtlsMode::Disable],
        };
        let is_converted = match strict {
            Some(_) => has(exceptions),
            None => has(&[MtlsMode::Strict]),
        };
        if !is_converted {
            return all(strict);
        }
        match (self.converted(own), strict) {
            (rules, _) if !rules.is_empty() => Demand::OnPorts { by: own, rules },
            (_, Some(strict)) => Demand::Lost { strict, own },
            (_, None) => Demand::Nothing,
        }
    }

    /// The rules of a policy with modes of ports.
    fn converted(self, own: &Config<PeerAuthentication>) -> Vec<Rule> {
        let is_strict = |it: Option<&Config<PeerAuthentication>>| {
            it.is_some_and(|it| mode(it) == Some(MtlsMode::Strict))
        };
        let own_mode = mode(own);
        let namespace_is_silent = self.namespace.is_none_or(|it| mode(it).is_none());
        // What stands above demands mutual TLS.
        let above = is_strict(self.namespace) || (namespace_is_silent && is_strict(self.mesh));
        // An exception from what is inherited is made where the namespace demands mutual TLS
        // itself, or has no policy at all: one that says nothing takes it away.
        let excepts_inherited =
            is_strict(self.namespace) || (self.namespace.is_none() && is_strict(self.mesh));
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        let origin = own.origin();
        if own_mode == Some(MtlsMode::Strict) {
            together.push(clause(without_identity(origin)));
        }
        let mut has_exception = false;
        for (&port, port_mode) in &own.object.ports {
            let Some(port_mode) = port_mode else { continue };
            let at = Origin::Manifest(port_mode.place);
            match port_mode.value {
                MtlsMode::Strict => {
                    let is_said =
                        own_mode == Some(MtlsMode::Strict) || (own_mode.is_none() && above);
                    if !is_said {
                        let ports = Wanted { any_of: vec![port], none_of: Vec::new() };
                        let one = Match { destination_ports: ports, ..without_identity(at) };
                        alone.push(Rule { clauses: vec![clause(one)], origin: at });
                    }
                }
                MtlsMode::Permissive | MtlsMode::Disable => {
                    let counts = match own_mode {
                        Some(MtlsMode::Strict) => true,
                        Some(MtlsMode::Permissive | MtlsMode::Disable) => false,
                        None => excepts_inherited,
                    };
                    if counts {
                        has_exception = true;
                        let ports = Wanted { any_of: Vec::new(), none_of: vec![port] };
                        together
                            .push(clause(Match { destination_ports: ports, ..Match::empty(at) }));
                    }
                }
            }
        }
        if own_mode == Some(MtlsMode::Strict) && !has_exception {
            return Vec::new();
        }
        if above && has_exception {
            together.push(clause(without_identity(origin)));
        }
        if !together.is_empty() {
            alone.push(Rule { clauses: together, origin });
        }
        alone
    }
}

fn mode(policy: &Config<PeerAuthentication>) -> Option<MtlsMode> {
    policy.object.mode.map(|mode| mode.value)
}

fn title(policy: &Config<PeerAuthentication>) -> String {
    format!("PeerAuthentication {}", policy.title())
}

/// Whoever has no identity is denied.
fn everywhere(by: &Config<PeerAuthentication>) -> Policy {
    let origin = by.object.mode.map_or_else(|| by.origin(), |mode| Origin::Manifest(mode.place));
    let clauses = vec![clause(without_identity(origin))];
    denial(by, MadeOf::MutualTls, vec![Rule { clauses, origin }], origin)
}

fn denial(
    by: &Config<PeerAuthentication>,
    made_of: MadeOf,
    rules: Vec<Rule>,
    origin: Origin,
) -> Policy {
    Policy {
        title: title(by),
        action: Action::Deny,
        made_of,
        rules,
        left_out: Vec::new(),
        doubt: None,
        origin,
    }
}

fn clause(one: Match) -> Clause {
    Clause { part: "mtls", matches: vec![one] }
}

fn without_identity(origin: Origin) -> Match {
    let none_of = vec![TextMatch::Presence];
    Match { principals: Wanted { any_of: Vec::new(), none_of }, ..Match::empty(origin) }
}
