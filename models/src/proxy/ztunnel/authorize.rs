//! Whether ztunnel lets a connection through to a pod: the order of actions, and the reason
//! (ztunnel `src/state.rs`, `assert_rbac`). Whether a single policy matches is said in `rbac`.

use std::net::IpAddr;

use crate::explain::{Probe, RuleId};
use crate::identity::SpiffeId;
use crate::proxy::truth::Truth;
use crate::world::Origin;

use super::policy::{Action, Policies, Policy};
use super::{describe, rbac};

const ORDER: RuleId = RuleId("ztunnel.rbac.order");

/// A connection as ztunnel sees it beside the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who sends: through a waypoint, the waypoint's pod. `None` if the address is not known.
    pub source_ip: Option<IpAddr>,
    /// Whose certificate the other end showed: through a waypoint, the waypoint's.
    pub peer: Peer,
    /// The pod. `None` if the address is not known.
    pub destination_ip: Option<IpAddr>,
    /// The port of the pod, and not HBONE's.
    pub destination_port: u16,
}

/// Who stands at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Nobody whom ztunnel knows: the connection came as it was sent.
    Plaintext,
    /// The identity of a certificate.
    Known(SpiffeId),
    /// Somebody of the mesh, whose name the manifests do not tell.
    Unnamed,
}

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorized {
    /// It is let through.
    Allowed,
    /// It is not.
    Denied {
        /// The policies that deny it; those of ALLOW when none of them matches.
        origins: Vec<Origin>,
        /// Why, in one sentence.
        sentence: String,
    },
    /// It cannot be told.
    Unknown {
        /// Why, in one sentence.
        why: String,
        /// The policies that it turns on.
        origins: Vec<Origin>,
    },
}

/// How many policies are told one by one.
const TOLD_MAX: usize = 50;

/// What the policies of a workload say about a connection to it. DENY policies are asked first; if
/// there is no ALLOW policy the connection passes, else one must match.
pub fn authorize(
    policies: &Policies,
    connection: &Connection,
    probe: &mut impl Probe,
) -> Authorized {
    probe.enter();
    if probe.listens() {
        describe::peer(connection, probe);
        for ignored in policies.ignored.iter().take(TOLD_MAX) {
            describe::ignored(ignored, probe);
        }
        for policy in policies.in_force.iter().take(TOLD_MAX) {
            describe::policy(policy, connection, probe);
        }
    }
    let authorized = judge(policies, connection);
    let origin = match &authorized {
        Authorized::Allowed => allowing(policies, connection).map(|policy| policy.origin),
        Authorized::Denied { origins, .. } | Authorized::Unknown { origins, .. } => {
            origins.first().copied()
        }
    };
    probe.leave(ORDER, origin, || match &authorized {
        Authorized::Allowed => match allowing(policies, connection) {
            Some(policy) => format!("allowed: ALLOW policy {} matches", policy.title),
            None => "allowed: no DENY policy matches, and there is no ALLOW policy".to_owned(),
        },
        Authorized::Denied { sentence, .. } => format!("denied: {sentence}"),
        Authorized::Unknown { why, .. } => format!("it cannot be told: {why}"),
    });
    authorized
}

/// The ALLOW policy that lets a connection through.
fn allowing<'p>(policies: &'p Policies, connection: &Connection) -> Option<&'p Policy> {
    let mut allow = of(policies, Action::Allow).filter(|policy| policy.doubt.is_none());
    allow.find(|policy| rbac::policy(policy, connection) == Truth::Yes)
}

fn of(policies: &Policies, action: Action) -> impl Iterator<Item = &Policy> {
    policies.in_force.iter().filter(move |policy| policy.action == action)
}

fn judge(policies: &Policies, connection: &Connection) -> Authorized {
    let mut doubtful: Vec<&Policy> = Vec::new();
    for policy in of(policies, Action::Deny) {
        match (rbac::policy(policy, connection), &policy.doubt) {
            (Truth::Yes, None) => {
                return Authorized::Denied {
                    origins: vec![policy.origin],
                    sentence: format!("DENY policy {} matches", policy.title),
                };
            }
            (Truth::No, None) => {}
            _ => doubtful.push(policy),
        }
    }
    match allowed(policies, connection) {
        Authorized::Allowed if !doubtful.is_empty() => unknown(&doubtful, connection),
        Authorized::Unknown { why, mut origins } => {
            origins.splice(0..0, doubtful.iter().map(|policy| policy.origin));
            Authorized::Unknown { why, origins }
        }
        other => other,
    }
}

/// What the ALLOW policies say. A policy that a cluster refuses may hold in an older form or not
/// at all, so that without another one nothing is certain.
fn allowed(policies: &Policies, connection: &Connection) -> Authorized {
    if of(policies, Action::Allow).next().is_none() || allowing(policies, connection).is_some() {
        return Authorized::Allowed;
    }
    let is_doubtful = |policy: &&Policy| {
        policy.doubt.is_some() || rbac::policy(policy, connection) == Truth::Unknown
    };
    let doubtful: Vec<_> = of(policies, Action::Allow).filter(is_doubtful).collect();
    if !doubtful.is_empty() {
        return unknown(&doubtful, connection);
    }
    let all: Vec<_> = of(policies, Action::Allow).collect();
    let sentence = match all[..] {
        [only] => format!("ALLOW policy {} does not match, and no other allows it", only.title),
        _ => format!("none of {} ALLOW policies matches", all.len()),
    };
    Authorized::Denied { origins: all.iter().map(|policy| policy.origin).collect(), sentence }
}

fn unknown(doubtful: &[&Policy], connection: &Connection) -> Authorized {
    let first = doubtful.first().map(|policy| {
        let refused = policy.doubt.clone();
        let why = refused.unwrap_or_else(|| describe::unknown(policy, connection));
        format!("{} policy {}: {why}", policy.action.word(), policy.title)
    });
    Authorized::Unknown {
        why: first.unwrap_or_default(),
        origins: doubtful.iter().map(|policy| policy.origin).collect(),
    }
}
