//! What questions are answered from: the manifests, the scenario and the control planes, on the
//! data path of the run and on others. It decides nothing.

use std::sync::{Arc, OnceLock};

use meshwalk_models::control::{ControlPlanes, GatewayName};
use meshwalk_models::flip::{Bounds, Flips, Setting, flips_while};
use meshwalk_models::path::Placement;
use meshwalk_models::profile::Profile;
use meshwalk_models::walk::{Answer, Question, Untold, walk};
use meshwalk_sim::compare::place;
use meshwalk_sim::run::{ClusterInput, manifests_of};
use meshwalk_sim::scenario;
use meshwalk_sim::scenario::file::DataPathSpec;

use crate::explore::session::Session;
use crate::input::{Cluster, untold_kinds};

use super::desk::Cancel;

/// The data paths on which the same request is asked about.
pub(super) const PATHS: [DataPathSpec; 4] = DataPathSpec::UNIFORM;

/// How many edits that would change the verdict are looked for.
const FLIPS_MAX: usize = 4;

/// A session, and the control planes of its manifests on every data path.
pub(super) struct Ground {
    session: Arc<Session>,
    /// Kinds that nobody models and that matter to traffic.
    untold: Vec<Untold>,
    /// Made when first asked, where the run did without.
    own: OnceLock<ControlPlanes>,
    elsewhere: [OnceLock<ControlPlanes>; PATHS.len()],
}

impl Ground {
    /// Of a session.
    pub(super) fn of(session: Arc<Session>) -> Self {
        let clusters = session.clusters.iter();
        let untold = clusters.flat_map(|cluster| untold_kinds(&cluster.manifests)).collect();
        Self { session, untold, own: OnceLock::new(), elsewhere: Default::default() }
    }

    /// What is explored.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Who configures the proxies of the run.
    pub(super) fn planes(&self) -> &ControlPlanes {
        let made = || self.planes_on(self.session.prepared.placement.clone());
        self.session.prepared.planes.as_ref().unwrap_or_else(|| self.own.get_or_init(made))
    }

    /// Whether a gateway has a proxy that is modelled.
    pub(super) fn serves(&self, name: &GatewayName) -> bool {
        self.planes().gateway(self.session.world(), name).is_some()
    }

    /// Walks a request on the data path of the run.
    pub(super) fn walk(&self, question: &Question) -> Answer {
        self.walk_with(self.planes(), question)
    }

    /// Walks it on one of [`PATHS`], by its place there.
    pub(super) fn walk_elsewhere(&self, path: usize, question: &Question) -> Answer {
        let planes = self.elsewhere[path].get_or_init(|| {
            let placed = place(&self.session.scenario, PATHS[path]);
            // What does not fit on another path is said by its answer.
            let mut findings = Vec::new();
            let placement =
                scenario::placement(self.session.world(), &placed.scenario, &mut findings);
            self.planes_on(placement)
        });
        self.walk_with(planes, question)
    }

    fn walk_with(&self, planes: &ControlPlanes, question: &Question) -> Answer {
        let mut answer = walk(self.session.world(), planes, question);
        answer.add_unread(&self.untold, question.policies);
        answer
    }

    fn planes_on(&self, placement: Placement) -> ControlPlanes {
        let inputs = self.inputs();
        let manifests = manifests_of(&inputs, &self.session.scenario);
        ControlPlanes::placed(self.session.world(), &manifests, Profile::built_in(), placement).0
    }

    fn inputs(&self) -> Vec<ClusterInput<'_>> {
        self.session.clusters.iter().map(Cluster::as_input).collect()
    }

    /// The smallest edits that would change what becomes of a request. `None` where policies that
    /// nobody reads may decide: no edit of those that are read changes that.
    pub(super) fn flips(
        &self,
        question: &Question,
        answer: &Answer,
        cancel: &Cancel,
    ) -> Option<Flips> {
        if answer.if_allowed.is_some() {
            return None;
        }
        let inputs = self.inputs();
        let manifests = manifests_of(&inputs, &self.session.scenario);
        let setting = Setting {
            clusters: &manifests,
            topology: &self.session.prepared.topology,
            outside: &self.session.prepared.outside,
            profile: Profile::built_in(),
            placement: &self.session.prepared.placement,
        };
        let objects = manifests.iter().map(|cluster| cluster.resources.len()).sum();
        let bounds = Bounds::for_objects(FLIPS_MAX, objects);
        let made = (self.session.world(), self.planes());
        Some(flips_while(&setting, made, (question, answer), bounds, &mut || cancel.is_wanted()))
    }
}
