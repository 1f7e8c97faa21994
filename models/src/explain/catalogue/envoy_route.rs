//! Rules `envoy.route.*`: which route a request takes in Envoy.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
