//! Stories about who reaches whom, and laws: the same as `why` for each pair, whatever the order
//! of documents.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    Ask, Condition, Fate, Link, PartyKind, Reach, Refusals, Requests, Sort, differences, entrances,
    names, reach, rows,
};
use crate::control::ControlPlanes;
use crate::manifest::kinds::Transport;
use crate::manifest::{SourceSet, load};
use crate::profile::Profile;
use crate::proxy::envoy::config::Wants;
use crate::walk::{
    ClientCertificate, ExternalAnswers, Policies, Question, Sender, Verdict, find_caller, walk,
};
use crate::world::{ClusterManifests, Topology, World, build};

struct Lab {
    world: World,
    planes: ControlPlanes,
    reach: Reach,
}

impl Lab {
    fn of(text: &str) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("a.yaml", text);
        let manifests = load(&sources, [id]);
        let resources = &manifests.resources;
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
        let entrances = entrances(&world, &[cluster]);
        let refusals = Refusals::Given;
        let ask =
            Ask { external: &[], cuts: &[], entrances: &entrances, refusals, from: None, to: None };
        let reach = reach(&world, &planes, &ask, &mut |_, _| {});
        Self { world, planes, reach }
    }

    fn party(&self, name: &str) -> usize {
        let parties = self.reach.parties();
        let found = parties.iter().position(|party| party.name == name);
        found.unwrap_or_else(|| panic!("nobody is called {name}: {parties:?}"))
    }

    fn links(&self, from: &str, to: &str) -> &[Link] {
        self.reach.between(self.party(from), self.party(to))
    }

    /// The fates of a pair, such as `TCP 8080 allowed`.
    fn told(&self, from: &str, to: &str) -> Vec<String> {
        let links = self.links(from, to).iter();
        links.map(|link| format!("{} {}", link.set, link.fate.word())).collect()
    }

    fn fate(&self, from: &str, to: &str, port: u16) -> &Fate {
        let links = self.links(from, to);
        let link = links.iter().find(|link| link.set.contains(Transport::Tcp, port));
        &link.unwrap_or_else(|| panic!("{from} to {to}: {links:?}")).fate
    }

    fn asked(&self, from: &str, to: &str, method: &str, path: &str) -> Verdict {
        let question = Question {
            sender: Sender::Pod(find_caller(&self.world, None, from).expect("the caller")),
            target: to.parse().expect("a destination"),
            method: method.to_owned(),
            path: Some(path.to_owned()),
            headers: Vec::new(),
            policies: Policies::MayDeny,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: std::sync::Arc::default(),
        };
        walk(&self.world, &self.planes, &question).verdict
    }

    /// Everything that is found out, without lines.
    fn signature(&self) -> BTreeMap<(String, String, String), String> {
        let mut all = BTreeMap::new();
        for (from, client) in self.reach.parties().iter().enumerate() {
            for (to, server) in self.reach.parties().iter().enumerate() {
                for link in self.reach.between(from, to) {
                    let conditions = match &link.fate {
                        Fate::Allowed(Requests::Some { admitted, except, .. }) => {
                            let each = admitted.iter().flatten().chain(except);
                            let mut each: Vec<_> =
                                each.map(|it| format!("{:?}", it.conditions)).collect();
                            each.sort();
                            each.join(" ")
                        }
                        _ => String::new(),
                    };
                    let key = (client.name.clone(), server.name.clone(), link.set.to_string());
                    all.insert(key, format!("{} {conditions}", link.fate.word()));
                }
            }
        }
        all
    }
}

/// `injected` is `enabled`, `disabled` or `ambient`.
fn namespace(name: &str, injected: &str) -> String {
    let label = match injected {
        "ambient" => "istio.io/dataplane-mode: ambient".to_owned(),
        injected => format!("istio-injection: {injected}"),
    };
    format!(
        "---\napiVersion: v1\nkind: Namespace\n\
         metadata: {{name: {name}, labels: {{{label}, name: {name}}}}}\n"
    )
}

fn workload(namespace: &str, name: &str, number: usize) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      serviceAccountName: {name}
      containers: [{{name: app, ports: [{{name: http, containerPort: 8080}}]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  clusterIP: 10.96.0.{number}
  selector: {{app: {name}}}
  ports: [{{name: http, port: 80, targetPort: http}}]
"
    )
}

fn two(injected: &str) -> String {
    namespace("shop", injected) + &workload("shop", "web", 1) + &workload("shop", "cart", 2)
}

fn policy(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn access(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

#[test]
fn without_policies_everybody_talks_to_everybody() {
    let lab = Lab::of(&two("disabled"));
    assert_eq!(lab.told("shop/deploy/web", "shop/deploy/cart"), ["all allowed"]);
    assert_eq!(lab.told("0.0.0.0/0", "shop/deploy/cart"), ["all allowed"]);
    assert_eq!(lab.told("shop/deploy/cart", "0.0.0.0/0"), ["all allowed"]);
    assert_eq!(lab.told("0.0.0.0/0", "0.0.0.0/0"), [""; 0]);
}

#[test]
fn a_network_policy_leaves_the_port_that_it_names_and_is_named_for_the_rest() {
    let text = two("disabled")
        + &policy(
            "cart",
            "{podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: \
             {matchLabels: {app: web}}}], ports: [{port: http}]}]}",
        );
    let lab = Lab::of(&text);
    assert_eq!(
        lab.told("shop/deploy/web", "shop/deploy/cart"),
        ["TCP 8080 allowed", "TCP 1-8079, 8081-65535; UDP; SCTP dropped"]
    );
    let dropped = lab.fate("shop/deploy/web", "shop/deploy/cart", 9);
    assert_eq!(dropped.origins().len(), 1);
    assert_eq!(lab.told("0.0.0.0/0", "shop/deploy/cart"), ["all dropped"]);
}

#[test]
fn ranges_outside_are_cut_where_policies_cut_them() {
    let text = two("disabled")
        + &policy(
            "out",
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: \
             203.0.113.0/24, except: [203.0.113.0/25]}}], ports: [{port: 443}]}]}",
        );
    let lab = Lab::of(&text);
    let told = |to: &str| lab.told("shop/deploy/web", to);
    assert_eq!(told("203.0.113.128/25")[0], "TCP 443 allowed");
    assert_eq!(told("203.0.113.0/25"), ["all dropped"]);
    let rest = "0.0.0.0-203.0.112.255, 203.0.114.0-255.255.255.255";
    assert_eq!(told(rest), ["all dropped"]);
}

#[test]
fn a_client_without_an_identity_is_reset_where_the_server_is_strict() {
    let text = namespace("shop", "enabled")
        + &namespace("old", "disabled")
        + &workload("shop", "cart", 1)
        + &workload("shop", "web", 2)
        + &workload("old", "job", 3)
        + "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
           metadata: {name: default, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";
    let lab = Lab::of(&text);
    assert_eq!(lab.fate("shop/deploy/web", "shop/deploy/cart", 8080).word(), "allowed");
    let refused = lab.fate("old/deploy/job", "shop/deploy/cart", 8080);
    assert_eq!(refused.word(), "reset");
    assert!(!refused.origins().is_empty(), "{refused:?}");
    assert_eq!(lab.fate("0.0.0.0/0", "shop/deploy/cart", 8080).word(), "reset");
}

#[test]
fn an_access_policy_admits_methods_and_paths_of_one_identity() {
    let text = two("enabled")
        + &access(
            "viewer",
            "{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: \
             [cluster.local/ns/shop/sa/web]}}], to: [{operation: {methods: [GET], paths: \
             [/v1/*]}}]}]}",
        );
    let lab = Lab::of(&text);
    let Fate::Allowed(Requests::Some { admitted: Some(admitted), except, undecided }) =
        lab.fate("shop/deploy/web", "shop/deploy/cart", 8080)
    else {
        panic!("some requests pass: {:?}", lab.links("shop/deploy/web", "shop/deploy/cart"));
    };
    assert!(except.is_empty() && undecided.is_empty());
    let conditions: Vec<_> = admitted
        .iter()
        .flat_map(|it| &it.conditions)
        .map(|it| format!("{} {}", it.attribute, it.values.join(",")))
        .collect();
    assert_eq!(conditions, ["method GET", "path /v1/*"]);
    assert_eq!(lab.fate("shop/deploy/cart", "shop/deploy/cart", 8080).word(), "denied");
}

#[test]
fn what_an_ingress_serves_is_reached_from_the_controller_and_nothing_else() {
    let text = two("disabled")
        + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
           metadata: {name: shop, namespace: shop}\nspec: {rules: [{http: {paths: [{path: /, \
           pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n";
    let lab = Lab::of(&text);
    assert_eq!(lab.told("ingress controller", "shop/deploy/web"), ["TCP 8080 allowed"]);
    assert_eq!(lab.told("ingress controller", "shop/deploy/cart"), [""; 0]);
}

#[test]
fn a_pod_on_the_host_network_may_run_on_the_servers_node_and_that_is_unknown() {
    let text = two("disabled")
        + &policy("cart", "{podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}")
        + "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: ops}\n\
           spec:\n  selector: {matchLabels: {app: agent}}\n  template:\n    metadata: {labels: \
           {app: agent}}\n    spec: {hostNetwork: true, containers: [{name: a}]}\n";
    let lab = Lab::of(&text);
    assert_eq!(lab.told("ops/ds/agent", "shop/deploy/cart"), ["all unknown"]);
}

#[test]
fn a_difference_names_what_is_lost_and_what_drops_it() {
    let before = Lab::of(&two("disabled"));
    let after =
        Lab::of(&(two("disabled") + &policy("all", "{podSelector: {}, policyTypes: [Ingress]}")));
    let (parties, changes) = differences(&before.reach, &after.reach);
    assert!(changes.iter().all(|change| change.sort() == Sort::Lost), "{changes:?}");
    let to: Vec<_> = changes.iter().flat_map(|change| names(&parties, &change.to)).collect();
    assert!(to.iter().all(|name| name == "any workload" || name.starts_with("shop/")), "{to:?}");
    let after = changes.iter().filter_map(|change| change.after.as_ref());
    assert!(after.into_iter().all(|fate| !fate.origins().is_empty()));
    let (_, back) = differences(&after_of(&two("disabled")), &before.reach);
    assert_eq!(back, []);
}

fn after_of(text: &str) -> Reach {
    Lab::of(text).reach
}

#[test]
fn many_pairs_that_are_alike_share_rows() {
    let mut text = namespace("shop", "disabled") + &namespace("ops", "disabled");
    for number in 1..=15 {
        text +=
            &workload(if number % 2 == 0 { "shop" } else { "ops" }, &format!("w{number}"), number);
    }
    let lab = Lab::of(&text);
    let rows = rows(&lab.reach, |_, _| true);
    assert!(rows.len() <= 3, "{rows:?}");
    let from = names(lab.reach.parties(), &rows[0].from);
    assert_eq!(from[0], "any workload");
    let workloads = lab.reach.parties().iter().filter(|it| it.kind == PartyKind::Workload);
    assert_eq!(workloads.count(), 15);
}

/// Requests that tell the generated rules apart.
const REQUESTS: [(&str, &str); 5] =
    [("GET", "/"), ("GET", "/v1/a"), ("POST", "/v1/a"), ("DELETE", "/admin"), ("POST", "/x/end")];

fn admits(conditions: &[Condition], method: &str, path: &str) -> bool {
    conditions.iter().all(|one| {
        let actual = match one.attribute.as_str() {
            "method" => method,
            "path" => path,
            other => panic!("{other} is not generated"),
        };
        let fits = one.values.iter().any(|value| {
            match (value.strip_suffix('*'), value.strip_prefix('*')) {
                _ if value == "*" => true,
                (Some(prefix), _) => actual.starts_with(prefix),
                (None, Some(suffix)) => actual.ends_with(suffix),
                (None, None) => actual == value,
            }
        });
        fits == (one.wants == Wants::OneOf)
    })
}

/// Documents of a small cluster: three workloads in two namespaces, and policies on them.
fn any_cluster() -> impl Strategy<Value = Vec<String>> {
    let injected = prop_oneof![Just("enabled"), Just("disabled"), Just("ambient")];
    let app = || prop_oneof![Just("web"), Just("cart"), Just("job")];
    let network = (app(), app(), any::<bool>(), any::<bool>(), 0..5_usize).prop_map(
        |(subject, peer, is_egress, of_namespace, port)| {
            let peer = match of_namespace {
                true => "{namespaceSelector: {matchLabels: {name: ops}}}".to_owned(),
                false => format!("{{podSelector: {{matchLabels: {{app: {peer}}}}}}}"),
            };
            let ports = [
                "",
                ", ports: [{port: 8080}]",
                ", ports: [{port: 9, endPort: 99}]",
                ", ports: [{port: 15008}]",
                ", ports: [{port: 8080}, {port: 15008}]",
            ][port];
            let (kind, rule, side) =
                if is_egress { ("Egress", "egress", "to") } else { ("Ingress", "ingress", "from") };
            format!(
                "{{podSelector: {{matchLabels: {{app: {subject}}}}}, policyTypes: [{kind}], \
                 {rule}: [{{{side}: [{peer}]{ports}}}]}}"
            )
        },
    );
    let access = (app(), 0..2_usize, 0..4_usize, 0..5_usize).prop_map(|(app, action, from, to)| {
        let action = ["ALLOW", "DENY"][action];
        let from = [
            "",
            "from: [{source: {namespaces: [ops]}}], ",
            "from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}], ",
            "from: [{source: {notNamespaces: [shop]}}], ",
        ][from];
        let to = [
            "",
            "to: [{operation: {methods: [GET]}}]",
            "to: [{operation: {paths: [/v1/*]}}]",
            "to: [{operation: {notPaths: ['*/end'], methods: [POST]}}]",
            "to: [{operation: {ports: ['9090']}}]",
        ][to];
        format!("{{selector: {{matchLabels: {{app: {app}}}}}, action: {action}, rules: [{{{from}{to}}}]}}")
    });
    let mode = prop_oneof![Just("STRICT"), Just("PERMISSIVE"), Just("DISABLE")];
    (
        injected.clone(),
        injected,
        proptest::collection::vec(network, 0..3),
        proptest::collection::vec(access, 0..3),
        mode,
    )
        .prop_map(|(shop, ops, networks, accesses, mode)| {
            let mut documents = vec![
                namespace("shop", shop),
                namespace("ops", ops),
                workload("shop", "web", 1),
                workload("shop", "cart", 2),
                workload("ops", "job", 3),
            ];
            let named = networks.iter().enumerate();
            documents.extend(named.map(|(at, spec)| policy(&format!("n{at}"), spec)));
            let named = accesses.iter().enumerate();
            documents.extend(named.map(|(at, spec)| access_named(at, spec)));
            documents.push(format!(
                "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                 metadata: {{name: default, namespace: shop}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
            ));
            documents
        })
}

fn access_named(at: usize, spec: &str) -> String {
    access(&format!("a{at}"), spec)
}

const NAMED: [(&str, &str); 3] = [
    ("shop/deploy/web", "10.96.0.1:80"),
    ("shop/deploy/cart", "10.96.0.2:80"),
    ("ops/deploy/job", "10.96.0.3:80"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn each_pair_is_what_why_says_of_it(documents in any_cluster()) {
        let lab = Lab::of(&documents.concat());
        for (from, _) in NAMED {
            for (to, address) in NAMED {
                let fate = lab.fate(from, to, 8080);
                for (method, path) in REQUESTS {
                    let passes = match fate {
                        Fate::Unknown { .. } => continue,
                        Fate::Refused { .. } => false,
                        Fate::Allowed(Requests::All) => true,
                        Fate::Allowed(Requests::Some { admitted, except, undecided }) => {
                            prop_assert!(undecided.is_empty());
                            let fits = |all: &Vec<super::Admission>| {
                                all.iter().any(|it| admits(&it.conditions, method, path))
                            };
                            admitted.as_ref().is_none_or(fits) && !fits(except)
                        }
                    };
                    if from == to && !passes {
                        // A request may come back to the pod that sends it.
                        continue;
                    }
                    let verdict = lab.asked(from, address, method, path);
                    prop_assert_eq!(
                        verdict == Verdict::Allowed, passes,
                        "{} to {} {} {}: {:?} but {:?}\n{}",
                        from, to, method, path, verdict, fate, documents.concat()
                    );
                    prop_assert_ne!(verdict, Verdict::Unknown);
                }
            }
        }
    }

    #[test]
    fn the_order_of_documents_never_matters(documents in any_cluster(), turn in 0..8_usize) {
        let lab = Lab::of(&documents.concat());
        let mut turned = documents;
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        prop_assert_eq!(lab.signature(), Lab::of(&turned.concat()).signature());
    }

    #[test]
    fn nothing_differs_from_itself(documents in any_cluster()) {
        let lab = Lab::of(&documents.concat());
        prop_assert_eq!(differences(&lab.reach, &lab.reach).1, []);
    }
}
