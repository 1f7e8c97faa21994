//! Rules `gateway.*`: what Gateway API asks of its implementations.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
