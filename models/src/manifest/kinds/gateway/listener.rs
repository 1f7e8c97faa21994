//! `GatewayClass`, `Gateway` and `ListenerSet`: where traffic comes in and who may attach to it.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::workload::{Need, read_selector};
use crate::manifest::kinds::{ObjectMeta, Resource, Selector};
use crate::manifest::{Located, Place};

use super::route::{ObjectRef, read_object_ref};
use super::{GATEWAY_GROUP, GatewayResource, resource};

/// `GatewayClass`: who implements its Gateways.
#[derive(Clone, Debug)]
pub struct GatewayClass {
    /// Its name.
    pub meta: ObjectMeta,
    /// `spec.controllerName`, such as `istio.io/gateway-controller`.
    pub controller: Option<Located<String>>,
}

/// `Gateway`.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// `spec.gatewayClassName`.
    pub class: Option<Located<String>>,
    /// `spec.listeners`.
    pub listeners: Vec<GatewayListener>,
    /// Whose ListenerSets may add listeners; none by default.
    pub allowed_listeners: AllowedNamespaces,
}

/// `ListenerSet`: more listeners for a Gateway.
#[derive(Clone, Debug)]
pub struct ListenerSet {
    /// Which of the two kinds it is.
    pub kind: ListenerSetKind,
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// `spec.parentRef`.
    pub parent: ObjectRef,
    /// `spec.listeners`.
    pub listeners: Vec<GatewayListener>,
}

/// The two kinds of ListenerSets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListenerSetKind {
    /// `ListenerSet` of `gateway.networking.k8s.io`.
    Standard,
    /// `XListenerSet` of `gateway.networking.x-k8s.io`.
    Experimental,
}

/// One listener of a Gateway or ListenerSet.
#[derive(Clone, Debug)]
pub struct GatewayListener {
    /// Its name, which `sectionName` refers to.
    pub name: Located<String>,
    /// The hosts it serves; `None` serves all.
    pub hostname: Option<Located<String>>,
    /// The port.
    pub port: Located<u16>,
    /// What is spoken.
    pub protocol: Located<ListenerProtocol>,
    /// How TLS is treated.
    pub tls: Option<ListenerTls>,
    /// Which routes may attach.
    pub allowed: AllowedRoutes,
    /// Where it begins.
    pub place: Place,
}

/// `protocol` of a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListenerProtocol {
    /// HTTP in plaintext.
    Http,
    /// HTTP over TLS that ends here.
    Https,
    /// TLS, passed through or ended here.
    Tls,
    /// Bytes.
    Tcp,
    /// Datagrams.
    Udp,
    /// Another word; implementations may have their own.
    Other(String),
}

impl ListenerProtocol {
    /// As it is written.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Other(word) => word,
        }
    }

    fn of_word(word: String) -> Self {
        match word.as_str() {
            "HTTP" => Self::Http,
            "HTTPS" => Self::Https,
            "TLS" => Self::Tls,
            "TCP" => Self::Tcp,
            "UDP" => Self::Udp,
            _ => Self::Other(word),
        }
    }
}

/// `tls` of a listener.
#[derive(Clone, Debug)]
pub struct ListenerTls {
    /// Whether TLS ends here; it does by default.
    pub mode: TlsMode,
    /// The certificates.
    pub certificates: Vec<ObjectRef>,
    /// Where it begins.
    pub place: Place,
}

/// `tls.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// TLS ends at the Gateway.
    #[default]
    Terminate,
    /// The backend ends TLS.
    Passthrough,
}

/// Which routes may attach to a listener.
#[derive(Clone, Debug)]
pub struct AllowedRoutes {
    /// From which namespaces; the listener's own by default.
    pub namespaces: AllowedNamespaces,
    /// Of which kinds; empty means those that the protocol admits.
    pub kinds: Vec<RouteGroupKind>,
}

/// A kind of routes.
#[derive(Clone, Debug)]
pub struct RouteGroupKind {
    /// Its group.
    pub group: String,
    /// Its name.
    pub kind: Located<String>,
}

/// From which namespaces something may come.
#[derive(Clone, Debug, Default)]
pub enum AllowedNamespaces {
    /// From all.
    All,
    /// From that of the object itself.
    #[default]
    Same,
    /// From those with fitting labels.
    Selector(Located<Selector>),
    /// From none.
    None,
}

/// `from`, before its selector is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    All,
    Same,
    Selector,
    None,
}

const FROM: &[(&str, From)] =
    &[("All", From::All), ("Same", From::Same), ("Selector", From::Selector), ("None", From::None)];

const TLS_MODES: &[(&str, TlsMode)] =
    &[("Terminate", TlsMode::Terminate), ("Passthrough", TlsMode::Passthrough)];

pub(in crate::manifest) fn read_gateway_class(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let controller = fields.required_object("spec", |spec| spec.expected_string("controllerName"));
    let class = GatewayClass { meta, controller: controller.flatten() };
    resource(Some(GatewayResource::Class(class)))
}

pub(in crate::manifest) fn read_gateway(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let gateway = fields.required_object("spec", |spec| Gateway {
        meta,
        class: spec.expected_string("gatewayClassName"),
        listeners: spec.list("listeners", read_listener),
        allowed_listeners: spec
            .object("allowedListeners", |allowed| read_namespaces(allowed, From::None))
            .unwrap_or(AllowedNamespaces::None),
    });
    resource(gateway.map(GatewayResource::Gateway))
}

pub(in crate::manifest) fn read_listener_set(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_set(fields, meta, ListenerSetKind::Standard)
}

pub(in crate::manifest) fn read_x_listener_set(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_set(fields, meta, ListenerSetKind::Experimental)
}

fn read_set(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
    kind: ListenerSetKind,
) -> Vec<Resource> {
    let set = fields.required_object("spec", |spec| {
        let parent = spec.required_object("parentRef", |parent| {
            read_object_ref(parent, GATEWAY_GROUP, "Gateway")
        });
        let listeners = spec.list("listeners", read_listener);
        Some(ListenerSet { kind, meta, parent: parent.flatten()?, listeners })
    });
    let set = set.flatten();
    resource(set.map(GatewayResource::ListenerSet))
}

fn read_listener(listener: &mut Fields<'_, '_, '_, '_>) -> Option<GatewayListener> {
    let place = listener.place();
    let name = listener.required_string("name");
    let hostname = listener.string("hostname").filter(|host| !host.is_empty());
    let port = listener.required_number("port", 1..=u16::MAX);
    let protocol = listener.required_string("protocol");
    let tls = listener.object("tls", |tls| ListenerTls {
        mode: tls.choice("mode", TLS_MODES).map(|mode| mode.value).unwrap_or_default(),
        certificates: tls
            .list("certificateRefs", |reference| read_object_ref(reference, "", "Secret")),
        place: tls.place(),
    });
    let allowed = listener.object("allowedRoutes", |allowed| AllowedRoutes {
        namespaces: read_namespaces(allowed, From::Same),
        kinds: allowed.list("kinds", |kind| {
            let group = kind.string("group").map_or(GATEWAY_GROUP.to_owned(), |it| it.value);
            Some(RouteGroupKind { group, kind: kind.required_string("kind")? })
        }),
    });
    Some(GatewayListener {
        name: name?,
        hostname,
        port: port?,
        protocol: protocol?.map(ListenerProtocol::of_word),
        tls,
        allowed: allowed
            .unwrap_or(AllowedRoutes { namespaces: AllowedNamespaces::Same, kinds: Vec::new() }),
        place,
    })
}

fn read_namespaces(parent: &mut Fields<'_, '_, '_, '_>, default: From) -> AllowedNamespaces {
    let read = parent.object("namespaces", |namespaces| {
        let from = namespaces.choice("from", FROM).map(|from| from.value);
        (from, read_selector(namespaces, Need::Optional))
    });
    let (from, selector) = read.unwrap_or((None, None));
    match (from.unwrap_or(default), selector) {
        (From::All, _) => AllowedNamespaces::All,
        (From::Same, _) => AllowedNamespaces::Same,
        (From::Selector, Some(selector)) => AllowedNamespaces::Selector(selector),
        // Without its selector the word selects nothing.
        (From::Selector | From::None, _) => AllowedNamespaces::None,
    }
}
