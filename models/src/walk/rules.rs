//! The steps that the walk itself adds to a tree of reasons.

use crate::explain::RuleId;

/// A pod asks that plaintext does not meet its ztunnel.
pub(super) const BYPASSES_ZTUNNEL: RuleId = RuleId("walk.bypasses-ztunnel");
/// Who asks, and what stands between that and the network.
pub(super) const CALLER: RuleId = RuleId("walk.caller");
/// When a client gives up a connection that is never made.
pub(super) const CONNECT_TIME_OUT: RuleId = RuleId("walk.connect-time-out");
/// A controller of Ingresses that no manifest holds.
pub(super) const CONTROLLER: RuleId = RuleId("walk.controller");
/// Policies that ask for what nobody knows of such a controller are taken to let it in.
pub(super) const CONTROLLER_ADMITTED: RuleId = RuleId("walk.controller-admitted");
/// Endpoints of a cluster, and which are in use.
pub(super) const ENDPOINTS: RuleId = RuleId("walk.endpoints");
/// A client outside dials a Service.
pub(super) const EXPOSED: RuleId = RuleId("walk.exposed");
/// Whose address servers see of a client outside.
pub(super) const EXPOSED_ADDRESS: RuleId = RuleId("walk.exposed-address");
/// A client outside asks a gateway.
pub(super) const GATEWAY: RuleId = RuleId("walk.gateway");
/// A name is asked of the cluster's name servers.
pub(super) const NAME_SERVER: RuleId = RuleId("walk.name-server");
/// Objects that touch the path and are not modelled.
pub(super) const NOT_MODELLED: RuleId = RuleId("walk.not-modelled");
/// nginx answers for a server whose connection fails.
pub(super) const NGINX_FAILED: RuleId = RuleId("walk.nginx-failed");
/// kube-proxy takes a connection that no proxy takes.
pub(super) const NO_PROXY: RuleId = RuleId("walk.no-proxy");
/// A name that no server of the cluster knows.
pub(super) const OUTSIDE_NAME: RuleId = RuleId("walk.outside-name");
/// Retries in force.
pub(super) const RETRIES: RuleId = RuleId("walk.retries");
/// A connection manager names a route table that the proxy does not have.
pub(super) const ROUTE_TABLE: RuleId = RuleId("walk.route-table");
/// The proxy beside the server.
pub(super) const SERVER_SIDE: RuleId = RuleId("walk.server-side");
/// Bytes are passed on unread.
pub(super) const TCP: RuleId = RuleId("walk.tcp");
/// Time limits in force.
pub(super) const TIMEOUTS: RuleId = RuleId("walk.timeouts");
/// The port that policies of the network see of tunnels.
pub(super) const TUNNEL_PORT: RuleId = RuleId("walk.tunnel-port");
/// A request at a waypoint.
pub(super) const WAYPOINT: RuleId = RuleId("walk.waypoint");
/// The ztunnel of a pod's node answers for names of Services.
pub(super) const ZTUNNEL_NAMES: RuleId = RuleId("walk.ztunnel-names");
/// The ztunnel of a pod's node picks who gets a connection.
pub(super) const ZTUNNEL_PICKS: RuleId = RuleId("walk.ztunnel-picks");
