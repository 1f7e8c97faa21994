//! What makes a cluster refuse an AuthorizationPolicy (istio `pkg/config/validation/validation.go`,
//! `ValidateAuthorizationPolicy`, and the schema of the kind). What holds in a cluster instead is
//! not known: nothing, or what the object said before.

use crate::control::istio::config::Config;
use crate::manifest::kinds::istio::{
    AccessAction, AccessCondition, AccessOperation, AccessSource, AccessValues,
    AuthorizationPolicy, Legible,
};
use crate::manifest::{Located, Place};

use super::condition::{Key, in_brackets};
use super::values;

/// The most rules and targets of a policy (istio-api `security/v1beta1/authorization_policy.proto`).
const RULES_MAX: usize = 512;
const TARGETS_MAX: usize = 16;

/// The most service accounts of a source, and the longest of them.
const ACCOUNTS_MAX: usize = 16;
const ACCOUNT_LENGTH_MAX: usize = 320;

/// Something for which a cluster refuses a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) place: Place,
    pub(super) text: String,
}

/// Whether something of a policy could not be read.
pub(super) fn is_illegible(policy: &AuthorizationPolicy) -> bool {
    policy.legible == Legible::InPart
}

/// Why a cluster refuses a policy, in one sentence.
pub(in crate::control::istio) fn first(policy: &Config<AuthorizationPolicy>) -> Option<String> {
    let refusals = refusals(&policy.object);
    let first = refusals.first()?;
    let title = policy.title();
    let text = &first.text;
    Some(format!("a cluster refuses {title}, and what holds instead is not known: {text}"))
}

/// Everything for which a cluster refuses a policy.
pub(super) fn refusals(policy: &AuthorizationPolicy) -> Vec<Refusal> {
    let mut list = List { found: Vec::new(), action: policy.action.value };
    list.whole(policy);
    for rule in &policy.rules {
        rule.from.iter().for_each(|source| list.source(source));
        rule.to.iter().for_each(|operation| list.operation(operation));
        rule.when.iter().for_each(|when| list.condition(when));
    }
    list.found
}

struct List {
    found: Vec<Refusal>,
    action: AccessAction,
}

impl List {
    fn add(&mut self, place: Place, text: impl Into<String>) {
        self.found.push(Refusal { place, text: text.into() });
    }

    fn whole(&mut self, policy: &AuthorizationPolicy) {
        let place = policy.meta.place;
        let action = policy.action.value;
        if is_illegible(policy) {
            self.add(place, "a part of it could not be read");
        }
        if let (Some(selector), Some(target)) = (&policy.selector, policy.targets.first()) {
            self.add(target.name.place, "`targetRefs` stands beside a `selector`");
            self.add(selector.place, "`selector` stands beside `targetRefs`");
        }
        if policy.rules.len() > RULES_MAX {
            let count = policy.rules.len();
            self.add(place, format!("it has {count} rules, and {RULES_MAX} are the most"));
        }
        if policy.targets.len() > TARGETS_MAX {
            self.add(place, format!("more than {TARGETS_MAX} targets"));
        }
        let is_custom = action == AccessAction::Custom;
        match &policy.provider {
            Some(provider) if !is_custom => {
                self.add(provider.place, "`provider` is for the action CUSTOM alone");
            }
            None if is_custom && !policy.rules.is_empty() => {
                self.add(policy.action.place, "the action CUSTOM needs `provider.name`");
            }
            _ => {}
        }
        if let Some(trial) = &policy.dry_run {
            let known =
                ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
            if !known.contains(&trial.value.as_str()) {
                self.add(trial.place, "the value of `istio.io/dry-run` is no boolean");
            } else if matches!(action, AccessAction::Audit | AccessAction::Custom) {
                self.add(trial.place, "`istio.io/dry-run` is for ALLOW and DENY alone");
            }
        }
    }

    fn source(&mut self, source: &AccessSource) {
        let fields = [
            ("principals", &source.principals),
            ("requestPrincipals", &source.request_principals),
            ("namespaces", &source.namespaces),
            ("serviceAccounts", &source.service_accounts),
            ("trustDomains", &source.trust_domains),
            ("ipBlocks", &source.ip_blocks),
            ("remoteIpBlocks", &source.remote_ip_blocks),
        ];
        if fields.iter().all(|(_, values)| values.is_empty()) {
            self.add(source.place, "a `source` is empty");
        }
        for (name, values) in fields {
            self.not_empty(name, values);
            let is_address = matches!(name, "ipBlocks" | "remoteIpBlocks");
            if let (AccessAction::Custom, false, Some(first)) =
                (self.action, is_address, values.all().next())
            {
                self.add(first.place, format!("`{name}` is not supported with the action CUSTOM"));
            }
        }
        let accounts = &source.service_accounts;
        if let Some(first) = accounts.all().next()
            && !(source.principals.is_empty() && source.namespaces.is_empty())
        {
            self.add(first.place, "`serviceAccounts` stands beside `principals` or `namespaces`");
        }
        self.accounts(accounts);
        self.each(&source.trust_domains, trust_domain);
        self.each(&source.ip_blocks, |value| values::block(value).err());
        self.each(&source.remote_ip_blocks, |value| values::block(value).err());
    }

    fn accounts(&mut self, accounts: &AccessValues) {
        for list in [&accounts.any_of, &accounts.none_of] {
            if let Some(extra) = list.get(ACCOUNTS_MAX) {
                self.add(extra.place, format!("more than {ACCOUNTS_MAX} service accounts"));
            }
        }
        self.each(accounts, |value| {
            let parts: Vec<_> = value.split('/').collect();
            let fits = parts.len() <= 2 && parts.iter().all(|part| !part.is_empty());
            let is_right = fits && !value.contains('*') && value.len() <= ACCOUNT_LENGTH_MAX;
            (!is_right).then(|| format!("`{value}` is neither ACCOUNT nor NAMESPACE/ACCOUNT"))
        });
    }

    fn operation(&mut self, operation: &AccessOperation) {
        let fields = [
            ("hosts", &operation.hosts),
            ("ports", &operation.ports),
            ("methods", &operation.methods),
            ("paths", &operation.paths),
        ];
        if fields.iter().all(|(_, values)| values.is_empty()) {
            self.add(operation.place, "an `operation` is empty");
        }
        for (name, values) in fields {
            self.not_empty(name, values);
        }
        self.each(&operation.ports, |value| values::port(value).err());
        self.each(&operation.paths, template);
    }

    fn condition(&mut self, when: &AccessCondition) {
        let place = when.key.place;
        if when.values.is_empty() {
            self.add(place, format!("`{}` has neither `values` nor `notValues`", when.key.value));
        }
        self.not_empty(&when.key.value, &when.values);
        let key = match Key::of(&when.key.value) {
            Ok(key) => key,
            Err(why) => return self.add(place, why),
        };
        let of_identity = matches!(
            key,
            Key::Namespace
                | Key::ServiceAccount
                | Key::TrustDomain
                | Key::Principal
                | Key::RequestPrincipal
                | Key::Audiences
                | Key::Presenter
                | Key::Claim(_)
        );
        if of_identity && self.action == AccessAction::Custom {
            let text = format!("`{}` is not supported with the action CUSTOM", when.key.value);
            self.add(place, text);
        }
        match key {
            Key::Header(rest) | Key::Claim(rest)
                if in_brackets(rest).map_or(true, str::is_empty) =>
            {
                let text = format!("`{}` names nothing in brackets", when.key.value);
                self.add(place, text);
            }
            Key::SourceIp | Key::RemoteIp | Key::DestinationIp => {
                self.each(&when.values, |value| values::block(value).err());
            }
            Key::DestinationPort => self.each(&when.values, |value| values::port(value).err()),
            Key::ServiceAccount => self.accounts(&when.values),
            Key::TrustDomain => self.each(&when.values, trust_domain),
            _ => {}
        }
    }

    fn not_empty(&mut self, name: &str, values: &AccessValues) {
        self.each(values, |value| value.is_empty().then(|| format!("`{name}` has an empty value")));
    }

    fn each(&mut self, values: &AccessValues, wrong: impl Fn(&str) -> Option<String>) {
        for Located { value, place } in values.all() {
            if let Some(text) = wrong(value) {
                self.add(*place, text);
            }
        }
    }
}

/// One star at most, at either end, and no slash.
fn trust_domain(value: &str) -> Option<String> {
    let stars = value.matches('*').count();
    let at_end = value.starts_with('*') || value.ends_with('*');
    let is_right = !value.contains('/') && (stars == 0 || (stars == 1 && at_end));
    (!is_right).then(|| format!("`{value}` is no trust domain"))
}

/// A path without braces, or a template: `{*}` for one element, and `{**}` for any number of them
/// as the last operator (istio `pkg/config/security/security.go`, `CheckValidPathTemplate`).
fn template(value: &str) -> Option<String> {
    let literal = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte);
        !part.is_empty() && part.bytes().all(fits)
    };
    let is_template = values::is_template(value);
    let mut took_all = false;
    for part in value.trim_matches('/').split('/') {
        let is_operator = part == "{*}" || part == "{**}";
        if is_operator && took_all {
            return Some(format!("`{{**}}` is not the last operator of `{value}`"));
        }
        took_all |= part == "{**}";
        if !is_operator && (part.contains(['{', '}']) || (is_template && !literal(part))) {
            return Some(format!("`{value}` is no path template: `{part}` is no element of one"));
        }
    }
    None
}
