//! The expectations of a scenario, checked against the names of a run.

use std::collections::BTreeMap;

use meshwalk_models::manifest::{Diagnostic, Place};
use meshwalk_models::units::SimDuration;

use super::check::Checker;
use super::measure::Measure;
use super::subject::{Counts, Subject};
use super::tree::Truth;
use crate::cel::{Complaint, Language, parse};
use crate::scenario::KeyPath;
use crate::scenario::file::Expectation;
use crate::stats::{Layout, RunStatistics};

const LANGUAGE: Language = Language {
    noun: "an expectation",
    example: "success_rate(\"web\") >= 0.99 && p99(\"web\") < duration(\"1s\")",
    shorten: "make several expectations of it",
};

/// The expectations of a scenario, ready to be evaluated in any replication of a run.
#[derive(Clone, Debug)]
pub struct Expectations {
    pub(super) all: Vec<Compiled>,
    pub(super) subjects: Vec<Subject>,
}

/// One expectation.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) name: String,
    pub(super) expression: String,
    pub(super) form: Form,
    condition: Truth,
    pub(super) measures: Vec<Measure>,
}

/// Over which part of a run an expectation is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The whole measured part.
    That,
    /// Every window.
    Always { window: SimDuration },
    /// At least one window that ends `within` this time after the warm-up.
    Eventually { window: SimDuration, within: Option<SimDuration> },
}

impl Form {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::That => "that",
            Self::Always { .. } => "always",
            Self::Eventually { .. } => "eventually",
        }
    }
}

impl Expectations {
    /// Checks all expressions against the names of `layout`; `place_of` says where the value of a
    /// path such as `expectations[0].that` stands.
    ///
    /// # Errors
    /// One finding for every expression that is no condition over this run.
    pub fn compile(
        expectations: &[Expectation],
        layout: &Layout,
        place_of: impl Fn(&str) -> Option<Place>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut checker = Checker { layout, subjects: Vec::new(), measures: Vec::new() };
        let mut all = Vec::new();
        let mut errors = Vec::new();
        for (index, expectation) in expectations.iter().enumerate() {
            let (form, text) = form_of(expectation);
            let path = KeyPath::root().key("expectations").index(index).key(form.name());
            match compile_one(&mut checker, text) {
                Ok((condition, measures)) => all.push(Compiled {
                    name: expectation.name.clone().unwrap_or_else(|| text.to_owned()),
                    expression: text.to_owned(),
                    form,
                    condition,
                    measures,
                }),
                Err(complaint) => {
                    let path = path.to_string();
                    errors.push(diagnostic(complaint, &path, place_of(&path)));
                }
            }
        }
        if errors.is_empty() { Ok(Self { all, subjects: checker.subjects }) } else { Err(errors) }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none, so that nothing needs to be observed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The counters of everything that is spoken of.
    pub(super) fn counts(&self, statistics: &RunStatistics) -> Vec<Counts> {
        self.subjects.iter().map(|subject| subject.counts(statistics)).collect()
    }
}

impl Compiled {
    /// The values of its measures over `elapsed` time, for counters that began at `since` or, if
    /// that is absent, with the measured part.
    pub(super) fn values(
        &self,
        now: &[Counts],
        since: Option<&[Counts]>,
        elapsed: SimDuration,
    ) -> Vec<Option<f64>> {
        let value = |measure: &Measure| match since {
            Some(since) => {
                let added = now[measure.subject].since(&since[measure.subject]);
                measure.value(&added, elapsed)
            }
            None => measure.value(&now[measure.subject], elapsed),
        };
        self.measures.iter().map(value).collect()
    }

    pub(super) fn holds(&self, values: &[Option<f64>]) -> Option<bool> {
        self.condition.evaluate(values)
    }

    /// The known values by the text of their measures, durations in milliseconds.
    pub(super) fn report(&self, values: &[Option<f64>]) -> BTreeMap<String, f64> {
        let known = self.measures.iter().zip(values);
        known
            .filter_map(|(measure, value)| {
                Some((measure.text.clone(), measure.reported((*value)?)))
            })
            .collect()
    }

    /// `p99("web") was 312ms, requests("web") was 40`.
    pub(super) fn sentence(&self, values: &[Option<f64>]) -> String {
        let parts = self.measures.iter().zip(values);
        let parts: Vec<String> = parts.map(|(measure, value)| measure.sentence(*value)).collect();
        if parts.is_empty() { "it is a constant".to_owned() } else { parts.join(", ") }
    }
}

/// The form and the expression. That exactly one is given is checked when the file is read.
fn form_of(expectation: &Expectation) -> (Form, &str) {
    let window = expectation.window_or_default();
    match (&expectation.always, &expectation.eventually) {
        (Some(text), _) => (Form::Always { window }, text),
        (None, Some(text)) => (Form::Eventually { window, within: expectation.within }, text),
        (None, None) => (Form::That, expectation.that.as_deref().unwrap_or_default()),
    }
}

fn compile_one(checker: &mut Checker<'_>, text: &str) -> Result<(Truth, Vec<Measure>), Complaint> {
    checker.measures.clear();
    let condition = checker.condition(&parse(text, LANGUAGE)?)?;
    Ok((condition, std::mem::take(&mut checker.measures)))
}

fn diagnostic(complaint: Complaint, path: &str, place: Option<Place>) -> Diagnostic {
    let message = format!("{path}: {}", complaint.message);
    let mut diagnostic = Diagnostic::error("expectation.invalid", message);
    if let Some(place) = place {
        diagnostic = diagnostic.at(place, "in this expression");
    }
    diagnostic.help = complaint.help;
    diagnostic
}
