//! The changes that are tried, as data. Which of them are worth trying, and what they do to the
//! objects, is said in the rooms beside this one.

use std::collections::BTreeMap;

use crate::explain::RuleId;
use crate::manifest::Place;
use crate::manifest::kinds::istio::{ClientTlsMode, MtlsMode};
use crate::manifest::kinds::policy::Direction;

use super::access::AccessChange;
use super::network::NetworkChange;

/// Which object of the manifests: the cluster's number, then the object's.
pub type At = (usize, usize);

/// One change to the manifests, or to the request.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What it does.
    pub change: Change,
    /// The object that is changed; `None` for the request, or for an object that is new.
    pub at: Option<At>,
    /// Where the change is made; `None` where no file has the place.
    pub place: Option<Place>,
    /// What to do, as a sentence in the imperative.
    pub sentence: String,
    /// How many fields it changes.
    pub size: u32,
}

/// What an edit does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Sets the service account of a workload's pods.
    ServiceAccount(String),
    /// Sets labels, or takes away those without a value.
    Labels(LabelChange),
    /// Changes an AuthorizationPolicy.
    Access(AccessChange),
    /// Changes a NetworkPolicy.
    Network(NetworkChange),
    /// Sets the mode of a PeerAuthentication; of one port where there is one.
    MtlsMode {
        /// The port of the workload.
        port: Option<u16>,
        /// The mode.
        mode: MtlsMode,
    },
    /// Sets how clients encrypt, in one part of a DestinationRule; `None` leaves it to the mesh.
    ClientTls {
        /// Which part.
        part: TlsPart,
        /// The mode.
        mode: Option<ClientTlsMode>,
    },
    /// Takes the object away.
    Delete,
    /// Sends another request.
    Request(RequestChange),
}

/// Labels that are set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelChange {
    /// Whose they are.
    pub of: Labelled,
    /// By key; `None` takes the label away.
    pub labels: BTreeMap<String, Option<String>>,
}

/// What has labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labelled {
    /// The pods of the workload.
    Pods,
    /// The namespace.
    Namespace,
    /// A namespace that the manifests mention and do not describe.
    NewNamespace(String),
}

/// A part of a DestinationRule that may say how clients encrypt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TlsPart {
    /// The number of the subset; `None` is the rule's own policy.
    pub subset: Option<usize>,
    /// The number of the entry for a port; `None` is what holds for all of them.
    pub port: Option<usize>,
}

/// What another request has that the asked one has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestChange {
    /// Another method.
    Method(String),
    /// Another path.
    Path(String),
    /// Another value of a header.
    Header(String, String),
}

/// How many others an edit touches beside the caller; of edits of one size and sort the narrower
/// is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// The caller, where a rule lets others do what it wants to do.
    Caller,
    /// The caller, in all that it does; or others who ask for the same.
    CallerAtLarge,
    /// The caller's namespace.
    Namespace,
    /// The caller's namespace, in all that it does.
    NamespaceAtLarge,
}

/// The sorts of edits, in the order in which edits of one size are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EditKind {
    /// Adds the caller or the request to a rule of an AuthorizationPolicy.
    AccessAdd,
    /// Keeps a rule of an AuthorizationPolicy from matching the caller.
    AccessExempt,
    /// Adds a peer to a rule of a NetworkPolicy.
    NetworkPeer,
    /// Adds a port to a rule of a NetworkPolicy.
    NetworkPort,
    /// Adds a rule to a NetworkPolicy.
    NetworkRule,
    /// Sets labels.
    Label,
    /// Sets the label by which pods get a proxy.
    Enrol,
    /// Sets the caller's service account.
    ServiceAccount,
    /// Sets the mode of a PeerAuthentication.
    MtlsMode,
    /// Sets how clients of a DestinationRule encrypt.
    ClientTls,
    /// Sends another request.
    Request,
    /// Takes a value, a peer, a port or a rule out of a policy.
    TakeAway,
    /// Takes a policy away.
    DeletePolicy,
}

impl EditKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::AccessAdd,
        Self::AccessExempt,
        Self::NetworkPeer,
        Self::NetworkPort,
        Self::NetworkRule,
        Self::Label,
        Self::Enrol,
        Self::ServiceAccount,
        Self::MtlsMode,
        Self::ClientTls,
        Self::Request,
        Self::TakeAway,
        Self::DeletePolicy,
    ];

    /// The rule of the catalogue that says what the edit is.
    #[must_use]
    pub const fn rule(self) -> RuleId {
        match self {
            Self::AccessAdd => RuleId("flip.access-add"),
            Self::AccessExempt => RuleId("flip.access-exempt"),
            Self::NetworkPeer => RuleId("flip.network-peer"),
            Self::NetworkPort => RuleId("flip.network-port"),
            Self::NetworkRule => RuleId("flip.network-rule"),
            Self::Label => RuleId("flip.label"),
            Self::Enrol => RuleId("flip.enrol"),
            Self::ServiceAccount => RuleId("flip.service-account"),
            Self::MtlsMode => RuleId("flip.mtls-mode"),
            Self::ClientTls => RuleId("flip.client-tls"),
            Self::Request => RuleId("flip.request"),
            Self::TakeAway => RuleId("flip.take-away"),
            Self::DeletePolicy => RuleId("flip.delete-policy"),
        }
    }
}

/// The label by which a pod gets a proxy, and the one by which all pods of a namespace do.
pub(super) const INJECT: &str = "sidecar.istio.io/inject";
pub(super) const INJECTION: &str = "istio-injection";
/// The label by which pods, or all pods of a namespace, are given to the ztunnels of their nodes.
pub(super) const MODE: &str = "istio.io/dataplane-mode";

impl Edit {
    /// How many others it touches, as far as its sort leaves that open.
    pub(super) const fn width(&self) -> Width {
        match &self.change {
            Change::Access(change) => change.width(),
            Change::Labels(change) => match change.of {
                Labelled::Pods => Width::Caller,
                Labelled::Namespace | Labelled::NewNamespace(_) => Width::Namespace,
            },
            _ => Width::Caller,
        }
    }

    /// Its sort.
    #[must_use]
    pub fn kind(&self) -> EditKind {
        match &self.change {
            Change::ServiceAccount(_) => EditKind::ServiceAccount,
            Change::Labels(change) => {
                let enrols = |key: &String| key == INJECT || key == INJECTION || key == MODE;
                if change.labels.keys().all(enrols) { EditKind::Enrol } else { EditKind::Label }
            }
            Change::Access(change) => change.kind(),
            Change::Network(change) => change.kind(),
            Change::MtlsMode { .. } => EditKind::MtlsMode,
            Change::ClientTls { .. } => EditKind::ClientTls,
            Change::Delete => EditKind::DeletePolicy,
            Change::Request(_) => EditKind::Request,
        }
    }
}

/// `ingress` or `egress`, as a field of a NetworkPolicy.
pub(super) const fn field(direction: Direction) -> &'static str {
    direction.word()
}
