//! What policies make of connections at one end of them: the tiers in their order, each rule in
//! its own. Whether a peer or a port fits is decided in `matching`.
//!
//! What the manifests do not say splits an evaluation in two: a connection can then be both
//! allowed and denied, and is undecided. Source of the order: network-policy-api v1alpha2,
//! `ClusterNetworkPolicySpec`; kubernetes networking/v1.

use crate::explain::Probe;
use crate::manifest::Place;
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::policy::{Direction, PolicyAction, PolicyTier, Selection};
use crate::world::{NamespaceId, Origin};

use super::compile::{ClusterRow, NamespacedRow, Reading, RuleRow, is_refused};
use super::matching::{self, Scene, Truth, ports_shown};
use super::near::{self, Near};
use super::party::{Party, PodParty};
use super::portion::Portion;
use super::rules;

/// The policies that can speak of one end, in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked<'a> {
    pub(super) admin: Vec<Vec<&'a ClusterRow>>,
    pub(super) namespaced: Vec<&'a NamespacedRow>,
    pub(super) baseline: Vec<Vec<&'a ClusterRow>>,
}

impl Asked<'_> {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.admin.is_empty() && self.namespaced.is_empty() && self.baseline.is_empty()
    }
}

/// How an evaluation finds out what peers and ports mean: by comparing, or from a table.
pub(super) trait Look {
    type Part: Portion;
    /// Everything that is evaluated.
    fn whole(&self) -> Self::Part;
    /// Nothing.
    fn none(&self) -> Self::Part;
    /// Whether a policy of the cluster speaks of the pod at this end.
    fn speaks(&self, end: &End<'_>, row: &ClusterRow) -> Truth;
    /// Whether a NetworkPolicy selects the pod at this end.
    fn selects(&self, end: &End<'_>, row: &NamespacedRow) -> Truth;
    /// Whether the peer at this position of a rule means the other end.
    fn peer(&self, end: &End<'_>, row: &RuleRow, at: usize, own: Option<NamespaceId>) -> Truth;
    /// The port that is called, where it is one.
    fn called(&self) -> Option<(u16, Transport)>;
    /// What a rule's ports mean.
    fn ports(&self, end: &End<'_>, row: &RuleRow) -> Self::Part;
}

/// One end of the connections that are evaluated.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) direction: Direction,
    /// The pod at this end.
    pub(super) pod: &'a PodParty<'a>,
    /// The other end.
    pub(super) other: &'a Party<'a>,
    /// The end that is called.
    pub(super) to: &'a Party<'a>,
    pub(super) asked: &'a Asked<'a>,
}

/// What can become of the connections. What can be both allowed and denied is undecided.
#[derive(Clone, Debug)]
pub(super) struct Ending<P> {
    pub(super) allow: P,
    pub(super) deny: P,
    /// The policies and rules that deny.
    pub(super) denied_by: Vec<Origin>,
    /// What would have to be known.
    pub(super) doubts: Vec<Doubt>,
}

/// Something that the manifests do not say and that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// Such as `whether the address of shop/web-0 lies in 10.0.0.0/8`.
    pub(super) what: String,
    pub(super) origin: Origin,
}

/// An evaluation under way.
struct Evaluation<'a, 'e, L: Look, R> {
    end: &'e End<'a>,
    look: &'e L,
    ending: Ending<L::Part>,
    probe: &'e mut R,
}

/// Evaluates all policies at one end.
pub(super) fn evaluate<L: Look>(
    end: &End<'_>,
    look: &L,
    probe: &mut impl Probe,
) -> Ending<L::Part> {
    let ending =
        Ending { allow: look.none(), deny: look.none(), denied_by: Vec::new(), doubts: Vec::new() };
    let mut evaluation = Evaluation { end, look, ending, probe };
    let mut open = evaluation.tier(PolicyTier::Admin, look.whole());
    if !open.is_empty() {
        open = evaluation.namespaced(&open);
    }
    if !open.is_empty() {
        open = evaluation.tier(PolicyTier::Baseline, open);
    }
    let mut ending = evaluation.ending;
    ending.allow = ending.allow.or(&open);
    ending
}

/// What a policy or a group of policies decided.
struct Decided<P> {
    allow: P,
    deny: P,
    pass: P,
}

impl<P: Portion> Decided<P> {
    fn all(&self) -> P {
        self.allow.or(&self.deny).or(&self.pass)
    }

    fn part(&mut self, action: PolicyAction) -> &mut P {
        match action {
            PolicyAction::Accept => &mut self.allow,
            PolicyAction::Deny => &mut self.deny,
            PolicyAction::Pass => &mut self.pass,
        }
    }
}

impl<L: Look, R: Probe> Evaluation<'_, '_, L, R> {
    /// Asks the policies of a tier; what goes on to the next tier is left.
    fn tier(&mut self, tier: PolicyTier, mut live: L::Part) -> L::Part {
        let mut passed = self.look.none();
        let groups = match tier {
            PolicyTier::Admin => &self.end.asked.admin,
            PolicyTier::Baseline => &self.end.asked.baseline,
        };
        for group in groups {
            let mut decided = self.nothing();
            for row in group {
                let own = self.cluster_policy(row, tier, &live, &mut passed);
                self.compare(group, row, &decided, &own);
                decided.allow = decided.allow.or(&own.allow);
                decided.deny = decided.deny.or(&own.deny);
                decided.pass = decided.pass.or(&own.pass);
            }
            live = live.without(&decided.all());
            passed = passed.or(&decided.pass);
            if live.is_empty() {
                break;
            }
        }
        live.or(&passed)
    }

    fn nothing(&self) -> Decided<L::Part> {
        Decided { allow: self.look.none(), deny: self.look.none(), pass: self.look.none() }
    }

    /// Policies of one priority that disagree leave the connection undecided: an implementation may
    /// follow either.
    fn compare(
        &mut self,
        group: &[&ClusterRow],
        row: &ClusterRow,
        before: &Decided<L::Part>,
        own: &Decided<L::Part>,
    ) {
        let not_denied = own.allow.or(&own.pass);
        let not_allowed = own.deny.or(&own.pass);
        let clash = before.deny.and(&not_denied).or(&before.allow.and(&not_allowed));
        if clash.is_empty() {
            return;
        }
        let titles: Vec<_> = group.iter().map(|it| it.title.as_str()).collect();
        let what = format!("which of {} counts: they have one priority", titles.join(" and "));
        let origin = row.origin();
        self.probe.step(rules::PRIORITY, Some(origin), || format!("it is open {what}"));
        self.ending.doubts.push(Doubt { what, origin });
    }

    /// Asks one policy of the cluster. What it passes on for certain is returned; what it may pass
    /// on is added to `passed`.
    fn cluster_policy(
        &mut self,
        row: &ClusterRow,
        tier: PolicyTier,
        live: &L::Part,
        passed: &mut L::Part,
    ) -> Decided<L::Part> {
        let rule_of_tier = match tier {
            PolicyTier::Admin => rules::ADMIN,
            PolicyTier::Baseline => rules::BASELINE,
        };
        let mut decided = self.nothing();
        let (title, pod) = (&row.title, self.end.pod);
        let origin = row.origin();
        if is_refused(&row.policy.subject) {
            self.refuse(title, origin, live);
            return decided;
        }
        self.probe.enter();
        if self.look.speaks(self.end, row) != Truth::Yes {
            self.probe.leave(rule_of_tier, Some(origin), || {
                let why = matching::why_not_subject(&row.policy.subject, pod);
                format!("{title} does not speak of this pod: {why}")
            });
            return decided;
        }
        let mut open = live.clone();
        for rule in row.rules(self.end.direction) {
            if open.is_empty() {
                break;
            }
            let Some((truth, hit)) = self.rule(rule, None, &open, title) else { continue };
            let Some(action) = rule.rule.action else { continue };
            if truth == Truth::Yes {
                open = open.without(&hit);
                let part = decided.part(action);
                *part = part.or(&hit);
            }
            self.settle(action, rule, &hit, passed, truth);
        }
        let is_decided = !decided.all().is_empty();
        let rest = !open.is_empty();
        let word = self.end.direction.word();
        self.probe.leave(rule_of_tier, Some(origin), || match (is_decided, rest) {
            (true, false) => format!("{title} decides"),
            (true, true) => format!("{title} decides a part"),
            (false, _) => format!("{title} says nothing of this {word}"),
        });
        decided
    }

    /// Notes what becomes of connections that a rule of a policy of the cluster matches.
    fn settle(
        &mut self,
        action: PolicyAction,
        rule: &RuleRow,
        hit: &L::Part,
        passed: &mut L::Part,
        truth: Truth,
    ) {
        match action {
            PolicyAction::Accept => self.ending.allow = self.ending.allow.or(hit),
            PolicyAction::Deny => {
                self.ending.deny = self.ending.deny.or(hit);
                self.ending.denied_by.push(Origin::Manifest(rule.rule.place));
            }
            PolicyAction::Pass if truth == Truth::Maybe => *passed = passed.or(hit),
            PolicyAction::Pass => {}
        }
    }

    /// The policies of the pod's namespace. What goes on to the baseline is left.
    fn namespaced(&mut self, live: &L::Part) -> L::Part {
        let mut allowed = self.look.none();
        let mut isolating = Vec::new();
        for row in &self.end.asked.namespaced {
            if let Selection::Refused(_) = row.policy.pods {
                self.refuse(&row.title, row.origin(), live);
                continue;
            }
            self.probe.enter();
            if !self.selects(row) {
                continue;
            }
            isolating.push(row.origin());
            let mut own = self.look.none();
            let mut may = self.look.none();
            for rule in row.rules(self.end.direction) {
                let namespace = Some(self.end.pod.namespace);
                let Some((truth, hit)) = self.rule(rule, namespace, live, &row.title) else {
                    continue;
                };
                self.ending.allow = self.ending.allow.or(&hit);
                match truth {
                    Truth::Yes => own = own.or(&hit),
                    Truth::Maybe | Truth::No => may = may.or(&hit),
                }
            }
            let (is_allowed, may_be) = (!own.is_empty(), !may.is_empty());
            allowed = allowed.or(&own);
            let (title, word) = (&row.title, self.end.direction.word());
            self.probe.leave(rules::ISOLATION, Some(row.origin()), || match (is_allowed, may_be) {
                (true, _) => format!("{title} isolates the pod for {word} and allows this"),
                (false, true) => format!("{title} isolates the pod for {word} and may allow this"),
                (false, false) => {
                    format!("{title} isolates the pod for {word} and does not allow this")
                }
            });
        }
        if isolating.is_empty() {
            let word = self.end.direction.word();
            self.probe.step(rules::ISOLATION, None, || {
                format!("no NetworkPolicy isolates the pod for {word}")
            });
            return live.clone();
        }
        let rest = live.without(&allowed);
        if !rest.is_empty() {
            self.ending.denied_by.extend(isolating);
        }
        self.ending.deny = self.ending.deny.or(&rest);
        self.look.none()
    }

    /// Whether a NetworkPolicy isolates the pod in this direction; if not, the open step ends.
    fn selects(&mut self, row: &NamespacedRow) -> bool {
        let (title, pod) = (&row.title, self.end.pod);
        if self.look.selects(self.end, row) != Truth::Yes {
            let speaks = row.policy.directions.contains(&self.end.direction);
            let near = (speaks && self.probe.listens())
                .then(|| near::of_subject(&row.policy.pods, pod.labels));
            let place = self.tell_near(near.flatten()).map(Origin::Manifest);
            self.probe.leave(rules::ISOLATION, Some(place.unwrap_or(row.origin())), || {
                let why = matching::why_not_selected(&row.policy.pods, pod.labels);
                let why = why.unwrap_or_default();
                format!("{title} does not select this pod: podSelector: {why}")
            });
            return false;
        }
        let speaks = row.policy.directions.contains(&self.end.direction);
        if !speaks {
            let word = self.end.direction.word();
            self.probe.leave(rules::TYPES, Some(row.origin()), || {
                format!("{title} does not speak of {word}: policyTypes leave it out")
            });
        }
        speaks
    }

    /// What a rule matches of what is open: nothing, or a part, perhaps not for certain.
    fn rule(
        &mut self,
        row: &RuleRow,
        own: Option<NamespaceId>,
        open: &L::Part,
        title: &str,
    ) -> Option<(Truth, L::Part)> {
        let origin = Some(Origin::Manifest(row.rule.place));
        // Of a NetworkPolicy, the parts that cannot be read match nothing, and the others count.
        if own.is_none() && row.reading == Reading::Refused {
            // network-policy-api: a rule that is not understood fails closed.
            if row.rule.action == Some(PolicyAction::Accept) {
                self.probe.step(rules::REFUSED, origin, || {
                    "the rule cannot be read in every part, so it accepts nothing".to_owned()
                });
            } else {
                self.refuse(title, Origin::Manifest(row.rule.place), open);
            }
            return None;
        }
        let end = self.end;
        let peers = row.rule.peers.as_deref();
        let mut truth = if peers.is_none() { Truth::Yes } else { Truth::No };
        for at in 0..peers.map_or(0, <[_]>::len) {
            truth = truth.or(self.look.peer(end, row, at, own));
            if truth == Truth::Yes {
                break;
            }
        }
        let hit = open.and(&self.look.ports(end, row));
        if truth == Truth::No {
            let peers = peers.unwrap_or_default();
            self.probe.enter();
            let near = (self.probe.listens() && !hit.is_empty())
                .then(|| near::of_peers(&end.scene, peers, own, end.other));
            let place = self.tell_near(near.flatten());
            let place = place.unwrap_or_else(|| {
                matching::place_of_peers(row.rule.peers.as_deref(), row.rule.place)
            });
            self.probe.leave(rules::PEER, Some(Origin::Manifest(place)), || {
                let why = end.scene.why_no_peer(peers, own, end.other);
                format!("{}does not match: {why}", named(row))
            });
            return None;
        }
        if hit.is_empty() {
            let place = row.rule.ports.iter().flatten().next().map(|port| port.place);
            let origin = Origin::Manifest(place.unwrap_or(row.rule.place));
            self.probe.enter();
            let called = self.look.called().filter(|_| truth == Truth::Yes);
            let near = called.and_then(|it| near::of_ports(row.rule.ports.as_deref(), it));
            self.tell_near(near);
            self.probe.leave(rules::PORT, Some(origin), || {
                let ports = ports_shown(row.rule.ports.as_deref());
                format!("{}does not match: the port is not among {ports}", named(row))
            });
            return None;
        }
        if truth == Truth::Maybe {
            self.doubt(row, own);
        }
        self.probe.step(rules::RULE, origin, || told(row, truth));
        Some((truth, hit))
    }

    /// Tells the one thing by which the innermost open step fails, and gives its place.
    fn tell_near(&mut self, near: Option<Near>) -> Option<Place> {
        let near = near?;
        self.probe.misfit(&near.found, &near.wanted);
        Some(near.place)
    }

    /// Notes the first peer of a rule that may mean the other end.
    fn doubt(&mut self, row: &RuleRow, own: Option<NamespaceId>) {
        let peers = row.rule.peers.as_deref().unwrap_or_default();
        let first = (0..peers.len())
            .find(|at| self.look.peer(self.end, row, *at, own) == Truth::Maybe)
            .map(|at| &peers[at]);
        if let Some(peer) = first {
            let what = self.end.scene.doubt(peer, self.end.other);
            self.ending.doubts.push(Doubt { what, origin: Origin::Manifest(peer.place) });
        }
    }

    /// Something that cannot be read: nothing that it could deny counts as allowed.
    fn refuse(&mut self, title: &str, origin: Origin, live: &L::Part) {
        let what = format!("what {title} would say, which cannot be read");
        self.probe.step(rules::REFUSED, Some(origin), || format!("it is open {what}"));
        self.ending.deny = self.ending.deny.or(live);
        self.ending.doubts.push(Doubt { what, origin });
    }
}

fn named(row: &RuleRow) -> String {
    match &row.rule.name {
        Some(name) => format!("rule `{name}` "),
        None => "a rule ".to_owned(),
    }
}

fn told(row: &RuleRow, truth: Truth) -> String {
    let verb = match row.rule.action {
        Some(PolicyAction::Accept) => "allows",
        Some(PolicyAction::Deny) => "denies",
        Some(PolicyAction::Pass) => "passes on",
        None => "matches",
    };
    let may = if truth == Truth::Maybe { "may match, and then " } else { "" };
    let ports = ports_shown(row.rule.ports.as_deref());
    format!("{}{may}{verb} this ({ports})", named(row))
}
