//! Rules `envoy.listen.*`: which listener and filter chain takes a connection.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
