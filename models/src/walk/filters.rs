//! The HTTP filters of a connection manager, in their order. What each decides is `filters`'
//! business in the proxy.

use crate::explain::Tree;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::HttpManager;
use crate::proxy::envoy::routing::{Pick, Taken};
use crate::units::Ppm;

use super::answer::{Answer, Finding};

/// What the filters made of a request.
#[derive(Default)]
pub(super) struct Filtered {
    /// The answer, if one of them gave it.
    pub(super) answer: Option<Answer>,
    /// What is worth knowing about requests that go on.
    pub(super) findings: Vec<Finding>,
}

/// Lets the filters of `manager` look at a request.
pub(super) fn walk(
    _manager: &HttpManager,
    _taken: Taken<'_>,
    _picks: &[(Ppm, Pick<'_>)],
    _request: &mut Request,
    _tree: &mut Tree,
) -> Filtered {
    Filtered::default()
}
