//! Shares of many requests: those of backends follow the weights that the manifests give them,
//! and those of copies the percentages that the case names.
//!
//! Source: gateway-api `conformance/utils/weight/weight.go`.

use std::collections::BTreeMap;

use meshwalk_models::world::Origin;

use super::case::Case;
use super::lab::Lab;
use super::send::Exchange;

/// How far a share may be off.
const TOLERANCE: f64 = 0.05;

/// What was seen of many requests.
#[derive(Default)]
pub(super) struct Tally {
    requests: u32,
    /// By namespace and Service.
    served: BTreeMap<(String, String), u32>,
    copied: BTreeMap<(String, String), u32>,
    rule: Option<Origin>,
}

impl Tally {
    pub(super) fn add(&mut self, exchange: &Exchange) {
        self.requests += 1;
        self.rule = self.rule.or(exchange.rule);
        if let Some(served) = &exchange.served {
            let backend = (served.namespace.clone(), served.service.clone());
            *self.served.entry(backend).or_default() += 1;
        }
        for copy in &exchange.copies {
            *self.copied.entry(copy.clone()).or_default() += 1;
        }
    }

    /// How the shares of backends differ from the weights of the rule that took the requests.
    pub(super) fn weights_differ(&self, lab: &Lab) -> Option<String> {
        let Some(weights) = weights(lab, self.rule) else {
            return Some("no rule of the manifests took the requests".to_owned());
        };
        let total: u32 = weights.values().sum();
        weights.into_iter().find_map(|(backend, weight)| {
            let wanted = f64::from(weight) / f64::from(total.max(1));
            let got = self.share(self.served.get(&backend));
            off(&format!("share of {}", backend.1), wanted, got)
        })
    }

    /// How the shares of copies differ from the percentages of a case.
    pub(super) fn copies_differ(&self, case: &Case) -> Option<String> {
        case.mirrored_to.iter().find_map(|mirrored| {
            let wanted = f64::from(mirrored.percent?) / 100.0;
            let target = &mirrored.backend_ref;
            let counts = self.copied.iter().find(|((_, name), _)| *name == target.name);
            let got = self.share(counts.map(|(_, count)| count));
            off(&format!("share of copies to {}", target.name), wanted, got)
        })
    }

    fn share(&self, count: Option<&u32>) -> f64 {
        f64::from(count.copied().unwrap_or(0)) / f64::from(self.requests.max(1))
    }
}

fn off(what: &str, wanted: f64, got: f64) -> Option<String> {
    let is_off = (wanted - got).abs() > TOLERANCE || (wanted == 0.0 && got > 0.0);
    is_off.then(|| format!("{what}: expected {wanted:.2}, got {got:.2}"))
}

/// The weights of the rule that stands at `rule`.
fn weights(lab: &Lab, rule: Option<Origin>) -> Option<BTreeMap<(String, String), u32>> {
    let Some(Origin::Manifest(place)) = rule else { return None };
    lab.routes().find_map(|route| {
        let found = route.rules.iter().find(|rule| rule.place == place)?;
        let home = route.meta.namespace.as_ref().map_or("default", |it| &it.value);
        let mut weights = BTreeMap::new();
        for backend in &found.backends {
            let object = &backend.target.object;
            let namespace = object.namespace.as_ref().map_or(home, |it| &it.value);
            let name = (namespace.to_owned(), object.name.value.clone());
            *weights.entry(name).or_default() += backend.weight.map_or(1, |weight| weight.value);
        }
        Some(weights)
    })
}
