//! What is odd about policies that select pods of the ambient mesh: what ztunnel makes of them, what
//! their status says, and why that may mislead. Policies with `targetRefs` are the waypoints'.

use std::collections::BTreeSet;

use crate::control::istio::Push;
use crate::control::istio::config::{Config, selects};
use crate::control::istio::enrolment::{Enrolled, decide};
use crate::explain::Silent;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{
    AccessAction, AuthorizationPolicy, MtlsMode, PeerAuthentication,
};
use crate::manifest::{Diagnostic, Located};
use crate::world::World;

use super::authentication::{Demand, Levels};
use super::authorization::{Status, Translated, has_effect, translate};

/// How to have a rule on requests enforced.
const WAYPOINT: &str = "put a waypoint before the Service and name the Service in `targetRefs`";

/// All findings about the policies of one cluster.
#[must_use]
pub(in crate::control::istio) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let subjects = subjects(push, world);
    let mut found = Vec::new();
    if subjects.is_empty() {
        return found;
    }
    for policy in &push.authorization_policies {
        let selector = policy.object.selector.as_ref();
        let Some(first) = first(push, &subjects, &policy.namespace, selector) else { continue };
        let made = translate(policy);
        on_requests(policy, &made, first, &mut found);
        ignored(policy, &made, first, &mut found);
        trust_domains(push, (policy, &made), first, &mut found);
    }
    for policy in &push.peer_authentications {
        let selector = policy.object.selector.as_ref();
        if let Some(first) = first(push, &subjects, &policy.namespace, selector) {
            disabled(push, policy, first, &mut found);
        }
    }
    found.extend(super::behind::findings(push, world));
    let mut told = BTreeSet::new();
    for subject in &subjects {
        let levels = Levels::of(push, subject.namespace, subject.labels);
        if let Demand::Lost { strict, own } = levels.demand()
            && told.insert(own.title())
        {
            found.push(lost(strict, own, subject));
        }
    }
    found
}

/// Pods of the ambient mesh that are alike.
struct Subject<'w> {
    name: String,
    namespace: &'w str,
    labels: &'w Labels,
}

fn subjects<'w>(push: &Push, world: &'w World) -> Vec<Subject<'w>> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (pod, row) in world.pods.entries() {
        if world.cluster_of(row.workload) != Some(push.cluster)
            || decide(world, pod, &push.placement, &mut Silent) != Enrolled::Ambient
            || !seen.insert((row.workload, &row.labels))
        {
            continue;
        }
        let Some(namespace) = world.workloads[row.workload].namespace else { continue };
        all.push(Subject {
            name: world.workload_name(row.workload),
            namespace: &world.namespaces[namespace].name,
            labels: &row.labels,
        });
    }
    all
}

/// The first workload of the ambient mesh that a policy selects.
fn first<'s, 'w>(
    push: &Push,
    subjects: &'s [Subject<'w>],
    namespace: &str,
    selector: Option<&Located<Labels>>,
) -> Option<&'s Subject<'w>> {
    let is_root = namespace == push.mesh.root_namespace.value;
    subjects.iter().find(|subject| {
        (is_root || subject.namespace == namespace)
            && selector.is_none_or(|it| selects(&it.value, subject.labels))
    })
}

/// Rules on requests, which ztunnel cannot see.
fn on_requests(
    policy: &Config<AuthorizationPolicy>,
    made: &Translated,
    first: &Subject<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let (Some(field), Some(sent)) = (made.of_requests.first(), &made.policy) else { return };
    let title = policy.title();
    let names: Vec<_> = made.of_requests.iter().map(|it| format!("`{}`", it.value)).collect();
    let names = names.join(", ");
    let label = format!("ztunnel, beside {}, sees no requests, and so no {names}", first.name);
    let is_void = sent.rules.iter().any(|rule| !has_effect(rule));
    let finding = match made.status {
        Status::DenyIsEmpty => Diagnostic::error(
            "ambient.l7-deny-does-nothing",
            format!("DENY policy `{title}` denies nothing"),
        )
        .at(field.place, label)
        .help(format!(
            "its status is `ZtunnelAccepted: True` all the same, with the reason UnsupportedValue; \
             before Istio 1.32 it even says that the policy is more restrictive than requested, and \
             the contrary holds: what is left empty matches nothing; {WAYPOINT}"
        )),
        Status::DenyLosesFields if is_void => Diagnostic::error(
            "ambient.l7-deny-does-nothing",
            format!("a rule of DENY policy `{title}` denies nothing"),
        )
        .at(field.place, label)
        .help(format!(
            "its status says that the policy is more restrictive than requested, and for a rule of \
             which a part is left empty the contrary holds: it matches nothing; {WAYPOINT}"
        )),
        Status::DenyLosesFields => Diagnostic::warning(
            "ambient.l7-deny-denies-more",
            format!("DENY policy `{title}` denies more than it says"),
        )
        .at(field.place, label)
        .help(format!(
            "its rules are enforced without these fields, so all requests that the rest fits are \
             denied, as its status says; {WAYPOINT}"
        )),
        Status::AllowLosesRules if sent.rules.is_empty() => Diagnostic::error(
            "ambient.l7-allow-denies-all",
            format!("ALLOW policy `{title}` allows nobody"),
        )
        .at(field.place, label)
        .help(format!(
            "its rules with these fields are left out, and no rule is left; its status is \
             `ZtunnelAccepted: True` and says that it is more restrictive than requested: what no \
             other ALLOW policy allows is denied; {WAYPOINT}"
        )),
        _ => Diagnostic::warning(
            "ambient.l7-allow-loses-rules",
            format!("ALLOW policy `{title}` allows less than it says"),
        )
        .at(field.place, label)
        .help(format!(
            "its rules with these fields are left out, and the others count, as its status says; \
             {WAYPOINT}"
        )),
    };
    found.push(finding);
}

/// Policies that ztunnel is not sent.
fn ignored(
    policy: &Config<AuthorizationPolicy>,
    made: &Translated,
    first: &Subject<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let object = &policy.object;
    let (action, title) = (object.action.value.word(), policy.title());
    let message = format!("{action} policy `{title}` is not enforced beside {}", first.name);
    let status = "its status is `ZtunnelAccepted: False` with the reason UnsupportedValue";
    let code = "ambient.policy-ignored";
    let finding = match (made.status, object.action.value) {
        (Status::DryRun, _) => {
            let place = object.dry_run.as_ref().map_or(object.meta.place, |it| it.place);
            Diagnostic::note(code, message)
                .at(place, "ztunnel is not sent a policy that is only tried out")
                .help(format!("nothing tells what it would do: {status}"))
        }
        (Status::Action, AccessAction::Custom) => Diagnostic::error(code, message)
            .at(object.action.place, "ztunnel asks no external authoriser")
            .help(format!("what it matches is let through; {status}; {WAYPOINT}")),
        (Status::Action, _) => Diagnostic::warning(code, message)
            .at(object.action.place, "ztunnel does not know this action")
            .help(format!("nothing is recorded; {status}; {WAYPOINT}")),
        _ => return,
    };
    found.push(finding);
}

/// Trust domains, which are left out, and names of other trust domains, which have no aliases.
fn trust_domains(
    push: &Push,
    (policy, made): (&Config<AuthorizationPolicy>, &Translated),
    first: &Subject<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let title = policy.title();
    if let Some(field) = made.unsaid.first() {
        let (name, first) = (&field.value, &first.name);
        let message = format!("`{name}` of policy `{title}` is not enforced beside {first}");
        found.push(
            Diagnostic::error("ambient.trust-domains-ignored", message)
                .at(field.place, "ztunnel is not sent it, and the policy's status does not say so")
                .help(
                    "a source with other fields is wider without it, and one that has nothing else \
                     matches nothing; name whole principals",
                ),
        );
    }
    if made.policy.is_none() {
        return;
    }
    let own = push.mesh.trust_domain.value.as_str();
    let is_alias = |value: &str| {
        let domain = value.split_once("/ns/").map_or("", |(domain, _)| domain);
        let aliases = &push.mesh.trust_domain_aliases;
        domain != own && (domain == "cluster.local" || aliases.iter().any(|it| it.value == domain))
    };
    let sources = policy.object.rules.iter().flat_map(|rule| &rule.from);
    let when = policy.object.rules.iter().flat_map(|rule| &rule.when);
    let when = when.filter(|it| it.key.value == "source.principal");
    let mut values = sources
        .flat_map(|source| source.principals.all())
        .chain(when.flat_map(|when| when.values.all()));
    if let Some(value) = values.find(|value| is_alias(&value.value)) {
        let message = format!("`{}` does not stand for `{own}` at ztunnel", value.value);
        found.push(
            Diagnostic::warning("ambient.trust-domain-alias", message)
                .at(value.place, format!("beside {} it is compared as it is written", first.name))
                .help(format!(
                    "sidecars take the trust domains of the mesh for each other, and ztunnel does \
                     not; write `{own}` too"
                )),
        );
    }
}

/// DISABLE, which ztunnel does not know.
fn disabled(
    push: &Push,
    policy: &Config<PeerAuthentication>,
    first: &Subject<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let object = &policy.object;
    if object.selector.is_some() && policy.namespace == push.mesh.root_namespace.value {
        return;
    }
    let is_disabled = |mode: &Located<MtlsMode>| mode.value == MtlsMode::Disable;
    let whole = object.mode.filter(is_disabled);
    let port = object.ports.values().flatten().copied().find(|mode| is_disabled(mode));
    let Some(mode) = whole.or(port) else { return };
    let counts_for_nothing = whole.is_none() && object.mode.is_none() && {
        let levels = Levels::of(push, first.namespace, first.labels);
        let is_own = levels.own.is_some_and(|own| own.title() == policy.title());
        is_own && matches!(levels.demand(), Demand::Everywhere(_))
    };
    let help = match counts_for_nothing {
        false => {
            "ztunnel takes it for PERMISSIVE: clients of the mesh still send HBONE, and plaintext is \
             taken beside it; write PERMISSIVE"
        }
        true => {
            "what is inherited is STRICT, and a port with DISABLE alone is no exception from it: \
             plaintext is turned away on this port too; write PERMISSIVE"
        }
    };
    let message = format!("PeerAuthentication `{}` asks for DISABLE", policy.title());
    found.push(
        Diagnostic::warning("ambient.disable-not-supported", message)
            .at(mode.place, format!("{} is in the ambient mesh, which has no DISABLE", first.name))
            .help(help),
    );
}

/// Mutual TLS that is demanded and lost.
fn lost(
    strict: &Config<PeerAuthentication>,
    own: &Config<PeerAuthentication>,
    subject: &Subject<'_>,
) -> Diagnostic {
    let place = strict.object.mode.map_or(strict.object.meta.place, |mode| mode.place);
    let message = format!("{} takes plaintext on all ports, though STRICT is set", subject.name);
    let title = own.title();
    Diagnostic::error("ambient.strict-lost", message)
        .at(own.object.meta.place, format!("the exceptions of `{title}` for ports lose it"))
        .at(place, "mutual TLS is demanded here")
        .help(format!(
            "the namespace's own PeerAuthentication says nothing, so that ztunnel is referred to a \
             policy that it is not sent; remove that, or set `mtls.mode` in `{title}`"
        ))
}
