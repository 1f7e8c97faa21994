//! Choosing a host: first the priority and the hosts that are meant, then one of them by the
//! cluster's balancer, then again if the retry policy passes over it.
//!
//! Source: Envoy, `ZoneAwareLoadBalancerBase::hostSourceToUse` and `chooseHost`.

use super::super::config::{HostPredicate, LeastRequest, LoadBalancer, LocalityMode};
use super::super::{Dice, Purpose, choose_least_request};
use super::load::{PriorityLoads, Tier};
use super::roster::Roster;
use super::rotation::{Among, Source};
use super::rules;
use super::slow_start::Newcomers;
use super::view::{Group, LevelView, View};
use super::workers::{Crew, Memory};
use super::{NoHost, PickContext};
use crate::explain::{Probe, RuleId};
use crate::units::{Ppm, SimTime};

/// How often another host is drawn at most, whatever the configuration says: the outcome is the
/// last host that was drawn in any case.
const MAX_RESELECTIONS: u32 = 1_000;

/// How many hosts are drawn at most, whatever the configuration says.
const MAX_CHOICES: u32 = 65_536;

/// What a choice looks at besides the crew.
pub(super) struct Desk<'a> {
    pub roster: &'a Roster,
    /// Active requests by host; empty before the first.
    pub active: &'a [u32],
    pub newcomers: Option<&'a Newcomers>,
    pub now: SimTime,
    /// How often hosts were chosen in a panic.
    pub panics: u64,
}

impl Desk<'_> {
    /// A host for one request.
    pub(super) fn choose(
        &mut self,
        crew: &mut Crew,
        worker: u32,
        context: &PickContext<'_>,
        dice: &mut impl Dice,
        probe: &mut impl Probe,
    ) -> Result<u32, NoHost> {
        let draws = if context.predicates.is_empty() {
            1
        } else {
            context.host_selection_attempts.min(MAX_RESELECTIONS) + 1
        };
        if crew.two_of > 0 && draws == 1 && context.loads.is_none() {
            let busy = |host: u32| self.active(host);
            let draw = dice.roll(Purpose::Balance);
            let host = choose_least_request(crew.two_of, draw, busy).unwrap_or(0);
            self.tell_host(host, crew.two_of as usize, false, probe);
            return Ok(host);
        }
        if self.roster.cluster.balancer.value == LoadBalancer::ClusterProvided {
            return Err(NoHost::DialledAddress);
        }
        if !crew.view.tables.is_empty() {
            return self.choose_by_hash(&crew.view, draws, context, dice, probe);
        }
        let mut host = self.choose_once(crew, worker, context, dice, probe)?;
        for _ in 1..draws {
            if !self.passed_over(host, context, probe) {
                return Ok(host);
            }
            host = self.choose_once(crew, worker, context, dice, probe)?;
        }
        Ok(host)
    }

    fn choose_once(
        &mut self,
        crew: &mut Crew,
        worker: u32,
        context: &PickContext<'_>,
        dice: &mut impl Dice,
        probe: &mut impl Probe,
    ) -> Result<u32, NoHost> {
        let (view, mut memory) = crew.open(worker);
        let roster = self.roster;
        let balancer = &roster.cluster.balancer;
        let (mut hash, loads) = (None, context.loads.unwrap_or(&view.spread.loads));
        let (priority, tier) = match loads.sole() {
            Some(sole) => sole,
            None => loads.choose(*hash.insert(dice.roll(Purpose::Balance))),
        };
        // Loads of a retry may have been made before the priorities became fewer.
        let priority = priority.min(view.levels.len() as u32 - 1);
        let rule = match context.loads {
            Some(_) => rules::PREVIOUS_PRIORITIES,
            None => rules::PRIORITY,
        };
        self.tell_priority(rule, view, loads, (priority, tier), probe);
        let source = self.source(view, &mut memory, (priority, tier), dice, probe)?;
        let group = group(view, source);
        let hosts = &*group.hosts;
        if hosts.is_empty() {
            return Err(self.nobody(view, probe));
        }
        let newcomers = self.newcomers.filter(|newcomers| self.any_new(newcomers, memory.since));
        let uneven = hosts.len() > 1 && (!group.even || newcomers.is_some());
        let host = match &balancer.value {
            LoadBalancer::RoundRobin(_) if !uneven => {
                hosts[memory.open().next(source, hosts.len())]
            }
            LoadBalancer::LeastRequest(least) if !uneven => self.least(hosts, least, dice),
            LoadBalancer::RoundRobin(_) => self.scheduled(&mut memory, source, hosts, Ppm::ZERO),
            LoadBalancer::LeastRequest(least) => {
                let bias = least.active_request_bias;
                self.scheduled(&mut memory, source, hosts, bias)
            }
            LoadBalancer::Random => {
                // The draw that chose the priority chooses the host too.
                let hash = hash.unwrap_or_else(|| dice.roll(Purpose::Balance));
                hosts[(hash % hosts.len() as u64) as usize]
            }
            LoadBalancer::RingHash(_) | LoadBalancer::Maglev(_) | LoadBalancer::ClusterProvided => {
                unreachable!("these chose before")
            }
        };
        self.tell_slow_start(host, probe);
        self.tell_host(host, hosts.len(), uneven, probe);
        Ok(host)
    }

    /// The hash chooses the priority too, and stays the same for all draws. Source: Envoy,
    /// `thread_aware_lb_impl.cc`.
    fn choose_by_hash(
        &mut self,
        view: &View,
        draws: u32,
        context: &PickContext<'_>,
        dice: &mut impl Dice,
        probe: &mut impl Probe,
    ) -> Result<u32, NoHost> {
        let hash = context.hash.unwrap_or_else(|| dice.roll(Purpose::Balance));
        let loads = &view.spread.loads;
        let (priority, tier) = loads.choose(hash);
        self.tell_priority(rules::PRIORITY, view, loads, (priority, tier), probe);
        if view.spread.panic[priority as usize] {
            self.panics(view, priority, probe);
        }
        let mut chosen = None;
        for attempt in 0..draws {
            let Some(host) = view.tables[priority as usize].choose(hash, attempt) else {
                return Err(self.nobody(view, probe));
            };
            chosen = Some(host);
            if draws == 1 || !self.passed_over(host, context, probe) {
                break;
            }
        }
        let host = chosen.ok_or(NoHost::NoneHealthy)?;
        self.tell_hash(host, hash, context, probe);
        Ok(host)
    }

    fn any_new(&self, newcomers: &Newcomers, since: SimTime) -> bool {
        self.roster.slow_start().is_some_and(|slow| newcomers.any(slow, since))
    }

    fn active(&self, host: u32) -> u32 {
        self.active.get(host as usize).copied().unwrap_or(0)
    }

    /// Source: Envoy, `least_request_lb.cc`.
    fn least(&self, hosts: &[u32], least: &LeastRequest, dice: &mut impl Dice) -> u32 {
        let busy = |at: u32| self.active(hosts[at as usize]);
        let count = hosts.len() as u32;
        if least.full_scan {
            let mut best = 0;
            let mut ties = 1;
            for at in 1..count {
                if busy(at) < busy(best) {
                    (best, ties) = (at, 1);
                } else if busy(at) == busy(best) {
                    ties += 1;
                    if dice.roll(Purpose::Balance).is_multiple_of(ties) {
                        best = at;
                    }
                }
            }
            return hosts[best as usize];
        }
        let best = if count == 1 {
            0
        } else if least.choices == 2 {
            choose_least_request(count, dice.roll(Purpose::Balance), busy).unwrap_or(0)
        } else {
            let mut draw = || (dice.roll(Purpose::Balance) % u64::from(count)) as u32;
            let first = draw();
            (1..least.choices.min(MAX_CHOICES))
                .map(|_| draw())
                .fold(first, |best, other| if busy(other) < busy(best) { other } else { best })
        };
        hosts[best as usize]
    }

    /// The next host by weight, which active requests lower by `bias`.
    fn scheduled(&self, memory: &mut Memory<'_>, source: Source, hosts: &[u32], bias: Ppm) -> u32 {
        let weight = |now: SimTime| move |host: u32| self.weight(host, bias, now);
        memory
            .scheduled(source, || hosts.to_vec(), weight(memory.since), weight(self.now))
            .unwrap_or(hosts[0])
    }

    /// Source: Envoy, `LeastRequestLoadBalancer::hostWeight`.
    fn weight(&self, host: u32, bias: Ppm, now: SimTime) -> f64 {
        let mut weight = f64::from(self.roster.table.weight(host));
        if bias == Ppm::ONE {
            weight /= f64::from(self.active(host)) + 1.0;
        } else if bias != Ppm::ZERO {
            let bias = bias.as_percent_f64() / 100.0;
            weight /= libm::pow(f64::from(self.active(host)) + 1.0, bias);
        }
        match (self.roster.slow_start(), self.newcomers) {
            (Some(slow), Some(newcomers)) => weight * newcomers.factor(host, slow, now),
            _ => weight,
        }
    }

    /// Which hosts of the priority are meant.
    fn source(
        &mut self,
        view: &View,
        memory: &mut Memory<'_>,
        (priority, tier): (u32, Tier),
        dice: &mut impl Dice,
        probe: &mut impl Probe,
    ) -> Result<Source, NoHost> {
        let balancing = &self.roster.cluster.balancing;
        if view.spread.panic[priority as usize] {
            self.panics(view, priority, probe);
            return if balancing.fail_traffic_on_panic {
                Err(NoHost::Panic)
            } else {
                Ok(Source { priority, among: Among::All })
            };
        }
        let level = &view.levels[priority as usize];
        let (rule, zone) = match &balancing.locality {
            LocalityMode::Unaware => return Ok(Source { priority, among: Among::Tier(tier) }),
            // Subsets do not tell localities apart.
            LocalityMode::Weighted if level.localities.is_empty() => {
                (rules::LOCALITY_WEIGHTED, None)
            }
            LocalityMode::Weighted => {
                let zone = self.weighted_locality(level, memory, (priority, tier));
                (rules::LOCALITY_WEIGHTED, zone)
            }
            LocalityMode::ZoneAware(config) if priority == 0 => {
                (rules::ZONE_AWARE, view.zones.choose(config, dice))
            }
            LocalityMode::ZoneAware(_) => (rules::ZONE_AWARE, None),
        };
        let Some(at) = zone else {
            return Ok(Source { priority, among: Among::Tier(tier) });
        };
        probe.step(rule, Some(self.roster.cluster.origin), || {
            let zone = &self.roster.table.levels[priority as usize].localities[at as usize];
            let locality = &zone.locality;
            format!(
                "{}/{}/{} takes this request",
                locality.region, locality.zone, locality.sub_zone
            )
        });
        Ok(Source { priority, among: Among::Locality(tier, at) })
    }

    fn panics(&mut self, view: &View, priority: u32, probe: &mut impl Probe) {
        let balancing = &self.roster.cluster.balancing;
        self.panics += 1;
        let count = view.levels[priority as usize].count();
        probe.step(rules::PANIC, Some(balancing.panic_threshold.origin), || {
            format!(
                "{} of {} hosts are usable, fewer than {} %, so health is not looked at",
                count.healthy + count.degraded,
                count.hosts - count.excluded,
                self.roster.factors.panic_threshold,
            )
        });
    }

    fn weighted_locality(
        &self,
        level: &LevelView,
        memory: &mut Memory<'_>,
        (priority, tier): (u32, Tier),
    ) -> Option<u32> {
        let weight = |at: u32| self.roster.locality_weight(&level.localities[at as usize], tier);
        let items = || (0..level.localities.len() as u32).filter(|&at| weight(at) > 0.0).collect();
        let source = Source { priority, among: Among::Localities(tier) };
        memory.scheduled(source, items, weight, weight)
    }

    /// Whether the retry policy passes over `host`.
    fn passed_over(&self, host: u32, context: &PickContext<'_>, probe: &mut impl Probe) -> bool {
        let labels = &self.roster.table.endpoint(host).labels;
        let rejects = |predicate: &HostPredicate| match predicate {
            HostPredicate::PreviousHosts => context.tried.iter().any(|tried| tried.raw() == host),
            HostPredicate::OmitCanary => labels.get("canary").is_some_and(|value| value == "true"),
            HostPredicate::OmitMetadata(wanted) => {
                wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
            }
        };
        let rejected = context.predicates.iter().any(rejects);
        if rejected {
            probe.step(rules::RESELECT, None, || {
                format!(
                    "{} is passed over by the retry policy, and another host is drawn",
                    self.roster.table.endpoint(host).address
                )
            });
        }
        rejected
    }

    fn nobody(&self, view: &View, probe: &mut impl Probe) -> NoHost {
        let empty = view.levels.iter().all(|level| level.all.hosts.is_empty());
        probe.step(rules::NO_HOST, Some(self.roster.cluster.origin), || {
            if empty {
                "the cluster has no endpoints".to_owned()
            } else {
                "no endpoint that may be used is healthy".to_owned()
            }
        });
        if empty { NoHost::Empty } else { NoHost::NoneHealthy }
    }

    fn tell_priority(
        &self,
        rule: RuleId,
        view: &View,
        loads: &PriorityLoads,
        (priority, tier): (u32, Tier),
        probe: &mut impl Probe,
    ) {
        if view.levels.len() == 1 && tier == Tier::Healthy {
            return;
        }
        probe.enter();
        probe.fact("healthy_loads", || format!("{:?}", loads.healthy));
        probe.fact("degraded_loads", || format!("{:?}", loads.degraded));
        probe.leave(rule, None, || {
            let hosts = match tier {
                Tier::Healthy => "healthy",
                Tier::Degraded => "degraded",
            };
            format!("the {hosts} hosts of priority {priority} take this request")
        });
    }

    fn tell_slow_start(&self, host: u32, probe: &mut impl Probe) {
        let (Some(slow), Some(newcomers)) = (self.roster.slow_start(), self.newcomers) else {
            return;
        };
        let factor = newcomers.factor(host, slow, self.now);
        if factor < 1.0 {
            probe.step(rules::SLOW_START, Some(slow.window.origin), || {
                format!("the host is new and has {:.0} % of its weight so far", factor * 100.0)
            });
        }
    }

    fn tell_hash(&self, host: u32, hash: u64, context: &PickContext<'_>, probe: &mut impl Probe) {
        let balancer = &self.roster.cluster.balancer;
        let rule = match &balancer.value {
            LoadBalancer::Maglev(_) => rules::MAGLEV,
            _ => rules::RING_HASH,
        };
        probe.enter();
        probe.fact("hash", || format!("{hash:016x}"));
        probe.leave(rule, Some(balancer.origin), || {
            let address = &self.roster.table.endpoint(host).address;
            match context.hash {
                Some(_) => format!("the hash of the request belongs to {address}"),
                None => format!("the request has no hash, and a random one belongs to {address}"),
            }
        });
    }

    fn tell_host(&self, host: u32, of: usize, uneven: bool, probe: &mut impl Probe) {
        let balancer = &self.roster.cluster.balancer;
        let (rule, how) = match &balancer.value {
            LoadBalancer::RoundRobin(_) if uneven => (rules::WEIGHTED, "by weight"),
            LoadBalancer::RoundRobin(_) => (rules::ROUND_ROBIN, "in turn"),
            LoadBalancer::LeastRequest(_) if uneven => {
                (rules::WEIGHTED_LEAST_REQUEST, "by weight and active requests")
            }
            LoadBalancer::LeastRequest(_) => (rules::LEAST_REQUEST, "as the less busy of a draw"),
            _ => (rules::RANDOM, "at random"),
        };
        probe.enter();
        probe.fact("active", || self.active(host).to_string());
        probe.leave(rule, Some(balancer.origin), || {
            let address = &self.roster.table.endpoint(host).address;
            format!("{address} was chosen {how} among {of}")
        });
    }
}

fn group(view: &View, source: Source) -> &Group {
    let level = &view.levels[source.priority as usize];
    match source.among {
        Among::All => &level.all,
        Among::Tier(Tier::Healthy) | Among::Localities(Tier::Healthy) => &level.healthy,
        Among::Tier(Tier::Degraded) | Among::Localities(Tier::Degraded) => &level.degraded,
        Among::Locality(Tier::Healthy, at) => &level.localities[at as usize].healthy,
        Among::Locality(Tier::Degraded, at) => &level.localities[at as usize].degraded,
    }
}
