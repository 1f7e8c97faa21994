//! Whether a policy matches a connection (ztunnel `src/rbac.rs`, `Authorization::matches`). What
//! follows from that is said in `authorize`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::proxy::truth::Truth;

use super::authorize::{Connection, Peer};
use super::policy::{AccountMatch, Clause, Match, Policy, Rule, TextMatch, Wanted};

/// Any rule matches.
pub(super) fn policy(policy: &Policy, connection: &Connection) -> Truth {
    Truth::any(policy.rules.iter().map(|one| rule(one, connection)))
}

/// All clauses match.
pub(super) fn rule(rule: &Rule, connection: &Connection) -> Truth {
    Truth::all(rule.clauses.iter().map(|one| clause(one, connection)))
}

/// Any match fits. A clause without any holds, and one whose matches ask for nothing does not.
pub(super) fn clause(clause: &Clause, connection: &Connection) -> Truth {
    if clause.matches.is_empty() {
        return Truth::Yes;
    }
    Truth::any(clause.matches.iter().map(|one| fits(one, connection)))
}

fn fits(wanted: &Match, connection: &Connection) -> Truth {
    if wanted.is_empty() {
        return Truth::No;
    }
    let peer = &connection.peer;
    let (source, destination) = (connection.source_ip, connection.destination_ip);
    Truth::all([
        field(&wanted.destination_ips, |block| holds(*block, destination)),
        field(&wanted.source_ips, |block| holds(*block, source)),
        field(&wanted.destination_ports, |&port| (port == connection.destination_port).into()),
        field(&wanted.accounts, |account| has_account(account, peer)),
        field(&wanted.principals, |text| has_principal(text, peer)),
        field(&wanted.namespaces, |text| has_namespace(text, peer)),
    ])
}

fn field<T>(wanted: &Wanted<T>, holds: impl Fn(&T) -> Truth) -> Truth {
    let one_of = || match wanted.any_of.is_empty() {
        true => Truth::Yes,
        false => Truth::any(wanted.any_of.iter().map(&holds)),
    };
    let none_of = Truth::any(wanted.none_of.iter().map(&holds)).not();
    Truth::all([none_of, one_of()])
}

fn holds(block: IpNet, address: Option<IpAddr>) -> Truth {
    match address {
        None => Truth::Unknown,
        Some(address) => block.contains(&address).into(),
    }
}

/// Nothing without an identity has an account.
fn has_account(account: &AccountMatch, peer: &Peer) -> Truth {
    match peer {
        Peer::Plaintext => Truth::No,
        Peer::Unnamed => Truth::Unknown,
        Peer::Known(id) => {
            (id.namespace == account.namespace && id.service_account == account.name).into()
        }
    }
}

/// ztunnel takes `spiffe://` away first; what does not begin so fits nothing.
fn has_principal(text: &TextMatch, peer: &Peer) -> Truth {
    match (peer, text) {
        (Peer::Plaintext, _) => Truth::No,
        (Peer::Unnamed, TextMatch::Presence) => Truth::Yes,
        (Peer::Unnamed, _) => Truth::Unknown,
        (Peer::Known(id), text) => text.fits(&id.principal()).into(),
    }
}

/// Plaintext has an empty namespace.
fn has_namespace(text: &TextMatch, peer: &Peer) -> Truth {
    match (peer, text) {
        (Peer::Plaintext, text) => text.fits("").into(),
        (Peer::Unnamed, TextMatch::Presence) => Truth::Yes,
        (Peer::Unnamed, _) => Truth::Unknown,
        (Peer::Known(id), text) => text.fits(&id.namespace).into(),
    }
}
