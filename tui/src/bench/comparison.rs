//! A comparison of the shop over all data paths, from text to samples: what `meshwalk compare` does,
//! without files and tables.

use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::Manifests;
use meshwalk_sim::compare::{Sample, place};
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::run::{ClusterInput, account, prepare, replication_seed};
use meshwalk_sim::scenario::Scenario;
use meshwalk_sim::scenario::file::DataPathSpec;
use rayon::prelude::*;

use super::clock::timed;
use super::texts::read;
use super::{Aim, Measurement, Size};

const SCENARIO: &str = include_str!("../../../scenarios/shop/baseline.yaml");
const MANIFESTS: [&str; 18] = [
    include_str!("../../../scenarios/shop/manifests/accounts/accounts.yaml"),
    include_str!("../../../scenarios/shop/manifests/data/cache.yaml"),
    include_str!("../../../scenarios/shop/manifests/data/orders-db.yaml"),
    include_str!("../../../scenarios/shop/manifests/orders/cart.yaml"),
    include_str!("../../../scenarios/shop/manifests/orders/checkout.yaml"),
    include_str!("../../../scenarios/shop/manifests/orders/inventory.yaml"),
    include_str!("../../../scenarios/shop/manifests/orders/shipping.yaml"),
    include_str!("../../../scenarios/shop/manifests/payments/card-network.yaml"),
    include_str!("../../../scenarios/shop/manifests/payments/payments.yaml"),
    include_str!("../../../scenarios/shop/manifests/platform/ingress.yaml"),
    include_str!("../../../scenarios/shop/manifests/platform/log-agent.yaml"),
    include_str!("../../../scenarios/shop/manifests/platform/namespaces.yaml"),
    include_str!("../../../scenarios/shop/manifests/platform/network-policies.yaml"),
    include_str!("../../../scenarios/shop/manifests/platform/prober.yaml"),
    include_str!("../../../scenarios/shop/manifests/storefront/catalog.yaml"),
    include_str!("../../../scenarios/shop/manifests/storefront/recommendations.yaml"),
    include_str!("../../../scenarios/shop/manifests/storefront/search.yaml"),
    include_str!("../../../scenarios/shop/manifests/storefront/web.yaml"),
];

/// What ten replications of each may take, on two cores.
const WHOLE_S: f64 = 15.0;

/// Reads, places, compiles and runs everything.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let replications = size.pick(1, 10);
    let (samples, seconds) = timed(|| samples(replications));
    assert_eq!(samples.len(), DataPathSpec::UNIFORM.len() * replications as usize);
    let whole = Measurement::new("compare the shop, four data paths", seconds, "s");
    vec![match size {
        Size::Quick => whole,
        Size::Full => whole.aim(Aim::AtMost(WHOLE_S)),
    }]
}

/// The shop as it stands.
pub(super) fn shop() -> Arc<Plan> {
    let (manifests, scenario) = texts();
    prepared(&manifests, &scenario)
}

/// Its manifests and its scenario.
pub(super) fn whole_texts() -> (String, String) {
    (MANIFESTS.join("\n---\n"), SCENARIO.to_owned())
}

fn texts() -> (Manifests, Scenario) {
    let (manifests, scenario) = whole_texts();
    read(manifests, scenario)
}

fn samples(replications: u32) -> Vec<Sample> {
    let (manifests, scenario) = texts();
    let plans = DataPathSpec::UNIFORM.map(|path| plan(&manifests, &scenario, path));
    let seeds = (0..replications).map(|number| replication_seed(scenario.file.seed, number));
    let jobs: Vec<_> = seeds.flat_map(|seed| plans.iter().map(move |plan| (plan, seed))).collect();
    jobs.par_iter()
        .map(|(plan, seed)| {
            let statistics = account(plan, *seed).expect("the shop serves its customers");
            Sample::of(&plan.layout, &statistics)
        })
        .collect()
}

fn plan(manifests: &Manifests, scenario: &Scenario, path: DataPathSpec) -> Arc<Plan> {
    prepared(manifests, &place(scenario, path).scenario)
}

fn prepared(manifests: &Manifests, scenario: &Scenario) -> Arc<Plan> {
    let name = &scenario.file.topology.clusters[0].name;
    let cluster = ClusterInput { name, resources: &manifests.resources };
    prepare(&[cluster], scenario, &CostProfile::built_in()).plan
}
