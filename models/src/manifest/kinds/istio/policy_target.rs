//! What a policy names as its target: `targetRef` and `targetRefs`. What a target means is the
//! control plane's business.

use crate::manifest::Located;
use crate::manifest::fields::Fields;

/// One entry of `targetRefs`.
#[derive(Clone, Debug)]
pub struct PolicyTarget {
    /// The API group; empty is the core group.
    pub group: String,
    /// The kind, such as `Gateway` or `Service`.
    pub kind: String,
    /// The name.
    pub name: Located<String>,
}

/// `targetRefs`, and the older `targetRef` behind them.
pub(super) fn read_policy_targets(spec: &mut Fields<'_, '_, '_, '_>) -> Vec<PolicyTarget> {
    let mut targets = spec.list("targetRefs", read_target);
    targets.extend(spec.object("targetRef", read_target).flatten());
    targets
}

fn read_target(target: &mut Fields<'_, '_, '_, '_>) -> Option<PolicyTarget> {
    let group = target.string("group").map(|group| group.value).unwrap_or_default();
    let kind = target.required_string("kind");
    let name = target.required_string("name");
    Some(PolicyTarget { group, kind: kind?.value, name: name? })
}
