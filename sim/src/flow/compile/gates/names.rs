//! Whether callers reach their name servers past network policies. What a resolver does when it
//! hears nothing is the engine's business.

use meshwalk_models::control::kubernetes::dns::{self, Resolved};
use meshwalk_models::explain::Silent;
use meshwalk_models::manifest::Diagnostic;
use meshwalk_models::path::DataPath;
use meshwalk_models::policy::network::NetworkVerdict;
use meshwalk_models::walk::{Caller, name_servers_reached};
use meshwalk_models::world::{Origin, PodId, WorkloadId};

use crate::flow::compile::calls::CallSite;
use crate::scenario::at;

use super::super::Compiler;
use super::place_of;

impl Compiler<'_> {
    /// Whether policies let the callers of a site ask for the address of `host`. If not, the run
    /// says which line keeps them from it.
    pub(in super::super) fn hears_name_servers(&mut self, site: CallSite<'_>, host: &str) -> bool {
        let Some(workload) = site.workload() else { return true };
        if self.ztunnel_answers(workload, host) {
            return true;
        }
        let (why, origins) = match self.name_servers_of(workload, host) {
            None | Some(NetworkVerdict::Allowed) => return true,
            Some(NetworkVerdict::Unknown { why, origins }) => (why, origins),
            Some(NetworkVerdict::Dropped { origins, .. }) => {
                self.tell_silence(site, workload, &origins);
                return false;
            }
        };
        let name = self.input.world.workload_name(workload);
        let sentence = format!("whether {name} can resolve {host} cannot be told: {why}");
        self.taken_for_allowed(site.path(), &sentence, &origins)
    }

    /// Whether the ztunnel of a caller's node answers for a name itself: it does for Services.
    fn ztunnel_answers(&self, caller: WorkloadId, host: &str) -> bool {
        if self.data_path_of(caller) != DataPath::IstioAmbient {
            return false;
        }
        let found = dns::resolve(self.input.world, caller, host, &mut Silent).result;
        matches!(found, Ok(Resolved::Service(_) | Resolved::Headless { .. }))
    }

    /// What policies say of all pods of a workload; `None` where it has no pods.
    fn name_servers_of(&self, workload: WorkloadId, host: &str) -> Option<NetworkVerdict> {
        let (world, policies) = (self.input.world, self.input.policies);
        if policies.is_empty() {
            return None;
        }
        let pods = world.workloads[workload].pods.clone();
        let mut said: Option<NetworkVerdict> = None;
        for pod in (pods.start.0..pods.end.0).map(PodId) {
            let is_alike =
                pod > pods.start && world.pods[pod].labels == world.pods[PodId(pod.0 - 1)].labels;
            if is_alike {
                continue;
            }
            let one = name_servers_reached(world, policies, Caller { pod, workload }, host);
            said = match said {
                None => Some(one),
                Some(known) if known == one => Some(known),
                Some(known) => {
                    let origins = match (known, one) {
                        (NetworkVerdict::Allowed, one) => origins_of(one),
                        (known, _) => origins_of(known),
                    };
                    let why = "its pods are not alike to policies".to_owned();
                    return Some(NetworkVerdict::Unknown { why, origins });
                }
            };
        }
        said
    }

    fn tell_silence(&mut self, site: CallSite<'_>, workload: WorkloadId, origins: &[Origin]) {
        let name = self.input.world.workload_name(workload);
        let sentence = format!(
            "{name} resolves no names: no network policy lets its questions (53/UDP) reach name \
             servers, so its calls fail when its resolver gives up"
        );
        let mut finding = Diagnostic::warning("scenario.name-servers", sentence);
        if let Some(place) = origins.iter().find_map(place_of) {
            finding = finding.at(place, "this policy isolates it");
        }
        let finding = at(self.input.scenario, site.path(), finding);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

fn origins_of(verdict: NetworkVerdict) -> Vec<Origin> {
    match verdict {
        NetworkVerdict::Allowed => Vec::new(),
        NetworkVerdict::Dropped { origins, .. } | NetworkVerdict::Unknown { origins, .. } => {
            origins
        }
    }
}
