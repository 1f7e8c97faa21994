//! Rules `envoy.retry.*`: when Envoy tries again, gives up or overflows.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
