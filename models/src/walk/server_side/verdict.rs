//! What the servers say, taken together: an outcome holds only if all of them agree.

use crate::units::Ppm;
use crate::world::Origin;

use super::super::answer::{Answer, Outcome};
use super::connection::{By, Client};
use super::reached::{Group, Place};

/// What one sort of server makes of a request.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// It reaches the application.
    Taken,
    /// It does not.
    Refused(Refusal),
    /// It cannot be told.
    Unknown(String),
}

/// Why a request does not reach the application.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// In one sentence.
    pub(super) sentence: String,
    /// What makes it so.
    pub(super) origins: Vec<Origin>,
    /// What the client gets.
    pub(super) gets: Gets,
}

/// What the client gets of a server that does not take its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gets {
    /// An answer with this status.
    Status(u16),
    /// The end of a connection that was made; its proxy says so.
    Reset,
    /// No connection; its proxy says so.
    NoConnection,
}

impl Gets {
    /// Status and flags that a client with a proxy for requests sees.
    const fn seen(self) -> (u16, Option<&'static str>) {
        match self {
            Self::Status(status) => (status, None),
            Self::Reset => (503, Some("UC")),
            Self::NoConnection => (503, Some("UF")),
        }
    }
}

/// What all servers say.
#[derive(Debug, Default)]
pub(super) struct Tally {
    taken: u64,
    refused: u64,
    unknown: u64,
    refusals: Vec<(u64, Refusal, Vec<Place>)>,
    doubts: Vec<(u64, String)>,
}

impl Tally {
    /// Adds what one sort of server says.
    pub(super) fn add(&mut self, group: &Group, verdict: Verdict) {
        match verdict {
            Verdict::Taken => self.taken += 1,
            Verdict::Refused(refusal) => {
                self.refused += 1;
                self.refusals.push((group.share, refusal, group.places.clone()));
            }
            Verdict::Unknown(doubt) => self.doubt(group.share, doubt),
        }
    }

    /// Requests of which nobody knows what becomes of them.
    pub(super) fn doubt(&mut self, share: u64, doubt: String) {
        self.unknown += 1;
        self.doubts.push((share, doubt));
    }

    /// A sort of server that nobody looked at.
    pub(super) fn leave_out(&mut self, group: &Group) {
        self.unknown += 1;
        let sentence = "there are more sorts of servers than are looked at".to_owned();
        match self.doubts.last_mut() {
            Some((share, last)) if *last == sentence => *share += group.share,
            _ => self.doubts.push((group.share, sentence)),
        }
    }

    /// Makes the answer say so.
    pub(super) fn settle(self, client: &Client<'_>, answer: &mut Answer) {
        let all_refuse = self.refused > 0 && self.taken == 0 && self.unknown == 0;
        if all_refuse {
            answer.outcome = Outcome::Denied;
            if let Some((_, refusal, _)) = self.refusals.first() {
                let (status, flags) = refusal.gets.seen();
                match (client.by, refusal.gets) {
                    (By::ProxyOfRequests, _) => {
                        answer.status = Some(status);
                        answer.flags = flags.map(str::to_owned);
                    }
                    (_, Gets::Status(status)) => answer.status = Some(status),
                    (By::ProxyOfBytes | By::Itself, _) => {}
                }
            }
        } else if self.refused + self.unknown > 0 {
            answer.outcome = Outcome::Unknown;
        }
        for (share, refusal, places) in self.refusals {
            let sentence = shared(share, all_refuse, &refusal.sentence);
            answer.tell("server.refuses", sentence, refusal.origins);
            for (row, endpoint) in places {
                let endpoint = endpoint.and_then(|at| answer.weights[row].endpoints.get_mut(at));
                if let Some(endpoint) = endpoint {
                    endpoint.refuses = Some(refusal.sentence.clone());
                }
            }
        }
        for (share, doubt) in self.doubts {
            let only = self.taken + self.refused == 0;
            answer.tell("server.unknown", shared(share, only, &doubt), Vec::new());
        }
    }
}

/// A sentence about a share of the requests.
fn shared(share: u64, is_all: bool, sentence: &str) -> String {
    if is_all {
        return sentence.to_owned();
    }
    let share = Ppm::from_ppm(u32::try_from(share).unwrap_or(u32::MAX));
    format!("{:.1} % of the requests: {sentence}", share.as_percent_f64())
}
