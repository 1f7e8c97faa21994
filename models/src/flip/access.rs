//! Changes to an AuthorizationPolicy: what they do to its rules, and how they are told.

use crate::manifest::kinds::istio::{
    AccessAction, AccessOperation, AccessRule, AccessSource, AccessValues, AuthorizationPolicy,
};
use crate::manifest::{Located, Place};

use super::edit::{EditKind, Width};

/// A change to an AuthorizationPolicy. Rules, sources and operations count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessChange {
    /// Lets a rule match one more client.
    Source {
        /// The rule.
        rule: usize,
        /// By what it is named.
        field: SourceField,
        /// The name.
        value: String,
    },
    /// Lets an operation of a rule match one more value.
    Operation {
        /// The rule.
        rule: usize,
        /// The operation.
        operation: usize,
        /// Of what.
        field: OperationField,
        /// The value.
        value: String,
    },
    /// Adds a rule that matches one client.
    Rule {
        /// By what it is named.
        field: SourceField,
        /// The name.
        value: String,
    },
    /// Keeps a rule from matching one client.
    Exempt {
        /// The rule.
        rule: usize,
        /// By what the client is named.
        field: SourceField,
        /// The name.
        value: String,
    },
    /// Takes a value out of a source that has more of its sort.
    RemoveValue {
        /// The rule.
        rule: usize,
        /// The source.
        source: usize,
        /// Of what.
        field: SourceField,
        /// The number of the value.
        value: usize,
    },
    /// Takes a source out of a rule that has more of them.
    RemoveSource {
        /// The rule.
        rule: usize,
        /// The source.
        source: usize,
    },
    /// Takes a rule away.
    RemoveRule {
        /// The rule.
        rule: usize,
    },
}

/// By what a client is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceField {
    /// Its identity.
    Principals,
    /// Its namespace.
    Namespaces,
}

/// What of a request is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationField {
    /// Its method.
    Methods,
    /// Its path.
    Paths,
    /// The port that it arrives at.
    Ports,
    /// Its host.
    Hosts,
}

impl SourceField {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Principals, Self::Namespaces];

    /// One of the sort, as a word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Principals => "principal",
            Self::Namespaces => "namespace",
        }
    }

    pub(super) const fn of(self, source: &AccessSource) -> &AccessValues {
        match self {
            Self::Principals => &source.principals,
            Self::Namespaces => &source.namespaces,
        }
    }

    const fn of_mut(self, source: &mut AccessSource) -> &mut AccessValues {
        match self {
            Self::Principals => &mut source.principals,
            Self::Namespaces => &mut source.namespaces,
        }
    }
}

impl OperationField {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Methods, Self::Paths, Self::Ports, Self::Hosts];

    /// One of the sort, as a word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Methods => "method",
            Self::Paths => "path",
            Self::Ports => "port",
            Self::Hosts => "host",
        }
    }

    pub(super) const fn of(self, operation: &AccessOperation) -> &AccessValues {
        match self {
            Self::Methods => &operation.methods,
            Self::Paths => &operation.paths,
            Self::Ports => &operation.ports,
            Self::Hosts => &operation.hosts,
        }
    }

    const fn of_mut(self, operation: &mut AccessOperation) -> &mut AccessValues {
        match self {
            Self::Methods => &mut operation.methods,
            Self::Paths => &mut operation.paths,
            Self::Ports => &mut operation.ports,
            Self::Hosts => &mut operation.hosts,
        }
    }
}

impl AccessChange {
    /// Its sort.
    pub(super) const fn kind(&self) -> EditKind {
        match self {
            Self::Source { .. } | Self::Operation { .. } | Self::Rule { .. } => EditKind::AccessAdd,
            Self::Exempt { .. } => EditKind::AccessExempt,
            Self::RemoveValue { .. } | Self::RemoveSource { .. } | Self::RemoveRule { .. } => {
                EditKind::TakeAway
            }
        }
    }

    /// How many others it touches.
    pub(super) const fn width(&self) -> Width {
        match self {
            Self::Operation { .. } => Width::CallerAtLarge,
            Self::Source { field: SourceField::Namespaces, .. }
            | Self::Exempt { field: SourceField::Namespaces, .. } => Width::Namespace,
            Self::Rule { field: SourceField::Principals, .. } => Width::CallerAtLarge,
            Self::Rule { field: SourceField::Namespaces, .. } => Width::NamespaceAtLarge,
            _ => Width::Caller,
        }
    }

    /// Makes the change; `None` if the policy has no such part.
    pub(super) fn apply(&self, policy: &mut AuthorizationPolicy) -> Option<()> {
        let place = policy.meta.place;
        match self {
            Self::Source { rule, field, value } => {
                let rule = policy.rules.get_mut(*rule)?;
                let value = Located::new(value.clone(), rule.place);
                match rule.from.iter_mut().find(|source| names_nothing_but(source, *field)) {
                    Some(source) => field.of_mut(source).any_of.push(value),
                    None => rule.from.push(only(*field, value)),
                }
            }
            Self::Operation { rule, operation, field, value } => {
                let operation = policy.rules.get_mut(*rule)?.to.get_mut(*operation)?;
                let value = Located::new(value.clone(), operation.place);
                field.of_mut(operation).any_of.push(value);
            }
            Self::Rule { field, value } => {
                let from = vec![only(*field, Located::new(value.clone(), place))];
                policy.rules.push(AccessRule { from, to: Vec::new(), when: Vec::new(), place });
            }
            Self::Exempt { rule, field, value } => {
                let rule = policy.rules.get_mut(*rule)?;
                let value = Located::new(value.clone(), rule.place);
                if rule.from.is_empty() {
                    rule.from.push(anybody(rule.place));
                }
                for source in &mut rule.from {
                    field.of_mut(source).none_of.push(value.clone());
                }
            }
            Self::RemoveValue { rule, source, field, value } => {
                let source = policy.rules.get_mut(*rule)?.from.get_mut(*source)?;
                let values = &mut field.of_mut(source).any_of;
                // The last value would leave a source that asks for less.
                (values.len() > 1 && *value < values.len()).then(|| values.remove(*value))?;
            }
            Self::RemoveSource { rule, source } => {
                let from = &mut policy.rules.get_mut(*rule)?.from;
                (from.len() > 1 && *source < from.len()).then(|| from.remove(*source))?;
            }
            Self::RemoveRule { rule } => {
                (*rule < policy.rules.len()).then(|| policy.rules.remove(*rule))?;
            }
        }
        Some(())
    }

    /// How many fields of the policy it changes.
    pub(super) fn size(&self, policy: &AuthorizationPolicy) -> u32 {
        let rule = |at: usize| policy.rules.get(at);
        match self {
            Self::Source { .. }
            | Self::Operation { .. }
            | Self::Rule { .. }
            | Self::RemoveValue { .. } => 1,
            Self::Exempt { rule: at, .. } => {
                rule(*at).map_or(1, |rule| rule.from.len().max(1) as u32)
            }
            Self::RemoveSource { rule: at, source } => {
                rule(*at).and_then(|rule| rule.from.get(*source)).map_or(1, fields_of_source)
            }
            Self::RemoveRule { rule: at } => rule(*at).map_or(1, fields_of_rule),
        }
    }

    /// What to do, such as `add principal P to rule 1 of AuthorizationPolicy shop/callers`.
    pub(super) fn sentence(&self, policy: &AuthorizationPolicy, title: &str) -> String {
        let of_rule = |rule: usize| format!("rule {} of {title}", rule + 1);
        match self {
            Self::Source { rule, field, value } => {
                format!("add {} {value} to {}", field.word(), of_rule(*rule))
            }
            Self::Operation { rule, field, value, .. } => {
                format!("add {} {value} to {}", field.word(), of_rule(*rule))
            }
            Self::Rule { field, value } => {
                format!("add a rule for {} {value} to {title}", field.word())
            }
            Self::Exempt { rule, field, value } => {
                format!("exempt {} {value} from {}", field.word(), of_rule(*rule))
            }
            Self::RemoveValue { rule, source, field, value } => {
                let source = policy.rules.get(*rule).and_then(|it| it.from.get(*source));
                let value = source.and_then(|source| field.of(source).any_of.get(*value));
                let value = value.map_or("", |value| value.value.as_str());
                format!("remove {} {value} from {}", field.word(), of_rule(*rule))
            }
            Self::RemoveSource { rule, source } => {
                format!("remove source {} from {}", source + 1, of_rule(*rule))
            }
            Self::RemoveRule { rule } => format!("remove {}", of_rule(*rule)),
        }
    }

    /// Where it is made.
    pub(super) fn place(&self, policy: &AuthorizationPolicy) -> Place {
        let rule = |at: &usize| policy.rules.get(*at).map_or(policy.meta.place, |it| it.place);
        let source = |rule: &usize, at: &usize| policy.rules.get(*rule)?.from.get(*at);
        match self {
            Self::Rule { .. } => policy.meta.place,
            Self::Source { rule: at, .. }
            | Self::Exempt { rule: at, .. }
            | Self::RemoveRule { rule: at } => rule(at),
            Self::Operation { rule: at, operation, .. } => {
                let operation = policy.rules.get(*at).and_then(|it| it.to.get(*operation));
                operation.map_or_else(|| rule(at), |it| it.place)
            }
            Self::RemoveValue { rule: at, source: number, field, value } => {
                let value = source(at, number).and_then(|it| field.of(it).any_of.get(*value));
                value.map_or_else(|| rule(at), |it| it.place)
            }
            Self::RemoveSource { rule: at, source: number } => {
                source(at, number).map_or_else(|| rule(at), |it| it.place)
            }
        }
    }
}

/// Everything that the object says, as a number of fields.
pub(super) fn fields_of_policy(policy: &AuthorizationPolicy) -> u32 {
    let selector = policy.selector.as_ref().map_or(0, |it| it.value.len());
    let action = usize::from(policy.action.value != AccessAction::Allow);
    let rules: u32 = policy.rules.iter().map(fields_of_rule).sum();
    let head = selector + policy.targets.len() + action;
    (head as u32 + rules).max(1)
}

fn fields_of_rule(rule: &AccessRule) -> u32 {
    let from: u32 = rule.from.iter().map(fields_of_source).sum();
    let to: usize = rule.to.iter().map(fields_of_operation).sum();
    let when: usize = rule.when.iter().map(|it| it.values.all().count()).sum();
    (from + (to + when) as u32).max(1)
}

fn values_of_source(source: &AccessSource) -> [&AccessValues; 7] {
    [
        &source.principals,
        &source.request_principals,
        &source.namespaces,
        &source.service_accounts,
        &source.trust_domains,
        &source.ip_blocks,
        &source.remote_ip_blocks,
    ]
}

fn fields_of_source(source: &AccessSource) -> u32 {
    let values: usize = values_of_source(source).iter().map(|it| it.all().count()).sum();
    values.max(1) as u32
}

fn fields_of_operation(operation: &AccessOperation) -> usize {
    let fields = OperationField::ALL.iter();
    fields.map(|field| field.of(operation).all().count()).sum::<usize>().max(1)
}

/// Whether a source lists values of this field and asks for nothing else.
fn names_nothing_but(source: &AccessSource, field: SourceField) -> bool {
    let asked = values_of_source(source).iter().filter(|values| !values.is_empty()).count();
    let own = field.of(source);
    asked == 1 && !own.any_of.is_empty() && own.none_of.is_empty()
}

fn anybody(place: Place) -> AccessSource {
    AccessSource {
        principals: AccessValues::default(),
        request_principals: AccessValues::default(),
        namespaces: AccessValues::default(),
        service_accounts: AccessValues::default(),
        trust_domains: AccessValues::default(),
        ip_blocks: AccessValues::default(),
        remote_ip_blocks: AccessValues::default(),
        place,
    }
}

fn only(field: SourceField, value: Located<String>) -> AccessSource {
    let mut source = anybody(value.place);
    field.of_mut(&mut source).any_of.push(value);
    source
}
