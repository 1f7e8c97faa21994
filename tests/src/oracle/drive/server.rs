//! What upstreams do with the requests that reach them, and what the proxy gets of it.

use std::sync::Arc;

use meshwalk_models::proxy::envoy::HeaderMap;
use meshwalk_models::proxy::envoy::pool::{Sharing, StreamEnd};
use meshwalk_models::proxy::envoy::router::{More, ResetReason, ResponseHead};
use meshwalk_models::units::SimDuration;

use super::super::script::{Action, Ending};
use super::pools::StreamId;
use super::{Drive, HOP, Happening, Seen};

/// Between headers and the reset behind them.
const RESET_AFTER: SimDuration = SimDuration::from_ms(50);

/// How far the response of an attempt has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is none yet.
    #[default]
    Awaited,
    /// Its head has come.
    Begun,
    /// It is whole.
    Whole,
}

/// Something that the proxy gets from an upstream.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Head(Arc<Head>, More),
    Data(String, More),
    /// The stream is reset (HTTP/2).
    Reset(ResetReason),
    /// The connection is reset or closed.
    Gone,
    /// A body comes where there must be none, and the proxy resets the stream (HTTP/2).
    Unfit,
    /// What comes is no response, and the proxy closes the connection (HTTP/1.1).
    Broken,
}

/// The head of a response.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
}

impl Drive<'_> {
    /// A request reaches its upstream, which acts on it.
    pub(super) fn reaches(&mut self, id: StreamId) {
        if self.stream(id).link.is_none() {
            return;
        }
        let (now, stream) = (self.now(), self.stream(id).clone());
        let cluster = &mut self.clusters[stream.cluster];
        let action = cluster.next_action(stream.host);
        let (sharing, name) =
            (cluster.sharing, cluster.upstreams[stream.host.index()].name.clone());
        let headers = self.attempt_headers(&stream);
        let witness = self.calls[stream.call].shadow_of.unwrap_or(stream.call);
        self.calls[witness].seen.push(Seen { endpoint: name.clone(), at: now, headers });
        let bodiless = self.calls[stream.call].spec.method == "HEAD";
        let messages = match sharing {
            Sharing::Exclusive => http1(&action, &name, bodiless),
            Sharing::Multiplexed => http2(&action, &name, bodiless),
        };
        for (after, message) in messages {
            self.after(action.delay + after + HOP, Happening::Message(id, message));
        }
    }

    /// The proxy gets something from an upstream.
    pub(super) fn message(&mut self, id: StreamId, message: Message) {
        let Some(link) = self.stream(id).link else { return };
        let (call, attempt) = (self.stream(id).call, self.stream(id).attempt);
        match message {
            Message::Head(head, more) => {
                self.stream(id).progress = Progress::Begun;
                let last = head.headers.get("connection") == Some("close");
                self.stream(id).last_on_link = last;
                let repeated = self.world.config.bootstrap.repeated_headers;
                self.response_head(call, attempt, &head);
                self.with_router(call, |router| {
                    let seen =
                        ResponseHead { status: head.status, headers: &head.headers, repeated };
                    router.headers(attempt, &seen, more);
                });
                self.ends(id, more);
            }
            Message::Data(text, more) => {
                self.response_data(call, attempt, &text, more);
                self.with_router(call, |router| router.data(attempt, more));
                self.ends(id, more);
            }
            Message::Reset(reason) => {
                self.end_stream(id, StreamEnd::Reset(reason));
                self.with_router(call, |router| router.reset(attempt, reason));
            }
            Message::Unfit => {
                self.end_stream(id, StreamEnd::GivenUp);
                let reason = ResetReason::ProtocolError;
                self.with_router(call, |router| router.reset(attempt, reason));
            }
            Message::Broken => self.lose(link, ResetReason::ProtocolError),
            Message::Gone => {
                let reason = match (self.stream(id).progress, self.is_multiplexed(id)) {
                    // The parser of HTTP/1.1 misses the rest of the body.
                    (Progress::Begun, false) => ResetReason::ProtocolError,
                    _ => ResetReason::ConnectionTermination,
                };
                self.lose(link, reason);
            }
        }
    }

    fn is_multiplexed(&mut self, id: StreamId) -> bool {
        let cluster = self.stream(id).cluster;
        self.clusters[cluster].sharing == Sharing::Multiplexed
    }

    /// The connection is free again if that was all.
    fn ends(&mut self, id: StreamId, more: More) {
        if more == More::End && self.stream(id).link.is_some() {
            self.stream(id).progress = Progress::Whole;
            let last = self.stream(id).last_on_link && !self.is_multiplexed(id);
            let end = if last { StreamEnd::LastOnConnection } else { StreamEnd::Complete };
            self.end_stream(id, end);
        }
    }
}

type Messages = Vec<(SimDuration, Message)>;

fn more(follows: bool) -> More {
    if follows { More::Follows } else { More::End }
}

fn head(action: &Action, length: Option<usize>) -> Head {
    let mut headers = HeaderMap::new();
    if let Some(length) = length {
        headers.append("content-length", length.to_string());
    }
    for (name, value) in &action.headers {
        headers.set(name, value.as_str());
    }
    Head { status: action.status.unwrap_or(200), headers }
}

/// Whether a response with this status never has a body.
pub(in super::super) fn never_has_body(status: u16) -> bool {
    status < 200 || matches!(status, 204 | 304)
}

fn http1(action: &Action, name: &str, bodiless: bool) -> Messages {
    let zero = SimDuration::ZERO;
    let body = action.body.as_deref().unwrap_or(name);
    let head = Arc::new(head(action, Some(body.len())));
    let length = head.headers.get("content-length").and_then(|it| it.parse::<usize>().ok());
    let length = length.unwrap_or(0);
    let without = bodiless || never_has_body(head.status);
    let begins = (zero, Message::Head(Arc::clone(&head), more(!without && length > 0)));
    if length > 0 && (head.status < 200 || head.status == 204) {
        // Such a response must not have a length: the parser refuses it.
        return vec![(zero, Message::Broken)];
    }
    match action.ending.http1 {
        Ending::Hang => Vec::new(),
        Ending::Reset | Ending::Close | Ending::Refused | Ending::Cancelled => {
            vec![(zero, Message::Gone)]
        }
        Ending::ResetAfterHeaders => {
            let first: String = body.chars().take(1).collect();
            let whole = first.len() >= length;
            let byte = (zero, Message::Data(first, more(!whole)));
            vec![begins, byte, (RESET_AFTER, Message::Gone)]
        }
        Ending::Whole if without || length == 0 => vec![begins],
        Ending::Whole => {
            let whole = [body.to_owned()];
            let chunks = action.chunks.as_deref().unwrap_or(&whole);
            let mut messages = vec![begins];
            let (mut after, mut left) = (action.body_delay, length);
            for (at, chunk) in chunks.iter().enumerate() {
                if at > 0 {
                    after = after + action.chunk_gap;
                }
                let text: String = chunk.chars().take(left).collect();
                left -= text.len();
                if !text.is_empty() {
                    messages.push((after, Message::Data(text, more(left > 0))));
                }
                if left == 0 {
                    break;
                }
            }
            messages
        }
    }
}

fn http2(action: &Action, name: &str, bodiless: bool) -> Messages {
    let zero = SimDuration::ZERO;
    let body = action.body.as_deref().unwrap_or(name);
    let head = head(action, None);
    let forbidden = bodiless || never_has_body(head.status);
    let only_headers = action.headers_only || (forbidden && body.is_empty());
    let begins = (zero, Message::Head(Arc::new(head), more(!only_headers)));
    match action.ending.http2 {
        Ending::Hang => Vec::new(),
        Ending::Reset | Ending::Cancelled => {
            vec![(zero, Message::Reset(ResetReason::RemoteReset))]
        }
        Ending::Refused => vec![(zero, Message::Reset(ResetReason::RemoteRefusedStream))],
        Ending::Close => vec![(zero, Message::Gone)],
        Ending::ResetAfterHeaders | Ending::Whole if only_headers => vec![begins],
        Ending::ResetAfterHeaders | Ending::Whole if forbidden => {
            vec![begins, (zero, Message::Unfit)]
        }
        Ending::ResetAfterHeaders => {
            let first = (zero, Message::Data(body.chars().take(1).collect(), More::Follows));
            vec![begins, first, (RESET_AFTER, Message::Reset(ResetReason::RemoteReset))]
        }
        Ending::Whole => vec![begins, (zero, Message::Data(body.to_owned(), More::End))],
    }
}
