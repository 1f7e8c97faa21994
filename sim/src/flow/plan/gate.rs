//! What the layers of policy make of each sort of client at each sort of server, in the plan. What
//! that does to a request in time is the engine's business.

use meshwalk_models::lookup::LookupMap;
use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::filters::ExternalAnswer;
use meshwalk_models::proxy::envoy::router::ResetReason;
use meshwalk_models::units::Probability;
use meshwalk_models::world::Origin;

use crate::stats::{Details, Ending, Ruling};

use super::FilterPlan;

/// Gates by who sends what to whom.
#[derive(Clone, Debug, Default)]
pub struct Gates {
    rows: LookupMap<GateKey, u32>,
    gates: Vec<GatePlan>,
    /// What gates go by, for the log.
    pub decisions: Vec<DecisionPlan>,
}

/// An external authoriser.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizerPlan {
    /// What it answers.
    pub answer: ExternalAnswer,
    /// Which distribution its latency has.
    pub latency: u32,
    /// The share of questions on which it fails.
    pub failures: Probability,
}

/// Who sends what to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateKey {
    /// The row of the sending: a request with its way, as it leaves the client's side.
    pub sending: u32,
    /// The class of the client's pod.
    pub client: u32,
    /// The class of the server's pod.
    pub server: u32,
}

/// What one sort of client meets at one sort of server.
#[derive(Clone, Debug)]
pub struct GatePlan {
    /// What protects the connection.
    pub protection: Protection,
    /// What becomes of the connection.
    pub connection: ConnectionGate,
    /// What becomes of a request on it.
    pub request: RequestGate,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionGate {
    /// It is taken.
    Open,
    /// It ends.
    Ends(ConnectionFate, Decision),
}

/// How a connection ends that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFate {
    /// It is made, and closed when the first bytes come.
    Closed,
    /// It is refused.
    Refused,
    /// Its handshake fails.
    NoHandshake,
    /// Its packets are dropped.
    Dropped,
}

/// The row of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision(pub u32);

/// What becomes of a request that the server's side gets.
#[derive(Clone, Debug)]
pub enum RequestGate {
    /// It goes on to the application.
    Through,
    /// The server's proxy answers.
    Answered {
        /// With this status.
        status: u16,
        /// In these words of its access log.
        details: Details,
        /// Going by this.
        decision: Decision,
    },
    /// What filters say depends on the moment or on a draw.
    Filters(Box<FilterPlan>, Decision),
}

/// What a gate goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionPlan {
    /// What it does.
    pub ruling: Ruling,
    /// Why, as a sentence.
    pub sentence: String,
    /// The lines that make it so.
    pub origins: Vec<Origin>,
}

impl Gates {
    /// Whether nothing stands in anybody's way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gates.is_empty()
    }

    /// The row of the gate for `key`; `None` where nothing is in the way.
    #[must_use]
    pub fn find(&self, key: GateKey) -> Option<u32> {
        self.rows.get(&key).copied()
    }

    /// The gate of a row.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&GatePlan> {
        self.gates.get(row as usize)
    }

    /// Sets the gate for `key`.
    pub fn insert(&mut self, key: GateKey, gate: GatePlan) {
        let row = self.gates.len() as u32;
        self.gates.push(gate);
        self.rows.insert(key, row);
    }

    /// The row of a decision; equal ones share a row.
    pub fn decision(&mut self, decision: DecisionPlan) -> Decision {
        let known = self.decisions.iter().position(|known| *known == decision);
        let row = known.unwrap_or_else(|| {
            self.decisions.push(decision);
            self.decisions.len() - 1
        });
        Decision(row as u32)
    }

    /// The statuses with which proxies of servers answer at once.
    pub fn statuses(&self) -> impl Iterator<Item = u16> {
        self.gates.iter().filter_map(|gate| match gate.request {
            RequestGate::Answered { status, .. } => Some(status),
            RequestGate::Through | RequestGate::Filters(..) => None,
        })
    }
}

impl ConnectionFate {
    /// As the router of a client's proxy counts it.
    #[must_use]
    pub const fn reason(self) -> ResetReason {
        match self {
            Self::Closed => ResetReason::ConnectionTermination,
            Self::Refused => ResetReason::ConnectionRefused,
            Self::NoHandshake => ResetReason::ConnectionReset,
            Self::Dropped => ResetReason::ConnectionTimeout,
        }
    }
}

/// How a call ends whose caller has no proxy, when its connection ends like this.
#[must_use]
pub const fn ending_without_proxy(reason: ResetReason) -> Ending {
    Ending::without_answer(match reason {
        ResetReason::ConnectionTimeout => Details::CONNECT_TIMEOUT,
        ResetReason::ConnectionRefused => Details::CONNECTION_REFUSED,
        ResetReason::ConnectionTermination => Details::CONNECTION_RESET,
        _ => Details::CONNECT_FAILURE,
    })
}
