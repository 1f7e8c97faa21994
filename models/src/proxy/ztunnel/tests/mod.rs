//! Stories and laws of ztunnel.

mod laws;
mod pool;
mod rbac;
mod ways;

use crate::identity::SpiffeId;
use crate::world::Origin;

use super::pool::{Acquired, Lane, PoolSettings, Remains, TunnelId};
use super::*;

const ORIGIN: Origin = Origin::Assumed("a test");

fn id(text: &str) -> SpiffeId {
    format!("spiffe://{text}").parse().expect("an identity")
}

fn web() -> Peer {
    Peer::Known(id("cluster.local/ns/shop/sa/web"))
}

/// A connection from 10.1.0.7 to port 8080 of 10.2.0.9.
fn from(peer: Peer) -> Connection {
    let ip = |text: &str| text.parse().ok();
    Connection {
        source_ip: ip("10.1.0.7"),
        peer,
        destination_ip: ip("10.2.0.9"),
        destination_port: 8080,
    }
}

fn texts(values: &[&str]) -> Vec<TextMatch> {
    values.iter().map(|value| TextMatch::of(value)).collect()
}

fn any_of<T>(any_of: Vec<T>) -> Wanted<T> {
    Wanted { any_of, none_of: Vec::new() }
}

fn none_of<T>(none_of: Vec<T>) -> Wanted<T> {
    Wanted { any_of: Vec::new(), none_of }
}

fn nothing() -> Match {
    Match::empty(ORIGIN)
}

fn principals(values: &[&str]) -> Match {
    Match { principals: any_of(texts(values)), ..nothing() }
}

fn ports(values: &[u16]) -> Match {
    Match { destination_ports: any_of(values.to_vec()), ..nothing() }
}

/// A rule whose clauses have these matches.
fn rule(clauses: Vec<Vec<Match>>) -> Rule {
    let clauses = clauses.into_iter().map(|matches| Clause { part: "from", matches });
    Rule { clauses: clauses.collect(), origin: ORIGIN }
}

fn policy(action: Action, title: &str, rules: Vec<Rule>) -> Policy {
    Policy {
        title: title.to_owned(),
        action,
        made_of: MadeOf::Access,
        rules,
        left_out: Vec::new(),
        doubt: None,
        origin: ORIGIN,
    }
}

fn policies(in_force: Vec<Policy>) -> Policies {
    Policies { in_force, ignored: Vec::new() }
}
