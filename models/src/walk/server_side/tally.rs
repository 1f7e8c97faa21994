//! What the servers say, taken together: an outcome holds only if all of them agree.

use crate::explain::Tree;
use crate::units::Ppm;
use crate::world::Origin;

use super::super::answer::{Answer, Outcome};
use super::super::verdict::{
    BoxKind, Ending, EnforcedBy, Fate, SeenAnswer, SeenIdentity, Sees, ServerVerdict, Verdict,
    hears,
};
use super::connection::Client;
use super::reached::{Group, Place};

/// What one sort of server makes of a request.
#[derive(Clone, Debug)]
pub(super) enum Met {
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
    /// The box that decides, and whose it is.
    pub(super) by: (BoxKind, String),
    /// What the client gets.
    pub(super) gets: Gets,
}

/// What the client gets of a server that does not take its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gets {
    /// An answer.
    Answer(SeenAnswer),
    /// No answer: its connection ends like this.
    Nothing(Fate),
}

impl Gets {
    const fn verdict(&self) -> Verdict {
        match self {
            Self::Answer(SeenAnswer { status: 401, .. }) => Verdict::Unauthenticated,
            Self::Answer(_) => Verdict::Denied,
            Self::Nothing(Fate::Dropped) => Verdict::Dropped,
            Self::Nothing(Fate::Closed | Fate::Refused | Fate::NoHandshake) => Verdict::Reset,
        }
    }
}

/// What all servers say.
#[derive(Debug, Default)]
pub(super) struct Tally {
    taken: u64,
    refused: u64,
    unknown: u64,
    refusals: Vec<(u64, Refusal, Vec<Place>, Option<SeenIdentity>)>,
    doubts: Vec<(u64, String)>,
    servers: Vec<ServerVerdict>,
}

/// Who says something.
pub(super) struct Said<'s> {
    /// The servers' name.
    pub(super) server: String,
    /// Their share of the requests, in parts per million.
    pub(super) share: u64,
    /// Where they stand in the answer.
    pub(super) places: &'s [Place],
    /// Whom they take the client for.
    pub(super) identity: Option<SeenIdentity>,
}

impl Tally {
    /// Adds what servers say.
    pub(super) fn add(&mut self, said: Said<'_>, met: Met) {
        let Said { server, share, places, identity } = said;
        let (verdict, why) = match &met {
            Met::Taken => (Verdict::Allowed, None),
            Met::Refused(refusal) => (refusal.gets.verdict(), Some(refusal.sentence.clone())),
            Met::Unknown(doubt) => (Verdict::Unknown, Some(doubt.clone())),
        };
        self.servers.push(ServerVerdict { server, share_ppm: share, verdict, why });
        match met {
            Met::Taken => self.taken += 1,
            Met::Refused(refusal) => {
                self.refused += 1;
                self.refusals.push((share, refusal, places.to_vec(), identity));
            }
            Met::Unknown(doubt) => self.doubt(share, doubt),
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
    pub(super) fn settle(mut self, client: &Client<'_>, answer: &mut Answer, tree: &mut Tree) {
        let all_refuse = self.refused > 0 && self.taken == 0 && self.unknown == 0;
        if all_refuse {
            self.end(client, answer, tree);
        } else if self.refused + self.unknown > 0 {
            answer.outcome = Outcome::Unknown;
        }
        answer.servers.append(&mut self.servers);
        for (share, refusal, places, _) in self.refusals {
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

    /// No server takes the request: what the client gets of the first, if all do the same to it.
    fn end(&self, client: &Client<'_>, answer: &mut Answer, tree: &mut Tree) {
        answer.outcome = Outcome::Denied;
        let Some((_, refusal, _, identity)) = self.refusals.first() else { return };
        let (sees, flags) = match &refusal.gets {
            Gets::Answer(seen) => (Sees::Answer(seen.clone()), None),
            Gets::Nothing(fate) => hears(client.by, *fate, answer, tree),
        };
        if let Sees::Answer(seen) = &sees {
            answer.status = Some(seen.status);
            answer.body.clone_from(&seen.body);
            answer.details.clone_from(&seen.details);
        }
        answer.flags = flags;
        answer.identity.clone_from(identity);
        let verdict = refusal.gets.verdict();
        let differs = self.refusals.iter().any(|(_, it, _, _)| it.gets.verdict() != verdict);
        let (kind, of) = refusal.by.clone();
        let by = EnforcedBy { kind, of, origins: refusal.origins.clone() };
        answer.ending = Some(if differs {
            Ending { verdict: Verdict::Unknown, sees: Sees::Unknown, by }
        } else {
            Ending { verdict, sees, by }
        });
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
