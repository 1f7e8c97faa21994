//! What call sites ask for: the question that is the same request, or why there is none.

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::units::SimTime;
use meshwalk_models::walk::{CLIENTS_OF_RUNS, OutsideClient, Policies, Question, Sender};
use meshwalk_models::world::{PodId, TableId};

use crate::flow::Unasked;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare};
use crate::scenario::{self, Scenario};

use super::rig::services;

struct Case {
    prepared: Prepared,
    scenario: Scenario,
}

impl Case {
    fn of(more: &str) -> Self {
        let ingress = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: edge }
spec:
  ingressClassName: nginx
  rules:
    - host: shop.example
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }]
";
        let manifests = format!("{}{ingress}", services(&[("web", 2), ("api", 1)]));
        let text = format!(
            "version: 1\nduration: 10s\nstarts_at: 2026-05-01T09:30:00Z\n{more}\n\
             workloads:\n  web:\n    routes:\n      - steps:\n          - call: {{ to: api, method: \
             PUT, path: /x, headers: {{ x-team: a }} }}\n          - call: {{ to: gone:81 }}\n"
        );
        let mut sources = SourceSet::default();
        let file = sources.add("manifests.yaml", manifests);
        let scenario_file = sources.add("scenario.yaml", text);
        let manifests = load(&sources, [file]);
        let scenario = scenario::read(&mut sources, scenario_file, &[]).expect("a good scenario");
        let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources }];
        let prepared = prepare(&clusters, &scenario, &CostProfile::built_in());
        Self { prepared, scenario }
    }

    /// The question of the call site that is written at `written`.
    fn question(
        &self,
        written: &str,
        pod: Option<usize>,
        at: SimTime,
    ) -> Result<Question, Unasked> {
        let mut all = self.prepared.asked.iter();
        let asked = all.find(|asked| asked.written == written).expect("the call site is there");
        let pod = pod.map(PodId::from_index);
        asked.question((&self.prepared.world, &self.scenario), pod, at)
    }
}

const SOURCE: &str = "traffic:
  - { name: outside, to: ingress, requests: [{ host: shop.example, path: /a }], load: { arrivals: { constant: { rate: 1/s } } } }
  - { name: balanced, to: web, load: { arrivals: { constant: { rate: 1/s } } } }
";

#[test]
fn a_call_asks_what_the_scenario_writes_from_the_pod_that_sends_it() {
    let case = Case::of(SOURCE);
    let written = r#"workloads."web".routes[0].steps[0].call"#;
    let last = case.prepared.world.workloads.entries().find(|(_, it)| it.name == "web");
    let last = last.expect("web is there").1.pods.end.index() - 1;
    let question = case.question(written, Some(last), SimTime::ZERO).expect("a question");
    assert_eq!((question.method.as_str(), question.path.as_deref()), ("PUT", Some("/x")));
    assert_eq!(question.target.to_string(), "api:80");
    assert_eq!(question.headers, [("x-team".to_owned(), "a".to_owned())]);
    assert_eq!(question.policies, Policies::MayDeny);
    let Sender::Pod(caller) = question.sender else { panic!("a pod sends it") };
    assert_eq!(caller.pod.index(), last);
}

#[test]
fn what_a_pod_of_somebody_else_sends_on_was_asked_by_the_first_of_the_callers() {
    let case = Case::of(SOURCE);
    let written = r#"workloads."web".routes[0].steps[0].call"#;
    let question = case.question(written, None, SimTime::ZERO).expect("a question");
    let Sender::Pod(caller) = question.sender else { panic!("a pod sends it") };
    let world = &case.prepared.world;
    assert_eq!(world.workloads[caller.workload].pods.start, caller.pod);
}

#[test]
fn tokens_go_by_the_clock_of_the_run() {
    let case = Case::of(SOURCE);
    let written = r#"workloads."web".routes[0].steps[0].call"#;
    let now = |at| case.question(written, None, at).expect("a question").tokens.now;
    let (start, later) = (now(SimTime::ZERO), now(SimTime::from_ns(2_500_000_000)));
    let elapsed = later.expect("a clock").as_unix_s() - start.expect("a clock").as_unix_s();
    assert_eq!(elapsed, 2);
}

#[test]
fn clients_outside_ask_at_the_ingress_or_at_the_service_that_they_call() {
    let case = Case::of(SOURCE);
    let question = case.question("traffic[0].to", None, SimTime::ZERO).expect("a question");
    assert_eq!(question.target.to_string(), "http://shop.example");
    let Sender::Outside(gateway) = question.sender else { panic!("it comes from outside") };
    assert_eq!(gateway.to_string(), "ingress/nginx");
    let balanced = case.question("traffic[1].to", None, SimTime::ZERO).expect("a question");
    assert_eq!(balanced.target.to_string(), "web:80");
    let Sender::Client(client) = balanced.sender else { panic!("it comes from outside") };
    assert_eq!(client, OutsideClient::OfRun(CLIENTS_OF_RUNS));
}

#[test]
fn a_name_that_leads_nowhere_is_asked_about_as_it_is_written() {
    let case = Case::of(SOURCE);
    let written = r#"workloads."web".routes[0].steps[1].call"#;
    let question = case.question(written, None, SimTime::ZERO).expect("a question");
    assert_eq!(question.target.to_string(), "gone:81");
}
