//! The head of an upstream's response, as far as the router looks at it.

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
}

impl ResponseHead<'static> {
    /// A status without headers that matter.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self { status, headers: &BARE }
    }
}

impl ResponseHead<'_> {
    /// The gRPC status in the headers; a response with only trailers has it there.
    #[must_use]
    pub fn grpc_status(&self) -> Option<u32> {
        self.headers.get("grpc-status")?.trim().parse().ok()
    }

    pub(super) fn matches(&self, matcher: &super::super::config::HeaderMatcher) -> bool {
        self.headers.get(&matcher.name).is_some()
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
