//! Sends the requests of Gateway API's own conformance suite through the configuration that the
//! control plane compiles, and compares what comes of them with what the suite expects, the first
//! time. The folder of the cases is not part of this repository.

mod ask;
mod case;
mod compare;
mod draws;
mod lab;
mod otherwise;
mod send;
mod serve;
mod shares;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use meshwalk_models::profile::Profile;
use serde_json::Value;

pub use otherwise::{Otherwise, otherwise};

use ask::Asked;
use case::{Case, Test};
use compare::{Side, difference};
use draws::Draws;
use lab::{Lab, Stage};
use send::Proxy;
use shares::Tally;

/// Every request is sent this often, with other draws each time.
const TIMES: u32 = 100;
/// The same where shares count.
const TIMES_FOR_SHARES: u32 = 4_000;

/// What became of all cases under one profile.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The cases, in the order of the file.
    pub cases: Vec<Outcome>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Test and case.
    pub title: String,
    /// What the test shows.
    pub about: String,
    /// The first difference from what is expected.
    pub difference: Option<String>,
}

impl Report {
    /// How many cases differ.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|case| case.difference.is_some()).count()
    }
}

/// Runs `cases.json` of a folder under the profile of this name.
///
/// # Errors
/// Says why the file cannot be read or is none of its kind, or that there is no such profile.
pub fn check(folder: &Path, profile: &str) -> Result<Report, String> {
    let profile =
        Profile::named(profile).ok_or_else(|| format!("there is no profile `{profile}`"))?;
    check_as(folder, profile)
}

fn check_as(folder: &Path, profile: &'static Profile) -> Result<Report, String> {
    let mut report = Report::default();
    for test in &tests(folder)? {
        let count = report.cases.len();
        report.cases.extend(check_test(folder, test, profile, |_| true));
        debug_assert_eq!(report.cases.len(), count + size(test), "one outcome a case");
    }
    Ok(report)
}

/// Runs the case at this place among all cases.
fn check_case(
    folder: &Path,
    profile: &'static Profile,
    at: usize,
) -> Result<Option<Outcome>, String> {
    let mut before = 0;
    for test in &tests(folder)? {
        let here = before..before + size(test);
        if here.contains(&at) {
            let outcomes = check_test(folder, test, profile, |case| before + case == at);
            return Ok(outcomes.into_iter().next());
        }
        before = here.end;
    }
    Ok(None)
}

fn tests(folder: &Path) -> Result<Vec<Value>, String> {
    let path = folder.join("cases.json");
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    case::tests(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// How many outcomes a test has; one that cannot be read has one.
fn size(test: &Value) -> usize {
    serde_json::from_value::<Test>(test.clone()).map_or(1, |test| test.cases.len())
}

/// Runs those cases of a test that are `wanted` by their place in it.
fn check_test(
    folder: &Path,
    value: &Value,
    profile: &'static Profile,
    wanted: impl Fn(usize) -> bool,
) -> Vec<Outcome> {
    let test: Test = match serde_json::from_value(value.clone()) {
        Ok(test) => test,
        Err(error) => {
            let title = value["test"].as_str().unwrap_or("a test without a name").to_owned();
            let about = String::new();
            return vec![Outcome { title, about, difference: Some(error.to_string()) }];
        }
    };
    let mut bench = Bench { folder, test: &test, profile, labs: Default::default() };
    let cases = test.cases.iter().enumerate().filter(|(at, _)| wanted(*at));
    cases
        .map(|(at, value)| {
            let case: Result<Case, _> = serde_json::from_value(value.clone());
            let name = case.as_ref().map_or("", |case| case.test_case_name.as_str());
            let name = if name.is_empty() { at.to_string() } else { name.to_owned() };
            let title = format!("{} / {name}", test.test);
            let found =
                case.map_err(|error| error.to_string()).and_then(|case| bench.run(at, &case));
            Outcome { title, about: test.about.clone(), difference: found.err() }
        })
        .collect()
}

/// The clusters of one test.
struct Bench<'b> {
    folder: &'b Path,
    test: &'b Test,
    profile: &'static Profile,
    /// With all objects, and without the test's grants.
    labs: [Option<Lab>; 2],
}

impl Bench<'_> {
    /// Runs a case; the error is its first difference.
    fn run(&mut self, at: usize, case: &Case) -> Result<(), String> {
        let stage = self.stage(at);
        let (test, profile) = (self.test, self.profile);
        let lab = &mut self.labs[usize::from(stage == Stage::WithoutGrants)];
        let lab = match lab {
            Some(lab) => lab,
            None => lab.insert(Lab::of(self.folder, test, stage, profile)?),
        };
        let asked = Asked::of(lab, test, case, profile)?;
        let proxy = Proxy {
            world: &lab.world,
            config: &asked.config,
            arrival: asked.arrival,
            backend_sets: &case.backend_set_response_headers,
        };
        let side = if test.is_mesh() { Side::Mesh } else { Side::Edge };
        let counts_copies = case.mirrored_to.iter().any(|it| it.percent.is_some());
        let counts = test.is_about_weights() || counts_copies;
        let mut tally = Tally::default();
        for number in 0..if counts { TIMES_FOR_SHARES } else { TIMES } {
            let exchange = proxy.send(&asked.request, &mut Draws::of_request(number))?;
            if let Some(difference) = difference(side, case, &asked, &exchange) {
                return Err(difference);
            }
            tally.add(&exchange);
        }
        let weights = if test.is_about_weights() { tally.weights_differ(lab) } else { None };
        weights.or_else(|| tally.copies_differ(case)).map_or(Ok(()), Err)
    }

    /// Which objects are there when a case runs. The suite takes the grants of a test about them
    /// away and sends the same request again; the file keeps the requests only.
    fn stage(&self, at: usize) -> Stage {
        let request = |case: &Value| case.get("Request").cloned();
        let (before, rest) = self.test.cases.split_at(at);
        let asked = rest.first().and_then(request);
        let repeated = asked.is_some() && before.iter().any(|case| request(case) == asked);
        if repeated && self.test.has("SupportReferenceGrant") {
            Stage::WithoutGrants
        } else {
            Stage::Whole
        }
    }
}
