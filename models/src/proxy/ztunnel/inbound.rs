//! What ztunnel does with a connection that reaches a pod: HBONE on 15008, and all else, which the
//! pod's own rules lead to 15006 (ztunnel `src/proxy/inbound.rs` and `inbound_passthrough.rs`;
//! istio `cni/pkg/iptables/iptables.go`). What its policies say is asked of `authorize`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::explain::{Probe, RuleId};
use crate::world::Origin;

use super::OWN_PORTS;
use super::authorize::{Authorized, Connection, Peer, authorize};
use super::policy::Policies;

const HBONE: RuleId = RuleId("ztunnel.inbound.hbone");
const OWN_PORT: RuleId = RuleId("ztunnel.inbound.own-port");
const PASSTHROUGH: RuleId = RuleId("ztunnel.inbound.passthrough");
const PROBES: RuleId = RuleId("ztunnel.inbound.probes");
const REFUSAL: RuleId = RuleId("ztunnel.inbound.refusal");
const WAYPOINT: RuleId = RuleId("ztunnel.inbound.waypoint");

/// The address that probes of the kubelet come from (istio `cni/pkg/config`, `HostProbeSNATIP`).
pub const PROBE_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 7, 127));

/// The same where addresses are of IPv6 (`HostProbeSNATIPV6`).
pub const PROBE_SOURCE_V6: IpAddr =
    IpAddr::V6(Ipv6Addr::new(0xfd16, 0x9254, 0x7127, 0x1337, 0xffff, 0xffff, 0xffff, 0xffff));

/// What becomes of a connection that reaches a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// The application gets it from ztunnel.
    Forwarded,
    /// The application gets it without ztunnel.
    NotRedirected,
    /// ztunnel turns it away.
    Refused {
        /// What the other end sees.
        answer: Answer,
        /// Why, in one sentence.
        sentence: String,
        /// The policies that say so.
        origins: Vec<Origin>,
    },
    /// It cannot be told.
    Unknown {
        /// Why, in one sentence.
        why: String,
        /// The policies that it turns on.
        origins: Vec<Origin>,
    },
}

/// How ztunnel turns a connection away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// HBONE: the status of the answer to CONNECT. The ztunnel that asked closes its client's
    /// connection, which was accepted already, so the client sees a reset.
    Status(u16),
    /// Plaintext: the connection, which was accepted already, is closed.
    Closed,
}

/// What the ztunnel of a pod does with a connection to it. In plaintext the port is the one that
/// was dialled, and in HBONE the one that CONNECT names.
pub fn receive(policies: &Policies, connection: &Connection, probe: &mut impl Probe) -> Inbound {
    let is_plain = connection.peer == Peer::Plaintext;
    if is_plain && is_probe(connection.source_ip) {
        probe.step(PROBES, None, || {
            "probes of the kubelet pass ztunnel by: their source is rewritten".to_owned()
        });
        return Inbound::NotRedirected;
    }
    probe.enter();
    let port = connection.destination_port;
    if OWN_PORTS.contains(&port) {
        let answer = refused_with(connection, 503);
        let sentence = format!("port {port} is ztunnel's own");
        probe.step(OWN_PORT, None, || sentence.clone());
        tell(is_plain, probe);
        return Inbound::Refused { answer, sentence, origins: Vec::new() };
    }
    let inbound = match authorize(policies, connection, probe) {
        Authorized::Allowed => Inbound::Forwarded,
        Authorized::Unknown { why, origins } => Inbound::Unknown { why, origins },
        Authorized::Denied { origins, sentence } => {
            let answer = refused_with(connection, 401);
            probe.step(REFUSAL, origins.first().copied(), || match answer {
                Answer::Status(status) => {
                    format!("CONNECT is answered {status}, and the client's connection is reset")
                }
                Answer::Closed => "the connection is closed without a word".to_owned(),
            });
            Inbound::Refused { answer, sentence, origins }
        }
    };
    tell(is_plain, probe);
    inbound
}

fn tell(is_plain: bool, probe: &mut impl Probe) {
    match is_plain {
        true => probe.leave(PASSTHROUGH, None, || {
            "plaintext is led to port 15006 and held against the policies".to_owned()
        }),
        false => probe.leave(HBONE, None, || {
            "HBONE is taken on port 15008, as the certificate of the other end says".to_owned()
        }),
    }
}

/// Tells that it is the waypoint whom the server's ztunnel sees, and not the client behind it.
pub fn tell_waypoint(waypoint: &str, probe: &mut impl Probe) {
    probe.step(WAYPOINT, None, || {
        format!("the server's ztunnel sees {waypoint}, and not the client behind it")
    });
}

fn refused_with(connection: &Connection, status: u16) -> Answer {
    match connection.peer {
        Peer::Plaintext => Answer::Closed,
        Peer::Known(_) | Peer::Unnamed => Answer::Status(status),
    }
}

fn is_probe(source: Option<IpAddr>) -> bool {
    source == Some(PROBE_SOURCE) || source == Some(PROBE_SOURCE_V6)
}
