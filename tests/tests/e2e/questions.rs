//! What users of meshes ask, each with its folder of manifests: the answer that they needed is in
//! the output, with its figures and its lines.

use std::fs;

use meshwalk_tests::workspace;
use serde_json::Value;

use super::binary::meshwalk;

/// A folder below `scenarios/questions`.
pub(super) struct Asked {
    folder: String,
}

/// What the binary said.
pub(super) struct Said {
    code: Option<i32>,
    /// All white space is one blank, so that a sentence is found wherever lines are broken.
    text: String,
}

impl Asked {
    pub(super) fn about(folder: &str) -> Self {
        Self { folder: format!("scenarios/questions/{folder}") }
    }

    /// Runs `meshwalk why -f FOLDER` with more arguments.
    pub(super) fn why(&self, arguments: &str) -> Said {
        self.run("why", arguments)
    }

    fn run(&self, command: &str, arguments: &str) -> Said {
        let mut words = vec![command, "-f", &self.folder];
        words.extend(arguments.split(' ').filter(|word| !word.is_empty()));
        say(&words)
    }

    /// The same answer as JSON.
    pub(super) fn json(&self, arguments: &str) -> Value {
        let mut words = vec!["why", "-f", &self.folder, "-o", "json"];
        words.extend(arguments.split(' ').filter(|word| !word.is_empty()));
        // What is odd about the manifests is told beside the document.
        let output = meshwalk().args(words).output().expect("the binary starts");
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// `file:line` of the only line of a file that holds `part`.
    pub(super) fn line(&self, file: &str, part: &str) -> String {
        let path = format!("{}/{file}", self.folder);
        let text = fs::read_to_string(workspace().join(&path)).expect("a manifest is text");
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains(part));
        let lines: Vec<_> = lines.map(|(index, _)| index + 1).collect();
        assert_eq!(lines.len(), 1, "`{part}` stands once in {path}");
        format!("{path}:{}", lines[0])
    }
}

/// Runs `meshwalk lint FOLDER`.
pub(super) fn lint(asked: &Asked) -> Said {
    say(&["lint", &asked.folder])
}

fn say(words: &[&str]) -> Said {
    let output = meshwalk().args(words).output().expect("the binary starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Said { code: output.status.code(), text }
}

impl Said {
    #[track_caller]
    pub(super) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    #[track_caller]
    pub(super) fn says(&self, part: impl AsRef<str>) -> &Self {
        let part = part.as_ref();
        assert!(self.text.contains(part), "`{part}` is not said:\n{}", self.text);
        self
    }

    #[track_caller]
    fn does_not_say(&self, part: &str) -> &Self {
        assert!(!self.text.contains(part), "`{part}` is said:\n{}", self.text);
        self
    }
}

/// Question 1: which field cut the request off?
#[test]
fn a_per_try_timeout_cuts_off_every_call_and_the_answer_names_the_field() {
    let asked = Asked::about("01-per-try-timeout");
    let line = asked.line("routes.yaml", "perTryTimeout: 2s");
    asked
        .why("--from web/frontend --to reports.office:8080")
        .ends(0)
        .says("routed:reports.office:8080")
        .says("timeout none default istio.route-timeout")
        .says(format!("per try 2s {line}"))
        .says("every attempt, also the first and only one, is cut off after 2s")
        .says("it is then tried again, 3 times at most")
        .says("retries 3 retries: 4 attempts at most");
}

/// Question 2: does it count without `timeout`?
#[test]
fn a_per_try_timeout_counts_without_a_timeout_but_is_only_retried_under_a_condition() {
    let asked = Asked::about("02-per-try-without-timeout");
    let line = asked.line("routes.yaml", "perTryTimeout: 500ms");
    asked
        .why("--from web/frontend --to quotes.office:8080")
        .ends(0)
        .says(format!("per try 500ms {line}"))
        .says(
            "answered 504 and not tried again, as retryOn (connect-failure) has neither 5xx nor \
             gateway-error nor reset",
        )
        .says("Envoy before 1.14 ignored a per-try timeout then")
        .says("when slow 0 of 2 begin");
}

/// Question 3: where have the retries gone?
#[test]
fn the_first_attempt_may_use_the_whole_budget_and_a_shorter_one_leaves_room() {
    let asked = Asked::about("03-budget-spent");
    asked
        .why("--from web/frontend --to search.office:8080")
        .ends(0)
        .says("the first attempt can use the whole budget of 2s")
        .says("0 of 3 retries reachable on slow failure");
    let answer = asked.json("--from web/frontend --to search.office:8080 --path /suggest");
    assert_eq!(answer["retry"]["reachable_when_slow"], 3);
    assert_eq!(answer["timeouts"]["per_try"]["ms"], 400.0);
    asked.run("retries", "").ends(0).says(
        "search.office.svc.cluster.local:8080: the first attempt can use the whole budget of 2s",
    );
}

/// Question 4: why two, or none?
#[test]
fn attempts_that_never_come_are_explained_by_the_conditions_and_the_breaker() {
    let asked = Asked::about("04-attempts-that-never-come");
    let limit = asked.line("routes.yaml", "maxRetries: 2");
    asked
        .why("--from web/frontend --to prices.office:8080")
        .ends(0)
        .says("10 retries: 11 attempts at most")
        .says("lists no codes: a plain HTTP response, 503 included, is not tried again")
        .says(format!("max_retries 2 in each of 3 calling proxies {limit}"))
        .says("retried on connect-failure, refused-stream, cancelled, unavailable");
}

/// Question 5: why is a fault not retried?
#[test]
fn a_fault_is_answered_before_the_router_and_no_retry_sees_it() {
    let asked = Asked::about("05-fault-and-retry");
    asked
        .why("--from web/frontend --to ratings.office:8080")
        .ends(0)
        .says("50 % of such requests are answered 503 by the fault filter")
        .says("which stands before the router: they are not retried");
    asked
        .why("--from web/frontend --to ratings.office:8080 --path /always")
        .ends(1)
        .says("direct_response:503 FI");
}

/// Question 6: does the deadline begin again?
#[test]
fn the_deadline_of_a_grpc_call_covers_all_attempts() {
    let asked = Asked::about("06-grpc-deadline");
    let words = [
        "why",
        "-f",
        &asked.folder,
        "--from",
        "web/frontend",
        "--to",
        "ledger.office:9090",
        "--method",
        "POST",
        "--path",
        "/ledger.Ledger/Post",
        "-H",
        "content-type: application/grpc",
        "-H",
        "grpc-timeout: 3S",
    ];
    let timeout = asked.line("routes.yaml", "timeout: 2s");
    say(&words)
        .ends(0)
        .says("grpc-timeout 3S")
        .says("does not begin again with a retry")
        .says(timeout)
        .says("POST is not idempotent and may run 3 times");
}

/// Question 8: how large is a budget?
#[test]
fn a_retry_budget_is_told_in_figures() {
    let asked = Asked::about("08-retry-budget");
    let line = asked.line("routes.yaml", "retryBudget");
    asked
        .why("--from web/frontend --to stock.office:8080")
        .ends(0)
        .says("limited to 20 % of the requests that are active in this proxy, and never below 4")
        .says("4 of 10, 20 of 100, 200 of 1000. max_retries is not used")
        .says(line);
}

/// Question 11: is `backoff` a least pause?
#[test]
fn the_backoff_of_gateway_api_is_the_base_of_a_drawn_pause() {
    let asked = Asked::about("11-gateway-api-backoff");
    let line = asked.line("routes.yaml", "backoff: 200ms");
    for profile in ["", " --profile gateway-api"] {
        asked
            .why(&format!("--at gateway/public --to http://shop.example/orders{profile}"))
            .ends(0)
            .says("routed:orders.shop:8080")
            .says(format!("pause from 200ms, doubled up to 2s, drawn from zero to that {line}"))
            .says("backoff 200ms is no least pause");
    }
    let answer = asked.json("--at gateway/public --to http://shop.example/orders");
    assert_eq!(answer["retry"]["attempts_max"], 3);
    assert_eq!(answer["retry"]["status_codes"][0], 503);
    asked.why("--at gateway/public --to http://shop.example/else").ends(1).says("no_route 404 NR");
}

/// Question 12: for whom does a limit hold?
#[test]
fn a_connection_limit_is_multiplied_by_the_calling_pods() {
    let asked = Asked::about("12-limits-and-callers");
    let answer = asked.json("--from web/frontend --to billing.office:8080");
    let limit = &answer["weights"][0]["limits"][0];
    let (each, callers) = (limit["each"].as_u64(), limit["callers"].as_u64());
    assert_eq!(each, Some(10));
    assert_eq!(limit["of_all_callers"].as_u64(), each.zip(callers).map(|(a, b)| a * b));
    let callers = callers.expect("a count");
    assert!(callers > 1, "several callers, or nothing is shown");
    asked
        .why("--from web/frontend --to billing.office:8080")
        .ends(0)
        .says(format!(
            "max_connections 10 × {callers} calling pods = {} at the backend",
            10 * callers
        ))
        .says("Requests beyond max_connections wait for a connection")
        .says("beyond max_pending_requests they are answered 503 UO at once");
}

/// Question 13: all ejected, or none.
#[test]
fn the_ejection_limit_means_two_things_in_two_versions() {
    let asked = Asked::about("13-ejection-limit");
    let mail = "--from web/frontend --to mail.office:8080";
    asked.why(mail).ends(0).says("at most 1 of 2 hosts are ejected at a time");
    asked
        .why(&format!("{mail} --profile istio-1.17"))
        .ends(0)
        .says("at most 2 of 2 hosts are ejected at a time")
        .says("503 UH: the panic threshold is 0 %");
    asked
        .why("--from web/frontend --to chat.office:8080")
        .ends(0)
        .says("outlier detection never ejects a host here: one of 4 is more than")
        .says("maxEjectionPercent 10 %");
}

/// Question 14: who turned locality on?
#[test]
fn outlier_detection_turns_locality_balancing_on_and_the_answer_says_so() {
    let asked = Asked::about("14-locality-by-surprise");
    let line = asked.line("routes.yaml", "outlierDetection");
    asked
        .why("--from web/frontend-a --to maps.office:8080")
        .ends(0)
        .says("endpoints in eu/eu-b, eu/eu-c get no requests while those in eu/eu-a are healthy")
        .says("setting outlierDetection is what turned locality load balancing on")
        .says(line)
        .says("office/maps-b eu/eu-b priority 1 stands by");
}

/// Question 15: why is there no failover?
#[test]
fn distribute_takes_the_place_of_failover() {
    let asked = Asked::about("15-distribute-without-failover");
    asked
        .why("--from web/frontend-a --to maps.office:8080")
        .ends(0)
        .says("distribute gives fixed shares (eu/eu-a 80, eu/eu-b 20) and takes the place of failover")
        .says("eu/eu-c get nothing, not even when the others fail");
    let answer = asked.json("--from web/frontend-a --to maps.office:8080");
    let endpoints = answer["weights"][0]["endpoints"].as_array().expect("a list");
    let share = |pod: &str| {
        let endpoint = endpoints.iter().find(|it| it["pod"] == pod);
        endpoint.and_then(|it| it["share"].as_f64()).unwrap_or(0.0)
    };
    assert_eq!([share("office/maps-a"), share("office/maps-b")], [0.8, 0.2]);
    assert_eq!(share("office/maps-c"), 0.0);
}

/// Question 39: who wins?
#[test]
fn of_two_virtual_services_for_sidecars_the_older_one_wins() {
    let asked = Asked::about("39-two-virtual-services");
    asked
        .why("--from web/frontend --to checkout.shop:8080 --path /v2/cart")
        .ends(0)
        .says("routed:checkout.shop:8080/v1")
        .says("checkout-beta");
    say(&["lint", &asked.folder])
        .ends(0)
        .says("two VirtualServices for `checkout.shop.svc.cluster.local` in the mesh")
        .says("sidecars leave this one out")
        .says("the older one counts");
}

/// Question 40: real faults, and no false alarm.
#[test]
fn lint_names_the_faults_that_kubernetes_accepts_and_nothing_else() {
    let asked = Asked::about("40-real-faults-no-false-alarms");
    let faulty = |part| asked.line("faulty/routes.yaml", part);
    say(&["lint", &format!("{}/faulty", asked.folder)])
        .ends(1)
        .says("the pattern does not compile")
        .says(faulty("/items/("))
        .says("has no subset `v3`")
        .says(faulty("subset: v3"))
        .says("the cluster does not exist: 503, flag NC")
        .says("there is no host `basket.shop.svc.cluster.local`")
        .says(faulty("host: basket"))
        .says("no request reaches this route")
        .says("1 error, 3 warnings");
    say(&["lint", &format!("{}/sound", asked.folder)]).ends(0).says("no findings");
}

/// Question 41: routes as tests.
#[test]
fn routing_checks_pass_and_a_broken_one_names_the_lines_that_decided() {
    let asked = Asked::about("41-routes-in-ci");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report.xml");
    let checks = format!("{}/checks.yaml", asked.folder);
    let junit = report.to_str().expect("a plain path");
    asked.why(&format!("--checks {checks} --junit {junit}")).ends(0).says("4 of 4 checks pass");
    let report = fs::read_to_string(&report).expect("the report was written");
    let report = quick_junit::Report::deserialize_from_str(&report).expect("JUnit");
    assert_eq!(report.test_suites[0].test_cases.len(), 4);

    let text = fs::read_to_string(workspace().join(&checks)).expect("checks are text");
    let broken = text.replace("routed:checkout/v2", "routed:checkout/v1").replace("v1=10", "v1=90");
    let file = folder.path().join("broken.yaml");
    fs::write(&file, broken).expect("it can be written");
    asked
        .why(&format!("--checks {}", file.display()))
        .ends(1)
        .says("jane tries the new checkout")
        .says("expected routed:checkout/v1, got routed:checkout.shop:8080/v2")
        .says("routes.yaml:7: route no. 1 takes the request");
}

/// The same question with what is expected on the command line.
#[test]
fn an_expectation_decides_the_exit_code() {
    let asked = Asked::about("41-routes-in-ci");
    let jane = "--from web/deploy/frontend --to checkout.shop:8080 --method POST --path /pay -H \
                x-user:jane --expect";
    asked.why(&format!("{jane} routed:checkout/v2")).ends(0);
    asked
        .why(&format!("{jane} routed:checkout/v1"))
        .ends(1)
        .says("expected routed:checkout/v1, got routed:checkout.shop:8080/v2");
    asked.why(&format!("{jane} routed:")).ends(2).does_not_say("Because");
}

/// A policy of the network may stop what the mesh routes: it is named, wherever it stands.
#[test]
fn a_policy_that_nobody_reads_is_named_and_leaves_no_request_let_through() {
    let asked = Asked::about("41-routes-in-ci");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.yaml");
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
                  metadata: {name: none, namespace: shop}\nspec: {endpointSelector: {}}\n";
    fs::write(&file, policy).expect("it can be written");
    let more = file.to_str().expect("a plain path");
    asked
        .why(&format!("{more} --from web/frontend --to checkout.shop:8080"))
        .ends(3)
        .says("Not modelled, and may change this")
        .says("CiliumNetworkPolicy decides who may call, and is not modelled");
    asked
        .why(&format!("{more} --from web/frontend --to checkout.shop:8080 --assume-allowed"))
        .ends(0);
}

/// Question 47: what makes a sidecar grow, and what would a Sidecar resource save?
#[test]
fn a_sidecar_pays_for_every_service_it_knows_until_a_sidecar_resource_keeps_them_away() {
    let folder = "scenarios/questions/47-sidecar-memory";
    let memory = |more: &[&str]| {
        let today = format!("{folder}/today");
        let words = ["proxy-config", "memory", "deploy/web", "-n", "shop", "-f", &today];
        say(&[&words[..], more].concat())
    };
    memory(&[])
        .ends(0)
        .says("clusters billing 12 42.0 KB 504.0 KB 20%")
        .says("endpoints search 50 1.4 KB 70.0 KB 20%")
        .says("is for services of other namespaces")
        .says("a Sidecar with egress hosts `./*` and `istio-system/*` in shop would leave about");
    let proposed = format!("{folder}/proposed");
    memory(&["-f", &proposed])
        .ends(0)
        .does_not_say("billing")
        .says("it holds no service of another namespace");
}
