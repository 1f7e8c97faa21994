//! Whoever asks why and whoever runs get the same verdict, whatever policies stand in the way.

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Severity, SourceSet, load};
use meshwalk_models::profile::Profile;
use meshwalk_models::walk::{
    Answer, ClientCertificate, ExternalAnswers, Policies, Question, Sender, Verdict, find_caller,
    walk,
};
use meshwalk_models::world::ClusterManifests;
use proptest::prelude::*;

use crate::kernel::Seed;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare, run};
use crate::scenario;
use crate::stats::{EdgeCounters, Ruling};

use super::rig::{NO_NETWORK, edge, services};

/// `web` calls `api` under generated policies.
#[derive(Clone, Debug)]
struct Case {
    network: Vec<String>,
    access: Vec<String>,
    mode: &'static str,
    /// What carries the traffic of `web` and of `api`.
    data_paths: (&'static str, &'static str),
    path: &'static str,
}

fn selected() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        1 => Just("{}"),
        2 => Just("{ matchLabels: { app: web } }"),
        3 => Just("{ matchLabels: { app: api } }"),
    ]
}

fn peers() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        2 => Just("{}"),
        3 => Just("{ PEERS: [{ podSelector: {} }] }"),
        1 => Just("{ PEERS: [{ podSelector: { matchLabels: { app: web } } }] }"),
        1 => Just("{ PEERS: [{ podSelector: { matchLabels: { app: api } } }] }"),
        1 => Just("{ ports: [{ port: 8080 }] }"),
        1 => Just("{ ports: [{ port: 53, protocol: UDP }] }"),
        1 => Just("{ ports: [{ port: 80 }] }"),
    ]
}

fn network() -> impl Strategy<Value = String> {
    let rules = prop::collection::vec(peers(), 0..3);
    let ways = prop_oneof![3 => Just(("Ingress", "ingress", "from")), 1 => Just(("Egress", "egress", "to"))];
    (selected(), rules, ways).prop_map(|(pods, rules, (kind, key, side))| {
        let rules = rules.join(", ").replace("PEERS", side);
        format!("{{ podSelector: {pods}, policyTypes: [{kind}], {key}: [{rules}] }}")
    })
}

fn access() -> impl Strategy<Value = String> {
    let action = prop_oneof![2 => Just("ALLOW"), 1 => Just("DENY")];
    let from = prop_oneof![
        2 => Just(""),
        2 => Just("from: [{ source: { principals: [cluster.local/ns/default/sa/default] } }]"),
        1 => Just("from: [{ source: { namespaces: [default] } }]"),
        1 => Just("from: [{ source: { notNamespaces: [default] } }]"),
    ];
    let to = prop_oneof![
        2 => Just(""),
        1 => Just("to: [{ operation: { paths: [/x] } }]"),
        1 => Just("to: [{ operation: { methods: [GET], notPaths: ['/x*'] } }]"),
        1 => Just("to: [{ operation: { ports: ['8080'] } }]"),
    ];
    let attached = prop_oneof![
        3 => selected().prop_map(|pods| {
            pods.replace("{}", "").replace("{ matchLabels", "selector: { matchLabels")
        }),
        1 => Just("targetRefs: [{ kind: Service, group: '', name: api }]".to_owned()),
    ];
    (attached, action, from, to).prop_map(|(attached, action, from, to)| {
        let comma = if from.is_empty() || to.is_empty() { "" } else { ", " };
        let comma_after = if attached.is_empty() { "" } else { ", " };
        format!("{{ {attached}{comma_after}action: {action}, rules: [{{ {from}{comma}{to} }}] }}")
    })
}

fn data_path() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        1 => Just("none"),
        2 => Just("istio-sidecar"),
        2 => Just("istio-ambient"),
        2 => Just("istio-ambient+waypoint"),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    (
        prop::collection::vec(network(), 0..3),
        prop::collection::vec(access(), 0..3),
        prop_oneof![Just("PERMISSIVE"), Just("STRICT"), Just("DISABLE")],
        (data_path(), data_path()),
        prop_oneof![Just("/"), Just("/x"), Just("/x/y")],
    )
        .prop_map(|(network, access, mode, data_paths, path)| Case {
            network,
            access,
            mode,
            data_paths,
            path,
        })
}

impl Case {
    fn manifests(&self) -> String {
        let mut text = services(&[("web", 1), ("api", 2)]);
        let mode = self.mode;
        text.push_str(&format!(
            "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{ name: default }}
spec: {{ mtls: {{ mode: {mode} }} }}
"
        ));
        let network = ("networking.k8s.io/v1", "NetworkPolicy", &self.network);
        let access = ("security.istio.io/v1", "AuthorizationPolicy", &self.access);
        for (version, kind, specs) in [network, access] {
            for (row, spec) in specs.iter().enumerate() {
                text.push_str(&format!(
                    "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{ name: p{row} }}\n\
                     spec: {spec}\n"
                ));
            }
        }
        text
    }

    fn scenario(&self) -> String {
        let ((web, api), path) = (self.data_paths, self.path);
        format!(
            "version: 1
duration: 200s
data_paths: {{ web: {web}, api: {api} }}
{NO_NETWORK}
traffic:
  - name: load
    from: web
    to: api
    stop: 20s
    requests: [{{ method: GET, path: \"{path}\" }}]
    load: {{ arrivals: {{ constant: {{ rate: 1/s }} }} }}
"
        )
    }

    /// Runs, and asks.
    fn both(&self) -> (Prepared, EdgeCounters, Answer) {
        let mut sources = SourceSet::default();
        let file = sources.add("manifests.yaml", self.manifests());
        let scenario_file = sources.add("scenario.yaml", self.scenario());
        let manifests = load(&sources, [file]);
        let scenario = scenario::read(&mut sources, scenario_file, &[]).expect("a good scenario");
        let resources = &manifests.resources;
        let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources }];
        let prepared = prepare(&clusters, &scenario, &CostProfile::built_in());
        let statistics = run(&prepared.plan, Seed(1)).expect("the run is short");
        let api = edge(&prepared, &statistics, "default/web", "default/api").clone();
        let cluster =
            ClusterManifests { name: DEFAULT_CLUSTER, default_namespace: "default", resources };
        let world = &prepared.world;
        let (planes, _) = ControlPlanes::placed(
            world,
            &[cluster],
            Profile::built_in(),
            scenario::placement(world, &scenario, &mut Vec::new()),
        );
        let question = Question {
            sender: Sender::Pod(find_caller(world, None, "default/web").expect("the caller")),
            target: "api".parse().expect("a destination"),
            method: "GET".to_owned(),
            path: Some(self.path.to_owned()),
            headers: Vec::new(),
            policies: Policies::AssumedToAllow,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: std::sync::Arc::default(),
        };
        let answer = walk(world, &planes, &question);
        (prepared, api, answer)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn verdicts_are_what_runs_see(case in cases()) {
        let (prepared, api, answer) = case.both();
        let all = api.requests();
        let ruled: Vec<(Ruling, u64)> = api.rulings.iter().collect();
        prop_assert!(all > 0);
        // What control planes find wrong with a policy is no reason for a run not to begin.
        let of_run = prepared.findings.iter().filter(|it| it.code.starts_with("scenario."));
        let errors: Vec<_> = of_run.filter(|it| it.severity == Severity::Error).collect();
        if answer.verdict == Verdict::Unknown {
            prop_assert!(!errors.is_empty(), "the run must not begin: {:?}", api.endings);
            return Ok(());
        }
        prop_assert!(errors.is_empty(), "{errors:?}");
        let wanted = match answer.verdict {
            Verdict::Allowed => None,
            Verdict::Denied => Some(Ruling::Denied),
            Verdict::Dropped => Some(Ruling::Dropped),
            Verdict::Reset => Some(Ruling::Reset),
            Verdict::Unauthenticated => Some(Ruling::Unauthenticated),
            Verdict::Unknown => None,
        };
        match wanted {
            None => {
                prop_assert_eq!(api.endings.with_status(200), all, "{:?}", api.endings);
                prop_assert!(ruled.is_empty(), "{ruled:?}");
            }
            Some(wanted) => {
                prop_assert_eq!(api.endings.with_status(200), 0, "{:?}: {:?}", answer.verdict, api.endings);
                prop_assert_eq!(ruled.len(), 1, "{:?}: {:?}", answer.verdict, ruled);
                prop_assert_eq!(ruled[0].0, wanted);
                // Proxies try again what was dropped or reset.
                prop_assert!(ruled[0].1 >= all, "{} of {all}", ruled[0].1);
            }
        }
    }
}
