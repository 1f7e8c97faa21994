//! The kinds of kernel events that the flow engine uses.

/// What an event is about; the slot that comes with it is named in each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Source: its next request arrives.
    Arrival = 0,
    /// User: the pause is over.
    UserReady = 1,
    /// Try: the request reaches the caller's proxy.
    RequestAtClientProxy = 2,
    /// Attempt: the request reaches the next box between the applications.
    RequestAtBox = 3,
    /// Attempt: the request reaches the application.
    RequestAtApp = 4,
    /// Task: a piece of work is done.
    WorkDone = 5,
    /// Task: a worker was found after a wait, and the program begins.
    TaskReady = 6,
    /// Attempt: the next message of a stream is due.
    StreamMessage = 7,
    /// Attempt: a message reaches the server's proxy on the way back.
    ResponseAtServerProxy = 8,
    /// Attempt: a message reaches the caller's proxy.
    ResponseAtClientProxy = 9,
    /// Attempt: a message reaches the caller.
    ResponseAtCaller = 10,
    /// Connection: the next flight of its handshake arrives, or it may have been idle too long.
    Connection = 11,
    /// Attempt: word that the caller has gone reaches the server.
    Reset = 12,
    /// Timer lane: somebody's timer may be due.
    TimeOut = 13,
    /// Try: the pause before it is over, or an answer from the caller's own side arrives.
    Try = 14,
    /// Alarm: something that a proxy waits for may be due.
    Alarm = 15,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Arrival,
        Self::UserReady,
        Self::RequestAtClientProxy,
        Self::RequestAtBox,
        Self::RequestAtApp,
        Self::WorkDone,
        Self::TaskReady,
        Self::StreamMessage,
        Self::ResponseAtServerProxy,
        Self::ResponseAtClientProxy,
        Self::ResponseAtCaller,
        Self::Connection,
        Self::Reset,
        Self::TimeOut,
        Self::Try,
        Self::Alarm,
    ];

    /// The kind of an event that this engine scheduled.
    pub(super) fn of(number: u8) -> Self {
        Self::ALL[usize::from(number)]
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_is_found_under_its_number() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind as u8), kind);
        }
    }
}
