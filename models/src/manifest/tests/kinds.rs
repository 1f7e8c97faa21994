//! What each modelled kind is read into.

use super::*;
use crate::manifest::kinds::{
    HealthAsk, HealthScheme, PodPhase, Resource, ServiceType, TargetPort, Transport, WorkloadKind,
};

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
    let annotation = "spec.template.metadata.annotations[proxy.istio.io/config]";
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
fn probes_are_read_and_stay_listed_as_a_whole_for_runs_make_nothing_of_them() {
    let manifests = load_text(
        "apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
  - name: proxy
    restartPolicy: Always
    startupProbe: {grpc: {port: 9090}}
  containers:
  - name: web
    readinessProbe:
      httpGet: {port: http, scheme: HTTPS, httpHeaders: [{name: a, value: b}]}
      periodSeconds: 3
    livenessProbe: {tcpSocket: {port: 70000}}
",
    );
    let [Resource::Pod(pod)] = &manifests.resources[..] else { panic!("one Pod") };
    let [proxy, web] = &pod.spec.containers[..] else { panic!("two containers") };
    assert!(proxy.is_sidecar && proxy.probes.startup.is_some() && !web.is_sidecar);
    let ready = web.probes.readiness.as_ref().expect("a probe");
    let HealthAsk::Http { path, port, scheme, .. } = &ready.asks else { panic!("{ready:?}") };
    let name = TargetPort::Name("http".to_owned());
    assert_eq!((path.as_str(), &port.value, *scheme), ("/", &name, HealthScheme::Https));
    assert!(web.probes.liveness.is_none(), "it has no port that is one");
    let messages: Vec<_> = manifests.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    let probe = sort_of(&manifests, "spec.containers[].readinessProbe");
    assert_eq!(probe, Some(Sort::NotModelledYet));
    assert_eq!(sort_of(&manifests, "spec.containers[].readinessProbe.periodSeconds"), None);
    let headers = "spec.containers[].readinessProbe.httpGet.httpHeaders";
    assert_eq!(sort_of(&manifests, headers), None);
}
