//! Whoever asks why and whoever runs get the same answer.

use std::collections::BTreeMap;

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::path::{DataPath, Placement};
use meshwalk_models::profile::Profile;
use meshwalk_models::walk::{
    Answer, ClientCertificate, ExternalAnswers, InUse, Outcome, Policies, Question, Sender,
    find_caller, walk,
};
use meshwalk_models::world::ClusterManifests;
use proptest::prelude::*;

use crate::kernel::Seed;
use crate::log::Step;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare, record};
use crate::scenario;
use crate::stats::RunStatistics;

use super::rig::{edge, services};

/// Requests of one run.
const REQUESTS: u32 = 300;

/// A mesh of `web`, and of `a` and `b` in two versions each, and one request to `a`.
#[derive(Clone, Debug)]
struct Case {
    rules: Vec<String>,
    subsets: bool,
    path: &'static str,
    user: Option<&'static str>,
    protocol: &'static str,
    seed: u64,
}

fn matches() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        1 => Just("match: [{ uri: { prefix: /x } }]".to_owned()),
        1 => Just("match: [{ uri: { exact: /x/y } }]".to_owned()),
        1 => Just("match: [{ uri: { regex: \"/[xz].*\" } }, { method: { exact: PUT } }]".to_owned()),
        1 => Just("match: [{ headers: { x-user: { exact: jane } } }]".to_owned()),
        1 => Just("match: [{ withoutHeaders: { x-user: {} } }]".to_owned()),
    ]
}

fn actions() -> impl Strategy<Value = String> {
    let destination = prop_oneof![
        Just("{ host: a }"),
        Just("{ host: b }"),
        Just("{ host: a, subset: v1 }"),
        Just("{ host: a, subset: v2 }"),
        Just("{ host: b, subset: none }"),
        Just("{ host: nowhere.example }"),
    ];
    let weighted = prop::collection::vec((destination, 1u32..4), 1..4).prop_map(|all| {
        let entries: Vec<String> = all
            .iter()
            .map(|(to, weight)| format!("{{ destination: {to}, weight: {weight} }}"))
            .collect();
        format!("route: [{}]", entries.join(", "))
    });
    prop_oneof![
        4 => weighted,
        1 => Just("directResponse: { status: 429 }".to_owned()),
        1 => Just("redirect: { authority: elsewhere.example }".to_owned()),
        1 => Just(
            "route: [{ destination: { host: b } }]\n      rewrite: { uri: /new }".to_owned()
        ),
        1 => Just(
            "route: [{ destination: { host: a } }]\n      fault: { abort: { httpStatus: 410, \
             percentage: { value: 100 } } }"
                .to_owned()
        ),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let rule = (matches(), actions()).prop_map(|(matches, action)| {
        if matches.is_empty() { action } else { format!("{matches}\n      {action}") }
    });
    (
        prop::collection::vec(rule, 0..4),
        any::<bool>(),
        prop_oneof![Just("/"), Just("/x"), Just("/x/y"), Just("/z?q=1")],
        prop_oneof![Just(None), Just(Some("jane")), Just(Some("joe"))],
        prop_oneof![Just("http1"), Just("http2"), Just("grpc")],
        any::<u64>(),
    )
        .prop_map(|(rules, subsets, path, user, protocol, seed)| Case {
            rules,
            subsets,
            path,
            user,
            protocol,
            seed,
        })
}

impl Case {
    fn manifests(&self) -> String {
        let mut text = services(&[("web", 1), ("a-v1", 2), ("a-v2", 1), ("b", 2)])
            .replace("labels: { app: a-v1 }", "labels: { app: a-v1, side: a, version: v1 }")
            .replace("labels: { app: a-v2 }", "labels: { app: a-v2, side: a, version: v2 }");
        text.push_str(
            "
apiVersion: v1
kind: Service
metadata: { name: a }
spec:
  selector: { side: a }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
",
        );
        if !self.rules.is_empty() {
            let rules: Vec<String> =
                self.rules.iter().map(|rule| format!("    - {rule}\n")).collect();
            text.push_str(&format!(
                "---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: a }}
spec:
  hosts: [a]
  http:
{}",
                rules.concat()
            ));
        }
        if self.subsets {
            text.push_str(
                "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a }
spec:
  host: a
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
",
            );
        }
        text
    }

    fn scenario(&self) -> String {
        let headers = self.user.map_or(String::new(), |user| format!("x-user: {user}"));
        let (path, protocol) = (self.path, self.protocol);
        format!(
            "version: 1
duration: 32s
data_path: istio-sidecar
traffic:
  - name: load
    from: web
    to: a
    protocol: {protocol}
    stop: 30s
    requests: [{{ method: GET, path: \"{path}\", headers: {{ {headers} }} }}]
    load: {{ arrivals: {{ constant: {{ rate: 10/s }} }} }}
"
        )
    }

    /// Runs, and asks.
    fn both(&self) -> (Prepared, RunStatistics, BTreeMap<u32, u32>, Answer) {
        let mut sources = SourceSet::default();
        let file = sources.add("manifests.yaml", self.manifests());
        let scenario_file = sources.add("scenario.yaml", self.scenario());
        let manifests = load(&sources, [file]);
        let scenario = scenario::read(&mut sources, scenario_file, &[]).expect("a good scenario");
        let resources = &manifests.resources;
        let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources }];
        let prepared = prepare(&clusters, &scenario, &CostProfile::built_in());
        let mut reached: BTreeMap<u32, u32> = BTreeMap::new();
        let statistics = record(&prepared.plan, Seed(self.seed), |entry| {
            if entry.step == Step::RequestAtApp {
                *reached.entry(entry.pod).or_default() += 1;
            }
        })
        .expect("the run is short");
        let cluster =
            ClusterManifests { name: DEFAULT_CLUSTER, default_namespace: "default", resources };
        let world = &prepared.world;
        let (planes, _) = ControlPlanes::placed(
            world,
            &[cluster],
            Profile::built_in(),
            Placement::everywhere(DataPath::IstioSidecar),
        );
        let mut headers: Vec<(String, String)> =
            self.user.iter().map(|user| ("x-user".to_owned(), (*user).to_owned())).collect();
        if self.protocol == "grpc" {
            headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
        }
        let question = Question {
            sender: Sender::Pod(find_caller(world, None, "default/web").expect("the caller")),
            target: "a".parse().expect("a destination"),
            method: "GET".to_owned(),
            path: Some(self.path.to_owned()),
            headers,
            policies: Policies::AssumedToAllow,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: std::sync::Arc::default(),
        };
        let answer = walk(world, &planes, &question);
        (prepared, statistics, reached, answer)
    }
}

/// Whether a count fits a share: within five standard deviations and a little.
fn fits(count: u64, share: f64) -> bool {
    let n = f64::from(REQUESTS);
    let deviation = (n * share * (1.0 - share)).sqrt();
    (count as f64 - n * share).abs() <= 5.0 * deviation + 2.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_run_and_why_never_disagree(case in cases()) {
        let (prepared, statistics, reached, answer) = case.both();
        let layout = &prepared.plan.layout;
        let to = layout.edges.iter().map(|edge| layout.service_name(edge.to)).next();
        let a = edge(&prepared, &statistics, "default/web", &to.expect("one edge"));
        prop_assert_eq!(a.requests(), u64::from(REQUESTS));
        let status = |status: Option<u16>| a.endings.with_status(status.unwrap_or(0));
        match answer.outcome {
            Outcome::DirectResponse | Outcome::Redirected | Outcome::NoRoute => {
                prop_assert_eq!(status(answer.status), a.requests(), "{:?}: {:?}", answer.status,
                    a.endings);
                prop_assert!(reached.is_empty(), "somebody was asked");
            }
            Outcome::Routed => {
                let mut expected: BTreeMap<u32, f64> = BTreeMap::new();
                let mut failing: BTreeMap<u16, f64> = BTreeMap::new();
                for share in &answer.weights {
                    let part = share.share.as_percent_f64() / 100.0;
                    if let Some((status, _)) = share.fails_with {
                        *failing.entry(status).or_default() += part;
                        continue;
                    }
                    for endpoint in share.endpoints.iter().filter(|it| it.in_use == InUse::Yes) {
                        let pod = endpoint.pod_id.expect("all endpoints are pods").0;
                        let own = endpoint.share.as_percent_f64() / 100.0;
                        *expected.entry(pod).or_default() += part * own;
                    }
                }
                for (pod, count) in &reached {
                    let share = expected.get(pod).copied().unwrap_or(0.0);
                    prop_assert!(fits(u64::from(*count), share), "pod {pod}: {count}, {share}");
                }
                for (pod, share) in &expected {
                    let count = reached.get(pod).copied().unwrap_or(0);
                    prop_assert!(fits(u64::from(count), *share), "pod {pod}: {count}, {share}");
                }
                for (status, share) in &failing {
                    let count = a.endings.with_status(*status);
                    prop_assert!(fits(count, *share), "{status}: {count}, {share}");
                }
            }
            Outcome::Denied | Outcome::Unknown => {
                prop_assert!(false, "nothing here is denied or unknown: {:?}", answer.findings);
            }
        }
    }
}
