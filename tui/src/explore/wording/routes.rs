//! Routes and destinations that a proxy draws, in words, and the lines by which proxies choose and
//! refuse. Who draws what, with which chance, is in the plan.

use meshwalk_models::units::Ppm;
use meshwalk_models::world::Origin;
use meshwalk_sim::flow::plan::RoutePlan;
use meshwalk_sim::log::Step;

use super::Words;

impl Words<'_> {
    /// What a proxy draws.
    pub(super) fn of_draws(&self, step: Step) -> Option<String> {
        Some(match step {
            Step::RouteDrawn { route } => {
                let route = self.plan.mesh.routes.get(route as usize);
                format!("draws {}", route.map_or_else(|| "a route".to_owned(), route_words))
            }
            Step::DestinationDrawn { route, destination } => {
                let drawn = self.destination(route, destination);
                format!("draws {}", drawn.unwrap_or_else(|| "a destination".to_owned()))
            }
            _ => return None,
        })
    }

    /// A destination of a route with its chance: `outbound|80|v2|cart.shop, weight 20 of 100`.
    pub(crate) fn destination(&self, route: u32, destination: u32) -> Option<String> {
        let route = self.plan.mesh.routes.get(route as usize)?;
        destination_words(route, destination)
    }

    /// The line that gave a draw its chance, or a breaker its limit.
    pub(crate) fn set_by(&self, step: Step) -> Option<Origin> {
        let route = |row: u32| self.plan.mesh.routes.get(row as usize);
        match step {
            Step::RouteDrawn { route: row } => Some(route(row)?.rule.as_ref()?.matches.origin),
            Step::DestinationDrawn { route: row, destination } => {
                let drawn = route(row)?.terms()?.destinations.get(destination as usize)?;
                Some(drawn.named.as_ref()?.origin)
            }
            Step::Overflowed { of, cluster, .. } => {
                Some(self.plan.mesh.clusters.get(cluster as usize)?.limit_set_by(of))
            }
            _ => None,
        }
    }
}

/// A destination of a route with its chance.
pub(crate) fn destination_words(route: &RoutePlan, destination: u32) -> Option<String> {
    let terms = route.terms()?;
    let named = &terms.destinations.get(destination as usize)?.named;
    let name = named.as_ref().map_or("no cluster", |named| named.value.as_str());
    let (weight, of_all) = terms.odds(destination)?;
    Some(format!("{name}, weight {weight} of {of_all}"))
}

/// A route with its chance: `the route canary, which takes 20% of the requests`.
pub(crate) fn route_words(route: &RoutePlan) -> String {
    let share = percent(route.share);
    match route.rule.as_ref().map(|rule| rule.name.as_deref()) {
        Some(Some(name)) => format!("the route {name}, which takes {share} of the requests"),
        Some(None) => format!("a route that takes {share} of the requests"),
        None => format!("the way without a route, which {share} of the requests go"),
    }
}

/// A share in percent, without zeros that say nothing.
fn percent(share: Ppm) -> String {
    let (whole, rest) = (share.as_ppm() / 10_000, share.as_ppm() % 10_000);
    if rest == 0 {
        return format!("{whole}%");
    }
    format!("{whole}.{}%", format!("{rest:04}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{Ppm, percent};

    #[test]
    fn shares_are_told_in_percent_as_finely_as_they_are_set() {
        let told =
            [0, 1, 125_000, 200_000, 999_990, 1_000_000].map(|ppm| percent(Ppm::from_ppm(ppm)));
        assert_eq!(told, ["0%", "0.0001%", "12.5%", "20%", "99.999%", "100%"]);
    }
}
