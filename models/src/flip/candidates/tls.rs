//! Edits about the encryption between proxies, and about who has a proxy.

use crate::manifest::kinds::Resource;
use crate::manifest::kinds::istio::{
    ClientTlsMode, DestinationRule, IstioResource, MtlsMode, PeerAuthentication, TrafficPolicy,
};

use crate::path::DataPath;

use super::super::edit::{At, Change, Edit, TlsPart};
use super::super::scene::Side;
use super::labels::{ambient, ambient_of_namespace, enrolment, enrolment_of_namespace, to_have};
use super::{Found, namespace_of, title};

/// The modes that a PeerAuthentication is tried with.
const MODES: [MtlsMode; 2] = [MtlsMode::Permissive, MtlsMode::Strict];

pub(super) fn add(found: &mut Found<'_, '_>) {
    let scene = found.scene;
    for (at, default, resource) in scene.draft.objects() {
        let Resource::Istio(object) = resource else { continue };
        match &**object {
            IstioResource::PeerAuthentication(policy) => {
                let namespace = namespace_of(default, &policy.meta);
                let speaks = |side: &&Side| {
                    let is_own = side.namespace == namespace;
                    let selects = policy.selector.as_ref();
                    let selects =
                        selects.is_none_or(|it| to_have(&it.value, &side.labels).is_empty());
                    selects && (is_own || scene.root_namespace(side.pod) == Some(namespace))
                };
                if scene.servers.iter().any(|side| speaks(&side)) {
                    let title = title("PeerAuthentication", default, &policy.meta);
                    modes(found, at, policy, &title);
                }
            }
            IstioResource::DestinationRule(rule) => {
                let namespace = namespace_of(default, &rule.meta);
                if scene.hosts.iter().any(|host| is_about(&rule.host.value, namespace, host)) {
                    let title = title("DestinationRule", default, &rule.meta);
                    client_modes(found, at, rule, &title);
                }
            }
            _ => {}
        }
    }
    if let Some(caller) = &scene.caller {
        // Both ways for both goals: an identity is what an ALLOW asks for, and what a DENY needs.
        let edits = if caller.has_sidecar {
            [enrolment(caller, "false"), None]
        } else {
            [enrolment(caller, "true"), enrolment_of_namespace(caller)]
        };
        edits.into_iter().flatten().for_each(|edit| found.one(edit));
        let is_mesh = scene.servers.iter().any(|side| side.path == DataPath::IstioAmbient);
        let edits = match caller.path {
            DataPath::IstioAmbient => [ambient(caller, "none"), None],
            DataPath::None if is_mesh => [ambient(caller, "ambient"), ambient_of_namespace(caller)],
            DataPath::None | DataPath::IstioSidecar => [None, None],
        };
        edits.into_iter().flatten().for_each(|edit| found.one(edit));
    }
}

/// Whether a rule of a namespace may be about a host with this whole name.
fn is_about(written: &str, namespace: &str, host: &str) -> bool {
    match written.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None if written.contains('.') => written == host,
        None => format!("{written}.{namespace}.svc.cluster.local") == host,
    }
}

fn modes(found: &mut Found<'_, '_>, at: At, policy: &PeerAuthentication, title: &str) {
    let ports = policy.ports.iter().map(|(port, mode)| (Some(*port), mode.as_ref()));
    for (port, written) in std::iter::once((None, policy.mode.as_ref())).chain(ports) {
        for mode in MODES {
            if written.is_some_and(|it| it.value == mode) {
                continue;
            }
            let of = port.map_or_else(String::new, |port| format!(" of port {port}"));
            let word = match mode {
                MtlsMode::Disable => "DISABLE",
                MtlsMode::Permissive => "PERMISSIVE",
                MtlsMode::Strict => "STRICT",
            };
            found.one(Edit {
                change: Change::MtlsMode { port, mode },
                at: Some(at),
                place: Some(written.map_or(policy.meta.place, |it| it.place)),
                sentence: format!("set the mode{of} of {title} to {word}"),
                size: 1,
            });
        }
    }
}

fn client_modes(found: &mut Found<'_, '_>, at: At, rule: &DestinationRule, title: &str) {
    let own = rule.policy.iter().map(|policy| (None, policy));
    let subsets = rule.subsets.iter().enumerate();
    let subsets = subsets.filter_map(|(at, it)| Some((Some(at), it.policy.as_ref()?)));
    for (subset, policy) in own.chain(subsets) {
        let ports = policy.ports.iter().enumerate().map(|(at, (_, policy))| (Some(at), policy));
        for (port, policy) in std::iter::once((None, policy)).chain(ports) {
            let of_subset = subset.map(|at| format!(" of subset {}", rule.subsets[at].name.value));
            of_part(found, (at, title), TlsPart { subset, port }, policy, of_subset.as_deref());
        }
    }
}

fn of_part(
    found: &mut Found<'_, '_>,
    (at, title): (At, &str),
    part: TlsPart,
    policy: &TrafficPolicy,
    of_subset: Option<&str>,
) {
    let Some(tls) = &policy.tls else { return };
    let of = of_subset.unwrap_or_default();
    let mesh = Some(ClientTlsMode::IstioMutual);
    let is_mesh = tls.mode.value == ClientTlsMode::IstioMutual;
    let set =
        (!is_mesh).then(|| (mesh, format!("set the tls mode{of} of {title} to ISTIO_MUTUAL")));
    let remove = (None, format!("remove the tls settings{of} of {title}"));
    for (mode, sentence) in set.into_iter().chain([remove]) {
        found.one(Edit {
            change: Change::ClientTls { part, mode },
            at: Some(at),
            place: Some(tls.mode.place),
            sentence,
            size: 1,
        });
    }
}
