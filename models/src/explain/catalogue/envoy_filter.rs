//! Rules `envoy.filter.*`: what Envoy's HTTP filters decide.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
