//! What Istio does otherwise than the suite expects, and which of the listed differences is the
//! reason: the one without which the case would hold. It knows no case by name.

use std::collections::BTreeSet;
use std::path::Path;

use meshwalk_models::control::gateway::{DIFFERENCES, Difference};
use meshwalk_models::profile::{GatewayDifference, Profile};

use super::{Outcome, check_as, check_case};

/// A case that does not hold under another profile.
#[derive(Clone, Debug)]
pub struct Otherwise {
    /// Test and case.
    pub title: String,
    /// The first difference from what the suite expects.
    pub difference: String,
    /// Why; none if no listed difference explains it.
    pub because: Vec<&'static Difference>,
}

/// What the profile of this name does otherwise.
///
/// # Errors
/// Says why the cases cannot be read, or that there is no such profile.
pub fn otherwise(folder: &Path, profile: &str) -> Result<Vec<Otherwise>, String> {
    let profile =
        Profile::named(profile).ok_or_else(|| format!("there is no profile `{profile}`"))?;
    let report = check_as(folder, profile)?;
    let failed = report.cases.into_iter().enumerate();
    let failed = failed.filter_map(|(at, case)| Some((at, case.title, case.difference?)));
    failed
        .map(|(at, title, difference)| {
            let because = reasons(folder, profile, at)?;
            Ok(Otherwise { title, difference, because })
        })
        .collect()
}

/// The fewest differences without which the case at this place would hold.
fn reasons(
    folder: &Path,
    profile: &'static Profile,
    at: usize,
) -> Result<Vec<&'static Difference>, String> {
    let holds = |without: &BTreeSet<GatewayDifference>| -> Result<bool, String> {
        let mut other = profile.clone();
        other.gateway.standard_in.clone_from(without);
        // A profile lives as long as the program; these are few and small.
        let outcome: Option<Outcome> = check_case(folder, Box::leak(Box::new(other)), at)?;
        Ok(outcome.is_some_and(|outcome| outcome.difference.is_none()))
    };
    let mut needed = BTreeSet::from(GatewayDifference::ALL);
    if !holds(&needed)? {
        return Ok(Vec::new());
    }
    for point in GatewayDifference::ALL {
        needed.remove(&point);
        if !holds(&needed)? {
            needed.insert(point);
        }
    }
    Ok(DIFFERENCES.iter().filter(|difference| needed.contains(&difference.id)).collect())
}
