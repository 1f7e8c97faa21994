//! The runner by itself, on cases of our own.

use std::fs;

use super::*;

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 5432}]}]
";

const EXPECTED: &str = "\
0.0.0.0-255.255.255.255[External] => shop/web[Pod] : All Connections
10.0.0.0-10.127.255.255[External] => shop/db[Pod] : TCP 5432
10.128.0.0-10.255.255.255[External] => shop/db[Pod] : TCP 5432
shop/db[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections
shop/db[Pod] => shop/web[Pod] : All Connections
shop/web[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections
";

fn folder(expected: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let case = folder.path().join("one");
    fs::create_dir_all(case.join("manifests")).expect("it can be made");
    fs::write(case.join("manifests/all.yaml"), PODS).expect("it can be written");
    fs::write(case.join("expected.txt"), expected).expect("it can be written");
    folder
}

#[test]
fn ranges_may_be_cut_anywhere() {
    let folder = folder(EXPECTED);
    let report = check(folder.path(), "netpol-analyzer").expect("it can be read");
    assert_eq!(report.cases, [Outcome { name: "one".to_owned(), differences: Vec::new() }]);
}

#[test]
fn a_pair_that_differs_is_told_with_both_sets() {
    let folder = folder(&EXPECTED.replace("TCP 5432", "TCP 5433"));
    let report = check(folder.path(), "netpol-analyzer").expect("it can be read");
    let differences = &report.cases[0].differences;
    assert_eq!(differences.len(), 2);
    assert!(differences[0].ends_with("expected TCP 5433, got TCP 5432"), "{differences:?}");
}

#[test]
fn the_fact_that_explains_a_difference_is_found() {
    let folder = folder(EXPECTED);
    let others = otherwise(folder.path(), "istio-1.32").expect("it can be read");
    let rules: Vec<_> = others[0].because.iter().map(|why| why.rule).collect();
    assert_eq!(rules, ["network.peer"]);
    assert!(others[0].differences[0].contains("TCP 5432 is unknown"), "{:?}", others[0]);
}
