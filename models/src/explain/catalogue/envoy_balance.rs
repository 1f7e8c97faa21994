//! Rules `envoy.balance.*`: how Envoy picks a host.

use crate::explain::Rule;

pub(super) const RULES: &[Rule] = &[];
