//! Laws that hold for any set of routes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::explain::Silent;
use crate::proxy::envoy::config::{Bootstrap, Transport};
use crate::proxy::envoy::routing::{Choice, choose};
use crate::proxy::envoy::{Connection, Dice, Purpose, Request};

/// A route that competes with others, as a few choices.
#[derive(Clone, Debug)]
struct Sketch {
    kind: &'static str,
    name: u32,
    path: &'static str,
    host: &'static str,
    header: &'static str,
    year: Option<u32>,
    method: bool,
    /// A parent in the mesh instead of the Gateway.
    mesh: Option<&'static str>,
}

fn sketch(year: impl Strategy<Value = Option<u32>>) -> impl Strategy<Value = Sketch> {
    let kind = prop_oneof![4 => Just("HTTPRoute"), 1 => Just("GRPCRoute")];
    let path = prop_oneof![Just("/"), Just("/a"), Just("/a/b"), Just("/ab")];
    let host = prop_oneof![Just("a.x"), Just("'*.x'"), Just(""), Just("b.a.x")];
    let header = prop_oneof![Just(""), Just("h"), Just("i")];
    let parent = prop_oneof![
        3 => Just(None),
        1 => Just(Some("name: cart")),
        1 => Just(Some("name: cart, port: 80"))
    ];
    let names = (kind, 0..6_u32, path, host);
    let all = (names, header, year, any::<bool>(), parent);
    all.prop_map(|((kind, name, path, host), header, year, method, mesh)| Sketch {
        kind,
        name,
        path,
        host,
        header,
        year,
        method,
        mesh,
    })
}

impl Sketch {
    /// The manifest, under the name that `rename` gives it; its backend tells it apart.
    fn text(&self, rename: impl Fn(u32) -> u32) -> String {
        let headers = match self.header {
            "" => String::new(),
            name => format!("headers: [{{name: {name}, value: v}}]"),
        };
        let matches = match self.kind {
            // Calls of `a/b` have the path `/a/b`.
            "GRPCRoute" if self.path == "/a/b" => {
                format!("method: {{service: a, method: b}}, {headers}")
            }
            "GRPCRoute" => headers,
            _ if self.method => format!("path: {{value: {}}}, method: GET, {headers}", self.path),
            _ => format!("path: {{value: {}}}, {headers}", self.path),
        };
        // Without a hostname a route counts for all hosts.
        let hosts = match self.host {
            "" => String::new(),
            host => format!("  hostnames: [{host}]\n"),
        };
        let backend = format!("s{}-{}", self.name, self.kind.to_lowercase());
        let spec = format!(
            "{hosts}  rules: [{{matches: [{{{matches}}}], \
             backendRefs: [{{name: {backend}, port: 80}}]}}]\n"
        );
        let mut text = route(self.kind, &format!("shop/r{}", rename(self.name)), &spec);
        if let Some(parent) = self.mesh {
            let parent = format!("{{group: '', kind: Service, {parent}}}");
            text = text.replace("{name: edge, namespace: infra}", &parent);
        }
        match self.year {
            Some(year) => text.replace(
                "metadata: {",
                &format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', "),
            ),
            None => text,
        }
    }
}

/// Each name of a kind once: of two objects with one name the later counts.
fn distinct(sketches: Vec<Sketch>) -> Vec<Sketch> {
    let mut seen = BTreeSet::new();
    let kept = sketches.into_iter().filter(|it| seen.insert((it.kind, it.name)));
    kept.collect()
}

fn rig_of(profile: &str, texts: &[String]) -> Rig {
    let mut all: Vec<&str> = texts.iter().map(String::as_str).collect();
    let gateway = format!("{GATEWAY}{OPEN}");
    let cart = service("shop/cart");
    all.insert(all.len() / 2, &gateway);
    all.push(&cart);
    rig_as(profile, &all)
}

/// The tables without places, which depend on the order of files.
fn decisions(rig: &Rig) -> Vec<(String, Vec<String>)> {
    let config = rig.config();
    let mut hosts: Vec<_> = config.route_tables["http.80"]
        .virtual_hosts
        .iter()
        .map(|host| (host.domains[0].clone(), host.routes.iter().map(|it| show(it)).collect()))
        .collect();
    hosts.sort();
    let mesh = rig.plane.mesh_routes("web", "shop", "cart", 80).unwrap_or_default();
    hosts.push(("the mesh".to_owned(), mesh.iter().map(|route| show(route)).collect()));
    hosts
}

struct NoDice;

impl Dice for NoDice {
    fn roll(&mut self, _: Purpose) -> u64 {
        0
    }
}

/// What becomes of each of a few requests at the Gateway.
fn answers(rig: &Rig) -> BTreeMap<String, String> {
    let config = rig.config();
    let table = &config.route_tables["http.80"];
    let mut answers = BTreeMap::new();
    for host in ["a.x", "b.a.x", "c.x", "y"] {
        for path in ["/", "/a", "/a/b", "/ab"] {
            for (method, header) in [("GET", ""), ("POST", ""), ("GET", "h"), ("POST", "hi")] {
                let mut headers: Vec<(String, &str)> = vec![
                    (":method".to_owned(), method),
                    (":authority".to_owned(), host),
                    (":path".to_owned(), path),
                ];
                headers.extend(header.chars().map(|name| (name.to_string(), "v")));
                let request = Request {
                    headers: headers.iter().map(|(name, value)| (name, *value)).collect(),
                    connection: Connection {
                        source_ip: None,
                        destination_ip: None,
                        destination_port: 80,
                        transport: Transport::RawBuffer,
                        sni: None,
                        alpn: Vec::new(),
                        principal: None,
                    },
                    tokens: Arc::default(),
                };
                let choice =
                    choose(table, &request, &Bootstrap::default(), &mut NoDice, &mut Silent);
                let answer = match choice {
                    Choice::Taken(taken) => show_action(&taken.route.action),
                    _ => "404".to_owned(),
                };
                answers.insert(format!("{host} {method} {path} {header}"), answer);
            }
        }
    }
    answers
}

proptest! {
    #[test]
    fn the_order_of_documents_changes_no_decision(
        sketches in prop::collection::vec(sketch(prop::option::of(2020..2024_u32)), 1..7),
        by in any::<prop::sample::Index>(),
        istio in any::<bool>(),
    ) {
        let mut texts: Vec<_> = distinct(sketches).iter().map(|it| it.text(|name| name)).collect();
        let profile = if istio { "istio" } else { "gateway-api" };
        let written = rig_of(profile, &texts);
        texts.reverse();
        let at = by.index(texts.len());
        texts.rotate_left(at);
        let shuffled = rig_of(profile, &texts);
        prop_assert_eq!(decisions(&written), decisions(&shuffled));
        let sorted = |rig: &Rig| {
            let mut said: Vec<_> =
                rig.findings.iter().map(|it| (it.code, it.message.clone())).collect();
            said.sort();
            said
        };
        prop_assert_eq!(sorted(&written), sorted(&shuffled));
    }

    #[test]
    fn names_decide_only_where_missing_ages_are_told(
        sketches in prop::collection::vec(sketch(Just(None)), 2..7),
        aged in any::<bool>(),
    ) {
        let mut sketches = distinct(sketches);
        sketches.iter_mut().for_each(|it| it.mesh = None);
        if aged {
            for (at, sketch) in (2000..).zip(&mut sketches) {
                sketch.year = Some(at);
            }
        }
        let texts = |rename: fn(u32) -> u32| -> Vec<_> {
            sketches.iter().map(|it| it.text(rename)).collect()
        };
        let one = rig_of("gateway-api", &texts(|name| name));
        let other = rig_of("gateway-api", &texts(|name| 9 - name));
        let told = one.codes().contains(&"gateway.order-by-name");
        if answers(&one) != answers(&other) {
            prop_assert!(told, "the names decide, and nothing says so");
        }
        prop_assert!(!(aged && told), "all ages are known");
    }
}
