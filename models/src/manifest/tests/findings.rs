//! What is found wrong, and what the report says.

use super::*;
use crate::manifest::kinds::{Resource, ServiceType};

#[test]
fn a_wrong_type_is_shown_and_the_rest_is_read() {
    let text = SERVICE.replace("port: 80,", "port: http,").replace("{app: web}", "{app: 1}");
    let manifests = load_text(&text);
    let messages: Vec<_> = manifests.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`spec.selector.app`: expected a string, got a whole number `1`",
            "`spec.ports[].port`: expected a whole number from 1 to 65535, got a string `http`",
        ]
    );
    assert_eq!(manifests.diagnostics[0].help.as_deref(), Some("put it in quotes: \"1\""));
    let [Resource::Service(service)] = &manifests.resources[..] else { panic!("one Service") };
    assert_eq!(service.ports.len(), 1, "the other port is still there");
}

#[test]
fn a_typo_is_unknown_and_the_near_name_is_offered() {
    let text =
        SERVICE.replace("targetPort", "targetport").replace("sessionAffinity", "sesionAffinity");
    let manifests = load_text(&text);
    let suggestion = |field: &str| {
        let entries = &manifests.report.not_modelled;
        let entry = entries.iter().find(|it| it.field.as_deref() == Some(field))?;
        assert_eq!(entry.sort, Sort::Unknown);
        entry.suggestion.clone()
    };
    assert_eq!(suggestion("spec.ports[].targetport").as_deref(), Some("targetPort"));
    assert_eq!(suggestion("spec.sesionAffinity").as_deref(), Some("sessionAffinity"));
    assert_eq!(codes(&manifests), ["manifest.unknown-field"; 2]);
    let ports = manifests.diagnostics.iter().find(|it| it.message.contains("targetport"));
    let lines: Vec<_> = ports
        .map(|it| it.labels.iter().map(|label| label.place.line).collect())
        .unwrap_or_default();
    assert_eq!(lines, [9, 10]);
}

#[test]
fn a_field_of_the_wrong_kind_is_no_false_unknown() {
    for text in [
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2, strategy: {}}\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 2}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: a}\nspec: {template: 5}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: {lifecycle: {preStop: {}}}}\n",
    ] {
        let manifests = load_text(text);
        assert!(!manifests.diagnostics.is_empty(), "{text}");
        let unknown = manifests.report.not_modelled.iter().find(|it| it.sort == Sort::Unknown);
        assert_eq!(unknown, None, "{text}");
    }
}

#[test]
fn objects_that_say_too_little_are_refused_with_a_reason() {
    for (text, code) in [
        ("kind: Service\nmetadata: {name: a}\n", "manifest.no-kind"),
        ("apiVersion: v1\nmetadata: {name: a}\n", "manifest.no-kind"),
        ("apiVersion: v1\nkind: Namespace\n", "manifest.missing-field"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {}\n", "manifest.missing-field"),
        ("replicaCount: 3\n", "manifest.not-kubernetes"),
        ("- a\n- b\n", "manifest.not-kubernetes"),
        ("just words\n", "manifest.not-kubernetes"),
        (
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n",
            "manifest.api-version",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ .Release.Name }}'}\n",
            "manifest.template",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: {{ .Release.Name }}}\n",
            "yaml.template",
        ),
    ] {
        let manifests = load_text(text);
        assert_eq!(codes(&manifests), [code], "{text}");
        assert!(manifests.resources.is_empty(), "{text}");
        assert!(manifests.diagnostics[0].place().is_some(), "{text}");
    }
}

#[test]
fn of_two_objects_with_one_name_the_later_counts_and_both_are_shown() {
    let later = SERVICE.replace("NodePort", "ClusterIP");
    let (_, manifests) = load_texts(&[SERVICE, &later]);
    let [Resource::Service(service)] = &manifests.resources[..] else { panic!("one Service") };
    assert_eq!(service.service_type, ServiceType::ClusterIp);
    let [finding] = &manifests.diagnostics[..] else { panic!("one finding") };
    assert_eq!((finding.code, finding.severity), ("manifest.duplicate", Severity::Warning));
    let sources: Vec<_> = finding.labels.iter().map(|label| label.place.source.0).collect();
    assert_eq!(sources, [1, 0]);
    let (_, alike) = load_texts(&[SERVICE, SERVICE]);
    assert_eq!(alike.diagnostics[0].severity, Severity::Note);
}

#[test]
fn an_object_without_a_namespace_is_the_one_in_the_default_namespace() {
    let text = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n---\n\
        apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: default}\n---\n\
        apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: other}\n";
    let manifests = load_text(text);
    assert_eq!(manifests.resources.len(), 2);
    assert_eq!(codes(&manifests), ["manifest.duplicate"]);
}

#[test]
fn kinds_that_are_not_modelled_are_reported_once_each() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '{{ x }}'}\n---\n\
        apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n---\n\
        apiVersion: linkerd.io/v1alpha2\nkind: ServiceProfile\nmetadata: {name: c}\n---\n\
        apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: d}\n";
    let manifests = load_text(text);
    let entries = manifests.report.not_modelled.iter();
    let entries: Vec<_> = entries.map(|it| (it.sort, it.kind.as_str(), it.count)).collect();
    assert_eq!(
        entries,
        [
            (Sort::Irrelevant, "v1 ConfigMap", 2),
            (Sort::NotModelledYet, "linkerd.io/v1alpha2 ServiceProfile", 1),
            (Sort::Unknown, "example.org/v1 Widget", 1),
        ]
    );
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn the_booleans_of_old_yaml_are_read_with_a_warning() {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: {unschedulable: yes}\n";
    let manifests = load_text(text);
    let [Resource::Node(node)] = &manifests.resources[..] else { panic!("one Node") };
    assert!(node.unschedulable.is_some_and(|it| it.value));
    assert_eq!(codes(&manifests), ["manifest.old-boolean"]);
}

#[test]
fn the_digest_sees_what_the_models_see() {
    let digest = |text: &str| load_text(text).digest;
    let plain = digest(SERVICE);
    assert_eq!(plain, digest(&format!("# a comment\n{SERVICE}  loadBalancerIP: 10.1.1.1\n")));
    assert_eq!(plain, digest(&SERVICE.replace("{app: web}", "\n    app: \"web\"")));
    assert_ne!(plain, digest(&SERVICE.replace("{app: web}", "{app: shop}")));
    assert_ne!(plain, digest(&SERVICE.replace("port: 80,", "port: 81,")));
    assert_ne!(plain, digest(&SERVICE.replace("targetPort: 5353", "targetPort: '5353'")));
    assert_ne!(plain, digest(""));
}

#[test]
fn a_file_that_is_wrong_throughout_does_not_drown_the_others() {
    let mut wrong = String::new();
    for at in 0..5000 {
        wrong
            .push_str(&format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{nam: n{at}}}\n"));
    }
    let (_, manifests) = load_texts(&[&wrong, SERVICE, "a: [\n"]);
    assert!(manifests.diagnostics.len() < 300);
    assert_eq!(manifests.diagnostics.iter().filter(|it| it.code == "yaml.syntax").count(), 1);
    assert!(manifests.diagnostics.iter().any(|it| it.message == "4800 more errors in this file"));
    assert_eq!(manifests.resources.len(), 1);
}

#[test]
fn a_report_of_a_hostile_file_stays_small() {
    let mut text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n".to_owned();
    for at in 0..30_000 {
        text.push_str(&format!("  key{at}: 1\n"));
    }
    let manifests = load_text(&text);
    assert_eq!(manifests.report.not_modelled.len(), 10_000);
    assert_eq!(manifests.report.left_out, 20_000);
    assert!(manifests.diagnostics.len() < 300);
}

#[test]
fn the_report_is_json_with_stable_names() {
    let manifests = load_text(&SERVICE.replace("targetPort: 5353", "targetport: 5353"));
    let json = serde_json::to_value(&manifests.report).expect("plain data");
    assert_eq!(
        json,
        serde_json::json!({
            "kinds": [{"kind": "Service", "api_version": "v1", "count": 1, "modelled": true}],
            "not_modelled": [
                {
                    "sort": "not-modelled-yet",
                    "kind": "Service",
                    "field": "spec.sessionAffinity",
                    "count": 1,
                    "reason": "clients stick to a pod",
                    "places": ["0.yaml:7:3"],
                    "suggestion": null,
                },
                {
                    "sort": "unknown",
                    "kind": "Service",
                    "field": "spec.ports[].targetport",
                    "count": 1,
                    "reason": "the kind has no such field",
                    "places": ["0.yaml:10:27"],
                    "suggestion": "targetPort",
                },
            ],
            "left_out": 0,
        })
    );
}
