//! The names of the rules that this room applies; the catalogue has their sentences and sources.

use crate::explain::RuleId;

pub(super) const ALLOWED_LISTENERS: RuleId = RuleId("gateway.attach.allowed-listeners");
pub(super) const ALLOWED_ROUTES: RuleId = RuleId("gateway.attach.allowed-routes");
pub(super) const HOSTNAME: RuleId = RuleId("gateway.attach.hostname");
pub(super) const OVERLAP: RuleId = RuleId("gateway.attach.one-kind-a-hostname");
pub(super) const PARENT: RuleId = RuleId("gateway.attach.parent");
pub(super) const ROUTE_KINDS: RuleId = RuleId("gateway.attach.route-kinds");
pub(super) const BACKEND_INVALID: RuleId = RuleId("gateway.backend.invalid");
pub(super) const BACKEND_NO_ENDPOINTS: RuleId = RuleId("gateway.backend.no-endpoints");
pub(super) const BACKEND_RESOLVED: RuleId = RuleId("gateway.backend.resolved");
pub(super) const BACKEND_TLS: RuleId = RuleId("gateway.backend.tls");
pub(super) const CLASS: RuleId = RuleId("gateway.class");
pub(super) const FILTER_UNSUPPORTED: RuleId = RuleId("gateway.filter.unsupported");
pub(super) const GRANT: RuleId = RuleId("gateway.grant");
pub(super) const HEADERS: RuleId = RuleId("gateway.headers");
pub(super) const HOST_PORT: RuleId = RuleId("gateway.host.port-ignored");
pub(super) const CERTIFICATE: RuleId = RuleId("gateway.listener.certificate");
pub(super) const CONFLICT: RuleId = RuleId("gateway.listener.conflict");
pub(super) const ISOLATION: RuleId = RuleId("gateway.listener.isolation");
pub(super) const LISTENER: RuleId = RuleId("gateway.listener.valid");
pub(super) const FIRST_OF_NAME: RuleId = RuleId("gateway.match.first-of-name");
pub(super) const PATH_PREFIX: RuleId = RuleId("gateway.match.path-prefix");
pub(super) const PRECEDENCE: RuleId = RuleId("gateway.match.precedence");
pub(super) const MESH_CONSUMER: RuleId = RuleId("gateway.mesh.consumer");
pub(super) const MESH_FRONTEND: RuleId = RuleId("gateway.mesh.frontend");
pub(super) const MESH_HOSTNAMES: RuleId = RuleId("gateway.mesh.hostnames-ignored");
pub(super) const MESH_GRANT: RuleId = RuleId("gateway.mesh.no-grant");
pub(super) const MESH_KIND: RuleId = RuleId("gateway.mesh.one-kind");
pub(super) const MESH_PORT: RuleId = RuleId("gateway.mesh.port");
pub(super) const MIRROR: RuleId = RuleId("gateway.mirror");
pub(super) const NO_MATCH: RuleId = RuleId("gateway.no-match");
pub(super) const NOT_MODELLED: RuleId = RuleId("gateway.not-modelled");
pub(super) const REDIRECT_PORT: RuleId = RuleId("gateway.redirect.port");
pub(super) const RETRY: RuleId = RuleId("gateway.retry");
pub(super) const REWRITE_PREFIX: RuleId = RuleId("gateway.rewrite.prefix");
pub(super) const TIMEOUT: RuleId = RuleId("gateway.timeout");
