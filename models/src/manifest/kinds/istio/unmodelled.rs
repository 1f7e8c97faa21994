//! Istio's kinds that are read only to say, by name, what is not modelled and what it would touch.

use super::{IstioResource, Labels, ObjectMeta, Resource};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

/// An object whose effect is not modelled.
#[derive(Clone, Debug)]
pub struct Unmodelled {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// Its kind.
    pub kind: UnmodelledKind,
    /// The workloads that it changes; `None` is all of its scope.
    pub selector: Option<Located<Labels>>,
    /// `targetRef` and `targetRefs`, as `Kind/name`.
    pub targets: Vec<Located<String>>,
    /// What it changes there, in words.
    pub touches: Vec<Located<String>>,
    /// What it can do to a request.
    pub effect: Effect,
}

/// What an object that is not modelled can do to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It turns some away.
    TurnsAway,
    /// It changes them, or how they are sent.
    Changes,
    /// It looks on.
    LooksOn,
}

/// The kinds whose effect is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum UnmodelledKind {
    /// `networking.istio.io EnvoyFilter`.
    EnvoyFilter,
    /// `telemetry.istio.io Telemetry`.
    Telemetry,
    /// `extensions.istio.io WasmPlugin`.
    WasmPlugin,
}

pub(in crate::manifest) fn read_wasm_plugin(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read(fields, meta, UnmodelledKind::WasmPlugin, |spec| {
        let phase = spec.string("phase");
        let word = phase.as_ref().map_or("UNSPECIFIED_PHASE", |phase| phase.value.as_str());
        let place = phase.as_ref().map_or(spec.place(), |phase| phase.place);
        // Filters of these phases are there to turn requests away.
        let effect =
            if matches!(word, "AUTHN" | "AUTHZ") { Effect::TurnsAway } else { Effect::Changes };
        (vec![Located::new(format!("a filter on requests, phase {word}"), place)], effect)
    })
}

pub(in crate::manifest) fn read_telemetry(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read(fields, meta, UnmodelledKind::Telemetry, |spec| {
        (vec![Located::new("metrics, logs and traces".to_owned(), spec.place())], Effect::LooksOn)
    })
}

pub(in crate::manifest) fn read_envoy_filter(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read(fields, meta, UnmodelledKind::EnvoyFilter, |spec| {
        (spec.list("configPatches", |patch| Some(read_patch(patch))), Effect::Changes)
    })
}

/// Such as `HTTP_FILTER in SIDECAR_INBOUND, listener port 8080`.
fn read_patch(patch: &mut Fields<'_, '_, '_, '_>) -> Located<String> {
    let place = patch.place();
    let apply_to = patch.string("applyTo").map_or_else(|| "INVALID".to_owned(), |it| it.value);
    let found = patch.object("match", |matched| {
        let mut words = Vec::new();
        words.extend(matched.string("context").map(|context| format!("in {}", context.value)));
        for (section, noun, names) in [
            ("listener", "listener", ["name", "portName"]),
            ("cluster", "cluster", ["name", "service"]),
            ("routeConfiguration", "route table", ["name", "gateway"]),
        ] {
            let parts = matched.object(section, |part| {
                let names = names.map(|name| part.string(name));
                let port = part.number("portNumber", 0..=u16::MAX);
                part.leave();
                let names = names.into_iter().flatten().map(|name| format!("{noun} `{name}`"));
                names.chain(port.map(|port| format!("{noun} port {port}"))).collect::<Vec<_>>()
            });
            words.extend(parts.unwrap_or_default());
        }
        matched.leave();
        words
    });
    patch.leave();
    let words: Vec<_> = std::iter::once(apply_to).chain(found.unwrap_or_default()).collect();
    Located::new(words.join(", ").replacen(", in ", " in ", 1), place)
}

fn read(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
    kind: UnmodelledKind,
    touches: impl FnOnce(&mut Fields<'_, '_, '_, '_>) -> (Vec<Located<String>>, Effect),
) -> Vec<Resource> {
    let spec = fields.object("spec", |spec| {
        let (touches, effect) = touches(spec);
        let selector = read_any_selector(spec);
        let mut targets = spec.list("targetRefs", read_target);
        targets.extend(spec.object("targetRef", read_target).flatten());
        spec.leave();
        (selector, targets, touches, effect)
    });
    fields.leave();
    // An object that says nothing changes nothing.
    let none = || (None, Vec::new(), Vec::new(), Effect::LooksOn);
    let (selector, targets, touches, effect) = spec.unwrap_or_else(none);
    let object = Unmodelled { meta, kind, selector, targets, touches, effect };
    IstioResource::Unmodelled(object).alone()
}

/// `selector.matchLabels`, or `workloadSelector.labels` of an EnvoyFilter.
fn read_any_selector(spec: &mut Fields<'_, '_, '_, '_>) -> Option<Located<Labels>> {
    let new = super::read_selector(spec, "selector", "matchLabels");
    new.or_else(|| super::read_selector(spec, "workloadSelector", "labels"))
}

fn read_target(target: &mut Fields<'_, '_, '_, '_>) -> Option<Located<String>> {
    let (kind, name) = (target.string("kind"), target.string("name"));
    target.leave();
    let name = name?;
    let kind = kind.map_or_else(String::new, |kind| kind.value);
    Some(Located::new(format!("{kind}/{}", name.value), name.place))
}
