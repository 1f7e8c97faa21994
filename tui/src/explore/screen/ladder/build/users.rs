//! The requests that used a connection: which of them are shown, and their messages.

use meshwalk_models::path::Protection;
use meshwalk_sim::log::{ConnectionRow, Step, SubjectId, SubjectKind};
use meshwalk_sim::timeline::{EventId, Log, LogEntry};

use super::super::model::{Basis, Keys, Message, MessageKind, Outcome, Phase};
use super::Making;

/// How many requests are shown in full.
const USERS_MAX: usize = 3;

/// The attempts whose messages are shown: all of them where they are few; else the first, and the
/// one that the cursor is in or that was the last before it. And how many are left out.
pub(super) fn chosen(log: &Log, row: ConnectionRow, cursor: EventId) -> (Vec<SubjectId>, usize) {
    let users = log.users_of(row);
    if users.len() <= USERS_MAX {
        return (users, 0);
    }
    let began = |it: &SubjectId| log.track(*it).first.is_some_and(|first| first <= cursor);
    let at_cursor = log.get(cursor).map(|entry| entry.subject);
    let here = users.iter().find(|it| Some(**it) == at_cursor);
    let here = here.or_else(|| users.iter().rfind(|it| began(it)));
    let mut chosen: Vec<SubjectId> = users.first().into_iter().chain(here).copied().collect();
    chosen.dedup();
    let left_out = users.len() - chosen.len();
    (chosen, left_out)
}

/// The entries of attempts and of the tries that they are made for, from where they use the
/// connection.
pub(super) fn events(log: &Log, attempts: &[SubjectId]) -> Vec<EventId> {
    let mut events = Vec::new();
    for attempt in attempts {
        events.extend(log.events_of(*attempt));
        let parent = log.track(*attempt).parent;
        let of = parent.filter(|it| log.track(*it).kind == SubjectKind::Try);
        let tries = of.into_iter().flat_map(|it| log.events_of(it));
        events.extend(
            tries.filter(|id| matches!(log.step(*id), Step::RequestAtClientProxy | Step::TimedOut)),
        );
    }
    events
}

impl Making<'_> {
    /// What the log tells of a request that uses the connection.
    pub(super) fn user_step(&mut self, entry: &LogEntry) {
        let (near, far) = self.ladder.ends;
        let app = self.ladder.columns.len() - 1;
        let wire = self.keys();
        let name = self.request_name(entry);
        let request = |words: &str| MessageKind::Request(format!("{words} {name}"));
        let answer = |words: &str| MessageKind::Answer(format!("{words} {name}"));
        let is_of_node = self.is_of_node();
        match entry.step {
            Step::RequestAtClientProxy if near > 0 => {
                self.data(0, near, request("request"), Keys::None);
            }
            Step::RequestSent if is_of_node => self.data(0, near, request("request"), Keys::None),
            Step::RequestSent => self.data(near, far, request("request"), wire),
            Step::RequestLeftClientNodeProxy => self.data(near, far, request("request"), wire),
            Step::RequestAtServerProxy | Step::RequestAtServerNodeProxy => self.hears(),
            Step::RequestLeftServerNodeProxy | Step::RequestLeftServerProxy if app > far => {
                self.data(far, app, request("request"), Keys::None);
            }
            Step::Answered { status } => {
                let phase = (Basis::Recorded, Phase::Data);
                self.note(phase, app, format!("answers {status}"));
            }
            Step::MessageSent if app > far => self.data(app, far, answer("answer"), Keys::None),
            Step::MessageSent => self.data(far, near, answer("answer"), wire),
            Step::ResponseLeftServerNodeProxy | Step::ResponseLeftServerProxy => {
                self.data(far, near, answer("answer"), wire);
            }
            Step::ResponseLeftClientNodeProxy | Step::ResponseLeftClientProxy if near > 0 => {
                self.data(near, 0, answer("answer"), Keys::None);
            }
            Step::AnsweredByServerProxy { status, decision, .. } => {
                let why = self.words.decided(decision);
                self.fatal_note(Phase::Data, far, why);
                self.ends(far, near, format!("{status} {name}"), wire);
            }
            Step::ConnectionReset { decision } => {
                let why = self.words.decided(decision);
                self.fatal_note(Phase::End, far, why);
                self.ends(far, near, "closed at its first bytes".to_owned(), wire);
            }
            Step::AttemptReset { reason } => {
                self.fatal_note(Phase::End, near, format!("loses the attempt: {reason}"));
            }
            Step::TimedOut => self.fatal_note(Phase::Data, 0, format!("gives up {name}")),
            _ => {}
        }
    }

    /// The first bytes of a request came in the same flight as the client's certificate.
    fn hears(&mut self) {
        if self.heard || self.ladder.protection != Protection::MutualTls {
            return;
        }
        self.heard = true;
        let far = self.ladder.ends.1;
        let phase = (Basis::Derived, Phase::ClientProof);
        self.note(phase, far, "has checked the client's certificate");
    }

    fn data(&mut self, from: usize, to: usize, kind: MessageKind, protection: Keys) {
        let outcome = Outcome::GoesOn;
        let message = Message { from, to, kind, protection, outcome };
        self.message(Basis::Recorded, Phase::Data, message);
    }

    fn ends(&mut self, from: usize, to: usize, words: String, protection: Keys) {
        let kind = MessageKind::Refusal(words);
        let message = Message { from, to, kind, protection, outcome: Outcome::Fatal };
        self.message(Basis::Recorded, Phase::Data, message);
    }

    /// `shoppers#12`: the request that an entry belongs to.
    fn request_name(&self, entry: &LogEntry) -> String {
        let row = self.log.track(entry.subject).request;
        row.map_or(String::new(), |row| self.log.request_name(row))
    }
}
