//! The ztunnels of nodes: how one sends for a client, and what one makes of a connection to a server.
//! Their rules are those of `proxy::ztunnel`.

use crate::control::istio::ambient::waypoints::WaypointAsked;
use crate::explain::Silent;
use crate::identity::SpiffeId;
use crate::manifest::kinds::istio::MtlsMode;
use crate::path::DataPath;
use crate::proxy::ztunnel::{self, Inbound, Peer};
use crate::walk::{BYPASSES_ZTUNNEL, BoxKind};
use crate::world::{PodId, ServiceId, ServiceKind};

use super::access::Source;
use super::link::{Fate, How};
use super::mesh::{Encryption, Meeting, PLAIN, Sent, Spoken, Wire, at_application, unknown};
use super::ports::Way;

impl Meeting<'_> {
    /// How the ztunnel of the client's node sends.
    pub(super) fn sent_by_ztunnel(self, server: PodId, way: Option<Way>) -> Result<Sent, Fate> {
        let is_virtual = |service: ServiceId| {
            matches!(self.world.services[service].kind, ServiceKind::ClusterIp(_))
        };
        let asked = match way {
            Some((service, _)) if is_virtual(service) => WaypointAsked::Service(service),
            _ => WaypointAsked::Pod(server),
        };
        let chosen = self.planes.waypoint_for(self.world, asked);
        if let Some(waypoint) = chosen.outcome {
            let why = format!("calls go through {waypoint}: ask why");
            return Err(unknown(&why, chosen.because.origin));
        }
        Ok(match self.server.path {
            DataPath::None => PLAIN,
            DataPath::IstioAmbient => Sent { wire: Wire::Tunnel, ..PLAIN },
            // The chains for tunnels have the filters of those for mutual TLS.
            DataPath::IstioSidecar => {
                let demand = self.planes.istio().demands(self.world, server, self.port);
                let has_no_tls = demand.is_some_and(|it| it.value == MtlsMode::Disable);
                let encryption = if has_no_tls { Encryption::Nobody } else { Encryption::Mesh };
                Sent { wire: Wire::Tunnel, encryption, spoken: Spoken::Http1, ..PLAIN }
            }
        })
    }

    /// What the ztunnel of the server's node makes of it.
    pub(super) fn at_ztunnel(
        self,
        policies: &ztunnel::Policies,
        server: PodId,
        sent: Sent,
    ) -> Fate {
        let annotations = &self.world.workload_of(server).annotations;
        let bypass = annotations.get(BYPASSES_ZTUNNEL).is_some_and(|it| it.value == "true");
        if bypass && sent.wire == Wire::OwnPort {
            return at_application(sent);
        }
        let known = |name: &str| name.parse::<SpiffeId>().ok();
        let peer = match (sent.wire, self.client.principal.as_deref().and_then(known)) {
            (Wire::OwnPort, _) => Peer::Plaintext,
            (Wire::Tunnel, Some(id)) => Peer::Known(id),
            (Wire::Tunnel, None) => Peer::Unnamed,
        };
        let row = &self.world.pods[server];
        let connection = ztunnel::Connection {
            source_ip: match self.client.source {
                Source::At(ip) => Some(ip),
                Source::Among(..) | Source::Open => None,
            },
            peer,
            destination_ip: row.ip_is_declared.then_some(row.ip),
            destination_port: self.port,
        };
        match ztunnel::receive(policies, &connection, &mut Silent) {
            Inbound::Forwarded | Inbound::NotRedirected => at_application(sent),
            Inbound::Refused { origins, sentence, .. } => Fate::Refused {
                how: How::Reset,
                by: BoxKind::ServerZtunnel,
                why: sentence,
                origins,
            },
            Inbound::Unknown { why, origins } => Fate::Unknown { why, origins },
        }
    }
}
