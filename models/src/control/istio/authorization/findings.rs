//! What is odd about AuthorizationPolicies, and what the proxies will do: each finding with its
//! line. Configurations are made all the same.

use std::collections::BTreeSet;

use crate::control::istio::Push;
use crate::control::istio::config::{Config, selects};
use crate::control::istio::enrolment::{Enrolled, decide};
use crate::control::istio::registry::Protocol;
use crate::control::istio::unmodelled::Touched;
use crate::control::istio::workload::Workload;
use crate::explain::Silent;
use crate::manifest::kinds::istio::{
    AccessAction, AccessOperation, AccessSource, AccessValues, AuthorizationPolicy,
};
use crate::manifest::{Diagnostic, Located, Place};
use crate::world::{PodId, World};

use super::{attach, external, refusal};

/// All findings about the policies of one cluster.
#[must_use]
pub(in crate::control::istio) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in &push.authorization_policies {
        refused(policy, &mut found);
        meaningless(policy, &mut found);
        provider(push, policy, &mut found);
        let pods = touched(push, world, policy);
        reach(push, world, (policy, &pods), &mut found);
        on_bytes(push, world, (policy, &pods), &mut found);
        policy.object.rules.iter().for_each(|rule| {
            rule.from.iter().for_each(|source| of_source(source, &mut found));
            rule.to.iter().for_each(|operation| of_operation(operation, &mut found));
            rule.when
                .iter()
                .for_each(|when| contradicts(&when.key.value, &when.values, &mut found));
        });
    }
    found
}

fn refused(policy: &Config<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    for refusal in refusal::refusals(&policy.object) {
        let message = format!("a cluster refuses AuthorizationPolicy `{}`", policy.title());
        let then = match policy.object.action.value {
            AccessAction::Allow => {
                "a proxy that got it all the same would leave the rule out and allow less"
            }
            AccessAction::Audit => "a proxy that got it all the same would record more",
            AccessAction::Deny | AccessAction::Custom => {
                "a proxy that got it all the same would leave the value out and deny more, or, \
                 for an unknown key, leave the rule out"
            }
        };
        found.push(
            Diagnostic::error("istio.policy-refused", message)
                .at(refusal.place, refusal.text)
                .help(format!("{then}; here nothing that it touches counts as allowed by it")),
        );
    }
}

fn meaningless(policy: &Config<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    let object = &policy.object;
    let action = object.action.value;
    if !object.rules.is_empty() || action == AccessAction::Allow {
        return;
    }
    let message = format!("{} policy `{}` has no rules", action.word(), policy.title());
    found.push(
        Diagnostic::warning("istio.policy-without-rules", message)
            .at(object.action.place, "it never matches, and does nothing")
            .help("write `rules: [{}]` for everything"),
    );
}

fn provider(push: &Push, policy: &Config<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    let object = &policy.object;
    let Some(name) = object.provider.as_ref() else { return };
    if object.action.value != AccessAction::Custom {
        return;
    }
    if let Some(why) = external::trouble(push, &name.value) {
        let message = format!("policy `{}` cannot ask its provider", policy.title());
        found.push(
            Diagnostic::error("istio.policy-provider", message)
                .at(name.place, why)
                .help("what the policy matches is denied; see `extensionProviders` of the mesh"),
        );
    }
}

/// The pods that a policy touches.
fn touched(push: &Push, world: &World, policy: &Config<AuthorizationPolicy>) -> Vec<PodId> {
    let of_cluster = world
        .pods
        .entries()
        .filter(|(_, row)| world.cluster_of(row.workload) == Some(push.cluster));
    let fits = of_cluster.filter(|(_, row)| {
        let namespace = world.workloads[row.workload].namespace;
        let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
        let touched = Touched { namespace, labels: &row.labels, gateway: None };
        attach::attaches(push, policy, touched.into())
    });
    fits.map(|(pod, _)| pod).collect()
}

/// Policies that touch nothing, or nothing that enforces them.
fn reach(
    push: &Push,
    world: &World,
    (policy, pods): (&Config<AuthorizationPolicy>, &[PodId]),
    found: &mut Vec<Diagnostic>,
) {
    let object = &policy.object;
    if !object.targets.is_empty() {
        return;
    }
    let title = policy.title();
    // A gateway may have no pods in the manifests.
    let by_gateway = object.selector.as_ref().is_some_and(|selector| {
        push.gateways.iter().any(|gateway| {
            let workload =
                crate::control::istio::gateways::GatewayWorkload::serving(push, world, gateway);
            selects(&selector.value, &workload.labels)
        }) || selector.value.keys().any(|key| key.ends_with("/gateway-name"))
    });
    if pods.is_empty() && !by_gateway {
        let place = object.selector.as_ref().map_or(object.meta.place, |it| it.place);
        found.push(
            Diagnostic::warning(
                "istio.policy-selects-nothing",
                format!("AuthorizationPolicy `{title}` selects nothing"),
            )
            .at(place, "no pod of the manifests has these labels in its namespace")
            .help("it protects nobody; compare its labels with those of the pods"),
        );
        return;
    }
    let enforced = pods
        .iter()
        .any(|&pod| decide(world, pod, &push.placement, &mut Silent) != Enrolled::Nothing);
    if !enforced && !pods.is_empty() {
        found.push(
            Diagnostic::warning(
                "istio.policy-unenforced",
                format!("nothing enforces AuthorizationPolicy `{title}`"),
            )
            .at(object.meta.place, "no pod that it selects has a sidecar or a ztunnel")
            .help("label the namespace or the pods for injection or for the ambient mesh"),
        );
    }
}

/// Rules on requests at ports that carry bytes.
fn on_bytes(
    push: &Push,
    world: &World,
    (policy, pods): (&Config<AuthorizationPolicy>, &[PodId]),
    found: &mut Vec<Diagnostic>,
) {
    let Some((attribute, place)) = of_requests(&policy.object) else { return };
    let is_custom = policy.object.action.value == AccessAction::Custom;
    let provider = policy.object.provider.as_ref().map_or("", |it| it.value.as_str());
    let mut ports = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for &pod in pods {
        // What becomes of it at ztunnel is told apart.
        let enrolled = decide(world, pod, &push.placement, &mut Silent);
        if enrolled == Enrolled::Ambient || !seen.insert(world.pods[pod].workload) {
            continue;
        }
        for instance in Workload::of_pod(push, world, pod).instances {
            let protocol = instance.service_port().protocol;
            if !protocol.is_http() && !matches!(protocol, Protocol::Sniffed | Protocol::Udp) {
                ports.insert((instance.service.host.clone(), instance.service_port().number));
            }
        }
    }
    let Some((host, port)) = ports.first() else { return };
    let then = match policy.object.action.value {
        AccessAction::Allow => "the rule is left out there, so it allows nothing on that port",
        AccessAction::Deny => "the field is left out there, so the rule denies more on that port",
        AccessAction::Audit => "the field is left out there, so the rule records more",
        AccessAction::Custom if is_custom && !external::takes_connections(push, provider) => {
            "the provider is not asked about connections, so nothing is enforced on that port"
        }
        AccessAction::Custom => "the field is left out there, so more is asked about",
    };
    found.push(
        Diagnostic::warning(
            "istio.policy-on-bytes",
            format!("policy `{}` looks at requests where bytes are carried", policy.title()),
        )
        .at(place, format!("{attribute} is not known on port {port} of {host}"))
        .help(format!("{then}; name the ports that the rule is for")),
    );
}

fn of_source(source: &AccessSource, found: &mut Vec<Diagnostic>) {
    contradicts("principals", &source.principals, found);
    contradicts("namespaces", &source.namespaces, found);
    contradicts("serviceAccounts", &source.service_accounts, found);
    contradicts("ipBlocks", &source.ip_blocks, found);
    for value in source.principals.all().filter(|it| it.value.starts_with("spiffe://")) {
        found.push(never(
            value,
            "names of identities stand without `spiffe://` here, so nothing matches",
            "leave `spiffe://` out",
        ));
    }
}

fn of_operation(operation: &AccessOperation, found: &mut Vec<Diagnostic>) {
    contradicts("hosts", &operation.hosts, found);
    contradicts("methods", &operation.methods, found);
    contradicts("paths", &operation.paths, found);
    contradicts("ports", &operation.ports, found);
    for value in operation.methods.all() {
        if value.value.bytes().any(|byte| byte.is_ascii_lowercase()) {
            let help = format!("write `{}`", value.value.to_ascii_uppercase());
            found.push(never(value, "methods are compared as they are, in capitals", &help));
        }
    }
    for value in operation.paths.all() {
        let text = value.value.as_str();
        if !text.starts_with(['/', '*', '{']) && !text.is_empty() {
            found.push(never(value, "paths begin with a slash", "write the slash"));
        } else if text.contains(['?', '#']) {
            found.push(never(value, "a query is no part of the path", "leave the query out"));
        }
    }
}

/// Every value that may be is among those that must not.
fn contradicts(name: &str, values: &AccessValues, found: &mut Vec<Diagnostic>) {
    let is_out = |value: &&Located<String>| {
        values.none_of.iter().any(|not| not.value == "*" || not.value == value.value)
    };
    let Some(first) = values.any_of.first() else { return };
    if values.any_of.iter().all(|value| is_out(&value)) {
        let text = format!("each value of `{name}` is among those that must not be");
        found.push(never(first, &text, "remove one of the two lists"));
    }
}

fn never(value: &Located<String>, text: &str, help: &str) -> Diagnostic {
    Diagnostic::warning("istio.rule-never-matches", format!("`{}` never matches", value.value))
        .at(value.place, text)
        .help(help)
}

/// The first field that only requests have, and where it stands.
pub(super) fn of_requests(policy: &AuthorizationPolicy) -> Option<(String, Place)> {
    policy.rules.iter().find_map(|rule| {
        let tokens = rule.from.iter().map(|it| ("requestPrincipals", &it.request_principals));
        let to = rule
            .to
            .iter()
            .flat_map(|it| [("hosts", &it.hosts), ("methods", &it.methods), ("paths", &it.paths)]);
        let when = rule.when.iter().filter(|it| it.key.value.starts_with("request."));
        let when = when.map(|it| (it.key.value.as_str(), &it.values));
        let mut all = tokens.chain(to).chain(when);
        all.find_map(|(name, values)| {
            values.all().next().map(|first| (format!("`{name}`"), first.place))
        })
    })
}

/// Where a policy asks for the identity of a peer.
pub(super) fn of_identity(policy: &AuthorizationPolicy) -> Option<Place> {
    let sources = policy.rules.iter().flat_map(|rule| &rule.from);
    let mut values = sources.flat_map(|it| {
        let AccessSource { principals, namespaces, service_accounts, .. } = it;
        [principals, namespaces, service_accounts].into_iter().flat_map(AccessValues::all)
    });
    values.next().map(|value| value.place)
}

/// Where a policy names a principal.
pub(super) fn of_principal(policy: &AuthorizationPolicy) -> Option<Place> {
    let sources = policy.rules.iter().flat_map(|rule| &rule.from);
    sources.flat_map(|it| it.principals.all()).map(|value| value.place).next()
}

/// Where a policy has a star.
pub(super) fn starred(policy: &AuthorizationPolicy) -> Option<Place> {
    let from = policy.rules.iter().flat_map(|rule| &rule.from);
    let from = from.flat_map(|it| it.principals.all().chain(it.namespaces.all()));
    let to = policy.rules.iter().flat_map(|rule| &rule.to);
    let to = to.flat_map(|it| it.hosts.all().chain(it.methods.all()).chain(it.paths.all()));
    from.chain(to).find(|value| value.value.contains('*')).map(|value| value.place)
}
