//! What is asked: who sends which request where.

use crate::control::GatewayName;

use super::{Caller, Target};

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
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub enum Sender {
    /// A pod.
    Pod(Caller),
    /// A client outside, at this gateway.
    Outside(GatewayName),
}
