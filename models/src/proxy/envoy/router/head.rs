//! The head of an upstream's response, as far as the router looks at it.

use crate::profile::RepeatedHeaders;

use super::super::request::HeaderMap;

/// Headers of a response that has none to look at.
static BARE: HeaderMap = HeaderMap::EMPTY;

/// The head of an upstream's response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'h> {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: &'h HeaderMap,
    /// What a matcher compares when a header comes several times.
    pub repeated: RepeatedHeaders,
}

impl ResponseHead<'static> {
    /// A status without headers that matter.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self::new(status, &BARE)
    }
}

impl<'h> ResponseHead<'h> {
    /// A status with headers, as the newest profile looks at them.
    #[must_use]
    pub fn new(status: u16, headers: &'h HeaderMap) -> Self {
        Self { status, headers, repeated: RepeatedHeaders::default() }
    }

    /// The gRPC status in the headers; a response with only trailers has it there.
    #[must_use]
    pub fn grpc_status(&self) -> Option<u32> {
        self.headers.get("grpc-status")?.trim().parse().ok()
    }
}

/// Whether more of a response follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum More {
    /// It does.
    Follows,
    /// That was all.
    End,
}
