//! What is asked: who sends which request where.

use std::net::IpAddr;
use std::sync::Arc;

use crate::control::GatewayName;

use crate::token::TokenFacts;

use super::{Caller, Target};

pub use crate::proxy::envoy::filters::{ExternalAnswer, ExternalAnswers};

/// A request.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who sends it.
    pub sender: Sender,
    /// Where it is sent.
    pub target: Target,
    /// The method.
    pub method: String,
    /// The path with its query; `None` is `/`.
    pub path: Option<String>,
    /// Headers; `host` and `:authority` replace the authority of the target.
    pub headers: Vec<(String, String)>,
    /// What to make of access policies that are not modelled.
    pub policies: Policies,
    /// What the client shows where it speaks TLS itself.
    pub certificate: ClientCertificate,
    /// What external authorisers answer.
    pub external: ExternalAnswers,
    /// What is known of tokens beside the headers: the time, keys, and claims that are stated.
    pub tokens: Arc<TokenFacts>,
}

/// What a client that speaks TLS itself shows of who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientCertificate {
    /// Nothing.
    #[default]
    Missing,
    /// A certificate that the server trusts.
    Trusted,
}

/// What to make of access policies that are read and not modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policies {
    /// They may deny: what becomes of the request is not known.
    #[default]
    MayDeny,
    /// They are taken to let the request pass, because whoever asks says so.
    AssumedToAllow,
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub enum Sender {
    /// A pod.
    Pod(Caller),
    /// A client outside, at this gateway.
    Outside(GatewayName),
    /// A client outside, at a Service.
    Client(OutsideClient),
    /// A client outside, at a controller of Ingresses that no manifest holds.
    Controller(UnseenController),
}

/// A controller of Ingresses that is in no manifest: nobody knows its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenController {
    /// The class that it serves; empty for Ingresses without one.
    pub class: String,
    /// What to make of policies that ask for its labels or its namespace.
    pub admission: Admission,
}

/// What to make of network policies that turn on labels or a namespace which nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// Whether they let it in is not known.
    #[default]
    Open,
    /// They are taken to let it in, and that is said.
    Assumed,
}

/// A client outside that dials a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideClient {
    /// Somebody with this address, where it is known; what manifests expose is reached.
    Somebody(Option<IpAddr>),
    /// One of a run, which reaches whatever the scenario sends it to; to policies of the network
    /// all of them come from this address.
    OfRun(IpAddr),
}
