//! Other requests that the rules of policies name.

use std::collections::BTreeSet;

use crate::manifest::kinds::Resource;
use crate::manifest::kinds::istio::{AuthorizationPolicy, IstioResource};

use super::super::edit::{Change, Edit, RequestChange};
use super::access::fits;
use super::{Found, namespace_of};

/// How many other values of one sort are tried.
const VALUES_MAX: usize = 16;

/// The key of conditions about headers.
const HEADERS: &str = "request.headers[";

pub(super) fn add(found: &mut Found<'_, '_>) {
    let scene = found.scene;
    let question = scene.question;
    let (mut methods, mut paths, mut headers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut both = BTreeSet::new();
    for (_, default, resource) in scene.draft.objects() {
        let Resource::Istio(object) = resource else { continue };
        let IstioResource::AuthorizationPolicy(policy) = &**object else { continue };
        let namespace = namespace_of(default, &policy.meta);
        let is_near = scene.servers.iter().any(|side| {
            side.namespace == namespace || scene.root_namespace(side.pod) == Some(namespace)
        });
        if !is_near {
            continue;
        }
        for operation in policy.rules.iter().flat_map(|rule| &rule.to) {
            let own_methods: Vec<_> =
                operation.methods.all().filter_map(|it| sample(&it.value)).collect();
            let own_paths: Vec<_> =
                operation.paths.all().filter_map(|it| sample_path(&it.value)).collect();
            for method in &own_methods {
                both.extend(own_paths.iter().map(|path| (method.clone(), path.clone())));
            }
            methods.extend(own_methods);
            paths.extend(own_paths);
        }
        headers.extend(asked_headers(policy));
    }
    let path = question.path.as_deref().unwrap_or("/");
    let is_new_method = |method: &String| *method != question.method;
    let is_new_path = |other: &String| other != path;
    both.retain(|(method, path)| is_new_method(method) && is_new_path(path));
    for (method, path) in both.into_iter().take(VALUES_MAX) {
        found.together(vec![with_method(method), with_path(path)]);
    }
    methods.retain(is_new_method);
    methods.into_iter().take(VALUES_MAX).for_each(|method| found.one(with_method(method)));
    paths.retain(is_new_path);
    paths.into_iter().take(VALUES_MAX).for_each(|path| found.one(with_path(path)));
    for (name, value) in headers.into_iter().take(VALUES_MAX) {
        let sentence = format!("send header {name}: {value}");
        found.one(edit(sentence, RequestChange::Header(name, value)));
    }
}

fn with_method(method: String) -> Edit {
    edit(format!("send method {method}"), RequestChange::Method(method))
}

fn with_path(path: String) -> Edit {
    edit(format!("send path {path}"), RequestChange::Path(path))
}

fn edit(sentence: String, change: RequestChange) -> Edit {
    Edit { change: Change::Request(change), at: None, place: None, sentence, size: 1 }
}

/// The headers that conditions ask for, each with a value that one names.
fn asked_headers(policy: &AuthorizationPolicy) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for condition in policy.rules.iter().flat_map(|rule| &rule.when) {
        let name = condition.key.value.strip_prefix(HEADERS);
        let Some(name) = name.and_then(|name| name.strip_suffix(']')) else { continue };
        let values = condition.values.all().filter_map(|it| sample(&it.value));
        headers.extend(values.map(|value| (name.to_ascii_lowercase(), value)));
    }
    headers
}

/// A text that a value of a policy fits.
fn sample(pattern: &str) -> Option<String> {
    let text = if pattern == "*" { "x".to_owned() } else { pattern.replace('*', "") };
    (!text.is_empty() && fits(pattern, &text)).then_some(text)
}

/// A path that a value of a policy fits. Templates stand for one segment or more.
fn sample_path(pattern: &str) -> Option<String> {
    if pattern.contains('{') {
        let segments = pattern.split('/').map(|it| if it.contains('{') { "x" } else { it });
        return Some(segments.collect::<Vec<_>>().join("/"));
    }
    let path = if pattern == "*" { "/".to_owned() } else { sample(pattern)? };
    Some(if path.starts_with('/') { path } else { format!("/{path}") })
}
