//! `security.istio.io AuthorizationPolicy`: who may send which requests to a workload. Whether a
//! cluster would take the object, and what its rules become, is the control plane's business.

use super::policy_target::{PolicyTarget, read_policy_targets};
use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

/// `security.istio.io AuthorizationPolicy`.
#[derive(Clone, Debug)]
pub struct AuthorizationPolicy {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The workloads; `None` is the whole namespace, or the mesh in the root namespace.
    pub selector: Option<Located<Labels>>,
    /// `targetRefs`; with any of them the policy touches what they name and nothing else.
    pub targets: Vec<PolicyTarget>,
    /// What a match means.
    pub action: Located<AccessAction>,
    /// `provider.name`, for [`AccessAction::Custom`].
    pub provider: Option<Located<String>>,
    /// The rules, in the order written.
    pub rules: Vec<AccessRule>,
    /// The annotation `istio.io/dry-run`, as written.
    pub dry_run: Option<Located<String>>,
    /// Whether all of it could be read.
    pub legible: Legible,
}

/// Whether all of an object could be read. The API server refuses an object of another shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legible {
    /// It could.
    #[default]
    Whole,
    /// Something in it was left out, because it has a shape that the kind does not have.
    InPart,
}

/// What a match of a policy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessAction {
    /// Only what matches is allowed.
    #[default]
    Allow,
    /// What matches is denied.
    Deny,
    /// What matches is recorded.
    Audit,
    /// An external authoriser is asked about what matches.
    Custom,
}

const ACTIONS: &[(&str, AccessAction)] = &[
    ("ALLOW", AccessAction::Allow),
    ("DENY", AccessAction::Deny),
    ("AUDIT", AccessAction::Audit),
    ("CUSTOM", AccessAction::Custom),
];

impl AccessAction {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| *action == self).map_or("ALLOW", |(word, _)| word)
    }
}

/// One rule: any of `from`, any of `to`, and all of `when`.
#[derive(Clone, Debug)]
pub struct AccessRule {
    /// Who; empty is anybody.
    pub from: Vec<AccessSource>,
    /// What; empty is anything.
    pub to: Vec<AccessOperation>,
    /// Further conditions.
    pub when: Vec<AccessCondition>,
    /// Where it begins.
    pub place: Place,
}

/// Values of which one must fit, and values of which none may. Empty lists ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct AccessValues {
    /// One of these.
    pub any_of: Vec<Located<String>>,
    /// None of these; the fields that begin with `not`.
    pub none_of: Vec<Located<String>>,
}

impl AccessValues {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }

    /// All values, those that must not fit behind the others.
    pub fn all(&self) -> impl Iterator<Item = &Located<String>> {
        self.any_of.iter().chain(&self.none_of)
    }
}

/// `from[].source`: who. All that is given must fit.
#[derive(Clone, Debug)]
pub struct AccessSource {
    /// Identities of peers, such as `cluster.local/ns/shop/sa/web`.
    pub principals: AccessValues,
    /// Identities of tokens, such as `issuer/subject`.
    pub request_principals: AccessValues,
    /// Namespaces of peers.
    pub namespaces: AccessValues,
    /// Service accounts of peers: `account` or `namespace/account`.
    pub service_accounts: AccessValues,
    /// Trust domains of peers.
    pub trust_domains: AccessValues,
    /// Addresses of connections.
    pub ip_blocks: AccessValues,
    /// Addresses of clients, which headers may tell.
    pub remote_ip_blocks: AccessValues,
    /// Where it begins.
    pub place: Place,
}

/// `to[].operation`: what. All that is given must fit.
#[derive(Clone, Debug)]
pub struct AccessOperation {
    /// Hosts.
    pub hosts: AccessValues,
    /// Ports.
    pub ports: AccessValues,
    /// Methods.
    pub methods: AccessValues,
    /// Paths, perhaps with `{*}` and `{**}`.
    pub paths: AccessValues,
    /// Where it begins.
    pub place: Place,
}

/// One of `when`.
#[derive(Clone, Debug)]
pub struct AccessCondition {
    /// Such as `request.headers[x-version]`.
    pub key: Located<String>,
    /// What it may be.
    pub values: AccessValues,
}

/// Says that a policy only counts what it would do.
const DRY_RUN: &str = "istio.io/dry-run";

pub(in crate::manifest) fn read_authorization_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let before = fields.lost();
    let mut policy = AuthorizationPolicy {
        selector: None,
        targets: Vec::new(),
        action: Located::new(AccessAction::default(), fields.place()),
        provider: None,
        rules: Vec::new(),
        dry_run: meta.annotations.get(DRY_RUN).cloned(),
        legible: Legible::Whole,
        meta,
    };
    fields.object("spec", |spec| {
        policy.selector = read_selector(spec, "selector", "matchLabels");
        policy.targets = read_policy_targets(spec);
        let default = Located::new(AccessAction::default(), spec.place());
        let before = spec.lost();
        policy.action = spec.choice("action", ACTIONS).unwrap_or(default);
        if spec.lost() > before {
            // A word that is no action must not open anything.
            policy.action.value = AccessAction::Deny;
        }
        policy.provider = spec.object("provider", |it| it.string("name")).flatten();
        policy.rules = spec.list("rules", |rule| Some(read_rule(rule)));
    });
    if fields.lost() > before {
        policy.legible = Legible::InPart;
    }
    IstioResource::AuthorizationPolicy(policy).alone()
}

fn read_rule(rule: &mut Fields<'_, '_, '_, '_>) -> AccessRule {
    let nobody = |place| AccessSource {
        principals: AccessValues::default(),
        request_principals: AccessValues::default(),
        namespaces: AccessValues::default(),
        service_accounts: AccessValues::default(),
        trust_domains: AccessValues::default(),
        ip_blocks: AccessValues::default(),
        remote_ip_blocks: AccessValues::default(),
        place,
    };
    let nothing = |place| AccessOperation {
        hosts: AccessValues::default(),
        ports: AccessValues::default(),
        methods: AccessValues::default(),
        paths: AccessValues::default(),
        place,
    };
    AccessRule {
        from: rule.list("from", |from| {
            let place = from.place();
            Some(from.object("source", read_source).unwrap_or_else(|| nobody(place)))
        }),
        to: rule.list("to", |to| {
            let place = to.place();
            Some(to.object("operation", read_operation).unwrap_or_else(|| nothing(place)))
        }),
        when: rule.list("when", |when| {
            let key = when.required_string("key");
            let values = read_values(when, ["values", "notValues"]);
            Some(AccessCondition { key: key?, values })
        }),
        place: rule.place(),
    }
}

fn read_source(source: &mut Fields<'_, '_, '_, '_>) -> AccessSource {
    AccessSource {
        principals: read_values(source, ["principals", "notPrincipals"]),
        request_principals: read_values(source, ["requestPrincipals", "notRequestPrincipals"]),
        namespaces: read_values(source, ["namespaces", "notNamespaces"]),
        service_accounts: read_values(source, ["serviceAccounts", "notServiceAccounts"]),
        trust_domains: read_values(source, ["trustDomains", "notTrustDomains"]),
        ip_blocks: read_values(source, ["ipBlocks", "notIpBlocks"]),
        remote_ip_blocks: read_values(source, ["remoteIpBlocks", "notRemoteIpBlocks"]),
        place: source.place(),
    }
}

fn read_operation(operation: &mut Fields<'_, '_, '_, '_>) -> AccessOperation {
    AccessOperation {
        hosts: read_values(operation, ["hosts", "notHosts"]),
        ports: read_values(operation, ["ports", "notPorts"]),
        methods: read_values(operation, ["methods", "notMethods"]),
        paths: read_values(operation, ["paths", "notPaths"]),
        place: operation.place(),
    }
}

fn read_values(fields: &mut Fields<'_, '_, '_, '_>, names: [&'static str; 2]) -> AccessValues {
    let [any_of, none_of] = names.map(|name| fields.strings(name));
    AccessValues { any_of, none_of }
}
