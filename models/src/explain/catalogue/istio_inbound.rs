//! Rules `istio.inbound.*`: what Istio configures beside the server.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
