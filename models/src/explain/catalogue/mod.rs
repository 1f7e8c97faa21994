//! The catalogue: every rule once, one file a family. The rules themselves stand in the rooms
//! that apply them.

mod ambient_policy;
mod ambient_ztunnel;
mod envoy_balance;
mod envoy_breaker;
mod envoy_filter;
mod envoy_health;
mod envoy_listen;
mod envoy_retry;
mod envoy_route;
mod flip;
mod gateway;
mod istio_authz;
mod istio_capture;
mod istio_cluster;
mod istio_enrolment;
mod istio_inbound;
mod istio_probe;
mod istio_route;
mod istio_token;
mod istio_waypoint;
mod kubernetes;
mod network_policy;
mod path;
mod proxy;
mod support;
#[cfg(test)]
mod topics;
mod walk;

use super::{Fidelity, Rule, RuleId};

/// A rule in one line, for files with many of them.
const fn rule(
    id: &'static str,
    fidelity: Fidelity,
    sentence: &'static str,
    source: &'static str,
    test: &'static str,
) -> Rule {
    Rule { id: RuleId(id), sentence, source, fidelity, test }
}

/// All families, in the order of their ids; so are the rules of each.
pub const CATALOGUE: &[&[Rule]] = &[
    ambient_policy::RULES,
    envoy_balance::RULES,
    envoy_breaker::RULES,
    envoy_filter::RULES,
    envoy_health::RULES,
    envoy_listen::RULES,
    envoy_retry::RULES,
    envoy_route::RULES,
    flip::RULES,
    gateway::RULES,
    istio_authz::RULES,
    istio_capture::RULES,
    istio_cluster::RULES,
    istio_enrolment::RULES,
    istio_inbound::RULES,
    istio_probe::RULES,
    istio_route::RULES,
    istio_token::RULES,
    istio_waypoint::RULES,
    kubernetes::RULES,
    network_policy::RULES,
    path::RULES,
    proxy::RULES,
    support::RULES,
    walk::RULES,
    ambient_ztunnel::RULES,
];

/// All rules, in the order of their ids.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    CATALOGUE.iter().flat_map(|family| family.iter())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// All source files of this crate.
    fn sources() -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = fs::read_to_string(&path).expect("a source file");
                    files.push((path.display().to_string(), text));
                }
            }
        }
        files
    }

    #[test]
    fn ids_are_sorted_and_unique() {
        let ids: Vec<_> = rules().map(|rule| rule.id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    }

    #[test]
    fn every_rule_names_a_test_that_exists() {
        let sources = sources();
        for rule in rules() {
            let (module, test) = rule.test.rsplit_once("::").expect("`module::test`");
            let file = module.split("::").collect::<Vec<_>>().join("/");
            let declared = format!("fn {test}(");
            let found =
                sources.iter().any(|(path, text)| path.contains(&file) && text.contains(&declared));
            assert!(found, "{} names the test {}, which does not exist", rule.id.0, rule.test);
        }
    }

    #[test]
    fn every_rule_that_is_applied_is_listed() {
        let listed: BTreeSet<_> = rules().map(|rule| rule.id.0.to_owned()).collect();
        let mut applied = BTreeSet::new();
        for (path, text) in sources().iter().filter(|(path, _)| !path.contains("catalogue")) {
            for rest in text.split("RuleId(\"").skip(1) {
                let id = rest.split('"').next().expect("split yields one piece").to_owned();
                assert!(listed.contains(&id), "{path} applies {id}, which is not listed");
                applied.insert(id);
            }
        }
        for id in listed.difference(&applied) {
            // Rules of the build are not asked one request at a time, so no probe hears them.
            assert!(id.starts_with("k8s.world."), "{id} is listed but never applied");
        }
    }
}
