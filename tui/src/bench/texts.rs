//! Manifests and scenarios as text, and the way from there to a plan: what `meshwalk run` does,
//! without files.

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Manifests, Severity, SourceSet, load};
use meshwalk_sim::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare};
use meshwalk_sim::scenario::{self, Scenario};

/// A Service and its Deployment.
pub(super) fn service(namespace: &str, name: &str, replicas: u32) -> String {
    format!(
        "---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
  - name: http
    port: 80
    targetPort: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      serviceAccountName: {name}
      containers:
      - name: app
        image: registry.example/{namespace}/{name}:1.0.0
        ports:
        - name: http
          containerPort: 8080
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
"
    )
}

/// What was read.
pub(super) struct Read {
    pub(super) sources: SourceSet,
    pub(super) manifests: Manifests,
    pub(super) scenario: Scenario,
}

/// Reads both texts.
pub(super) fn read(manifests: String, scenario: String) -> (Manifests, Scenario) {
    let Read { manifests, scenario, .. } = read_whole(manifests, scenario);
    (manifests, scenario)
}

/// Reads both texts, and keeps them.
pub(super) fn read_whole(manifests: String, scenario: String) -> Read {
    let mut sources = SourceSet::default();
    let file = sources.add("manifests.yaml", manifests);
    let manifests = load(&sources, [file]);
    let file = sources.add("scenario.yaml", scenario);
    let scenario = scenario::read(&mut sources, file, &[])
        .unwrap_or_else(|errors| panic!("the scenario of a benchmark is well-formed: {errors:?}"));
    Read { sources, manifests, scenario }
}

/// Builds the world and compiles the plan.
pub(super) fn compile(manifests: &Manifests, scenario: &Scenario) -> Prepared {
    let cluster = ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources };
    let prepared = prepare(&[cluster], scenario, &CostProfile::built_in());
    let findings = manifests.diagnostics.iter().chain(&prepared.findings);
    let errors: Vec<_> = findings.filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "the manifests of a benchmark are well-formed: {errors:?}");
    prepared
}
