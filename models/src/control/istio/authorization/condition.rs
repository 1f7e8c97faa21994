//! The parts of a rule, `from`, `to` and `when`, as principals and permissions (istio
//! `pilot/pkg/security/authz/model/model.go`, `New`).

use crate::manifest::kinds::istio::{AccessCondition, AccessOperation, AccessSource};
use crate::proxy::envoy::config::{Case, Permission, Principal, RbacAction};

use super::clause::Field;
use super::compile::Layer;
use super::values;

/// What conditions are made for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) layer: Layer,
    pub(super) action: RbacAction,
    /// The namespace of the policy.
    pub(super) namespace: &'s str,
    /// The trust domain of the mesh and its aliases.
    pub(super) domains: &'s [&'s str],
}

/// What `key` of `when` means.
pub(super) enum Key<'k> {
    DestinationIp,
    DestinationPort,
    Sni,
    /// Istio hands it to Envoy as metadata of a filter.
    Experimental,
    SourceIp,
    RemoteIp,
    Namespace,
    TrustDomain,
    ServiceAccount,
    Principal,
    RequestPrincipal,
    Audiences,
    Presenter,
    /// What stands behind `request.headers`.
    Header(&'k str),
    /// What stands behind `request.auth.claims`.
    Claim(&'k str),
}

impl<'k> Key<'k> {
    /// # Errors
    /// If Istio knows no such key.
    pub(super) fn of(key: &'k str) -> Result<Self, String> {
        Ok(match key {
            "destination.ip" => Self::DestinationIp,
            "destination.port" => Self::DestinationPort,
            "connection.sni" => Self::Sni,
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.trustDomain" => Self::TrustDomain,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.principal" => Self::Principal,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Audiences,
            "request.auth.presenter" => Self::Presenter,
            _ if key.starts_with("experimental.envoy.filters.") => Self::Experimental,
            _ => {
                match (key.strip_prefix("request.headers"), key.strip_prefix("request.auth.claims"))
                {
                    (Some(rest), _) => Self::Header(rest),
                    (_, Some(rest)) => Self::Claim(rest),
                    (None, None) => return Err(format!("`{key}` is no key that Istio knows")),
                }
            }
        })
    }
}

impl Scope<'_> {
    /// All that one of `from` asks for.
    pub(super) fn source(self, source: &AccessSource) -> Result<Vec<Principal>, String> {
        let field = |attribute, values| Field { attribute, values };
        let mut all = Vec::new();
        all.extend(self.principals(field("source.principal", &source.principals))?);
        let tokens = field("request.auth.principal", &source.request_principals);
        all.extend(self.of_request(tokens, |value| Ok(values::request_principal(value)))?);
        all.extend(self.accounts(field("source.serviceAccount", &source.service_accounts))?);
        all.extend(self.domains(field("source.trustDomain", &source.trust_domains))?);
        all.extend(self.namespaces(field("source.namespace", &source.namespaces))?);
        all.extend(self.remote(field("remote.ip", &source.remote_ip_blocks))?);
        all.extend(self.direct(field("source.ip", &source.ip_blocks))?);
        Ok(all)
    }

    /// All that one of `to` asks for.
    pub(super) fn operation(self, operation: &AccessOperation) -> Result<Vec<Permission>, String> {
        let field = |attribute, values| Field { attribute, values };
        let header = |name: &'static str, case| {
            move |value: &str| Ok(Permission::Header(values::header(name, value, case)))
        };
        let mut all = Vec::new();
        let hosts = field("host", &operation.hosts);
        all.extend(self.of_request(hosts, header(":authority", Case::Ignored))?);
        let methods = field("method", &operation.methods);
        all.extend(self.of_request(methods, header(":method", Case::Sensitive))?);
        let paths = field("path", &operation.paths);
        all.extend(self.of_request(paths, |value| Ok(values::path(value)))?);
        all.extend(self.port(field("destination.port", &operation.ports))?);
        Ok(all)
    }

    /// What one of `when` asks for, as principals or as permissions.
    pub(super) fn condition(
        self,
        when: &AccessCondition,
    ) -> Result<(Vec<Principal>, Vec<Permission>), String> {
        let field = Field { attribute: &when.key.value, values: &when.values };
        let who = |all| (all, Vec::new());
        let what = |all| (Vec::new(), all);
        Ok(match Key::of(&when.key.value)? {
            Key::DestinationIp => what(field.conditions(self.action, |value| {
                Ok(Permission::DestinationIp(values::block(value)?))
            })?),
            Key::DestinationPort => what(self.port(field)?),
            Key::Sni => what(field.conditions(self.action, |value| {
                Ok(Permission::RequestedServerName(values::text(value, Case::Sensitive)))
            })?),
            Key::Experimental => what(field.conditions(self.action, |_| {
                let why = format!("`{}` is not modelled", when.key.value);
                Ok(Permission::Unknowable(why))
            })?),
            Key::SourceIp => who(self.direct(field)?),
            Key::RemoteIp => who(self.remote(field)?),
            Key::Namespace => who(self.namespaces(field)?),
            Key::TrustDomain => who(self.domains(field)?),
            Key::ServiceAccount => who(self.accounts(field)?),
            Key::Principal => who(self.principals(field)?),
            Key::RequestPrincipal => {
                who(self.of_request(field, |value| Ok(values::request_principal(value)))?)
            }
            Key::Audiences => who(self.claim(field, Ok(vec!["aud".to_owned()]))?),
            Key::Presenter => who(self.claim(field, Ok(vec!["azp".to_owned()]))?),
            Key::Header(rest) => {
                let name = in_brackets(rest);
                who(self.of_request(field, |value| {
                    let matcher = values::header(name.clone()?, value, Case::Sensitive);
                    Ok(Principal::Header(matcher))
                })?)
            }
            Key::Claim(rest) => who(self.claim(field, claim_path(rest))?),
        })
    }

    /// A field that only requests have.
    fn of_request<C: super::clause::Condition>(
        self,
        field: Field<'_>,
        make: impl Fn(&str) -> Result<C, String>,
    ) -> Result<Vec<C>, String> {
        let attribute = field.attribute;
        field.conditions(self.action, |value| match self.layer {
            Layer::Requests => make(value),
            Layer::Connections => {
                Err(format!("{attribute} is known of requests, and this port carries bytes"))
            }
        })
    }

    fn principals(self, field: Field<'_>) -> Result<Vec<Principal>, String> {
        field.conditions(self.action, |value| {
            let each = values::with_aliases(value, self.domains);
            Ok(Principal::Or(each.iter().map(|one| values::principal(one)).collect()))
        })
    }

    fn namespaces(self, field: Field<'_>) -> Result<Vec<Principal>, String> {
        field.conditions(self.action, |value| Ok(values::namespace(value)))
    }

    fn accounts(self, field: Field<'_>) -> Result<Vec<Principal>, String> {
        field.conditions(self.action, |value| Ok(values::service_account(self.namespace, value)))
    }

    fn domains(self, field: Field<'_>) -> Result<Vec<Principal>, String> {
        field.conditions(self.action, |value| {
            let each: Vec<&str> =
                if self.domains.contains(&value) { self.domains.to_vec() } else { vec![value] };
            Ok(Principal::Or(each.into_iter().map(values::trust_domain).collect()))
        })
    }

    fn direct(self, field: Field<'_>) -> Result<Vec<Principal>, String> {
        field.conditions(self.action, |value| Ok(Principal::DirectRemoteIp(values::block(value)?)))
    }

    fn remote(self, field: Field<'_>) -> Result<Vec<Principal>, String> {
        field.conditions(self.action, |value| Ok(Principal::RemoteIp(values::block(value)?)))
    }

    fn port(self, field: Field<'_>) -> Result<Vec<Permission>, String> {
        field.conditions(self.action, |value| Ok(Permission::DestinationPort(values::port(value)?)))
    }

    fn claim(
        self,
        field: Field<'_>,
        path: Result<Vec<String>, String>,
    ) -> Result<Vec<Principal>, String> {
        self.of_request(field, |value| {
            let value = values::text(value, Case::Sensitive);
            Ok(Principal::Claim { path: path.clone()?, value })
        })
    }
}

/// `[name]`.
pub(super) fn in_brackets(text: &str) -> Result<&str, String> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.ok_or_else(|| format!("a name in brackets is missing: `{text}`"))
}

/// `[outer][inner]`; what is no list of brackets is one name (istio
/// `pilot/pkg/security/authz/model/util.go`, `extractNameInNestedBrackets`).
pub(super) fn claim_path(text: &str) -> Result<Vec<String>, String> {
    let whole = in_brackets(text)?;
    let parts: Vec<_> = whole.split("][").collect();
    if parts.iter().any(|part| part.contains(['[', ']'])) {
        return Ok(vec![whole.to_owned()]);
    }
    Ok(parts.into_iter().map(str::to_owned).collect())
}
