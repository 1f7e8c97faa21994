//! Stories about whole inputs: what is read, what is reported, what is refused.

use proptest::prelude::*;

use super::kinds::{PodPhase, Resource, ServiceType, TargetPort, Transport, WorkloadKind};
use super::*;

fn load_texts(texts: &[&str]) -> (SourceSet, Manifests) {
    let mut sources = SourceSet::new();
    for (at, text) in texts.iter().enumerate() {
        sources.add(format!("{at}.yaml"), *text);
    }
    let manifests = load(&sources, sources.ids());
    (sources, manifests)
}

fn load_text(text: &str) -> Manifests {
    load_texts(&[text]).1
}

fn codes(manifests: &Manifests) -> Vec<&'static str> {
    manifests.diagnostics.iter().map(|finding| finding.code).collect()
}

/// What the report says of a field, or of a kind for an empty field.
fn sort_of(manifests: &Manifests, field: &str) -> Option<Sort> {
    let entries = &manifests.report.not_modelled;
    entries.iter().find(|it| it.field.as_deref().unwrap_or("") == field).map(|it| it.sort)
}

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {tier: front}}
spec:
  type: NodePort
  selector: {app: web}
  sessionAffinity: ClientIP
  ports:
  - {name: http, port: 80, targetPort: web-port, nodePort: 30080, appProtocol: http}
  - {name: dns, port: 53, targetPort: 5353, protocol: UDP}
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
    matchExpressions: [{key: tier, operator: In, values: [front, back]}]
  template:
    metadata:
      labels: {app: web}
      annotations: {sidecar.istio.io/inject: \"true\", team: shop}
    spec:
      serviceAccountName: web
      initContainers: [{name: setup, image: setup}]
      containers:
      - name: web
        image: web:1
        ports: [{name: web-port, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /}}
";

#[test]
fn a_service_is_read_with_places() {
    let manifests = load_text(SERVICE);
    let [Resource::Service(service)] = &manifests.resources[..] else { panic!("one Service") };
    assert_eq!(service.service_type, ServiceType::NodePort);
    assert_eq!(service.meta.labels["tier"].value, "front");
    let [http, dns] = &service.ports[..] else { panic!("two ports") };
    let target = http.target_port.as_ref().expect("a target port");
    assert_eq!(target.value, TargetPort::Name("web-port".to_owned()));
    assert_eq!((target.place.line, target.place.column), (9, 40));
    assert_eq!(http.node_port.map(|it| it.value), Some(30080));
    assert_eq!(dns.transport, Transport::Udp);
    assert_eq!(sort_of(&manifests, "spec.sessionAffinity"), Some(Sort::NotModelledYet));
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn a_deployment_is_read_with_its_pods() {
    let manifests = load_text(DEPLOYMENT);
    let [Resource::Workload(workload)] = &manifests.resources[..] else { panic!("one workload") };
    assert_eq!(workload.kind, WorkloadKind::Deployment);
    assert_eq!(workload.replicas.map(|it| it.value), Some(3));
    let selector = workload.selector.as_ref().expect("a selector");
    assert_eq!(selector.match_expressions[0].values.len(), 2);
    let containers = &workload.template.spec.containers;
    let names: Vec<_> = containers.iter().map(|it| (it.name.as_str(), it.init)).collect();
    assert_eq!(names, [("setup", true), ("web", false)]);
    assert_eq!(containers[1].ports[0].number.value, 8080);
    let container = "spec.template.spec.containers[]";
    assert_eq!(sort_of(&manifests, &format!("{container}.image")), Some(Sort::Irrelevant));
    let probe = sort_of(&manifests, &format!("{container}.readinessProbe"));
    assert_eq!(probe, Some(Sort::NotModelledYet));
    let annotation = "spec.template.metadata.annotations[sidecar.istio.io/inject]";
    assert_eq!(sort_of(&manifests, annotation), Some(Sort::NotModelledYet));
    assert_eq!(sort_of(&manifests, "spec.template.metadata.annotations[team]"), None);
}

#[test]
fn a_dump_with_status_and_owners_is_read() {
    let manifests = load_text(
        "apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    name: web-1
    namespace: shop
    creationTimestamp: '2024-05-01T10:00:00Z'
    managedFields: [{manager: kubectl, fieldsV1: {f:spec: {}}}]
    ownerReferences:
    - {apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: 1-2, controller: true}
  spec:
    containers: [{name: web, resources: {}, terminationMessagePath: /x}]
    dnsPolicy: ClusterFirst
    restartPolicy: Always
    serviceAccount: web
  status:
    phase: Pending
    podIP: 10.0.0.7
    conditions: [{type: Ready, status: \"False\", lastProbeTime: null}]
    hostIP: 10.0.1.1
kind: List
metadata: {resourceVersion: ''}
",
    );
    let [Resource::Pod(pod)] = &manifests.resources[..] else { panic!("one Pod") };
    assert_eq!(pod.meta.owner.as_ref().map(|owner| owner.kind.as_str()), Some("ReplicaSet"));
    assert_eq!((pod.phase, pod.ready), (PodPhase::Pending, false));
    assert_eq!(pod.spec.service_account.as_ref().map(|it| it.value.as_str()), Some("web"));
    assert_eq!(pod.meta.place.line, 3);
    assert_eq!(manifests.diagnostics, []);
    // At their defaults, fields that are not modelled change nothing.
    assert!(manifests.report.not_modelled.iter().all(|it| it.sort == Sort::Irrelevant));
}

#[test]
fn items_of_a_typed_list_take_its_kind() {
    let manifests = load_text(
        "{\"apiVersion\": \"v1\", \"kind\": \"NamespaceList\", \"items\": [\n\
         {\"metadata\": {\"name\": \"a\"}},\n{\"metadata\": {\"name\": \"b\"}}]}",
    );
    assert_eq!(manifests.resources.len(), 2);
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn a_dump_on_one_line_of_json_is_read() {
    let names: Vec<String> =
        (0..3000).map(|at| format!("{{\"metadata\":{{\"name\":\"n{at}\"}}}}")).collect();
    let text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"NamespaceList\",\"items\":[{}]}}",
        names.join(",")
    );
    let manifests = load_text(&text);
    assert_eq!(manifests.resources.len(), 3000);
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn endpoints_and_slices_become_sets_of_addresses() {
    let manifests = load_text(
        "apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets:
- addresses: [{ip: 10.0.0.1, targetRef: {kind: Pod, name: db-0}}]
  notReadyAddresses: [{ip: 10.0.0.2}]
  ports: [{port: 5432}]
- addresses: [{ip: 10.0.0.3}]
  ports: [{port: 5433}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata: {name: web-abc, labels: {kubernetes.io/service-name: web}}
endpoints:
- {addresses: [10.0.0.4], conditions: {ready: false}, nodeName: n1, zone: z1}
- {addresses: [10.0.0.5]}
ports: [{name: http, port: 80, protocol: TCP}]
",
    );
    let sets: Vec<_> = manifests
        .resources
        .iter()
        .map(|resource| match resource {
            Resource::EndpointSet(set) => set,
            other => panic!("an endpoint set, not {other:?}"),
        })
        .collect();
    let ready: Vec<Vec<bool>> =
        sets.iter().map(|set| set.addresses.iter().map(|it| it.ready).collect()).collect();
    assert_eq!(ready, [vec![true, false], vec![true], vec![false, true]]);
    let services: Vec<_> =
        sets.iter().map(|set| set.service.as_ref().map(|it| &it.value[..])).collect();
    assert_eq!(services, [Some("db"), Some("db"), Some("web")]);
    assert_eq!(sets[0].addresses[0].pod.as_ref().map(|it| &it.value[..]), Some("db-0"));
    assert_eq!(manifests.diagnostics, []);
}

#[test]
fn an_ingress_is_read_with_its_rules() {
    let manifests = load_text(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example], secretName: cert}]
  defaultBackend: {service: {name: web, port: {name: http}}}
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}
      - {path: /old, backend: {resource: {kind: Bucket, name: x}}}
",
    );
    let [Resource::Ingress(ingress)] = &manifests.resources[..] else { panic!("one Ingress") };
    let [cart, old] = &ingress.rules[0].paths[..] else { panic!("two paths") };
    let port = cart.backend.port.as_ref().map(|it| &it.value);
    assert_eq!(port, Some(&TargetPort::Number(80)));
    assert!(old.backend.service.is_none());
    assert_eq!(ingress.tls_hosts[0].value, "shop.example");
    assert_eq!(codes(&manifests), ["manifest.missing-field"]);
    let resource = "spec.rules[].http.paths[].backend.resource";
    assert_eq!(sort_of(&manifests, resource), Some(Sort::NotModelledYet));
}

#[test]
fn jobs_and_cron_jobs_are_controllers_too() {
    let template = "template: {spec: {restartPolicy: Never, containers: [{name: a}]}}";
    let text = format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: a}}, spec: {{parallelism: 2, {template}}}}}
---
{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: b}}, spec: {{schedule: '* * * * *', suspend: true, jobTemplate: {{spec: {{{template}}}}}}}}}
"
    );
    let manifests = load_text(&text);
    assert_eq!(manifests.diagnostics, []);
    let [Resource::Workload(job), Resource::Workload(cron)] = &manifests.resources[..] else {
        panic!("two workloads")
    };
    assert_eq!((job.kind, job.replicas.map(|it| it.value)), (WorkloadKind::Job, Some(2)));
    assert_eq!((cron.kind, cron.suspend), (WorkloadKind::CronJob, true));
}

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
        apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: c}\n---\n\
        apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: d}\n";
    let manifests = load_text(text);
    let entries = manifests.report.not_modelled.iter();
    let entries: Vec<_> = entries.map(|it| (it.sort, it.kind.as_str(), it.count)).collect();
    assert_eq!(
        entries,
        [
            (Sort::Irrelevant, "v1 ConfigMap", 2),
            (Sort::NotModelledYet, "networking.istio.io/v1 VirtualService", 1),
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

/// A small file: distinct objects, some with fields that are not modelled or unknown.
fn small_file() -> impl Strategy<Value = String> {
    let extra =
        prop::sample::select(vec!["", "  sessionAffinity: ClientIP\n", "  sesionAffinty: x\n"]);
    prop::collection::vec(extra, 0..4).prop_map(|extras| {
        let services = extras.iter().enumerate().map(|(at, extra)| {
            format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{at}, namespace: NS}}\nspec:\n  type: ClusterIP\n{extra}")
        });
        services.collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_files_changes_neither_report_nor_digest(
        files in prop::collection::vec(small_file(), 1..5),
        turn in 0usize..5,
    ) {
        let named: Vec<(String, String)> = files
            .iter()
            .enumerate()
            .map(|(at, text)| (format!("f{at}.yaml"), text.replace("NS", &format!("ns{at}"))))
            .collect();
        let load_in = |files: &[(String, String)]| {
            let mut sources = SourceSet::new();
            for (name, text) in files {
                sources.add(name.clone(), text.clone());
            }
            load(&sources, sources.ids())
        };
        let mut turned = named.clone();
        turned.rotate_left(turn % named.len());
        turned.reverse();
        let (one, two) = (load_in(&named), load_in(&turned));
        prop_assert_eq!(one.report, two.report);
        prop_assert_eq!(one.digest, two.digest);
    }

    #[test]
    fn mutated_manifests_never_panic_and_places_lie_inside(
        edits in prop::collection::vec((0usize..10_000, any::<u8>()), 1..8),
    ) {
        let mut bytes = format!("{SERVICE}---\n{DEPLOYMENT}").into_bytes();
        for (at, byte) in edits {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let mut sources = SourceSet::new();
        sources.add_bytes("mutated.yaml", bytes);
        let manifests = load(&sources, sources.ids());
        for label in manifests.diagnostics.iter().flat_map(|finding| &finding.labels) {
            let source = sources.get(label.place.source);
            prop_assert!(label.place.line as usize <= source.line_count());
            let length = source.line_text(label.place.line).chars().count();
            prop_assert!(label.place.column as usize <= length + 2);
        }
    }
}
