//! Whole command lines about one request, without a mesh.

use std::fs;

use crate::Exit;
use crate::command::testing::{meshwalk, meshwalk_reading};

const SHOP: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: app, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
";

fn why(arguments: &[&str]) -> crate::command::testing::Printed {
    meshwalk_reading(SHOP, &[&["why", "-f", "-"][..], arguments].concat())
}

#[test]
fn an_answer_names_its_lines() {
    let printed = why(&["--from", "shop/web", "--to", "web:80"]);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    assert!(printed.out.starts_with("ALLOWED  routed:web.shop:80\n"), "{}", printed.out);
    assert!(printed.out.contains("<stdin>:9"), "{}", printed.out);
}

#[test]
fn the_verdict_decides_the_exit_code() {
    let asked = |to: &str| why(&["--from", "shop/web", "--to", to]).exit;
    assert_eq!(asked("web:80"), Exit::Fine);
    assert_eq!(asked("web:81"), Exit::Failed);
    assert_eq!(asked("pay.example.com:80"), Exit::Unknown);
}

#[test]
fn a_client_outside_is_asked_for_by_that_word_and_perhaps_its_address() {
    let hidden = why(&["--from", "outside", "--to", "web.shop:80"]);
    assert_eq!(hidden.exit, Exit::Failed);
    assert!(hidden.out.contains("is no LoadBalancer and no NodePort"), "{}", hidden.out);
    let kept = "spec: { type: NodePort, externalTrafficPolicy: Local, selector: { app: web }, ";
    let open = SHOP.replace("spec: { selector: { app: web }, ", kept);
    let asked = |from: &str| {
        meshwalk_reading(&open, &["why", "-f", "-", "--from", from, "--to", "web.shop:80"])
    };
    assert_eq!(asked("outside").exit, Exit::Fine);
    let known = asked("outside/198.51.100.7");
    assert!(known.out.contains("the client's own address, 198.51.100.7"), "{}", known.out);
    assert_eq!(asked("outside/web").exit, Exit::Unusable, "that is a workload of a namespace");
}

#[test]
fn clients_may_be_asked_for_at_a_controller_that_no_manifest_holds() {
    let ingress = "---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec:
  ingressClassName: public
  rules:
  - host: www.shop.example
    http:
      paths: [{ path: /cart, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }]
";
    let text = format!("{SHOP}{ingress}");
    let asked =
        |at: &str, to: &str| meshwalk_reading(&text, &["why", "-f", "-", "--at", at, "--to", to]);
    for at in ["ingress/public", "ingress"] {
        let taken = asked(at, "http://www.shop.example/cart");
        assert_eq!(taken.exit, Exit::Fine, "{}", taken.err);
        assert!(taken.out.contains("whose controller is in no manifest"), "{}", taken.out);
        assert!(taken.out.contains("<stdin>:19"), "{}", taken.out);
        assert_eq!(asked(at, "http://www.shop.example/").exit, Exit::Failed);
    }
    let nobody = asked("ingress/private", "http://www.shop.example/cart");
    assert_eq!(nobody.exit, Exit::Unusable);
    assert!(nobody.err.contains("there are ingress/public"), "{}", nobody.err);
}

#[test]
fn thirds_of_the_requests_are_not_a_millionth_short_of_all() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: some, namespace: shop }
spec:
  podSelector: {}
  ingress: [{ from: [{ ipBlock: { cidr: 198.51.100.0/24 } }] }]
";
    let asked = ["why", "-f", "-", "--from", "outside", "--to", "web.shop:80"];
    let printed = meshwalk_reading(text, &asked);
    assert_eq!(printed.exit, Exit::Unknown, "{}", printed.out);
    assert!(printed.out.contains("100.0 % to shop/deploy/web: unknown"), "{}", printed.out);
}

#[test]
fn the_command_line_may_say_which_pods_have_a_sidecar() {
    let asked = ["--from", "shop/web", "--to", "web:80"];
    let with = |data_path: &[&str]| why(&[&asked[..], data_path].concat()).out;
    assert!(with(&[]).contains("has no sidecar: no route or policy"));
    assert!(with(&["--data-path", "istio-sidecar"]).contains("has a sidecar, which takes its"));
    assert_eq!(with(&["--data-path", "none"]), with(&[]));
}

#[test]
fn an_expectation_decides_the_exit_code() {
    let asked = ["--from", "shop/web", "--to", "web:80", "--expect"];
    let with = |expect| why(&[&asked[..], &[expect]].concat());
    assert_eq!(with("routed:web.shop").exit, Exit::Fine);
    let printed = with("routed:cart");
    assert_eq!(printed.exit, Exit::Failed);
    assert!(
        printed.out.contains("expected routed:cart, got routed:web.shop:80"),
        "{}",
        printed.out
    );
    let printed = with("routet:web");
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("none of routed"), "{}", printed.err);
}

#[test]
fn what_cannot_be_asked_says_what_to_write() {
    for (arguments, said) in [
        (&["--from", "shop/wep", "--to", "web:80"][..], "did you mean shop/pod/web?"),
        (&["--from", "shop/web", "--to", "web:0"], "1 to 65535"),
        (&["--from", "shop/web", "--to", "web:80", "-H", "novalue"], "-H 'name: value'"),
        (&["--from", "shop/web", "--to", "web:80", "--path", "x"], "begins with /"),
        (&["--at", "gateway/edge", "--to", "http://a"], "declare no Gateway"),
        (&["--from", "shop/web", "--to", "web:80", "--profile", "istio-0"], "there are istio"),
        (&["--to", "web:80"], "--from"),
    ] {
        let printed = why(arguments);
        assert_eq!(printed.exit, Exit::Unusable, "{arguments:?}");
        assert!(printed.err.contains(said), "{arguments:?}: {}", printed.err);
    }
}

#[test]
fn checks_fail_together_and_junit_has_a_case_for_each() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    fs::write(path("shop.yaml"), SHOP).expect("it can be written");
    let checks = "\
- { from: shop/web, to: web:80, expect: routed:web }
- name: nobody is there
  from: shop/web
  to: web:81
  expect: routed:web
- { from: shop/gone, to: web:80, expect: no_route }
";
    fs::write(path("checks.yaml"), checks).expect("it can be written");
    let arguments = ["why", "-f", &path("shop.yaml"), "--checks", &path("checks.yaml")];
    let printed = meshwalk(&[&arguments[..], &["--junit", &path("out.xml")]].concat());
    assert_eq!(printed.exit, Exit::Failed);
    assert!(printed.out.contains("1 of 3 checks pass"), "{}", printed.out);
    assert!(
        printed.out.contains("checks.yaml:5: expected routed:web, got no_route"),
        "{}",
        printed.out
    );
    assert!(printed.out.contains("no workload or pod `gone`"), "{}", printed.out);
    let report = fs::read_to_string(path("out.xml")).expect("a report");
    assert!(report.contains("failures=\"2\""), "{report}");

    fs::write(path("checks.yaml"), "- { from: a, to: b }\n").expect("it can be written");
    let printed = meshwalk(&arguments);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("checks.yaml:1"), "{}", printed.err);
}

#[test]
fn a_caller_may_be_named_beside_a_gateway_if_there_is_one() {
    let gateway = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
                   metadata: { name: edge, namespace: shop }\n\
                   spec: { selector: { istio: edge }, servers: [{ port: { number: 80, name: http, \
                   protocol: HTTP }, hosts: ['*'] }] }\n";
    let text = format!("{SHOP}{gateway}");
    let asked = |from| {
        let words = ["why", "-f", "-", "--at", "gateway/edge", "--to", "web:80", "--from", from];
        meshwalk_reading(&text, &words)
    };
    let known = asked("shop/web");
    assert!(known.out.starts_with("DENIED  no_route  404"), "{}{}", known.out, known.err);
    assert_eq!(asked("shop/nobody").exit, Exit::Unusable);
}

#[test]
fn the_pod_may_stand_behind_the_files() {
    let words = ["proxy-config", "clusters", "--data-path", "istio-sidecar"];
    let of = |rest: &[&str]| meshwalk_reading(SHOP, &[&words[..], rest].concat());
    let before = of(&["shop/web", "-f", "-"]);
    assert!(before.out.contains("web.shop.svc.cluster.local"), "{}{}", before.out, before.err);
    assert_eq!(of(&["-f", "-", "shop/web"]).out, before.out);
    assert_eq!(of(&["-f", "-"]).exit, Exit::Unusable);
}
