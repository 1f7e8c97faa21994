//! Laws over small meshes: each flip holds when its edit is made in fresh manifests, and no single
//! edit of the listed sorts is smaller. The second reading of what can be edited works on the case
//! and not on objects: it renders the edited case as YAML and asks about that.

use proptest::prelude::*;

use crate::control::ControlPlanes;
use crate::profile::Profile;
use crate::walk::{Verdict, walk};
use crate::world::{ClusterManifests, Topology, build};

use super::super::draft::Draft;
use super::super::evaluate::question_after;
use super::super::{Bounds, Edit};
use super::{Asked, Mesh, SHOP, object, question};

/// A mesh in which `client/web` calls `shop/cart`.
#[derive(Clone, Debug)]
struct Case {
    /// The label by which the caller's pods ask for a proxy.
    inject: Option<&'static str>,
    enrolled: bool,
    role: bool,
    team: Team,
    account: &'static str,
    method: &'static str,
    mode: Option<&'static str>,
    access: Vec<Access>,
    network: Vec<Network>,
}

/// A label of the caller's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Team {
    Blue,
    Red,
}

#[derive(Clone, Debug)]
struct Access {
    denies: bool,
    rules: Vec<AccessRule>,
}

#[derive(Clone, Debug)]
struct AccessRule {
    /// Each is a source.
    from: Vec<&'static str>,
    methods: Vec<&'static str>,
    except: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Network {
    at_client: bool,
    rules: Vec<NetworkRule>,
}

#[derive(Clone, Debug)]
struct NetworkRule {
    peers: Vec<Peer>,
    ports: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    /// The other end by its namespace.
    Right,
    Wrong,
    /// Pods of any namespace with the role.
    Role,
    /// Namespaces of team red.
    Red,
}

const WEB: &str = "principals: [cluster.local/ns/client/sa/web]";
const SHOPPER: &str = "principals: [cluster.local/ns/client/sa/shopper]";
const BATCH: &str = "principals: [cluster.local/ns/ops/sa/batch]";
const CLIENT: &str = "namespaces: [client]";
const OPS: &str = "namespaces: [ops]";
const NOT_WEB: &str = "notPrincipals: [cluster.local/ns/client/sa/web]";
const NOT_CLIENT: &str = "notNamespaces: [client]";

impl Access {
    fn render(&self, number: usize) -> String {
        let rules: Vec<_> = self.rules.iter().map(AccessRule::render).collect();
        let action = if self.denies { "DENY" } else { "ALLOW" };
        let spec = format!("{{action: {action}, rules: [{}]}}", rules.join(", "));
        object(&format!("AuthorizationPolicy shop/access-{number}"), &spec)
    }

    fn fields(&self) -> u32 {
        let rules = self.rules.iter().map(AccessRule::fields).sum::<u32>();
        (u32::from(self.denies) + rules).max(1)
    }
}

impl AccessRule {
    fn fields(&self) -> u32 {
        ((self.from.len() + self.methods.len()) as u32).max(1)
    }

    fn render(&self) -> String {
        let mut sources: Vec<String> = self.from.iter().map(|it| (*it).to_owned()).collect();
        if let Some(except) = self.except {
            if sources.is_empty() {
                sources.push(except.to_owned());
            } else {
                sources.iter_mut().for_each(|source| *source += &format!(", {except}"));
            }
        }
        let sources: Vec<_> =
            sources.iter().map(|source| format!("{{source: {{{source}}}}}")).collect();
        let mut parts = Vec::new();
        if !sources.is_empty() {
            parts.push(format!("from: [{}]", sources.join(", ")));
        }
        if !self.methods.is_empty() {
            let methods = self.methods.join(", ");
            parts.push(format!("to: [{{operation: {{methods: [{methods}]}}}}]"));
        }
        format!("{{{}}}", parts.join(", "))
    }
}

impl Network {
    fn render(&self, number: usize) -> String {
        let (namespace, other, types, list, peers) = match self.at_client {
            true => ("client", "shop", "Egress", "egress", "to"),
            false => ("shop", "client", "Ingress", "ingress", "from"),
        };
        let rule = |rule: &NetworkRule| {
            let each = rule.peers.iter().map(|peer| match peer {
                Peer::Right => format!(
                    "{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {other}}}}}}}"
                ),
                Peer::Wrong => "{podSelector: {matchLabels: {app: nobody}}}".to_owned(),
                Peer::Role => "{namespaceSelector: {}, podSelector: {matchLabels: {role: shopper}}}"
                    .to_owned(),
                Peer::Red => "{namespaceSelector: {matchLabels: {team: red}}}".to_owned(),
            });
            let each: Vec<_> = each.collect();
            let ports: Vec<_> = rule.ports.iter().map(|port| format!("{{port: {port}}}")).collect();
            let mut parts = Vec::new();
            if !each.is_empty() {
                parts.push(format!("{peers}: [{}]", each.join(", ")));
            }
            if !ports.is_empty() {
                parts.push(format!("ports: [{}]", ports.join(", ")));
            }
            format!("{{{}}}", parts.join(", "))
        };
        let rules: Vec<_> = self.rules.iter().map(rule).collect();
        let rules = rules.join(", ");
        let spec = format!("{{podSelector: {{}}, policyTypes: [{types}], {list}: [{rules}]}}");
        object(&format!("NetworkPolicy {namespace}/network-{number}"), &spec)
    }

    fn fields(&self) -> u32 {
        2 + self.rules.iter().map(NetworkRule::fields).sum::<u32>()
    }
}

impl NetworkRule {
    fn fields(&self) -> u32 {
        ((self.peers.len() + self.ports.len()) as u32).max(1)
    }
}

/// Takes an edit and its size.
type With<'w> = dyn FnMut(u32, &dyn Fn(&mut Case)) + 'w;

impl Case {
    fn mesh(&self) -> Mesh {
        let enrolled = if self.enrolled { ", istio-injection: enabled" } else { "" };
        let team = if self.team == Team::Red { "red" } else { "blue" };
        let role = if self.role { ", role: shopper" } else { "" };
        let inject =
            self.inject.map_or(String::new(), |it| format!(", sidecar.istio.io/inject: '{it}'"));
        let account = self.account;
        // The caller of the shop is written anew, with the labels of the case.
        let (shop, _) = SHOP.split_at(SHOP.find("metadata: {name: web").expect("the caller"));
        let web = format!(
            "metadata: {{name: web, namespace: client}}\nspec:\n  selector: {{matchLabels: {{app: \
             web}}}}\n  template:\n    metadata: {{labels: {{app: web{role}{inject}}}}}\n    spec: \
             {{serviceAccountName: {account}, containers: [{{name: app}}]}}\n"
        );
        let namespace = format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: client, labels: {{team: \
             {team}{enrolled}}}}}\n"
        );
        let mut parts = vec![shop.to_owned(), web, namespace];
        let mode = self.mode.map(|it| format!("{{mtls: {{mode: {it}}}}}"));
        parts.extend(mode.map(|spec| object("PeerAuthentication shop/mode", &spec)));
        parts.extend(self.access.iter().enumerate().map(|(at, it)| it.render(at)));
        parts.extend(self.network.iter().enumerate().map(|(at, it)| it.render(at)));
        Mesh::of(&parts)
    }

    /// By address, so that no name server is asked.
    fn asked(&self) -> Asked<'static> {
        Asked { from: "client/web", to: "cart.shop:80", method: self.method, path: "/" }
    }

    fn verdict(&self) -> Verdict {
        let mesh = self.mesh();
        let clusters = mesh.clusters();
        ask_afresh(&clusters, &self.asked(), &[])
    }

    /// Every case that differs by one edit of the listed sorts, with the size of the edit.
    fn edited(&self) -> Vec<(u32, Self)> {
        let mut all = Vec::new();
        self.caller_edits(&mut |size, edit| all.push((size, self.with(edit))));
        self.access_edits(&mut |size, edit| all.push((size, self.with(edit))));
        self.network_edits(&mut |size, edit| all.push((size, self.with(edit))));
        all
    }

    fn with(&self, edit: &dyn Fn(&mut Self)) -> Self {
        let mut case = self.clone();
        edit(&mut case);
        case
    }

    /// Edits of who asks, what is asked, and how the mesh encrypts.
    fn caller_edits(&self, with: &mut With<'_>) {
        with(1, &|case| case.role = !case.role);
        with(1, &|case| case.team = if case.team == Team::Red { Team::Blue } else { Team::Red });
        with(1, &|case| case.inject = Some("true"));
        with(1, &|case| case.inject = Some("false"));
        with(1, &|case| case.enrolled = true);
        for account in ["default", "shopper"] {
            with(1, &|case| case.account = account);
        }
        for method in self.access.iter().flat_map(|it| &it.rules).flat_map(|it| &it.methods) {
            with(1, &|case| case.method = method);
        }
        if self.mode.is_some() {
            with(1, &|case| case.mode = Some("STRICT"));
            with(1, &|case| case.mode = Some("PERMISSIVE"));
        }
    }

    /// Edits of AuthorizationPolicies.
    fn access_edits(&self, with: &mut With<'_>) {
        for (at, policy) in self.access.iter().enumerate() {
            with(policy.fields(), &|case| {
                let _ = case.access.remove(at);
            });
            for who in [WEB, CLIENT] {
                let new = AccessRule { from: vec![who], methods: Vec::new(), except: None };
                with(1, &|case| case.access[at].rules.push(new.clone()));
            }
            for (number, rule) in policy.rules.iter().enumerate() {
                let size = rule.from.len().max(1) as u32;
                with(rule.fields(), &|case| {
                    let _ = case.access[at].rules.remove(number);
                });
                with(size, &|case| case.access[at].rules[number].except = Some(NOT_WEB));
                with(size, &|case| case.access[at].rules[number].except = Some(NOT_CLIENT));
                if !rule.from.is_empty() {
                    with(1, &|case| case.access[at].rules[number].from.push(WEB));
                    with(1, &|case| case.access[at].rules[number].from.push(CLIENT));
                }
                if rule.from.len() > 1 {
                    for source in 0..rule.from.len() {
                        with(1, &|case| {
                            let _ = case.access[at].rules[number].from.remove(source);
                        });
                    }
                }
                if !rule.methods.is_empty() {
                    let own = self.method;
                    with(1, &|case| case.access[at].rules[number].methods.push(own));
                }
            }
        }
    }

    /// Edits of NetworkPolicies.
    fn network_edits(&self, with: &mut With<'_>) {
        for (at, policy) in self.network.iter().enumerate() {
            with(policy.fields(), &|case| {
                let _ = case.network.remove(at);
            });
            let new = NetworkRule { peers: vec![Peer::Right], ports: vec![8080] };
            with(2, &|case| case.network[at].rules.push(new.clone()));
            for (number, rule) in policy.rules.iter().enumerate() {
                with(rule.fields(), &|case| {
                    let _ = case.network[at].rules.remove(number);
                });
                if !rule.peers.is_empty() {
                    with(1, &|case| case.network[at].rules[number].peers.push(Peer::Right));
                }
                if !rule.ports.is_empty() {
                    with(1, &|case| case.network[at].rules[number].ports.push(8080));
                }
                for peer in (0..rule.peers.len()).filter(|_| rule.peers.len() > 1) {
                    with(1, &|case| {
                        let _ = case.network[at].rules[number].peers.remove(peer);
                    });
                }
                for port in (0..rule.ports.len()).filter(|_| rule.ports.len() > 1) {
                    with(1, &|case| {
                        let _ = case.network[at].rules[number].ports.remove(port);
                    });
                }
            }
        }
    }
}

/// The verdict after edits, with everything made from the beginning.
fn ask_afresh(clusters: &[ClusterManifests<'_>], asked: &Asked<'_>, edits: &[Edit]) -> Verdict {
    let mut draft = Draft::of(clusters);
    let plain = build(clusters, &Topology::default(), &[]).world;
    let asked = question(&plain, asked);
    draft.apply(edits).expect("edits that can be made");
    draft.show(|clusters| {
        let world = build(clusters, &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, clusters, Profile::built_in());
        let asked = question_after(&asked, edits, &plain, &world).expect("the caller is there");
        walk(&world, &planes, &asked).verdict
    })
}

/// Whether one of the verdicts lets the request pass and the other stops it.
fn differ(one: Verdict, other: Verdict) -> bool {
    let known = one != Verdict::Unknown && other != Verdict::Unknown;
    known && (one == Verdict::Allowed) != (other == Verdict::Allowed)
}

fn access() -> impl Strategy<Value = Access> {
    let who = prop::sample::select(vec![WEB, SHOPPER, BATCH, CLIENT, OPS]);
    let method = prop::sample::select(vec!["GET", "PUT"]);
    let rule = (prop::collection::vec(who, 0..3), prop::collection::vec(method, 0..2))
        .prop_map(|(from, methods)| AccessRule { from, methods, except: None });
    (any::<bool>(), prop::collection::vec(rule, 0..3))
        .prop_map(|(denies, rules)| Access { denies: denies && !rules.is_empty(), rules })
}

fn network() -> impl Strategy<Value = Network> {
    let peer = prop::sample::select(vec![Peer::Right, Peer::Wrong, Peer::Role, Peer::Red]);
    let port = prop::sample::select(vec![8080_u16, 9999]);
    let rule = (prop::collection::vec(peer, 0..3), prop::collection::vec(port, 0..2))
        .prop_map(|(peers, ports)| NetworkRule { peers, ports });
    prop::collection::vec(rule, 0..3).prop_map(|rules| Network { at_client: false, rules })
}

fn case() -> impl Strategy<Value = Case> {
    let inject = prop::sample::select(vec![None, Some("true"), Some("false")]);
    let mode = prop::sample::select(vec![None, Some("STRICT"), Some("PERMISSIVE")]);
    let team = prop::sample::select(vec![Team::Blue, Team::Red]);
    let policies =
        (prop::collection::vec(access(), 0..3), prop::collection::vec(network(), 0..2), mode);
    (inject, any::<bool>(), any::<bool>(), team, policies).prop_map(
        |(inject, enrolled, role, team, (access, network, mode))| Case {
            inject,
            enrolled,
            role,
            team,
            account: "web",
            method: "GET",
            mode,
            access,
            network,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn each_flip_holds_afresh_and_no_single_edit_is_smaller(case in case()) {
        let before = case.verdict();
        let mesh = case.mesh();
        let bounds = Bounds { most: 4, evaluations_max: 2000, others_max: 0 };
        let (word, flips) = mesh.flips(&case.asked(), bounds);
        prop_assert_eq!(word, before.word());
        let sizes: Vec<u32> = flips.found.iter().map(|flip| flip.size).collect();
        prop_assert!(sizes.is_sorted(), "{:?}", sizes);
        for flip in &flips.found {
            let after = ask_afresh(&mesh.clusters(), &case.asked(), &flip.edits);
            prop_assert_eq!(after, flip.verdict, "{:#?}", flip.edits);
            prop_assert!(differ(before, after), "{:#?}", flip.edits);
        }
        if before == Verdict::Unknown {
            return Ok(());
        }
        let edited = case.edited();
        let smallest = edited.iter().filter(|(_, other)| differ(before, other.verdict()));
        if let Some((size, other)) = smallest.min_by_key(|(size, _)| *size) {
            let found = sizes.first().copied();
            prop_assert!(found.is_some_and(|found| found <= *size), "{found:?} {size} {other:#?}");
        }
    }
}
