//! An answer that the proxy makes itself, as plain data. Who makes it and when is the business of
//! `routing`, `filters` and `router`.

use std::borrow::Cow;

use super::flags::ResponseFlags;
use super::request::HeaderMap;

/// An answer in place of the upstream's. gRPC clients get 200 and a gRPC status instead; putting
/// that into form is the router's business.
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
}
