//! One request from its sender to one answer with the tree of reasons.
//!
//! It decides nothing that the rooms of the proxies and control planes decide: it asks them in the
//! order in which the request meets them, and puts their reasons together.

mod ambient;
mod amplification;
mod answer;
mod bypass;
mod caller;
mod controller;
mod destination;
mod expect;
mod exposed;
mod filters;
mod from_pod;
mod gateway;
mod gateway_api;
mod hairpin;
mod http;
mod ingress;
mod limits;
mod network;
mod outside;
mod passed_on;
mod plain;
mod policies;
mod proxy;
mod question;
mod request;
mod resilience;
mod rivals;
mod rules;
mod server_side;
#[cfg(test)]
mod stories;
mod target;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod untold;
mod verdict;
mod waypoint;

use crate::control::ControlPlanes;
use crate::explain::Tree;
use crate::world::World;

pub use amplification::{Call, CallPath, CallPaths, Cut, Wasted, call_paths, wasted};
pub use answer::{
    Answer, ClusterFacts, EndpointShare, Finding, HeaderChange, InUse, Limit, MirrorShare, Outcome,
    RequestAfter, RetryInForce, Share, TimeLimit, Timeouts, Untold,
};
pub use caller::{Caller, CallerError, find as find_caller, full_name};
pub use expect::{Expectation, ExpectationError, FORMS, shown, shown_target};
pub use exposed::{CLIENTS_OF_RUNS, exposed_service};
pub use network::{RESOLVER_TIME_OUT, name_servers_reached};
pub use policies::{RouteSettings, route_settings};
pub use question::{
    Admission, ClientCertificate, ExternalAnswer, ExternalAnswers, OutsideClient, Policies,
    Question, Sender, UnseenController,
};
pub use request::request_sent;
pub use server_side::{
    BYPASSES_ZTUNNEL, Encounter, Opener, Received, Reception, Takes, Why, Writes, receive,
    wire_port,
};
pub use verdict::{
    BoxKind, Crossing, EndKind, EnforcedBy, Fate, Leg, LegEncryption, LegEnd, SeenAnswer,
    SeenIdentity, Sees, ServerVerdict, Verdict,
};

pub use waypoint::{AtWaypoint, at_waypoint};

pub use target::{Scheme, Target, TargetError, TargetPort};

/// Walks one request to its answer.
#[must_use]
pub fn walk(world: &World, planes: &ControlPlanes, question: &Question) -> Answer {
    let mut tree = Tree::default();
    let mut answer = match &question.sender {
        Sender::Pod(caller) => from_pod::walk(world, planes, question, *caller, &mut tree),
        Sender::Outside(name) => gateway::walk(world, planes, question, name, &mut tree),
        Sender::Client(client) => exposed::walk((world, planes), question, *client, &mut tree),
        Sender::Controller(asked) => controller::walk((world, planes), question, asked, &mut tree),
    };
    verdict::settle(&mut answer);
    let steps = tree.finish();
    verdict::name_lines(&mut answer, &steps);
    answer.because = steps;
    answer
}
