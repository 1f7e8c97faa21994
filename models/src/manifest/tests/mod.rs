//! Stories about whole inputs: what is read, what is reported, what is refused.

mod authorization;
mod findings;
mod gateway;
mod istio;
mod kinds;
mod laws;
mod policy;

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
      annotations: {proxy.istio.io/config: \"{}\", team: shop}
    spec:
      serviceAccountName: web
      initContainers: [{name: setup, image: setup}]
      containers:
      - name: web
        image: web:1
        ports: [{name: web-port, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /}}
";
