//! An answer that the proxy makes itself, as plain data. Who makes it and when is the business of
//! `routing`, `filters` and `router`.

use std::borrow::Cow;

use super::flags::ResponseFlags;
use super::matching::is_grpc;
use super::request::{HeaderMap, Request};

/// An answer in place of the upstream's. [`Reply::for_client`] puts it into the form that the
/// client understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The gRPC status for gRPC clients, where it does not follow from the status.
    pub grpc_status: Option<u32>,
    /// Headers beside those that every answer has.
    pub headers: HeaderMap,
    /// The body.
    pub body: Cow<'static, str>,
    /// Why, as flags.
    pub flags: ResponseFlags,
    /// Why, as `%RESPONSE_CODE_DETAILS%` prints it.
    pub details: Cow<'static, str>,
}

impl Reply {
    /// An answer without headers and body.
    #[must_use]
    pub fn new(status: u16, details: impl Into<Cow<'static, str>>) -> Self {
        Self { status, details: details.into(), ..Self::default() }
    }

    /// The answer as the client of `request` gets it: gRPC clients get 200, and the status and the
    /// message in headers behind all others.
    ///
    /// Source: Envoy, `Http::Utility::prepareLocalReply`; held to Envoy 1.40.
    #[must_use]
    pub fn for_client(mut self, request: &Request) -> Self {
        if !is_grpc(&request.headers) {
            return self;
        }
        let status = self.grpc_status.unwrap_or_else(|| grpc_status_of(self.status));
        self.status = 200;
        self.headers.set("content-type", "application/grpc");
        if self.headers.get("grpc-status").is_none() {
            self.headers.append("grpc-status", status.to_string());
        }
        let body = std::mem::take(&mut self.body);
        if !body.is_empty() && request.method() != "HEAD" {
            self.headers.append("grpc-message", percent_encode(&body));
        }
        self
    }
}

/// The gRPC status that stands for an HTTP status.
///
/// Source: gRPC, "HTTP to gRPC Status Code Mapping".
#[must_use]
pub const fn grpc_status_of(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// Everything but printable ASCII, and the percent sign, as `grpc-message` wants it.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (0x20..0x7f).contains(&byte) && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::config::Transport;
    use super::super::request::Connection;
    use super::*;

    fn request(method: &str, kind: &str) -> Request {
        Request {
            headers: [(":method", method), ("content-type", kind)].into_iter().collect(),
            connection: Connection {
                source_ip: None,
                destination_ip: None,
                destination_port: 80,
                transport: Transport::RawBuffer,
                sni: None,
                alpn: Vec::new(),
                principal: None,
            },
            tokens: Arc::default(),
        }
    }

    fn denied() -> Reply {
        let mut reply = Reply { body: "no\n%".into(), ..Reply::new(403, "denied") };
        reply.headers.append("x-a", "1");
        reply
    }

    #[test]
    fn grpc_clients_get_status_and_message_behind_the_other_headers() {
        let reply = denied().for_client(&request("POST", "application/grpc"));
        assert_eq!((reply.status, reply.body.as_ref()), (200, ""));
        let headers: Vec<_> = reply.headers.iter().collect();
        assert_eq!(headers[0], ("x-a", "1"));
        assert_eq!(headers[2..], [("grpc-status", "7"), ("grpc-message", "no%0A%25")]);
        let own = Reply { grpc_status: Some(14), ..denied() };
        let reply = own.for_client(&request("HEAD", "application/grpc"));
        assert_eq!(reply.headers.get("grpc-status"), Some("14"));
        assert_eq!(reply.headers.get("grpc-message"), None, "HEAD gets no message");
    }

    #[test]
    fn other_clients_get_the_answer_as_it_is() {
        assert_eq!(denied().for_client(&request("POST", "text/plain")), denied());
    }
}
