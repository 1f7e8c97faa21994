//! Stories and laws about flips.

mod access;
mod edits;
mod laws;
mod network;
mod tls;

use std::sync::Arc;

use crate::control::ControlPlanes;
use crate::manifest::{Manifests, SourceSet, load};
use crate::path::Placement;
use crate::profile::Profile;
use crate::token::TokenFacts;
use crate::walk::{
    ClientCertificate, ExternalAnswers, Policies, Question, Sender, find_caller, walk,
};
use crate::world::{ClusterManifests, Topology, World, build};

use super::{Bounds, Flips, Setting, flips};

/// A mesh from text.
pub(super) struct Mesh {
    manifests: Manifests,
}

/// How a request is asked about.
pub(super) struct Asked<'t> {
    pub(super) from: &'t str,
    pub(super) to: &'t str,
    pub(super) method: &'t str,
    pub(super) path: &'t str,
}

/// `client/web`, with a proxy or without, and `shop/cart` with one, behind a Service on port 80.
pub(super) const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, tier: back}}
    spec: {serviceAccountName: cart, containers: [{name: app, ports: [{name: web, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: client}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: app}]}
";

/// The namespace of the caller, with proxies or without.
pub(super) fn client(labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: client, labels: {{{labels}}}}}\n"
    )
}

/// An object from `KIND namespace/name` and its spec.
pub(super) fn object(title: &str, spec: &str) -> String {
    let (kind, title) = title.split_once(' ').expect("KIND namespace/name");
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    let version = match kind {
        "NetworkPolicy" => "networking.k8s.io/v1",
        "DestinationRule" => "networking.istio.io/v1",
        _ => "security.istio.io/v1",
    };
    format!(
        "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: \
         {namespace}}}\nspec: {spec}\n"
    )
}

impl Mesh {
    pub(super) fn of(parts: &[String]) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("mesh.yaml", parts.concat());
        let manifests = load(&sources, [id]);
        assert_eq!(manifests.diagnostics, [], "{}", parts.concat());
        Self { manifests }
    }

    pub(super) fn clusters(&self) -> [ClusterManifests<'_>; 1] {
        let resources = &self.manifests.resources;
        [ClusterManifests { name: "c", default_namespace: "default", resources }]
    }

    /// What would change the verdict, and the verdict.
    pub(super) fn flips(&self, asked: &Asked<'_>, bounds: Bounds) -> (&'static str, Flips) {
        let clusters = self.clusters();
        let profile = Profile::built_in();
        let topology = Topology::default();
        let world = build(&clusters, &topology, &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &clusters, profile);
        let question = question(&world, asked);
        let answer = walk(&world, &planes, &question);
        let placement = &Placement::default();
        let setting =
            Setting { clusters: &clusters, topology: &topology, outside: &[], profile, placement };
        let flips = flips(&setting, (&world, &planes), &question, &answer, bounds);
        (answer.verdict.word(), flips)
    }

    /// The same as lines: what to do, and the verdict that it leads to.
    pub(super) fn told(&self, asked: &Asked<'_>) -> (&'static str, Vec<String>) {
        let bounds = Bounds { most: 8, evaluations_max: 400, others_max: 0 };
        let (verdict, flips) = self.flips(asked, bounds);
        let lines = flips.found.iter().map(|flip| {
            let each: Vec<_> = flip.edits.iter().map(|edit| edit.sentence.as_str()).collect();
            format!("{} {} -> {}", flip.size, each.join("; "), flip.verdict.word())
        });
        (verdict, lines.collect())
    }
}

pub(super) fn question(world: &World, asked: &Asked<'_>) -> Question {
    Question {
        sender: Sender::Pod(find_caller(world, None, asked.from).expect("a caller of the story")),
        target: asked.to.parse().expect("a destination of the story"),
        method: asked.method.to_owned(),
        path: Some(asked.path.to_owned()),
        headers: Vec::new(),
        policies: Policies::MayDeny,
        certificate: ClientCertificate::Missing,
        external: ExternalAnswers::default(),
        tokens: Arc::new(TokenFacts::default()),
    }
}
