//! A second engine, written for clarity alone: it looks at a sketch of policies, at every rule and
//! peer in turn, and shares nothing with the first one.

use std::fmt;

/// Who there is: namespace, name, label `app`, address as four numbers, ports by name.
pub(super) struct Pod {
    pub(super) namespace: &'static str,
    pub(super) app: &'static str,
    pub(super) address: Option<[u8; 4]>,
    pub(super) ports: &'static [(&'static str, u16)],
}

/// The pods of the cluster that all stories share; `job` has an address that nobody gave.
pub(super) const CAST: [Pod; 4] = [
    Pod { namespace: "shop", app: "web", address: Some([10, 1, 0, 1]), ports: &[("http", 8080)] },
    Pod {
        namespace: "shop",
        app: "db",
        address: Some([10, 1, 0, 2]),
        ports: &[("http", 9090), ("sql", 5432)],
    },
    Pod { namespace: "shop", app: "job", address: None, ports: &[] },
    Pod { namespace: "watch", app: "probe", address: Some([10, 1, 0, 4]), ports: &[] },
];

/// One end of a call: a pod of the cast, or an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Pod(usize),
    Address([u8; 4]),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pick {
    Everybody,
    App(&'static str),
    NotApp(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Peer {
    /// Pods of the policy's own namespace.
    Own(Pick),
    /// Pods of namespaces with the label `team`, or of all.
    Of(Option<&'static str>, Pick),
    /// First address, length of the prefix, exception.
    Block([u8; 4], u8, Option<([u8; 4], u8)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Port {
    Range(&'static str, u16, u16),
    Named(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// `Accept`, `Deny` or `Pass`; rules of a NetworkPolicy accept.
    pub(super) action: &'static str,
    pub(super) peers: Vec<Peer>,
    pub(super) ports: Vec<Port>,
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The namespace of a NetworkPolicy, or the tier of a policy of the cluster.
    pub(super) home: &'static str,
    pub(super) pick: Pick,
    pub(super) types: Vec<&'static str>,
    pub(super) ingress: Vec<Rule>,
    pub(super) egress: Vec<Rule>,
}

/// NetworkPolicies, and policies of the cluster by their priority.
#[derive(Clone)]
pub(super) struct Sketch {
    pub(super) own: Vec<Policy>,
    pub(super) cluster: Vec<Policy>,
}

/// What failing cases are shown as.
impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.documents().concat())
    }
}

fn team(namespace: &str) -> &'static str {
    if namespace == "shop" { "shop" } else { "ops" }
}

fn picked(pick: Pick, app: &str) -> bool {
    match pick {
        Pick::Everybody => true,
        Pick::App(wanted) => app == wanted,
        Pick::NotApp(unwanted) => app != unwanted,
    }
}

fn lies_in(address: [u8; 4], block: [u8; 4], length: u8) -> bool {
    let bits = |address: [u8; 4]| u32::from_be_bytes(address);
    length == 0 || bits(address) >> (32 - length) == bits(block) >> (32 - length)
}

impl Sketch {
    /// Whether the network carries a call, if `job` has this address.
    pub(super) fn carries(
        &self,
        from: End,
        to: End,
        transport: &str,
        port: u16,
        job: [u8; 4],
    ) -> bool {
        let call = Call { from, to, transport, port, job };
        from == to
            || (self.allows(&call, "Egress", from, to) && self.allows(&call, "Ingress", to, from))
    }

    fn allows(&self, call: &Call<'_>, direction: &str, own: End, other: End) -> bool {
        let End::Pod(own) = own else { return true };
        let pod = &CAST[own];
        let rules = |policy: &'_ Policy| -> Vec<Rule> {
            if direction == "Ingress" { policy.ingress.clone() } else { policy.egress.clone() }
        };
        let first_of_tier = |tier: &str| -> Option<&'static str> {
            for policy in self.cluster.iter().filter(|policy| policy.home == tier) {
                if !picked(policy.pick, pod.app) {
                    continue;
                }
                for rule in rules(policy) {
                    if call.matches(&rule, "", other) {
                        return Some(rule.action);
                    }
                }
            }
            None
        };
        match first_of_tier("Admin") {
            Some("Accept") => return true,
            Some("Deny") => return false,
            _ => {}
        }
        let mut isolated = false;
        for policy in &self.own {
            let selects = policy.home == pod.namespace
                && picked(policy.pick, pod.app)
                && policy.types.contains(&direction);
            isolated |= selects;
            if selects && rules(policy).iter().any(|it| call.matches(it, policy.home, other)) {
                return true;
            }
        }
        !isolated && first_of_tier("Baseline") != Some("Deny")
    }

    /// The YAML of the same, one document a policy.
    pub(super) fn documents(&self) -> Vec<String> {
        let own = self.own.iter().enumerate().map(|(at, policy)| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                 metadata: {{name: own-{at}, namespace: {}}}\nspec:\n  podSelector: {}\n  \
                 policyTypes: [{}]\n{}---\n",
                policy.home,
                pick_text(policy.pick),
                policy.types.join(", "),
                rules_text(policy, false)
            )
        });
        let cluster = self.cluster.iter().enumerate().map(|(at, policy)| {
            format!(
                "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n\
                 metadata: {{name: all-{at}}}\nspec:\n  tier: {}\n  priority: {at}\n  \
                 subject: {{pods: {{podSelector: {}}}}}\n{}---\n",
                policy.home,
                pick_text(policy.pick),
                rules_text(policy, true)
            )
        });
        own.chain(cluster).collect()
    }
}

struct Call<'c> {
    from: End,
    to: End,
    transport: &'c str,
    port: u16,
    job: [u8; 4],
}

impl Call<'_> {
    fn matches(&self, rule: &Rule, home: &str, other: End) -> bool {
        debug_assert!(self.from == other || self.to == other, "an end of the call");
        let peers =
            rule.peers.is_empty() || rule.peers.iter().any(|it| self.means(it, home, other));
        peers && (rule.ports.is_empty() || rule.ports.iter().any(|port| self.goes_to(port)))
    }

    fn means(&self, peer: &Peer, home: &str, other: End) -> bool {
        match (peer, other) {
            (Peer::Own(pick), End::Pod(at)) => {
                CAST[at].namespace == home && picked(*pick, CAST[at].app)
            }
            (Peer::Of(wanted, pick), End::Pod(at)) => {
                let own = team(CAST[at].namespace);
                wanted.is_none_or(|wanted| own == wanted) && picked(*pick, CAST[at].app)
            }
            (Peer::Own(_) | Peer::Of(..), End::Address(_)) => false,
            (Peer::Block(block, length, except), _) => {
                let address = match other {
                    End::Pod(at) => CAST[at].address.unwrap_or(self.job),
                    End::Address(address) => address,
                };
                let out = except.is_some_and(|(block, length)| lies_in(address, block, length));
                lies_in(address, *block, *length) && !out
            }
        }
    }

    fn goes_to(&self, port: &Port) -> bool {
        match port {
            Port::Range(transport, first, last) => {
                *transport == self.transport && (*first..=*last).contains(&self.port)
            }
            Port::Named(name) => match self.to {
                End::Pod(at) => {
                    self.transport == "TCP" && CAST[at].ports.contains(&(*name, self.port))
                }
                End::Address(_) => false,
            },
        }
    }
}

fn pick_text(pick: Pick) -> String {
    match pick {
        Pick::Everybody => "{}".to_owned(),
        Pick::App(app) => format!("{{matchLabels: {{app: {app}}}}}"),
        Pick::NotApp(app) => {
            format!("{{matchExpressions: [{{key: app, operator: NotIn, values: [{app}]}}]}}")
        }
    }
}

fn block_text((block, length): ([u8; 4], u8)) -> String {
    let [a, b, c, d] = block;
    format!("{a}.{b}.{c}.{d}/{length}")
}

fn rules_text(policy: &Policy, of_cluster: bool) -> String {
    let mut text = String::new();
    for (title, peers, rules) in
        [("ingress", "from", &policy.ingress), ("egress", "to", &policy.egress)]
    {
        text.push_str(&format!("  {title}:{}\n", if rules.is_empty() { " []" } else { "" }));
        for rule in rules {
            let names: Vec<_> = rule.peers.iter().map(|it| peer_text(it, of_cluster)).collect();
            let ports: Vec<_> = rule.ports.iter().map(|it| port_text(it, of_cluster)).collect();
            let action =
                if of_cluster { format!("action: {}, ", rule.action) } else { String::new() };
            let list = if of_cluster { "protocols" } else { "ports" };
            // The cluster's policies refuse an empty list of ports.
            let ports = match (of_cluster, ports.is_empty()) {
                (true, true) => String::new(),
                _ => format!(", {list}: [{}]", ports.join(", ")),
            };
            text.push_str(&format!("  - {{{action}{peers}: [{}]{ports}}}\n", names.join(", ")));
        }
    }
    text
}

fn peer_text(peer: &Peer, of_cluster: bool) -> String {
    let namespaces = |wanted: &Option<&str>| match wanted {
        None => "{}".to_owned(),
        Some(team) => format!("{{matchLabels: {{team: {team}}}}}"),
    };
    match (peer, of_cluster) {
        (Peer::Own(pick), _) => format!("{{podSelector: {}}}", pick_text(*pick)),
        (Peer::Of(wanted, pick), false) => {
            let (namespaces, pods) = (namespaces(wanted), pick_text(*pick));
            format!("{{namespaceSelector: {namespaces}, podSelector: {pods}}}")
        }
        (Peer::Of(wanted, pick), true) => {
            let (namespaces, pods) = (namespaces(wanted), pick_text(*pick));
            format!("{{pods: {{namespaceSelector: {namespaces}, podSelector: {pods}}}}}")
        }
        (Peer::Block(block, length, _), true) => {
            format!("{{networks: [{}]}}", block_text((*block, *length)))
        }
        (Peer::Block(block, length, except), false) => {
            let except =
                except.map_or(String::new(), |it| format!(", except: [{}]", block_text(it)));
            format!("{{ipBlock: {{cidr: {}{except}}}}}", block_text((*block, *length)))
        }
    }
}

fn port_text(port: &Port, of_cluster: bool) -> String {
    match (port, of_cluster) {
        (Port::Range(transport, first, last), false) => {
            format!("{{protocol: {transport}, port: {first}, endPort: {last}}}")
        }
        (Port::Range(transport, first, last), true) => {
            let transport = transport.to_ascii_lowercase();
            format!(
                "{{{transport}: {{destinationPort: {{range: {{start: {first}, end: {last}}}}}}}}}"
            )
        }
        (Port::Named(name), false) => format!("{{port: {name}}}"),
        (Port::Named(name), true) => format!("{{destinationNamedPort: {name}}}"),
    }
}
