//! One connection: peers are compared, and ports are those of the pod that is called.

use crate::manifest::kinds::Transport;
use crate::world::NamespaceId;

use super::compile::{ClusterRow, NamespacedRow, RuleRow};
use super::evaluate::{End, Look};
use super::matching::{self, Truth, port_set};
use super::portion::One;

/// A port of one transport.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) transport: Transport,
    pub(super) port: u16,
}

impl Look for Point {
    type Part = One;

    fn whole(&self) -> One {
        One::There
    }

    fn none(&self) -> One {
        One::Gone
    }

    fn speaks(&self, end: &End<'_>, row: &ClusterRow) -> Truth {
        matching::subject(&row.policy.subject, end.pod)
    }

    fn selects(&self, end: &End<'_>, row: &NamespacedRow) -> Truth {
        matching::selects(&row.policy.pods, end.pod.labels)
    }

    fn peer(&self, end: &End<'_>, row: &RuleRow, at: usize, own: Option<NamespaceId>) -> Truth {
        let peer = row.rule.peers.as_deref().and_then(|peers| peers.get(at));
        peer.map_or(Truth::No, |peer| end.scene.peer(&peer.test, own, end.other))
    }

    fn called(&self) -> Option<(u16, Transport)> {
        Some((self.port, self.transport))
    }

    fn ports(&self, end: &End<'_>, row: &RuleRow) -> One {
        let set = port_set(row.rule.ports.as_deref(), end.to);
        One::of(&set, self.transport, self.port)
    }
}
