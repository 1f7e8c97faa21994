//! Edits about AuthorizationPolicies, and about the identity that they ask for.

use std::collections::BTreeSet;

use crate::manifest::kinds::Resource;
use crate::manifest::kinds::istio::{AccessAction, AccessRule, AuthorizationPolicy, IstioResource};

use super::super::access::{AccessChange, OperationField, SourceField, fields_of_policy};
use super::super::edit::{At, Change, Edit};
use super::super::scene::Side;
use super::labels::{of_pods, to_be_left_out_of, to_have};
use super::{Found, Goal, namespace_of, title};

/// How many other service accounts of the caller's namespace are tried.
const ACCOUNTS_MAX: usize = 8;

/// A policy that speaks of a server.
struct Policy<'p> {
    at: At,
    policy: &'p AuthorizationPolicy,
    title: &'p str,
}

pub(super) fn add(found: &mut Found<'_, '_>) {
    let scene = found.scene;
    let mut accounts = BTreeSet::new();
    for (at, default, resource) in scene.draft.objects() {
        let Resource::Istio(object) = resource else { continue };
        let IstioResource::AuthorizationPolicy(policy) = &**object else { continue };
        let namespace = namespace_of(default, &policy.meta);
        let title = title("AuthorizationPolicy", default, &policy.meta);
        let of_place = |side: &&Side| {
            side.namespace == namespace || scene.root_namespace(side.pod) == Some(namespace)
        };
        let near: Vec<&Side> = scene.servers.iter().filter(of_place).collect();
        let policy = Policy { at, policy, title: &title };
        let is_named = policy.names_a_gateway() || policy.names_a_service(namespace, found);
        if near.iter().any(|side| policy.selects(side)) || is_named {
            policy.add(found);
            accounts.extend(policy.accounts(found.scene.caller.as_ref()));
        }
        near.into_iter().for_each(|side| policy.relabel(side, found));
    }
    of_identity(found, accounts);
}

impl Policy<'_> {
    fn selects(&self, side: &Side) -> bool {
        self.policy.targets.is_empty()
            && self
                .policy
                .selector
                .as_ref()
                .is_none_or(|it| to_have(&it.value, &side.labels).is_empty())
    }

    /// Gateways are found by what policies name, not by their pods.
    fn names_a_gateway(&self) -> bool {
        self.policy.targets.iter().any(|target| target.kind == "Gateway")
    }

    /// A policy that names a Service is in force at its waypoint.
    fn names_a_service(&self, namespace: &str, found: &Found<'_, '_>) -> bool {
        let mut targets = self.policy.targets.iter().filter(|target| target.kind == "Service");
        targets.any(|target| {
            let host = format!("{}.{namespace}.svc.cluster.local", target.name.value);
            found.scene.hosts.contains(&host)
        })
    }

    fn edit(&self, change: AccessChange) -> Edit {
        Edit {
            at: Some(self.at),
            place: Some(change.place(self.policy)),
            sentence: change.sentence(self.policy, self.title),
            size: change.size(self.policy),
            change: Change::Access(change),
        }
    }

    fn add(&self, found: &mut Found<'_, '_>) {
        let action = self.policy.action.value;
        let names = names(found);
        match (found.goal, action) {
            (Goal::Admit, AccessAction::Allow) => self.admit(&names, found),
            (Goal::Admit, _) | (Goal::Stop, AccessAction::Allow) => {
                for (rule, written) in self.policy.rules.iter().enumerate() {
                    self.exempt(rule, &names, found);
                    self.take_away(rule, written, found);
                }
            }
            (Goal::Stop, _) => self.admit(&names, found),
        }
        let fields = fields_of_policy(self.policy);
        found.delete(self.at, &self.policy.meta, self.title, fields);
    }

    /// Lets rules match the caller and its request.
    fn admit(&self, names: &[(SourceField, String)], found: &mut Found<'_, '_>) {
        for (number, rule) in self.policy.rules.iter().enumerate() {
            let missing = self.missing(number, rule, found);
            for operation in &missing {
                found.together(operation.clone());
            }
            if rule.from.is_empty() {
                continue;
            }
            for (field, value) in names {
                let (field, value) = (*field, value.clone());
                let add = self.edit(AccessChange::Source { rule: number, field, value });
                found.one(add.clone());
                for operation in &missing {
                    let edits = std::iter::once(add.clone()).chain(operation.iter().cloned());
                    found.together(edits.collect());
                }
            }
        }
        for (field, value) in names {
            let (field, value) = (*field, value.clone());
            found.one(self.edit(AccessChange::Rule { field, value }));
        }
    }

    /// For each operation of a rule what it would have to list of the request.
    fn missing(&self, number: usize, rule: &AccessRule, found: &Found<'_, '_>) -> Vec<Vec<Edit>> {
        let question = found.scene.question;
        let path = question.path.as_deref().unwrap_or("/");
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let ports = found.scene.servers.iter().flat_map(|side| &side.ports);
        let port = ports.min().map(u16::to_string);
        let host = question.target.to_string();
        let asked = |field: OperationField| match field {
            OperationField::Methods => Some(question.method.clone()),
            OperationField::Paths => Some(path.to_owned()),
            OperationField::Ports => port.clone(),
            OperationField::Hosts => Some(host.clone()),
        };
        let of_operation = |(operation, written)| {
            let fields = OperationField::ALL.into_iter();
            let edits = fields.filter_map(|field: OperationField| {
                let listed = &field.of(written).any_of;
                let value = asked(field)?;
                let fits = listed.is_empty() || listed.iter().any(|it| fits(&it.value, &value));
                let add = || AccessChange::Operation { rule: number, operation, field, value };
                (!fits).then(|| self.edit(add()))
            });
            let edits: Vec<_> = edits.collect();
            (!edits.is_empty()).then_some(edits)
        };
        rule.to.iter().enumerate().filter_map(of_operation).collect()
    }

    fn exempt(&self, rule: usize, names: &[(SourceField, String)], found: &mut Found<'_, '_>) {
        for (field, value) in names {
            let (field, value) = (*field, value.clone());
            found.one(self.edit(AccessChange::Exempt { rule, field, value }));
        }
    }

    fn take_away(&self, rule: usize, written: &AccessRule, found: &mut Found<'_, '_>) {
        found.one(self.edit(AccessChange::RemoveRule { rule }));
        for (source, from) in written.from.iter().enumerate() {
            if written.from.len() > 1 {
                found.one(self.edit(AccessChange::RemoveSource { rule, source }));
            }
            for field in SourceField::ALL {
                let values = &field.of(from).any_of;
                let all = if values.len() > 1 { 0..values.len() } else { 0..0 };
                for value in all {
                    let change = AccessChange::RemoveValue { rule, source, field, value };
                    found.one(self.edit(change));
                }
            }
        }
    }

    /// Labels of a server by which the policy would speak of it, or would not any more.
    fn relabel(&self, side: &Side, found: &mut Found<'_, '_>) {
        let Some(selector) = &self.policy.selector else { return };
        let wanted = to_have(&selector.value, &side.labels);
        if wanted.is_empty() {
            for wanted in to_be_left_out_of(&selector.value) {
                of_pods(side, wanted).into_iter().for_each(|edit| found.one(edit));
            }
        } else {
            of_pods(side, wanted).into_iter().for_each(|edit| found.one(edit));
        }
    }

    /// The service accounts of the caller's namespace that the policy names.
    fn accounts(&self, caller: Option<&Side>) -> Vec<String> {
        let Some(caller) = caller else { return Vec::new() };
        let sources = self.policy.rules.iter().flat_map(|rule| &rule.from);
        let mut accounts = Vec::new();
        for source in sources {
            let principals = source.principals.all().filter_map(|principal| {
                let (rest, account) = principal.value.rsplit_once("/sa/")?;
                let (_, namespace) = rest.rsplit_once("ns/")?;
                (namespace == caller.namespace || namespace == "*").then_some(account)
            });
            let written = source.service_accounts.all().filter_map(|account| {
                match account.value.split_once('/') {
                    Some((namespace, account)) => {
                        (namespace == caller.namespace).then_some(account)
                    }
                    None => Some(account.value.as_str()),
                }
            });
            accounts.extend(principals.chain(written).map(str::to_owned));
        }
        accounts.retain(|account| !account.contains('*'));
        accounts
    }
}

/// Whether a value of a policy, perhaps with `*` at one end, fits a text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if pattern == "*" => !text.is_empty(),
        (Some(suffix), _) => text.ends_with(suffix),
        (None, Some(prefix)) => text.starts_with(prefix),
        (None, None) => pattern == text,
    }
}

/// By what policies can name the caller.
fn names(found: &Found<'_, '_>) -> Vec<(SourceField, String)> {
    let Some(caller) = &found.scene.caller else { return Vec::new() };
    let principal = caller.principal.clone();
    // Behind a waypoint it is the waypoint that the server sees.
    let seen = found.scene.seen.clone().filter(|seen| principal.as_ref() != Some(seen));
    let principals = principal.into_iter().chain(seen).map(|it| (SourceField::Principals, it));
    principals.chain([(SourceField::Namespaces, caller.namespace.clone())]).collect()
}

/// Other service accounts for the caller: those that policies name, and those of its namespace.
fn of_identity(found: &mut Found<'_, '_>, mut accounts: BTreeSet<String>) {
    let scene = found.scene;
    let Some(caller) = &scene.caller else { return };
    let any_policy = scene.draft.objects().any(|(_, _, it)| is_access_policy(it));
    if any_policy && caller.has_sidecar {
        let world = scene.world;
        let own = world.workload_of(caller.pod).namespace;
        let rows = world.service_accounts.iter().filter(|row| Some(row.namespace) == own);
        accounts.extend(rows.map(|row| row.name.clone()).take(ACCOUNTS_MAX));
        accounts.insert("default".to_owned());
    }
    accounts.remove(&caller.account);
    for account in accounts {
        let Some(at) = caller.object else { return };
        found.one(Edit {
            sentence: format!("set the service account of {} to {account}", caller.title),
            change: Change::ServiceAccount(account),
            at: Some(at),
            place: caller.place,
            size: 1,
        });
    }
}

fn is_access_policy(resource: &Resource) -> bool {
    match resource {
        Resource::Istio(object) => matches!(**object, IstioResource::AuthorizationPolicy(_)),
        _ => false,
    }
}
