//! `why` on 10 000 objects, once they are loaded: how long an answer takes.

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::profile::Profile;
use meshwalk_models::walk::{
    ClientCertificate, ExternalAnswers, Outcome, Policies, Question, Sender, find_caller, walk,
};
use meshwalk_models::world::{ClusterManifests, Topology, World, build};
use meshwalk_sim::run::DEFAULT_CLUSTER;

use super::clock::timed;
use super::texts::service;
use super::{Aim, Measurement, Size};

/// Services of one namespace.
const TEAM: u32 = 50;
/// How many questions are asked.
const QUESTIONS: u32 = 20;
/// Objects of each service: Service, Deployment, VirtualService and DestinationRule.
const OBJECTS_EACH: u32 = 4;
/// What an answer may take.
const ANSWER_MS: f64 = 100.0;

fn namespace(number: u32) -> String {
    format!("team-{}", number / TEAM)
}

/// Two subsets, and a rule of its own for some users.
fn routes(number: u32) -> String {
    let (name, namespace) = (format!("svc-{number}"), namespace(number));
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: [{name}]
  http:
  - match: [{{headers: {{x-user: {{exact: jane}}}}}}]
    route: [{{destination: {{host: {name}, subset: v2}}}}]
    timeout: 3s
  - route:
    - {{destination: {{host: {name}, subset: v1}}, weight: 90}}
    - {{destination: {{host: {name}, subset: v2}}, weight: 10}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  host: {name}
  subsets:
  - {{name: v1, labels: {{app.kubernetes.io/name: {name}}}}}
  - {{name: v2, labels: {{app.kubernetes.io/name: {name}}}}}
"
    )
}

fn manifests(services: u32) -> String {
    let namespaces = (0..services.div_ceil(TEAM)).map(|team| {
        format!(
            "---\napiVersion: v1\nkind: Namespace\n\
             metadata: {{name: team-{team}, labels: {{istio-injection: enabled}}}}\n"
        )
    });
    let each =
        (0..services).map(|it| service(&namespace(it), &format!("svc-{it}"), 2) + &routes(it));
    namespaces.chain(each).collect()
}

/// A question from one service to another, far away.
fn question(world: &World, services: u32, number: u32) -> Question {
    let (from, to) = (number % services, (number * 7_919 + services / 2) % services);
    let caller = format!("{}/svc-{from}", namespace(from));
    let caller = find_caller(world, None, &caller).expect("the benchmark's own caller");
    let target = format!("svc-{to}.{}:80", namespace(to));
    Question {
        sender: Sender::Pod(caller),
        target: target.parse().expect("the benchmark's own destination"),
        method: "GET".to_owned(),
        path: None,
        headers: vec![("x-user".to_owned(), "jane".to_owned())],
        policies: Policies::MayDeny,
        certificate: ClientCertificate::Missing,
        external: ExternalAnswers::default(),
        tokens: std::sync::Arc::default(),
    }
}

/// Loads the objects, and asks.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let services = size.pick(250, 10_000 / OBJECTS_EACH);
    let text = manifests(services);
    let ((world, planes), load_s) = timed(|| {
        let mut sources = SourceSet::default();
        let file = sources.add("manifests.yaml", text);
        let manifests = load(&sources, [file]);
        let cluster = || ClusterManifests {
            name: DEFAULT_CLUSTER,
            default_namespace: "default",
            resources: &manifests.resources,
        };
        let world = build(&[cluster()], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster()], Profile::built_in());
        (world, planes)
    });
    let answers: Vec<f64> = (0..QUESTIONS)
        .map(|number| {
            let question = question(&world, services, number * 13);
            let (answer, seconds) = timed(|| walk(&world, &planes, &question));
            assert_eq!(answer.outcome, Outcome::Routed, "{:?}", answer.findings);
            seconds * 1e3
        })
        .collect();
    let slowest = answers.iter().copied().fold(0.0, f64::max);
    let mean = answers.iter().sum::<f64>() / f64::from(QUESTIONS);
    vec![
        Measurement::new("why, load the objects", load_s, "s"),
        Measurement::new("why, an answer on average", mean, "ms"),
        Measurement::new("why, the slowest answer", slowest, "ms").aim(Aim::AtMost(ANSWER_MS)),
    ]
    .into_iter()
    .map(|it| if size == Size::Quick { it.without_aim() } else { it })
    .collect()
}
