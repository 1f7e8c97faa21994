//! Rules `istio.cluster.*`: what Istio makes of Services and DestinationRules.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
