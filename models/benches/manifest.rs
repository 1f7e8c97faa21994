//! How fast manifests are read: `cargo bench -p meshwalk-models --bench manifest`.

use divan::Bencher;
use divan::counter::BytesCount;
use meshwalk_models::manifest::{SourceSet, load};

fn main() {
    divan::main();
}

/// As many documents as a cluster of 10 000 services has Services and Deployments.
const SERVICES: usize = 10_000;

/// A Service and a Deployment, as a chart renders them.
const CHART: &str = "\
---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: app-{at}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: app-{at}
    app.kubernetes.io/part-of: shop
spec:
  selector:
    app.kubernetes.io/name: app-{at}
  ports:
  - name: http
    port: 80
    targetPort: http
---
# Source: shop/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{at}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: app-{at}
spec:
  replicas: 10
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{at}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{at}
      annotations:
        prometheus.io/scrape: \"true\"
    spec:
      serviceAccountName: app-{at}
      containers:
      - name: app
        image: registry.example/shop/app-{at}:1.2.3
        args: [\"--listen\", \"0.0.0.0:8080\"]
        env:
        - name: NEXT
          value: http://app-{next}.team-{team}.svc.cluster.local
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: app-{at}, key: password}
        ports:
        - name: http
          containerPort: 8080
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
        volumeMounts:
        - name: config
          mountPath: /etc/app
      volumes:
      - name: config
        configMap:
          name: app-{at}
";

fn rendered_charts(services: usize) -> String {
    let mut text = String::new();
    for at in 0..services {
        let chart = CHART.replace("{at}", &at.to_string());
        let chart = chart.replace("{team}", &(at % 50).to_string());
        text.push_str(&chart.replace("{next}", &((at + 1) % services).to_string()));
    }
    text
}

fn read_all(bencher: Bencher<'_, '_>, text: String) {
    let mut sources = SourceSet::new();
    let bytes = text.len();
    sources.add("rendered.yaml", text);
    bencher.counter(BytesCount::new(bytes)).bench(|| load(&sources, sources.ids()));
}

/// One file with many documents.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn documents(bencher: Bencher<'_, '_>) {
    read_all(bencher, rendered_charts(SERVICES));
}

/// The same objects as the items of one list, as `kubectl get -o yaml` prints them.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn one_list(bencher: Bencher<'_, '_>) {
    let mut list = String::from("apiVersion: v1\nkind: List\nitems:\n");
    for document in rendered_charts(SERVICES).split("---\n").filter(|it| !it.is_empty()) {
        let lines = document.lines().filter(|line| !line.starts_with('#'));
        for (at, line) in lines.enumerate() {
            list.push_str(if at == 0 { "- " } else { "  " });
            list.push_str(line);
            list.push('\n');
        }
    }
    read_all(bencher, list);
}
