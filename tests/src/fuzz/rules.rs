//! The texts of AuthorizationPolicies: beside a policy that denies all, none of them lets a request
//! through.

use std::sync::Arc;

use meshwalk_models::walk::{
    ClientCertificate, ExternalAnswers, Policies, Question, Sender, Verdict, find_caller, walk,
};

use super::Target;
use super::manifests::with_planes;

pub(super) const TARGET: Target = Target {
    name: "rules",
    words: &[
        "*",
        "/*",
        "*/",
        "/{*}",
        "/{**}",
        "/{**}/x",
        "{",
        "}",
        "spiffe://",
        "cluster.local/ns/default/sa/a",
        "request.headers[",
        "request.headers[x]",
        "request.auth.claims[a][b]",
        "source.ip",
        "destination.port",
        "connection.sni",
        "10.0.0.0/8",
        "0.0.0.0/0",
        "8080",
        "99999",
        "GET",
        "%2f",
    ],
    seeds: || {
        let seeds = [
            "/v1/*\ncluster.local/ns/default/sa/a\nrequest.headers[x-user]\njane\n10.0.0.0/8",
            "/v1/{*}/items/{**}\n*\nsource.ip\n10.0.0.0/8\n::/0",
            "*\n*/sa/a\nrequest.auth.claims[groups][0]\nadmin*\n10.1.2.3",
        ];
        seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
    },
    read,
};

const MESH: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {app: b}}
spec: {containers: [{name: c, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody}
spec: {action: DENY, rules: [{}]}
";

/// A path, a principal, a key, its value, and a block of addresses, a line each.
fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let quoted: Vec<String> = text
        .split('\n')
        .map(|part| serde_json::to_string(part).expect("a string is JSON"))
        .collect();
    let part = |at: usize| quoted.get(at).map_or("\"\"", String::as_str);
    let rules = format!(
        "rules: [{{from: [{{source: {{principals: [{}], ipBlocks: [{}]}}}}], \
         to: [{{operation: {{paths: [{}]}}}}], when: [{{key: {}, values: [{}]}}]}}]",
        part(1),
        part(4),
        part(0),
        part(2),
        part(3),
    );
    let policy = |name: &str, action: &str| {
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
             metadata: {{name: {name}}}\nspec: {{action: {action}, {rules}}}\n"
        )
    };
    let policies = [policy("some", "ALLOW"), policy("others", "DENY")].concat();
    for data_path in ["istio-injection: enabled", "istio.io/dataplane-mode: ambient"] {
        let mesh = MESH.replace("istio-injection: enabled", data_path);
        nobody_passes(&format!("{mesh}{policies}"), &text);
    }
}

/// Walks a request past policies of which one denies all.
fn nobody_passes(manifests: &str, text: &str) {
    with_planes(manifests.as_bytes(), |world, planes| {
        let caller = find_caller(world, None, "a").expect("the caller is there");
        let question = Question {
            sender: Sender::Pod(caller),
            target: "b:80".parse().expect("a destination of our own"),
            method: "GET".to_owned(),
            path: Some("/v1/items".to_owned()),
            headers: vec![("x-user".to_owned(), "jane".to_owned())],
            policies: Policies::MayDeny,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: Arc::default(),
        };
        let answer = walk(world, planes, &question);
        assert_ne!(answer.verdict, Verdict::Allowed, "{text:?} is let through");
    });
}
