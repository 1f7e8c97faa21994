//! The filters of a chain that judge who calls: what they make of everything that a client can
//! send. A gate is found once for a port of a server, and asked for each client.

use std::sync::Arc;

use crate::proxy::envoy::config::{
    DownstreamTls, ExtAuthz, FilterChain, HttpFilterKind, NetworkFilter, ProxyConfig, Rbac,
    RbacAction,
};
use crate::proxy::envoy::listening::{Accepted, Service};
use crate::walk::BoxKind;

use super::access::{Admission, Known, Said, Sees, matched};
use super::link::{Fate, How, Requests};

/// What a server's side does with connections that come in one way.
pub(super) enum Gate {
    /// It does not take them.
    Closed(Fate),
    /// It takes them and asks these filters; what they let pass has the fate behind them.
    Open {
        connections: Vec<Judge>,
        requests: Vec<Judge>,
        /// Whether the certificate of the client is seen.
        sees_client: bool,
        behind: Fate,
    },
}

/// A filter that judges.
pub(super) enum Judge {
    Rbac(Arc<Rbac>),
    ExtAuthz(Arc<ExtAuthz>),
}

/// Whether a chain judges anybody.
pub(super) fn judges(chain: &FilterChain) -> bool {
    chain.filters.iter().any(|filter| match filter {
        NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_) => true,
        NetworkFilter::Http(manager) => manager.filters.iter().any(|filter| {
            matches!(filter.kind, HttpFilterKind::Rbac(_) | HttpFilterKind::ExtAuthz(_))
        }),
        NetworkFilter::TcpProxy(_) => false,
    })
}

/// The gate of a chain that takes connections.
pub(super) fn gate(config: &ProxyConfig, accepted: Accepted<'_>, behind: Fate) -> Gate {
    let mut connections = Vec::new();
    let mut requests = Vec::new();
    for filter in &accepted.chain.filters {
        match filter {
            NetworkFilter::Rbac(rbac) => connections.push(Judge::Rbac(Arc::clone(rbac))),
            NetworkFilter::ExtAuthz(own) => connections.push(Judge::ExtAuthz(Arc::clone(own))),
            NetworkFilter::Http(manager) => {
                requests.extend(manager.filters.iter().filter_map(|filter| match &filter.kind {
                    HttpFilterKind::Rbac(rbac) => Some(Judge::Rbac(Arc::new(rbac.clone()))),
                    HttpFilterKind::ExtAuthz(own) => Some(Judge::ExtAuthz(Arc::new(own.clone()))),
                    _ => None,
                }));
            }
            NetworkFilter::TcpProxy(_) => {}
        }
    }
    let behind = match accepted.service() {
        Service::Http(_) => Fate::Allowed(Requests::All),
        Service::Tcp(proxy) => {
            let ends = proxy.clusters.iter().all(|(cluster, _)| {
                let cluster = config.clusters.get(&cluster.value);
                cluster.is_none_or(|cluster| cluster.name == "BlackHoleCluster")
            });
            match ends {
                true => Fate::Refused {
                    how: How::Reset,
                    by: BoxKind::ServerSidecar,
                    why: "the server's sidecar lets nobody through on the port".to_owned(),
                    origins: Vec::new(),
                },
                false => behind,
            }
        }
        Service::Nothing => Fate::Unknown {
            why: "the chain that takes the connection leads nowhere".to_owned(),
            origins: vec![accepted.chain.origin],
        },
    };
    let sees_client = accepted.chain.tls != DownstreamTls::None;
    Gate::Open { connections, requests, sees_client, behind }
}

/// What has been found out so far.
#[derive(Default)]
struct Course {
    admitted: Option<Vec<Admission>>,
    except: Vec<Admission>,
    undecided: Vec<Admission>,
}

impl Gate {
    /// The same, where the client is known from the tunnel that the connection comes in.
    pub(super) fn seeing_clients(self) -> Self {
        match self {
            Self::Open { connections, requests, behind, .. } => {
                Self::Open { connections, requests, sees_client: true, behind }
            }
            closed @ Self::Closed(_) => closed,
        }
    }

    /// What becomes of the connections of a client.
    pub(super) fn fate(&self, known: &Known<'_>) -> Fate {
        let (connections, requests, sees_client, behind) = match self {
            Self::Closed(fate) => return fate.clone(),
            Self::Open { connections, requests, sees_client, behind } => {
                (connections, requests, sees_client, behind)
            }
        };
        let principal = known.principal.filter(|_| *sees_client);
        let on_connections = Known { principal, sees: Sees::Connections, ..known.clone() };
        let on_requests = Known { principal, sees: Sees::Requests, ..known.clone() };
        let each = connections.iter().map(|judge| (judge, &on_connections, How::Reset));
        let each = each.chain(requests.iter().map(|judge| (judge, &on_requests, How::Denied)));
        let mut course = Course::default();
        for (judge, known, how) in each {
            if let Some(fate) = course.judge(judge, known, how) {
                return fate;
            }
        }
        let Course { admitted, except, undecided } = course;
        match behind {
            Fate::Allowed(_)
                if admitted.is_some() || !except.is_empty() || !undecided.is_empty() =>
            {
                Fate::Allowed(Requests::Some { admitted, except, undecided })
            }
            behind => behind.clone(),
        }
    }
}

impl Course {
    /// What a filter makes of it; a fate ends the course.
    fn judge(&mut self, judge: &Judge, known: &Known<'_>, how: How) -> Option<Fate> {
        match judge {
            Judge::Rbac(rbac) => self.rules(rbac, known, how),
            Judge::ExtAuthz(own) => match matched(&own.asks, known) {
                Said::Nothing => None,
                Said::Some(asked) => {
                    let told = |it: Admission| Admission {
                        policy: format!("{} asks {}", it.policy, own.provider),
                        ..it
                    };
                    self.undecided.extend(asked.into_iter().map(told));
                    None
                }
                Said::Everything(_) | Said::Unknown(..) => Some(Fate::Unknown {
                    why: format!("the external authoriser {} decides", own.provider),
                    origins: vec![own.origin],
                }),
            },
        }
    }

    fn rules(&mut self, rbac: &Rbac, known: &Known<'_>, how: How) -> Option<Fate> {
        let rules = rbac.rules.as_ref()?;
        let refused = |why: String, origins| {
            Some(Fate::Refused { how, by: BoxKind::ServerSidecar, why, origins })
        };
        match (rules.action, matched(rules, known)) {
            (RbacAction::Log, _) | (RbacAction::Deny, Said::Nothing) => None,
            (RbacAction::Allow, Said::Everything(_)) => None,
            (RbacAction::Deny, Said::Everything(hit)) => {
                refused(format!("{} denies it", hit.policy), vec![hit.origin])
            }
            (RbacAction::Allow, Said::Nothing) => {
                let origins = rules.policies.values().map(|policy| policy.origin);
                let mut origins: Vec<_> =
                    origins.chain(rules.left_out.iter().map(|it| it.origin)).collect();
                origins.sort();
                origins.dedup();
                refused("no ALLOW policy matches the client".to_owned(), origins)
            }
            (RbacAction::Deny, Said::Some(some)) => {
                self.except.extend(some);
                None
            }
            (RbacAction::Allow, Said::Some(some)) => match self.admitted {
                None => {
                    self.admitted = Some(some);
                    None
                }
                Some(_) => Some(Fate::Unknown {
                    why: "two sets of ALLOW rules admit different requests".to_owned(),
                    origins: some.iter().map(|it| it.origin).collect(),
                }),
            },
            (_, Said::Unknown(why, origins)) => Some(Fate::Unknown { why, origins }),
        }
    }
}
