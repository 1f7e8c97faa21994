//! Rules `istio.route.*`: what Istio makes of VirtualServices and Gateways.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
