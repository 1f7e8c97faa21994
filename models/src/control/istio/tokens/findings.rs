//! What is worth knowing about RequestAuthentications before a request comes.

use crate::control::istio::Push;
use crate::control::istio::config::{Config, HasMeta, selects};
use crate::control::istio::gateways::Workloads;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{AuthorizationPolicy, JwtRule, RequestAuthentication};
use crate::manifest::{Diagnostic, Located};
use crate::token::Jwks;
use crate::world::World;

type Policy = Config<RequestAuthentication>;

/// All findings about RequestAuthentications of a cluster.
#[must_use]
pub(in crate::control::istio) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in &push.request_authentications {
        for rule in &policy.object.rules {
            keys(rule, &mut found);
        }
        found.extend(selects_nothing(push, world, policy));
        found.extend(has_both(policy));
        if !policy.object.rules.is_empty() && !is_required(push, policy) {
            found.push(not_required(policy));
        }
    }
    duplicates(push, &mut found);
    found
}

fn keys(rule: &JwtRule, found: &mut Vec<Diagnostic>) {
    let issuer = &rule.issuer;
    if issuer.value.is_empty() {
        found.push(
            Diagnostic::error("istio.jwt-no-issuer", "a rule for tokens has no issuer")
                .at(issuer.place, "a cluster refuses the object")
                .help("name the `iss` claim of its tokens"),
        );
    }
    match (&rule.jwks, &rule.jwks_uri) {
        (Some(jwks), uri) => {
            inline(rule, jwks, found);
            if let Some(uri) = uri {
                let message = format!("issuer {} has keys and an address of keys", issuer.value);
                found.push(
                    Diagnostic::warning("istio.jwks-twice", message)
                        .at(uri.place, "it is not used; newer clusters refuse the object")
                        .help("leave `jwks` or `jwksUri` out"),
                );
            }
        }
        (None, uri) => {
            let place = uri.as_ref().map_or(issuer.place, |uri| uri.place);
            let label = match uri {
                Some(_) => "it is not fetched here, so tokens of this issuer are not judged",
                None => "the issuer would be asked where its keys are, which is not done here",
            };
            let message = format!("the keys of issuer {} are not in the manifests", issuer.value);
            found.push(
                Diagnostic::note("istio.jwks-elsewhere", message)
                    .at(place, label)
                    .help("`meshwalk why --jwks FILE` gives the keys, `--claims JSON` the claims"),
            );
        }
    }
}

fn inline(rule: &JwtRule, jwks: &Located<String>, found: &mut Vec<Diagnostic>) {
    let issuer = &rule.issuer.value;
    match Jwks::parse(&jwks.value) {
        Ok(keys) => {
            for (at, status) in keys.skipped() {
                let message = format!("key {} of issuer {issuer} cannot be used", at + 1);
                found.push(
                    Diagnostic::warning("istio.jwks-skipped-key", message)
                        .at(
                            jwks.place,
                            format!("tokens that it signs are rejected: {}", status.words()),
                        )
                        .help("correct the key, or take it out"),
                );
            }
        }
        Err(error) => found.push(
            Diagnostic::error(
                "istio.jwks-unusable",
                format!("the keys of issuer {issuer} cannot be used"),
            )
            .at(jwks.place, format!("every token of the issuer is rejected: {error}"))
            .help("write a JSON object with a list `keys` of public keys (RFC 7517)"),
        ),
    }
}

/// A selector that no pod of its scope fits.
fn selects_nothing(push: &Push, world: &World, policy: &Policy) -> Option<Diagnostic> {
    let selector = policy.object.selector.as_ref()?;
    let everywhere = policy.namespace == push.mesh.root_namespace.value;
    let fits = world.pods.ids().any(|pod| {
        let namespace = world.workload_of(pod).namespace;
        let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
        (everywhere || namespace == policy.namespace)
            && selects(&selector.value, &world.pods[pod].labels)
    });
    // The workloads of gateways are often made by an installer.
    let serves = push.gateways.iter().any(|gateway| match &gateway.workloads {
        Workloads::Labels(labels) => selects(&selector.value, labels),
        Workloads::Services { .. } => false,
    });
    (!fits && !serves).then(|| {
        let message = format!("RequestAuthentication `{}` selects nothing", policy.title());
        Diagnostic::warning("istio.policy-selects-nothing", message)
            .at(selector.place, "no pod has these labels, so no token is checked")
            .help("compare the labels of the pods' template")
    })
}

fn has_both(policy: &Policy) -> Option<Diagnostic> {
    let selector = policy.object.selector.as_ref()?;
    policy.object.targets.first()?;
    let message =
        format!("RequestAuthentication `{}` has a selector and targetRefs", policy.title());
    Some(
        Diagnostic::error("istio.policy-two-targets", message)
            .at(selector.place, "a cluster refuses the object, and no token is checked")
            .help("leave one of them out"),
    )
}

fn not_required(policy: &Policy) -> Diagnostic {
    let title = policy.title();
    let message = format!("no AuthorizationPolicy requires the tokens of `{title}`");
    Diagnostic::warning("istio.token-not-required", message)
        .at(
            policy.object.meta().place,
            "requests without a token pass, without an identity; only invalid tokens are rejected",
        )
        .help("add an AuthorizationPolicy with action ALLOW and `requestPrincipals: [\"*\"]`")
}

/// Whether a policy that may be in force at the same workloads asks who carries a token.
fn is_required(push: &Push, policy: &Policy) -> bool {
    let root = push.mesh.root_namespace.value.as_str();
    push.authorization_policies.iter().any(|access| {
        let same = access.namespace == policy.namespace
            || access.namespace == root
            || policy.namespace == root;
        same && may_meet(access.object.selector.as_ref(), policy.object.selector.as_ref())
            && asks_for_tokens(&access.object)
    })
}

/// Whether two selectors may fit one workload.
fn may_meet(one: Option<&Located<Labels>>, other: Option<&Located<Labels>>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    let differs = |(key, value): (&String, &Located<String>)| {
        other.value.get(key).is_some_and(|known| known.value != value.value)
    };
    !one.value.iter().any(differs)
}

fn asks_for_tokens(policy: &AuthorizationPolicy) -> bool {
    policy.rules.iter().any(|rule| {
        rule.from.iter().any(|source| !source.request_principals.is_empty())
            || rule.when.iter().any(|when| when.key.value.starts_with("request.auth."))
    })
}

/// One issuer in two rules that may be in force together.
fn duplicates(push: &Push, found: &mut Vec<Diagnostic>) {
    let root = push.mesh.root_namespace.value.as_str();
    let policies = push.request_authentications.iter();
    let all: Vec<(&Policy, &JwtRule)> = policies
        .flat_map(|policy| policy.object.rules.iter().map(move |rule| (policy, rule)))
        .collect();
    for (at, (policy, rule)) in all.iter().enumerate() {
        let first = all[..at].iter().find(|(earlier, known)| {
            let scopes = earlier.namespace == policy.namespace
                || earlier.namespace == root
                || policy.namespace == root;
            let selectors = (earlier.object.selector.as_ref(), policy.object.selector.as_ref());
            known.issuer.value == rule.issuer.value
                && scopes
                && may_meet(selectors.0, selectors.1)
                && (earlier.object.targets.is_empty() == policy.object.targets.is_empty())
        });
        if let Some((_, known)) = first {
            let message = format!("issuer {} has two rules", rule.issuer.value);
            found.push(
                Diagnostic::warning("istio.jwt-duplicate-issuer", message)
                    .at(rule.issuer.place, "a token passes if either rule accepts it")
                    .at(known.issuer.place, "the other rule")
                    .help("put the audiences and keys of the issuer into one rule"),
            );
        }
    }
}
