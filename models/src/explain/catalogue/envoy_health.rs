//! Rules `envoy.health.*`: which hosts Envoy takes for healthy: ejection, panic, priorities.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
