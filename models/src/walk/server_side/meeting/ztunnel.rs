//! A connection at the ztunnel of a server's node: what its policies make of who stands at the other
//! end. What the policies mean is decided in the proxy's room.

use crate::explain::{Probe, Tree};
use crate::identity::SpiffeId;
use crate::path::DataPath;
use crate::proxy::ztunnel::{self, Action, Answer, Inbound, Peer, Policy, receive, tell_waypoint};
use crate::world::Origin;

use super::super::super::answer::Finding;
use super::super::super::rules;
use super::super::super::verdict::{BoxKind, EndKind, Fate, Taker};
use super::super::tally::{Gets, Met};
use super::super::tunnel::Tunnel;
use super::{Judged, Meeting, refusal};

/// Keeps plaintext that reaches a pod from its ztunnel (istio `pkg/config/constants`,
/// `AmbientBypassInboundCapture`).
pub const BYPASSES_ZTUNNEL: &str = "ambient.istio.io/bypass-inbound-capture";

impl Meeting<'_> {
    pub(super) fn is_ambient(&self) -> bool {
        self.view.planes.data_path(self.view.world, self.group.pod) == DataPath::IstioAmbient
    }

    /// The server is in ambient.
    pub(super) fn beside_ztunnel(&self, tree: &mut Tree) -> Judged {
        let (view, name) = (self.view, &self.name);
        let annotations = &view.world.workload_of(self.group.pod).annotations;
        let bypass = annotations.get(BYPASSES_ZTUNNEL).filter(|it| it.value == "true");
        if let Some(bypass) = bypass.filter(|_| self.group.sent.tunnel == Tunnel::Missing) {
            let origin = Origin::Manifest(bypass.place);
            tree.step(rules::BYPASSES_ZTUNNEL, Some(origin), || {
                format!("plaintext reaches {name} past its ztunnel, as an annotation asks for")
            });
            let sentence = format!("the application of {name} takes the connection itself");
            return (sentence, self.at_application(Some(origin)), Taker::Application);
        }
        let sentence =
            format!("{name} is in ambient: the ztunnel of its node takes the connection");
        (sentence, self.authorized(tree), Taker::Ztunnel)
    }

    fn authorized(&self, tree: &mut Tree) -> Met {
        let policies = self.view.planes.ztunnel_policies(self.view.world, self.group.pod);
        let connection = ztunnel::Connection {
            source_ip: self.connection.source_ip,
            peer: self.peer(),
            destination_ip: self.connection.destination_ip,
            destination_port: self.group.port,
        };
        let name = &self.name;
        if self.client.sender.kind == EndKind::Waypoint {
            tell_waypoint(&self.client.sender.name, tree);
        }
        match receive(&policies, &connection, tree) {
            Inbound::Forwarded | Inbound::NotRedirected => self.at_application(None),
            Inbound::Refused { answer, sentence, origins } => {
                let does = match answer {
                    Answer::Closed => "closes the connection".to_owned(),
                    Answer::Status(status) => format!("answers CONNECT with {status}"),
                };
                let sentence = format!("the ztunnel of {name} {does}: {sentence}");
                let by = (BoxKind::ServerZtunnel, name.clone());
                refusal(sentence, origins, by, Gets::Nothing(Fate::Closed))
            }
            Inbound::Unknown { why, .. } => {
                Met::Unknown(format!("at the ztunnel of {name}: {why}"))
            }
        }
    }

    /// Who stands at the other end, as the ztunnel sees it.
    fn peer(&self) -> Peer {
        if self.group.sent.tunnel == Tunnel::Missing {
            return Peer::Plaintext;
        }
        let principal = self.connection.principal.as_deref();
        let known = principal.and_then(|name| name.parse::<SpiffeId>().ok());
        known.map_or(Peer::Unnamed, Peer::Known)
    }

    /// Policies that do not do at the ztunnel what they say.
    pub(super) fn notes(&self) -> Vec<Finding> {
        if !self.is_ambient() {
            return Vec::new();
        }
        let policies = self.view.planes.ztunnel_policies(self.view.world, self.group.pod);
        let ignored = policies.ignored.iter().map(|ignored| Finding {
            id: "ztunnel.policy-ignored",
            sentence: format!(
                "policy {} is not enforced by the ztunnel of {}: {}",
                ignored.title, self.name, ignored.why
            ),
            origins: vec![ignored.origin],
        });
        let dropped = policies.in_force.iter().filter_map(|policy| self.dropped(policy));
        ignored.chain(dropped).collect()
    }

    /// What a policy asks for that no ztunnel sees.
    fn dropped(&self, policy: &Policy) -> Option<Finding> {
        let (fields, means, origin) = match policy.action {
            Action::Allow => {
                let first = policy.left_out.first()?;
                let means = "the rule is left out and lets nobody through";
                (&first.fields, means, first.origin)
            }
            Action::Deny => {
                let clauses = policy.rules.iter().flat_map(|rule| &rule.clauses);
                let mut matches = clauses.flat_map(|clause| &clause.matches);
                let blind = matches.find(|it| !it.dropped.is_empty())?;
                let means = match blind.is_empty() {
                    true => "nothing is left to match, so that the rule denies nobody",
                    false => "the rule denies whatever its other fields match",
                };
                (&blind.dropped, means, blind.origin)
            }
        };
        Some(Finding {
            id: "ztunnel.field-not-seen",
            sentence: format!(
                "{} policy {} asks for {}, which the ztunnel of {} cannot see: {means}",
                policy.action.word(),
                policy.title,
                fields.join(", "),
                self.name
            ),
            origins: vec![origin],
        })
    }
}
