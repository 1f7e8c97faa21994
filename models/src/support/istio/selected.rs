//! Objects that hold at the pods that they select: policies, Sidecars, extensions.

use crate::control::istio::ambient::{Reading, reading};
use crate::control::istio::config::Config;
use crate::explain::RuleId;
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{
    AuthorizationPolicy, MtlsMode, PeerAuthentication, RequestAuthentication, Unmodelled,
    UnmodelledKind,
};
use crate::support::readers::{Readers, readers};
use crate::support::{Judgement, Object, Scene, Support};

use super::targets;

const PROXIES: RuleId = RuleId("support.istio.proxies");
const ENVOY_ONLY: RuleId = RuleId("support.ambient.envoy-only");
const ZTUNNEL_POLICY: RuleId = RuleId("support.ambient.policy");
const PEERS: RuleId = RuleId("support.ambient.peers");
const REQUESTS: RuleId = RuleId("support.ambient.requests");

type Selected<'s> = Option<&'s Located<Labels>>;

fn found(scene: Scene<'_>, object: &Object<'_>, selector: Selected<'_>) -> Readers {
    readers(scene, object, selector.map(|it| &it.value))
}

/// What pods with an Envoy, and those without one, make of an object: `of_others` says what a
/// ztunnel makes of it, where any of the pods is in ambient.
fn settle(all: Readers, of_ztunnels: Option<Judgement>) -> Judgement {
    if all.total() == 0 {
        return Judgement::new(Support::Ignored, PROXIES, "it selects no pod");
    }
    let ztunnels = of_ztunnels.filter(|_| all.ambient > 0);
    if all.with_envoy() == 0 && all.ambient == 0 {
        let reason = "none of the pods that it selects has a proxy";
        return Judgement::new(Support::Ignored, PROXIES, reason);
    }
    if all.with_envoy() == 0 && all.bare == 0 {
        return ztunnels.unwrap_or_else(|| honoured("every pod that it selects has a proxy"));
    }
    if let Some(judgement) = &ztunnels
        && judgement.support != Support::Honoured
    {
        let reason = format!("of {} pods, {}: {}", all.total(), in_ambient(all), judgement.reason);
        let support = if all.with_envoy() == 0 { judgement.support } else { Support::Partly };
        return Judgement::new(support, judgement.rule, reason);
    }
    if all.bare > 0 {
        let reason =
            format!("{} of the {} pods that it selects have no proxy", all.bare, all.total());
        return Judgement::new(Support::Partly, PROXIES, reason);
    }
    honoured("every pod that it selects has a proxy that reads it")
}

fn in_ambient(all: Readers) -> String {
    format!("{} in ambient", all.ambient)
}

fn honoured(reason: &str) -> Judgement {
    Judgement::new(Support::Honoured, PROXIES, reason)
}

/// Objects for the configuration of Envoy, which no ztunnel has and no waypoint takes.
pub(super) fn for_envoy(
    scene: Scene<'_>,
    object: &Object<'_>,
    selector: Selected<'_>,
    what: &str,
) -> Judgement {
    let reason = format!("{what} mean nothing to ztunnels and waypoints");
    let ignored = Judgement::new(Support::Ignored, ENVOY_ONLY, reason);
    settle(found(scene, object, selector), Some(ignored))
}

/// Who may call.
pub(super) fn authorization(
    scene: Scene<'_>,
    object: &Object<'_>,
    policy: &AuthorizationPolicy,
) -> Judgement {
    if !policy.targets.is_empty() {
        return targets::judge(scene, object, &policy.targets);
    }
    let config = Config { namespace: object.namespace.to_owned(), object: policy.clone() };
    let names = |fields: &[String]| fields.join(", ");
    let (support, reason) = match reading(&config) {
        Reading::Whole => (Support::Honoured, "ztunnels enforce all of it".to_owned()),
        Reading::AllowsLess(fields) => (
            Support::Partly,
            format!("ztunnels leave out rules that look at {}: it allows less", names(&fields)),
        ),
        Reading::DeniesMore(fields) => (
            Support::Partly,
            format!("ztunnels leave out {}: what is left of its rules denies more", names(&fields)),
        ),
        Reading::DeniesNothing(fields) => (
            Support::Ignored,
            format!(
                "ztunnels leave out {}, and nothing is left: it denies nothing",
                names(&fields)
            ),
        ),
        Reading::NotSent(why) => (Support::Ignored, why),
    };
    let ztunnels = Judgement::new(support, ZTUNNEL_POLICY, reason);
    settle(found(scene, object, policy.selector.as_ref()), Some(ztunnels))
}

/// Which encryption is demanded.
pub(super) fn peers(
    scene: Scene<'_>,
    object: &Object<'_>,
    policy: &PeerAuthentication,
) -> Judgement {
    let modes = policy.ports.values().flatten().chain(&policy.mode);
    let disables = modes.clone().any(|mode| mode.value == MtlsMode::Disable);
    let ztunnels = if disables {
        let only = modes.clone().all(|mode| mode.value == MtlsMode::Disable);
        let support = if only { Support::Ignored } else { Support::Partly };
        Judgement::new(support, PEERS, "ztunnels take DISABLE as PERMISSIVE")
    } else {
        Judgement::new(Support::Honoured, PEERS, "ztunnels enforce it")
    };
    settle(found(scene, object, policy.selector.as_ref()), Some(ztunnels))
}

/// Which tokens are good.
pub(super) fn tokens(
    scene: Scene<'_>,
    object: &Object<'_>,
    policy: &RequestAuthentication,
) -> Judgement {
    if !policy.targets.is_empty() {
        return targets::judge(scene, object, &policy.targets);
    }
    let reason = "ztunnels do not look at tokens, and waypoints do only for `targetRefs`";
    let ignored = Judgement::new(Support::Ignored, REQUESTS, reason);
    settle(found(scene, object, policy.selector.as_ref()), Some(ignored))
}

/// EnvoyFilter, WasmPlugin and Telemetry, whose effect is not in the figures on any path.
pub(super) fn extension(scene: Scene<'_>, object: &Object<'_>, it: &Unmodelled) -> Judgement {
    let selector = it.selector.as_ref();
    let made = match it.kind {
        UnmodelledKind::EnvoyFilter => for_envoy(scene, object, selector, "EnvoyFilters"),
        UnmodelledKind::WasmPlugin | UnmodelledKind::Telemetry if !it.targets.is_empty() => {
            targets::judge_words(scene, object, &it.targets)
        }
        UnmodelledKind::WasmPlugin => {
            let reason = "ztunnels run no plugins, and waypoints do only for `targetRefs`";
            let ignored = Judgement::new(Support::Ignored, REQUESTS, reason);
            settle(found(scene, object, selector), Some(ignored))
        }
        UnmodelledKind::Telemetry => {
            let reason = "ztunnels log and measure connections their own way; what it says of \
                          requests needs waypoints";
            let partly = Judgement::new(Support::Partly, REQUESTS, reason);
            settle(found(scene, object, selector), Some(partly))
        }
    };
    let is_read = matches!(made.support, Support::Honoured | Support::Partly);
    let note = if is_read { "; what it does is not modelled" } else { "" };
    Judgement { reason: format!("{}{note}", made.reason), ..made }
}
