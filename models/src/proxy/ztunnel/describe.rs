//! Tells how policies were compared with a connection. It decides nothing.

use std::fmt::Display;

use crate::explain::{Probe, RuleId};
use crate::proxy::truth::Truth;

use super::authorize::{Connection, Peer};
use super::policy::{Ignored, MadeOf, Match, Policy, Rule, TextMatch, Wanted};
use super::rbac;

const POLICY: RuleId = RuleId("ztunnel.rbac.policy");
const EMPTY: RuleId = RuleId("ztunnel.rbac.empty-match");
const IDENTITY: RuleId = RuleId("ztunnel.rbac.identity");
const VALUES: RuleId = RuleId("ztunnel.rbac.values");
const ALLOW: RuleId = RuleId("ambient.policy.allow");
const DENY: RuleId = RuleId("ambient.policy.deny");
const MUTUAL_TLS: RuleId = RuleId("ambient.policy.mutual-tls");
const PORT_MODES: RuleId = RuleId("ambient.policy.port-exceptions");
const TRUST_DOMAINS: RuleId = RuleId("ambient.policy.trust-domains");

/// How many rules of a policy, and values of a list, are told.
const RULES_MAX: usize = 3;
const VALUES_MAX: usize = 4;

/// Who stands at the other end.
pub(super) fn peer(connection: &Connection, probe: &mut impl Probe) {
    probe.step(IDENTITY, None, || match &connection.peer {
        Peer::Known(id) => format!("the certificate says {}", id.principal()),
        Peer::Unnamed => "the certificate is one of the mesh".to_owned(),
        Peer::Plaintext => "it comes in plaintext, so it has no identity".to_owned(),
    });
}

/// A policy that is not asked.
pub(super) fn ignored(ignored: &Ignored, probe: &mut impl Probe) {
    probe
        .step(ignored.rule, Some(ignored.origin), || format!("{}: {}", ignored.title, ignored.why));
}

/// What a policy says.
pub(super) fn policy(policy: &Policy, connection: &Connection, probe: &mut impl Probe) {
    probe.enter();
    made(policy, probe);
    for rule in policy.rules.iter().take(RULES_MAX) {
        parts(rule, probe);
    }
    let matches = rbac::policy(policy, connection);
    let short = match matches {
        Truth::Yes => None,
        _ => policy.rules.iter().find_map(|rule| shortfall(rule, connection)),
    };
    if matches == Truth::No
        && let Some((found, wanted)) = policy.rules.iter().find_map(|it| misfit(it, connection))
    {
        probe.misfit(&found, &wanted);
    }
    probe.leave(POLICY, Some(policy.origin), || {
        let name = format!("{} policy {}", policy.action.word(), policy.title);
        if let Some(doubt) = &policy.doubt {
            return format!("{name} cannot be told: {doubt}");
        }
        match (matches, short, policy.rules.is_empty()) {
            (Truth::Yes, ..) => format!("{name} matches"),
            (Truth::Unknown, ..) => {
                format!("{name} cannot be told: {}", unknown(policy, connection))
            }
            (Truth::No, _, true) if !policy.left_out.is_empty() => {
                format!("{name} has no rules left, so it never matches")
            }
            (Truth::No, _, true) => format!("{name} has no rules, so it never matches"),
            (Truth::No, Some(short), _) => format!("{name} does not match: {short}"),
            (Truth::No, None, _) => format!("{name} does not match"),
        }
    });
}

/// What it was made of, and what was lost.
fn made(policy: &Policy, probe: &mut impl Probe) {
    match policy.made_of {
        MadeOf::Access => {}
        MadeOf::MutualTls => probe.step(MUTUAL_TLS, Some(policy.origin), || {
            "mutual TLS is demanded: peers without an identity are denied".to_owned()
        }),
        MadeOf::PortModes => probe.step(PORT_MODES, Some(policy.origin), || {
            "mutual TLS is demanded on some ports: peers without an identity are denied there"
                .to_owned()
        }),
    }
    for left_out in policy.left_out.iter().take(RULES_MAX) {
        probe.step(ALLOW, Some(left_out.origin), || {
            let fields = left_out.fields.join(", ");
            format!("a rule is left out: it asks for {fields}, which ztunnel does not know")
        });
    }
    let matches = policy.rules.iter().flat_map(|rule| &rule.clauses).flat_map(|it| &it.matches);
    let partial = matches.filter(|it| !it.dropped.is_empty() && !it.is_empty());
    for partial in partial.take(RULES_MAX) {
        let is_domains = |field: &&String| field.ends_with("rustDomains`");
        let (domains, others): (Vec<_>, Vec<_>) = partial.dropped.iter().partition(is_domains);
        for (rule, fields) in [(TRUST_DOMAINS, domains), (DENY, others)] {
            if let Some(first) = fields.first() {
                probe.step(rule, Some(partial.origin), || {
                    format!("it is wider than written, without {first}: ztunnel does not know that")
                });
            }
        }
    }
}

/// What is special about the parts of a rule.
fn parts(rule: &Rule, probe: &mut impl Probe) {
    for clause in &rule.clauses {
        for one in clause.matches.iter().filter(|one| one.is_empty()) {
            let (part, dropped) = (clause.part, one.dropped.join(", "));
            probe.step(EMPTY, Some(one.origin), || match dropped.is_empty() {
                true => format!("`{part}` asks for nothing, and such a match fits nothing"),
                false => format!(
                    "`{part}` asks for {dropped} alone, which ztunnel does not know: nothing is \
                     left, and such a match fits nothing"
                ),
            });
        }
        let starred = |text: &TextMatch| !matches!(text, TextMatch::Exact(_));
        let has_star =
            |wanted: &Wanted<TextMatch>| wanted.any_of.iter().chain(&wanted.none_of).any(starred);
        let mut texts = clause.matches.iter();
        let found = texts.find(|one| has_star(&one.principals) || has_star(&one.namespaces));
        if let Some(found) = found {
            probe.step(VALUES, Some(found.origin), || {
                "a star alone asks for presence, and at one end for any text there".to_owned()
            });
        }
    }
}

/// The first part of a rule that does not fit.
fn shortfall(rule: &Rule, connection: &Connection) -> Option<String> {
    let short = rule.clauses.iter().find(|it| rbac::clause(it, connection) == Truth::No)?;
    let first = short.matches.first()?;
    if first.is_empty() {
        return Some(format!("nothing of `{}` is left", short.part));
    }
    Some(format!("`{}` asks for {}", short.part, asked(first)))
}

/// What the first part of a rule that does not fit found, and of what any one would have done;
/// nothing where it asks for more than one thing.
fn misfit(rule: &Rule, connection: &Connection) -> Option<(String, Vec<String>)> {
    let short = rule.clauses.iter().find(|it| rbac::clause(it, connection) == Truth::No)?;
    let [only] = short.matches.as_slice() else { return None };
    let peer = match &connection.peer {
        Peer::Known(id) => Some(id),
        Peer::Plaintext | Peer::Unnamed => None,
    };
    let port = Some(connection.destination_port.to_string());
    let fields = [
        (peer.map(|id| id.principal()), values(&only.principals)),
        (peer.map(|id| id.namespace.clone()), values(&only.namespaces)),
        (port, values(&only.destination_ports)),
    ];
    let mut asked = fields.into_iter().filter(|(_, wanted)| !wanted.is_empty());
    let (found, wanted) = asked.next()?;
    let is_alone = asked.next().is_none();
    is_alone.then_some((found?, wanted))
}

fn values<T: Display>(wanted: &Wanted<T>) -> Vec<String> {
    wanted.any_of.iter().take(VALUES_MAX).map(ToString::to_string).collect()
}

/// What a match asks for, in words.
fn asked(wanted: &Match) -> String {
    let mut all = Vec::new();
    list("identities", &wanted.principals, &mut all);
    list("namespaces", &wanted.namespaces, &mut all);
    list("service accounts", &wanted.accounts, &mut all);
    list("source addresses", &wanted.source_ips, &mut all);
    list("addresses", &wanted.destination_ips, &mut all);
    list("ports", &wanted.destination_ports, &mut all);
    all.join(", and ")
}

fn list<T: Display>(name: &str, wanted: &Wanted<T>, all: &mut Vec<String>) {
    for (values, what) in [(&wanted.any_of, ""), (&wanted.none_of, "none of the ")] {
        if values.is_empty() {
            continue;
        }
        let shown: Vec<_> = values.iter().take(VALUES_MAX).map(ToString::to_string).collect();
        let more = if values.len() > VALUES_MAX { " and more" } else { "" };
        all.push(format!("{what}{name} {}{more}", shown.join(" or ")));
    }
}

/// Why a policy that turns on something unknown cannot be told.
pub(super) fn unknown(policy: &Policy, connection: &Connection) -> String {
    let all = || policy.rules.iter().flat_map(|rule| &rule.clauses).flat_map(|it| &it.matches);
    let mut missing = Vec::new();
    if connection.source_ip.is_none() && all().any(|it| !it.source_ips.is_anything()) {
        missing.push("the address of the sender");
    }
    if connection.destination_ip.is_none() && all().any(|it| !it.destination_ips.is_anything()) {
        missing.push("the address of the pod");
    }
    let asks_who = |it: &Match| {
        !(it.principals.is_anything() && it.namespaces.is_anything() && it.accounts.is_anything())
    };
    if connection.peer == Peer::Unnamed && all().any(asks_who) {
        missing.push("the identity of the sender");
    }
    format!("the manifests do not tell {}", missing.join(", or "))
}
