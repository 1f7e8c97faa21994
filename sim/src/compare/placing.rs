//! The same scenario on another data path. Which pods can be on it is admission's business.

use crate::scenario::Scenario;
use crate::scenario::file::DataPathSpec;

/// A scenario on a data path.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The scenario.
    pub scenario: Scenario,
    /// The workloads that it keeps out of every mesh, by the names that it uses.
    pub kept_out: Vec<String>,
}

/// `scenario` with every workload on `path`, but for those that it says have no mesh: somebody had
/// a reason to keep them out, and the reason holds on every path.
#[must_use]
pub fn place(scenario: &Scenario, path: DataPathSpec) -> Placed {
    let mut scenario = scenario.clone();
    scenario.file.data_path = path;
    scenario.file.data_paths.retain(|_, own| *own == DataPathSpec::None);
    let kept_out = scenario.file.data_paths.keys().cloned().collect();
    Placed { scenario, kept_out }
}

#[cfg(test)]
mod tests {
    use meshwalk_models::world::World;

    use super::*;
    use crate::scenario::default_for;

    #[test]
    fn all_workloads_move_but_those_that_are_kept_out_by_name() {
        let (mut file, _) = default_for(&World::default());
        file.data_paths = [
            ("shop/web".to_owned(), DataPathSpec::IstioSidecar),
            ("data/db".to_owned(), DataPathSpec::None),
        ]
        .into();
        let scenario = Scenario::without_file(file);
        let placed = place(&scenario, DataPathSpec::IstioSidecar);
        assert_eq!(placed.kept_out, ["data/db"]);
        assert_eq!(placed.scenario.file.data_path, DataPathSpec::IstioSidecar);
        let placed = place(&scenario, DataPathSpec::None);
        assert_eq!(placed.kept_out, ["data/db"], "the sentence is the same on every path");
    }
}
